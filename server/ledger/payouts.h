/* Giving money back: works off the table `payouts` through the provider, PAYOUTS_MAX at a time,
 * with back-off.
 *
 * A payout waits until its payment has been captured. Its number is the provider's idempotency key,
 * so a call repeated after a crash gives the money back once. Results are kept in their slots until
 * they have been written in the caller's transaction.
 *
 *   FREE -> ASKED -> DONE -> written: FREE
 */
#ifndef STANCHION_LEDGER_PAYOUTS_H
#define STANCHION_LEDGER_PAYOUTS_H

#include <stdbool.h>
#include "ticketing/ledger_store.h"
#include "ticketing/payment.h"

#define PAYOUTS_MAX 16          /* calls under way; the rest waits in the table */
#define PAYOUT_BACK_OFF_MS 1000 /* doubles with each attempt */
#define PAYOUT_BACK_OFF_MS_MAX 60000
#define PAYOUT_ATTEMPTS_MAX 1000 /* about 16 hours; then `failed`, for a person to look at */

struct payouts;

/* As captures_create: store and provider outlive it. */
struct payouts *payouts_create(struct ledger_store *store, struct payment_provider *provider);
void payouts_free(struct payouts *payouts);
enum ledger_status payouts_pump(struct payouts *payouts, int64_t now_ms);
enum ledger_status payouts_write(struct payouts *payouts, int64_t now_ms);
void payouts_written(struct payouts *payouts);
bool payouts_has_results(const struct payouts *payouts);
bool payouts_is_busy(const struct payouts *payouts);

#endif
