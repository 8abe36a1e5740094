/* The client's half of WebSocket framing (RFC 6455 section 5) and of the opening handshake (section
 * 4). Pure functions on bytes: no sockets, no memory of their own. */
#ifndef STAMPEDE_WS_CLIENT_FRAME_H
#define STAMPEDE_WS_CLIENT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

enum ws_frame_status {
    WS_FRAME_OK = 0,
    WS_FRAME_MORE, /* the bytes so far are the beginning of a frame */
    WS_FRAME_BAD, /* not a frame a server may send: masked, reserved bits, long or cut control frame
                   */
    WS_FRAME_LARGE, /* longer than payload_bytes_max */
    WS_FRAME_STATUS_COUNT
};

/* A frame inside the caller's bytes; `payload` points into them. */
struct ws_frame {
    bool is_final;
    enum ws_opcode opcode;
    const uint8_t *payload;
    size_t payload_bytes;
    size_t frame_bytes; /* header and payload together: how far to go on */
};

/* Reads the first frame of `data`. The frame is set only on WS_FRAME_OK. */
enum ws_frame_status ws_client_decode(const uint8_t *data, size_t bytes, size_t payload_bytes_max,
                                      struct ws_frame *frame);

#define WS_CLIENT_HEADER_BYTES_MAX 14
/* Writes one final, masked frame to `out`. Returns its size, or 0 when it does not fit. */
size_t ws_client_encode(enum ws_opcode opcode, const void *payload, size_t payload_bytes,
                        uint32_t mask, uint8_t *out, size_t out_bytes_max);

#define WS_KEY_BYTES 24
#define WS_ACCEPT_BYTES 28
/* Sec-WebSocket-Key from 16 random bytes; NUL-terminated. */
void ws_client_key(const uint8_t random[16], char key[WS_KEY_BYTES + 1]);
/* The Sec-WebSocket-Accept that a server must answer to this key; NUL-terminated. */
void ws_client_accept(const char key[WS_KEY_BYTES + 1], char accept[WS_ACCEPT_BYTES + 1]);

enum ws_answer_status {
    WS_ANSWER_OK = 0,
    WS_ANSWER_MORE,    /* the head is not complete */
    WS_ANSWER_REFUSED, /* a complete head with a status other than 101; http_status and
                          retry_after_s are set */
    WS_ANSWER_BAD,     /* not an HTTP/1.1 answer, or a 101 that RFC 6455 does not allow */
    WS_ANSWER_STATUS_COUNT
};

struct ws_answer {
    int http_status;
    int64_t retry_after_s; /* -1 when absent */
    size_t head_bytes;     /* where the frames begin */
    const char *cookie;    /* value of the wanted cookie inside `data`, or NULL */
    size_t cookie_bytes;
};

/* Reads the server's answer to the handshake: checks status, Upgrade, Connection, Accept and that
 * the subprotocol is exactly `protocol`; finds Set-Cookie `cookie_name`. */
enum ws_answer_status ws_client_read_answer(const char *data, size_t bytes, const char *accept,
                                            const char *protocol, const char *cookie_name,
                                            struct ws_answer *answer);

#endif
