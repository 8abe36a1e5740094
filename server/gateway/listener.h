/* The listening socket of a gateway, ours instead of libwebsockets' own.
 *
 * SO_REUSEPORT shares the port between gateways; TCP_DEFER_ACCEPT hands over connections only when
 * their request has arrived, so nothing is ever half-open; accepting is bounded per loop turn, so
 * that a herd does not starve those who are in. TCP keepalive is set here once and inherited: the
 * only liveness check that a waiting browser meets. Beyond connections_max a connection gets a 503
 * with Retry-After and is closed.
 */
#ifndef STANCHION_LISTENER_H
#define STANCHION_LISTENER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/* The call-back owns the non-blocking, close-on-exec descriptor. */
typedef void listener_accept_fn(void *ctx, int fd);
/* Whether one more connection fits. */
typedef bool listener_room_fn(void *ctx);

struct listener {
    struct ev_loop *loop;
    ev_io readable;
    int fd;
    listener_room_fn *has_room;
    listener_accept_fn *on_accept;
    void *ctx;
    uint64_t accepted_count, refused_count;
};

/* Returns 0, or the errno of the step that failed. */
int listener_init(struct listener *listener, struct ev_loop *loop, const char *address,
                  uint16_t port, listener_room_fn *has_room, listener_accept_fn *on_accept,
                  void *ctx);
/* Stops accepting; a repeated call does nothing. */
void listener_release(struct listener *listener);

#endif
