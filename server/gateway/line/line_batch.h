/* Questions about places, gathered over one loop turn and sent to Redis as batches.
 *
 * Joins, shown receipts, goodbyes and the gateway's own doubts about a session all come in herds: a
 * million visitors at the opening, a hundred thousand browsers after a gateway's death, all who are
 * left when the sale is over. Each kind has a list per event in the order of arrival; before the
 * loop sleeps each list goes out in calls of up to JOIN_BATCH_MAX, so a herd of 100,000 costs 400
 * calls. Joins and receipts wait for the answer to the call before them, unless they fill one: the
 * busier Redis is, the more share a call. Answers find their session by its id.
 *
 * Visitors' wishes are bounded by joins_pending_max and answered `full` beyond it. A doubt is held
 * once per session, so those are bounded by the sessions; only CHECK_BATCHES_MAX of their calls are
 * under way at a time, so that they never stand in the way of a join: after a change of epoch a
 * gateway's 20,000 places are claimed in 80 calls.
 */
#ifndef STANCHION_LINE_BATCH_H
#define STANCHION_LINE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"
#include "server/base/limits.h"

struct gateway;
struct event_entry;
struct session;
struct reply_to;
struct receipt;

enum wish_kind {
    WISH_LEAVE,  /* a place is given up, by somebody who waits; before joins: who leaves and comes
                    back in one turn stands at the end */
    WISH_JOIN,   /* a place, please */
    WISH_RESUME, /* a receipt was shown: where do I stand? */
    WISH_CHECK,  /* nobody asked: the gateway may have missed something about this session */
    WISH_CLAIM,  /* nobody asked: the place is of an earlier epoch and may have to be put back */
    WISH_COUNT
};

#define CHECK_BATCHES_MAX 8 /* under way per gateway; the rest waits for an answer */

struct line_wish {
    uint64_t session;
    int64_t re;
    bool has_re;
    struct place_claim claim; /* WISH_RESUME and WISH_CLAIM: all of it; otherwise the visitor */
};

/* Lifetime: that of its event. */
struct wish_list {
    struct line_wish *items;
    size_t first, count, room; /* items[first .. first + count - 1] wait */
    size_t under_way;          /* calls */
};

void wish_list_release(struct wish_list *list);

/* A visitor's wish for a place. False: the buffer is full, nothing was noted. */
bool line_batch_join(struct session *session, const struct reply_to *to);
/* A visitor has shown a receipt, which has been checked. False as above. */
bool line_batch_resume(struct session *session, const struct reply_to *to,
                       const struct receipt *receipt);
/* Sends the joins and receipts that have gathered: what is said next must not overtake them. */
void line_batch_send_before(struct event_entry *event);
/* A visitor who waits gives the place up, after what was wished before. False as above. */
bool line_batch_leave(struct session *session, const struct reply_to *to);
/* Has a session looked up; a place that is still of an earlier epoch is claimed. A second call
 * before the answer changes nothing. */
void line_batch_check(struct session *session);
/* The place of a session that was looked for is not there: what became of it? The answer comes as
 * that of a check. */
void line_batch_ask_why(struct session *session);
/* Sends what has gathered. */
void line_batch_before_sleep(struct gateway *gateway);

#endif
