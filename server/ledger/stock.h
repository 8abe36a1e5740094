/* Telling Redis what the ledger has decided about the stock (ticketing/ledger_stock.h).
 *
 *   work list -> stock.lua
 *     -> one transaction: work done; what Redis would not keep from sale is forgotten again
 *
 * A seat that somebody holds, pays for or owns cannot be kept from sale: the ledger takes its word
 * back rather than surprise a buyer.
 */
#ifndef STANCHION_LEDGER_STOCK_RUN_H
#define STANCHION_LEDGER_STOCK_RUN_H

#include <jansson.h>
#include "server/ledger/batch.h"

/* Carries out everything that is noted. Seats that were not to be had are appended to
 * `refused`, a JSON array (may be NULL). Nothing to do: BATCH_OK at once. */
enum batch_status stock_carry_out(struct batch *batch, json_t *refused);

#endif
