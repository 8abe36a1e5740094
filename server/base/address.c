#include "server/base/address.h"
#include <arpa/inet.h>
#include <string.h>

#define BITS_V4 32
#define BITS_V6 128

bool address_read(const char *text, size_t bytes, struct address *out)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN + 1];
    if (bytes == 0 || bytes >= sizeof copy)
        return false;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    *out = (struct address){0};
    if (inet_pton(AF_INET, copy, out->bytes) == 1)
        return true;
    if (inet_pton(AF_INET6, copy, out->bytes) != 1)
        return false;
    out->is_v6 = memcmp(out->bytes, mapped, sizeof mapped) != 0;
    if (!out->is_v6) {
        memmove(out->bytes, out->bytes + sizeof mapped, 4);
        memset(out->bytes + 4, 0, sizeof out->bytes - 4);
    }
    return true;
}

/* One to three digits that are a number up to `max`. */
static bool read_bits(const char *text, size_t bytes, unsigned max, unsigned *out)
{
    *out = 0;
    if (bytes == 0 || bytes > 3)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = 10 * *out + (unsigned)(text[i] - '0');
    }
    return *out <= max;
}

static bool have_same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* Nothing is said beyond the bits that count: 10.0.0.1/8 is probably not what was meant. */
static bool is_first(const struct network *network, unsigned bits_max)
{
    for (unsigned bit = network->bits; bit < bits_max; bit++)
        if (network->first.bytes[bit / 8] & (0x80U >> bit % 8))
            return false;
    return true;
}

bool network_read(const char *text, size_t bytes, struct network *out)
{
    const char *slash = memchr(text, '/', bytes);
    size_t address_bytes = slash != NULL ? (size_t)(slash - text) : bytes;
    if (!address_read(text, address_bytes, &out->first))
        return false;
    unsigned bits_max = out->first.is_v6 ? BITS_V6 : BITS_V4;
    out->bits = bits_max;
    if (slash != NULL && !read_bits(slash + 1, bytes - address_bytes - 1, bits_max, &out->bits))
        return false;
    return is_first(out, bits_max);
}

bool network_has(const struct network *network, const struct address *address)
{
    return network->first.is_v6 == address->is_v6 &&
           have_same_bits(network->first.bytes, address->bytes, network->bits);
}
