/* See the header. Upper case is refused so that one digest has one text. */
#include "queue/hex.h"

void hex_write(const unsigned char *bytes, size_t bytes_count, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes_count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * bytes_count] = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(const char *text, unsigned char *out, size_t bytes_count)
{
    for (size_t i = 0; i < bytes_count; i++) {
        int high = digit_value(text[2 * i]);
        int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);
        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
