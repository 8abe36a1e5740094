/* Whether those who only wait are still there.
 *
 * A connection on which nothing was said for `push.heartbeat_ms` gets an empty pong, which browsers
 * take without a word (RFC 6455 section 5.5.3); when the peer's kernel does not acknowledge it, or
 * anything else, for `push.unanswered_ms_max`, TCP_USER_TIMEOUT ends the connection (listener.c).
 * Nobody has to answer: a page that sleeps in an awake phone stays connected.
 *
 * Not TCP's keepalive: its timers are kept in steps of two seconds, so those of many visitors fire
 * at once, and what does not fit the kernel's queue of 1,000 packets is dropped. Of a million who
 * waited in silence it cut off every fourth (docs/decisions/0069-heartbeats-of-our-own.md). Here
 * they are spread evenly: a turn looks at its share of the sessions, and a round takes
 * heartbeat_ms.
 */
#ifndef STANCHION_HEARTBEAT_H
#define STANCHION_HEARTBEAT_H

#include <stdint.h>

struct gateway;

struct heartbeat {
    int64_t at_ms; /* monotonic; 0 = not begun */
    uint32_t next; /* slot of the session that is looked at next */
    int64_t rest;  /* of the division that says how many are due */
};

/* How many of so many slots are due after elapsed_ms; over a round it adds up to all of them. Pure
 * but for `rest`. A gateway that was late makes up for at most one round. */
uint32_t heartbeat_share(struct heartbeat *heartbeat, uint32_t slots_count, int64_t elapsed_ms,
                         int64_t round_ms);
void heartbeat_on_turn(struct gateway *gateway, int64_t now_ms);

#endif
