/* See the header. */
#include "server/base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

size_t utf8_printable(const char *utf8)
{
    const unsigned char *text = (const unsigned char *)utf8;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7F ? 1 : 0;
    size_t bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    uint32_t code = text[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80) /* a NUL ends it here */
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[bytes] || code < 0xA0 || code > 0x10FFFF || is_surrogate ? 0 : bytes;
}
