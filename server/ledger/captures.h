/* Following up payments: capture for the orders that stand, void for those that never did.
 *
 * What is owed lies in the table `payments`; this file works it off through the provider,
 * CAPTURES_MAX at a time, with back-off. A result is kept in its slot until it has been written
 * together with the next batch (or by the loop's timer), so a busy sale does not pay one fsync per
 * capture. A crash between the provider's answer and the row costs one repeated call, which the
 * provider's idempotency makes harmless.
 *
 *   FREE -> CREATE (intent not known) -> ACT (capture or void)
 *     -> [LOOK_UP after a conflict] -> DONE -> written: FREE
 */
#ifndef STANCHION_LEDGER_CAPTURES_H
#define STANCHION_LEDGER_CAPTURES_H

#include <stdbool.h>
#include "ticketing/ledger_store.h"
#include "ticketing/payment.h"

#define CAPTURES_MAX 128         /* calls under way; the rest waits in the table */
#define CAPTURE_BACK_OFF_MS 1000 /* doubles with each attempt */
#define CAPTURE_BACK_OFF_MS_MAX 60000
#define CAPTURE_ATTEMPTS_MAX 1000 /* about 16 hours; then `failed`, for a person to look at */

struct captures;

/* Store and provider belong to the caller and outlive it; the provider's calls must have ended
 * before _free. */
struct captures *captures_create(struct ledger_store *store, struct payment_provider *provider);
void captures_free(struct captures *captures);
/* Starts what is due and fits. Anything but LEDGER_OK: the store failed. */
enum ledger_status captures_pump(struct captures *captures, int64_t now_ms);
/* Writes the results that came in; within the caller's transaction. */
enum ledger_status captures_write(struct captures *captures, int64_t now_ms);
/* The transaction was committed: their slots are free again. */
void captures_written(struct captures *captures);
bool captures_has_results(const struct captures *captures);
bool captures_is_busy(const struct captures *captures);
/* A call about this order's payment is under way, or its result is not written yet. */
bool captures_is_under_way(const struct captures *captures, const char *order);

#endif
