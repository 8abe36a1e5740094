/* Finding money that nobody owns: authorised at the provider, but no order and no void stands for
 * it.
 *
 * This happens when a gateway died between the authorisation and the settle. The provider's
 * authorised intents are read page by page; one that is older than every event's time to pay, with
 * an empty outbox and no row in the ledger, is noted to be voided. Younger ones are left alone:
 * their settle may still come.
 */
#ifndef STANCHION_LEDGER_RECONCILE_H
#define STANCHION_LEDGER_RECONCILE_H

#include "server/ledger/redis_pipe.h"
#include "ticketing/ledger_store.h"
#include "ticketing/payment.h"

#define RECONCILE_EVERY_MS 60000
#define RECONCILE_MARGIN_MS 60000 /* beyond the longest pay_ms */
#define RECONCILE_PAGES_MAX 10000 /* a provider that never ends is not followed further */

struct reconcile;

struct reconcile *reconcile_create(struct ledger_store *store, struct redis_pipe *redis,
                                   struct payment_provider *provider);
void reconcile_free(struct reconcile *reconcile); /* the provider's calls must have ended */
/* Starts a round unless one runs. */
void reconcile_start(struct reconcile *reconcile);
/* The store failed during a round: leave the process. */
bool reconcile_has_failed(const struct reconcile *reconcile);

#endif
