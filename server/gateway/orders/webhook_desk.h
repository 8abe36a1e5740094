/* What the provider's webhooks say of payments whose answer was "later": the order is looked up and
 * settled or declined.
 *
 *   taken --whose order?--> --settled?--> --its hold?--> payment run (RUN_SETTLE or RUN_DECLINE)
 *     ^            |             |  \-yes--> done  |              |
 *     +--Redis did not answer, or too many runs: again after WEBHOOK_RETRY_MS--+
 *
 * The provider has been told 204 by then and says nothing again, so a lookup that fails is
 * repeated, WEBHOOK_ATTEMPTS_MAX times; then the ledger's reconciler gives the money back.
 */
#ifndef STANCHION_WEBHOOK_DESK_H
#define STANCHION_WEBHOOK_DESK_H

#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_RETRY_MS 1000
#define WEBHOOK_ATTEMPTS_MAX 60
/* Waiting for another try at once; more are left to the reconciler, with a line in the log. */
#define WEBHOOKS_WAITING_MAX 10000

struct gateway;
struct payment_intent;
struct webhook_ask;

/* Those that wait for another try. Zeroed is empty. Lifetime: the gateway. */
struct webhook_list {
    struct webhook_ask *first;
    size_t count;
    int64_t due_ms; /* of the earliest; nothing is looked at before */
};

/* A verified webhook; the intent is copied. */
void webhook_desk_take(struct gateway *gateway, const struct payment_intent *intent);
/* Tries again what is due. Every turn. */
void webhook_desk_on_turn(struct gateway *gateway, int64_t now_ms);
/* Forgets those that wait. */
void webhook_desk_release(struct gateway *gateway);

#endif
