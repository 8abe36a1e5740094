/* One client WebSocket on a non-blocking socket: connect, handshake, frames in and out.
 *
 * An idle connection owns no buffers: bytes are read into the loop's scratch, and only what a
 * partial frame or a full socket leaves over is kept. Lifetime: a visitor's, through many
 * reconnects.
 */
#ifndef STAMPEDE_CONNECTION_H
#define STAMPEDE_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loadtest/dice.h"
#include "loadtest/limits.h"
#include "loadtest/ws_client_frame.h"

enum connection_state {
    CONNECTION_CLOSED,
    CONNECTION_CONNECTING,
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN
};

struct connection {
    int fd;
    uint8_t state;       /* enum connection_state */
    bool wants_write;    /* EPOLLOUT is asked for */
    uint32_t generation; /* counts connects and closes: an event of an older one is void */
    uint64_t key_seed;
    uint8_t *in, *message,
        *out; /* left over: bytes of a frame, fragments of a message, unsent bytes */
    uint32_t in_bytes, message_bytes, out_bytes;
};

/* Where all connections of a process go, and the loop they live on. */
struct connection_place {
    int epoll;
    struct sockaddr_in server;
    const char *authority, *path; /* for Host, Origin and the request line */
    uint8_t *scratch;             /* CONNECTION_SCRATCH_BYTES */
};
/* A whole frame that is nearly complete, and one read. */
#define CONNECTION_SCRATCH_BYTES (STAMPEDE_FRAME_BYTES_MAX + 65536u + 16u)

enum connection_loss {
    CONNECTION_LOSS_CONNECT, /* no connection came about */
    CONNECTION_LOSS_REFUSED, /* the handshake was answered with another status */
    CONNECTION_LOSS_CLOSED,  /* it ended */
    CONNECTION_LOSS_BAD,     /* the server sent what it must not */
    CONNECTION_LOSS_COUNT
};

/* What happened. Each may close the connection. `answer` is valid during the call; for LOSS_REFUSED
 * it is set, otherwise NULL. On a loss the connection is closed already. */
struct connection_handler {
    void (*on_open)(void *ctx, const struct ws_answer *answer);
    void (*on_text)(void *ctx, const char *text, size_t bytes);
    void (*on_lost)(void *ctx, enum connection_loss loss, const struct ws_answer *answer);
    void *ctx;
};

void connection_init(struct connection *c);
/* Starts connecting from `source` (0 = any). `tag` comes back with the loop's events. False when no
 * socket could be had; the connection is closed then. */
bool connection_start(struct connection *c, const struct connection_place *place, in_addr_t source,
                      struct dice *dice, uint32_t tag);
/* Lets the connection work on what the loop reported. `cookie` (may be NULL) goes into the
 * handshake. */
void connection_work(struct connection *c, const struct connection_place *place, uint32_t events,
                     uint32_t tag, const char *cookie, const struct connection_handler *handler);
/* Sends one text frame now or as soon as possible. False when it is not
 * open or its buffer is full. */
bool connection_send(struct connection *c, const struct connection_place *place, struct dice *dice,
                     uint32_t tag, const char *text, size_t bytes);
/* Closes with a close frame when it is open; nothing is called back. Closed already is fine. */
void connection_close(struct connection *c);
/* Closes without a word, as a lost network does. */
void connection_drop(struct connection *c);

#endif
