/* Other tabs of the same visitor: whoever holds, releases or checks out in one of them sees it in
 * all, at whichever gateway they are.
 *
 * A message of map:{E} names the visitors whose holds changed. If one of them has a tab here, Redis
 * is asked what they hold now, and each tab that was told otherwise gets it as a push. A visitor
 * with one tab here who asked for something a moment ago most likely caused the change: that one is
 * looked at a little later, when the asking is over, so that a purchase costs nothing more.
 */
#ifndef STANCHION_BASKET_DESK_H
#define STANCHION_BASKET_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"

#define BASKETS_MAX 4096   /* waiting to be looked at; more hear of it with the next change */
#define BASKET_OWN_MS 2000 /* so long after an own request a change is taken for one's own */

struct gateway;
struct event_entry;
struct session;
struct hold;

/* A visitor, not a session: a poll that has caused the change is over before it is looked at, and
 * others of its visitor wait to hear of it. */
struct basket_due {
    struct event_entry *event;
    int64_t at_ms; /* monotonic */
    char visitor[VISITOR_ID_BYTES + 1];
};

/* Rings: those of this turn, and those of BASKET_OWN_MS later, which is the order of their time. */
struct basket_ring {
    struct basket_due due[BASKETS_MAX];
    size_t first, count;
};

struct baskets {
    struct basket_ring soon, later;
};

/* A text of map:{E}. */
void basket_desk_on_map(struct event_entry *event, const char *text, size_t bytes);
void basket_desk_on_turn(struct gateway *gateway, int64_t now_ms);
/* The session is being told this (NULL or no hold: nothing is held): no push repeats it. The
 * session may be NULL. */
void basket_desk_told(struct session *session, const struct hold *hold);
/* Whether what it was told last is a payment, which may run: also one that began on another
 * device, or before the connection was lost. */
bool basket_desk_has_payment(const struct session *session);

#endif
