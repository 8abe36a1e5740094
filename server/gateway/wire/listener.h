/* The listening socket of a gateway, ours instead of libwebsockets' own.
 *
 * SO_REUSEPORT shares the port between gateways; TCP_DEFER_ACCEPT hands over connections only when
 * their request has arrived, so nothing is ever half-open. TCP_USER_TIMEOUT is set here once
 * and inherited: what a peer does not acknowledge ends its connection (heartbeat.h). Beyond
 * connections_max a connection gets a 503 with Retry-After and is closed.
 *
 * A herd fills the kernel's queue (net.core.somaxconn, 4,096) faster than handshakes are answered,
 * and what does not fit comes again after 1, 3, 7 seconds. So accepting, which is cheap, goes
 * ahead: connections wait here, in the order of their arrival, and some are handed over in each
 * loop turn, so that the herd does not starve those who are in.
 */
#ifndef STANCHION_LISTENER_H
#define STANCHION_LISTENER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/* The call-back owns the non-blocking, close-on-exec descriptor. */
typedef void listener_accept_fn(void *ctx, int fd);
/* Whether one more connection fits beside those that were handed over and
 * the `waiting_count` here. */
typedef bool listener_room_fn(void *ctx, size_t waiting_count);

#define LISTENER_WAITING_MAX 16384 /* the rest stays in the kernel's queue */

struct listener {
    struct ev_loop *loop;
    ev_io readable;
    int fd;
    listener_room_fn *has_room;
    listener_accept_fn *on_accept;
    void *ctx;
    uint64_t accepted_count, refused_count;
    ev_prepare hand_over;
    ev_idle awake;                     /* runs while somebody waits: the loop must not sleep */
    int waiting[LISTENER_WAITING_MAX]; /* a ring */
    size_t waiting_first, waiting_count;
};

/* Takes the port: from now on connections arrive, and wait in the kernel's queue until
 * listener_open. One whose peer acknowledges nothing for unanswered_ms_max, or takes nothing, ends.
 * Returns 0, or the errno of the step that failed. */
int listener_init(struct listener *listener, struct ev_loop *loop, const char *address,
                  uint16_t port, int64_t unanswered_ms_max, listener_room_fn *has_room,
                  listener_accept_fn *on_accept, void *ctx);
/* Begins to accept. */
void listener_open(struct listener *listener);
/* Stops accepting, tells those who wait to come back; a repeated call does nothing. */
void listener_release(struct listener *listener);

#endif
