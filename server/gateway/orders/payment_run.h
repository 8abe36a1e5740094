/* A payment under way at this gateway: from "pay" to authorised, declined or handed to the webhook.
 *
 *   NOTED (the ledger has what is about to be paid on disk; mostly so since the checkout)
 *      |
 *   CREATE --intent--> AUTHORISE --yes--> SETTLE --> (the ledger confirms by `outcome`)
 *      |                  |  \--processing--> ended: the webhook starts a run at SETTLE
 *      +--no answer: retried, RUN_ATTEMPTS_MAX times; then as declined
 *
 * A run that dies with its gateway loses nothing: the hold's deadline frees the seats and leaves a
 * `void` for the order, which the ledger carries out. One run per order at a time; a second "pay"
 * joins the first.
 */
#ifndef STANCHION_PAYMENT_RUN_H
#define STANCHION_PAYMENT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "ticketing/seat_store.h"

struct gateway;
struct event_entry;

#define PAYMENT_RUNS_MAX 4096
#define RUN_ATTEMPTS_MAX 8
#define RUN_RETRY_MS 1000
#define CARD_BYTES_MAX 32

enum run_step { RUN_NOTED, RUN_CREATE, RUN_AUTHORISE, RUN_SETTLE, RUN_DECLINE, RUN_STEP_COUNT };

struct payment_run {
    struct gateway *gateway;
    struct event_entry *event;
    enum run_step step;
    bool is_waiting; /* an answer is on its way */
    uint32_t attempts;
    int64_t retry_at_ms; /* monotonic; when not waiting */
    int64_t epoch;       /* when the run began */
    struct hold hold;    /* as it was when the run began */
    char *offer;         /* of the hold */
    char visitor[VISITOR_ID_BYTES + 1];
    char order[ORDER_ID_BYTES + 1];
    char card[CARD_BYTES_MAX + 1];
    char reason[48];
    struct payment_run *next;
};

struct payment_runs {
    struct payment_run *first;
    struct outbox_mark noted; /* what the ledger has on disk, as far as we have heard */
    size_t count;
};

/* Starts a run for a hold that is being paid, unless one runs for its order already. False: too
 * many. */
bool payment_run_start(struct gateway *gateway, struct event_entry *event, const char *visitor,
                       const struct hold *hold, const char *card, enum run_step step,
                       const char *reason);
/* Goes on with those whose retry is due. */
void payment_runs_on_turn(struct gateway *gateway, int64_t now_ms);
/* The ledger's mark, a text of the channel OUTBOX_NOTED_CHANNEL: runs that waited for it go on. */
void payment_runs_on_noted(struct gateway *gateway, const char *text);
/* A new epoch: marks of the old one count no more. */
void payment_runs_on_epoch(struct gateway *gateway);
/* Frees all; called when nothing can complete any more. */
void payment_runs_release(struct gateway *gateway);

#endif
