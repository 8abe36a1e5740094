/* A free order in one exchange: `checkout` with `confirm` is answered by `confirmed` itself.
 *
 *   checkout, confirm --> fixed and settled in Redis --> the ledger's commit --> the answer
 *
 * The ledger mostly needs a few milliseconds. When it needs longer than CONFIRM_WAIT_MS, or says
 * anything else, the request is answered by `paying` and the outcome is a push, as after `pay`
 * (docs/decisions/0064-free-orders-in-one-exchange.md).
 */
#ifndef STANCHION_CONFIRM_DESK_H
#define STANCHION_CONFIRM_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIRM_WAIT_MS 100
#define CONFIRMS_MAX 4096 /* waiting at a gateway; more are answered by `paying` at once */

struct gateway;
struct session;
struct hold;
struct reply_to;
struct json_text;

struct confirm_due {
    uint64_t session;
    int64_t at_ms; /* monotonic */
};

/* Those that wait, in the order of their time. */
struct confirm_ring {
    struct confirm_due due[CONFIRMS_MAX];
    size_t first, count;
};

/* The order of this hold is being settled: `to` is answered when its outcome comes. What the
 * session was told of the hold (told_hold.h) stays until then. */
void confirm_desk_wait(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const struct hold *hold);
/* Answers with `confirmed` if this session waits for this order. False: it does not. */
bool confirm_desk_confirmed(struct gateway *gateway, struct session *session, const char *order,
                            const struct json_text *confirmed);
/* Answers with `paying` whatever waits for this session. */
void confirm_desk_go_on(struct gateway *gateway, struct session *session);
void confirm_desk_on_turn(struct gateway *gateway, int64_t now_ms);

#endif
