#include "server/gateway/client_address.h"
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FORWARDED_HOPS_MAX 16 /* more are not walked */

struct address {
    bool is_v6;
    unsigned char bytes[16];
};

/* False when the text (not NUL-terminated) is no address in numbers. */
static bool read_address(const char *text, size_t text_bytes, struct address *out)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN + 1];
    if (text_bytes == 0 || text_bytes >= sizeof copy)
        return false;
    memcpy(copy, text, text_bytes);
    copy[text_bytes] = '\0';
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

static bool is_listed(const struct address *address, const char *list)
{
    for (list += strspn(list, " "); *list != '\0'; list += strspn(list, " ")) {
        struct address one;
        size_t bytes = strcspn(list, " ");
        if (read_address(list, bytes, &one) && one.is_v6 == address->is_v6 &&
            memcmp(one.bytes, address->bytes, sizeof one.bytes) == 0)
            return true;
        list += bytes;
    }
    return false;
}

/* Takes the last entry off the list of `bytes` bytes; false when it is no address. */
static bool take_last(const char *list, size_t *bytes, struct address *out)
{
    size_t end = *bytes;
    while (end > 0 && (list[end - 1] == ' ' || list[end - 1] == '\t'))
        end--;
    size_t start = end;
    while (start > 0 && strchr(", \t", list[start - 1]) == NULL)
        start--;
    bool is_address = read_address(list + start, end - start, out);
    while (start > 0 && list[start - 1] != ',')
        start--;
    *bytes = start > 0 ? start - 1 : 0;
    return is_address;
}

void client_address(const char *peer, const char *forwarded, const char *proxies,
                    char out[CLIENT_ADDRESS_BYTES])
{
    struct address address, before;
    char text[INET6_ADDRSTRLEN];
    if (!read_address(peer, strlen(peer), &address)) {
        (void)snprintf(out, CLIENT_ADDRESS_BYTES, "unknown");
        return;
    }
    size_t left = forwarded != NULL ? strlen(forwarded) : 0;
    for (int hops = 0; hops < FORWARDED_HOPS_MAX && left > 0; hops++) {
        if (!is_listed(&address, proxies) || !take_last(forwarded, &left, &before))
            break;
        address = before;
    }
    if (address.is_v6)
        memset(address.bytes + 8, 0, 8);
    const char *shown =
        inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes, text, sizeof text);
    assert(shown != NULL);
    (void)snprintf(out, CLIENT_ADDRESS_BYTES, "%s%s", shown, address.is_v6 ? "/64" : "");
}
