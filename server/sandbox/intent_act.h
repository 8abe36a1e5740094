/* What each action does to a payment intent, and what is answered: the states drawn in provider.h,
 * and the test cards. Each change is stored and announced to the webhook.
 *
 * A SANDBOX_STORE_FAILED means that the storage failed: the transaction is to be undone. Every
 * other outcome is in the reply.
 */
#ifndef STANCHION_SANDBOX_INTENT_ACT_H
#define STANCHION_SANDBOX_INTENT_ACT_H

#include <jansson.h>
#include <stdint.h>
#include "server/sandbox/provider.h"

enum action {
    ACTION_CREATE,
    ACTION_CONFIRM,
    ACTION_CAPTURE,
    ACTION_CANCEL,
    ACTION_REFUND,
    ACTION_COUNT
};
/* The last part of each action's path; "" for creating. */
extern const char *const action_names[ACTION_COUNT];

/* Does it, within the caller's transaction. `intent_id` "" when one is created; `key` is the
 * request's idempotency key, under which the outcome of a slow card will be kept. */
enum sandbox_store_status intent_act(struct provider *provider, enum action action,
                                     const char *intent_id, const json_t *body, const char *key,
                                     int64_t now_ms, struct provider_reply *reply);
/* The outcome of an intent in processing is due: it is authorised, and whoever waits gets that. */
enum sandbox_store_status intent_settle(struct provider *provider, struct intent *intent,
                                        int64_t now_ms);

void reply_intent(struct provider_reply *reply, int code, const struct intent *intent);
/* `intent` may be NULL. */
void reply_error(struct provider_reply *reply, int code, const char *error, const char *message,
                 const struct intent *intent);

#endif
