#include "server/gateway/wire/ws_frame.h"
#include <assert.h>
#include <errno.h>
#include <libwebsockets.h>
#include <sys/socket.h>
#include <sys/types.h>

#define FIN_AND_TEXT 0x81
#define LENGTH_IN_7_BITS_MAX 125
#define LENGTH_IS_2_BYTES 126
#define LENGTH_IS_8_BYTES 127

_Static_assert(LWS_PRE >= WS_FRAME_HEAD_BYTES_MAX, "there is room for the head");

size_t ws_frame_head(unsigned char *data, size_t bytes)
{
    size_t length_bytes = bytes <= LENGTH_IN_7_BITS_MAX ? 0 : bytes <= UINT16_MAX ? 2 : 8;
    unsigned char *head = data - length_bytes - 2, in_7_bits = (unsigned char)bytes;
    if (length_bytes > 0)
        in_7_bits = length_bytes == 2 ? LENGTH_IS_2_BYTES : LENGTH_IS_8_BYTES;
    head[0] = FIN_AND_TEXT;
    head[1] = in_7_bits;
    for (unsigned char *at = data - 1; at > head + 1; at--, bytes >>= 8)
        *at = (unsigned char)bytes;
    return length_bytes + 2;
}

bool ws_frame_send(struct lws *wsi, unsigned char *data, size_t bytes)
{
    size_t head_bytes = ws_frame_head(data, bytes), left = head_bytes + bytes;
    unsigned char *frame = data - head_bytes;
    assert(!lws_partial_buffered(wsi));
    ssize_t sent = send(lws_get_socket_fd(wsi), frame, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (sent > 0) {
        frame += sent;
        left -= (size_t)sent;
    }
    /* LWS_WRITE_HTTP: as it is, without a head. What the socket does not take is kept there. */
    return left == 0 || lws_write(wsi, frame, left, LWS_WRITE_HTTP) >= (int)left;
}
