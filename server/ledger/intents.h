/* Payments that were noted before the provider was called and of which nothing was heard since: is
 * somebody still paying? Redis knows. What it has forgotten is voided at the provider, without
 * asking what is authorised there. */
#ifndef STANCHION_LEDGER_INTENTS_CHECK_H
#define STANCHION_LEDGER_INTENTS_CHECK_H

#include "server/ledger/batch.h"

#define INTENTS_CHECK_MAX 64  /* at once; the rest a second later */
#define INTENTS_HURRY_MS 5000 /* so long after a new epoch all are looked for */

/* Once a second. */
enum batch_status intents_check(struct batch *batch);
/* A new epoch: Redis may have lost data. */
enum batch_status intents_hurry(struct batch *batch);

#endif
