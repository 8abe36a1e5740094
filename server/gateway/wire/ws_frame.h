/* A text frame straight to the socket of a visitor.
 *
 * libwebsockets asks extensions, states and counters about each frame, of which we use none: a
 * third of what our process adds to the kernel's work for a push. So a frame that the socket takes
 * whole goes past it; what the socket does not take is left to it, as are all other frames.
 */
#ifndef STANCHION_WS_FRAME_H
#define STANCHION_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct lws;

#define WS_FRAME_HEAD_BYTES_MAX 10

/* Writes the head of a text frame that is a whole message, not masked (RFC 6455 section 5.2), right
 * before its `bytes` bytes at `data`. Returns the bytes of the head. */
size_t ws_frame_head(unsigned char *data, size_t bytes);
/* Sends a whole message of `bytes` bytes at `data`, before which LWS_PRE bytes are room. Nothing
 * may be waiting in libwebsockets (lws_partial_buffered). False: the connection is broken. */
bool ws_frame_send(struct lws *wsi, unsigned char *data, size_t bytes);

#endif
