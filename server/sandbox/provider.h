/* The rules of the sandbox provider: what each request does to an intent, and what is answered.
 *
 *   requires_payment_method --confirm (fast card)--> requires_capture
 *   requires_payment_method --confirm (declined)--> requires_payment_method
 *   requires_payment_method --confirm (other cards)--> processing --outcome due--> requires_capture
 *   requires_capture --capture--> succeeded --refund--> succeeded
 *   requires_payment_method, processing, requires_capture --cancel--> canceled
 *
 * Anything else is a 409 with the intent. An answer that changed something (2xx, or 402) is kept
 * under its idempotency key and given again; a refusal is decided anew each time. Transport-free:
 * time is an argument.
 */
#ifndef STANCHION_SANDBOX_PROVIDER_H
#define STANCHION_SANDBOX_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/sandbox/store.h"

#define SANDBOX_LATE_MS 20000
#define SANDBOX_SLOW_MS 3000
#define SANDBOX_PROCESSING_MS 2000
#define SANDBOX_BODY_BYTES_MAX 4096u /* of a request: 413 */
#define ANSWERS_KEPT_MS (INT64_C(7) * 86400 * 1000)
#define ANSWERS_FORGOTTEN_MAX 1000 /* per housekeeping turn; the rest at the next */
/* Due outcomes settled in one transaction; the rest at the next turn. */
#define OUTCOMES_PER_TURN_MAX 256

struct provider {
    struct sandbox_store *store;
    const char *key; /* bearer */
    bool has_webhooks;
    int64_t late_ms;
    bool has_failed;  /* the transaction that is open must be undone */
    bool has_settled; /* set when requests that wait should ask again; the caller clears it */
};

/* Strings live until the answer is given; NULL = absent. */
struct provider_request {
    const char *method, *path;
    const char *authorization, *idempotency_key;
    const char *status, *after, *limit; /* query of the list */
    const char *body;
    size_t body_bytes;
    bool is_too_large;
};

/* code 0 = the outcome is not known yet: ask again with the same request when outcomes were
 * settled. body is malloc'ed JSON and belongs to the caller; NULL = out of memory. */
struct provider_reply {
    int code;
    char *body;
};

void provider_answer(struct provider *provider, const struct provider_request *request,
                     int64_t now_ms, struct provider_reply *reply);
/* Settles what is due, at most OUTCOMES_PER_TURN_MAX. */
enum sandbox_store_status provider_settle(struct provider *provider, int64_t now_ms);
/* While this is so, no answer may go out: what it says is not stored yet. */
bool provider_is_undecided(const struct provider *provider);
/* Stores what was decided since the last time. FAILED: nothing of it was, and provider_undo makes
 * of each answer that it was not. */
enum sandbox_store_status provider_commit(struct provider *provider);
void provider_undo(struct provider_reply *reply);

#endif
