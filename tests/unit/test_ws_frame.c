/* The head of a text frame, for each of the three ways in which its length is written (RFC 6455
 * section 5.2 and the examples of 5.7), and nothing but the head. */
#include <criterion/criterion.h>
#include <string.h>
#include "server/gateway/wire/ws_frame.h"

static const struct {
    size_t bytes, head_bytes;
    unsigned char head[WS_FRAME_HEAD_BYTES_MAX];
} frames[] = {
    {0, 2, {0x81, 0}},
    {5, 2, {0x81, 5}},
    {125, 2, {0x81, 125}},
    {126, 4, {0x81, 126, 0, 126}},
    {256, 4, {0x81, 126, 1, 0}},
    {65535, 4, {0x81, 126, 0xff, 0xff}},
    {65536, 10, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
    {0x030201, 10, {0x81, 127, 0, 0, 0, 0, 0, 3, 2, 1}},
};

Test(ws_frame, head)
{
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        unsigned char memory[WS_FRAME_HEAD_BYTES_MAX + 2];
        memset(memory, 'x', sizeof memory);
        unsigned char *data = memory + sizeof memory - 1;
        size_t head_bytes = ws_frame_head(data, frames[i].bytes);
        cr_assert_eq(head_bytes, frames[i].head_bytes, "%zu bytes", frames[i].bytes);
        cr_expect_eq(memcmp(data - head_bytes, frames[i].head, head_bytes), 0, "%zu bytes",
                     frames[i].bytes);
        cr_expect_eq(*data, 'x');
        cr_expect_eq(data[-1 - (ptrdiff_t)head_bytes], 'x');
    }
}
