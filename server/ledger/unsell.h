/* Taking back in Redis what the ledger refused to write (ticketing/lua/unsell.lua). */
#ifndef STANCHION_LEDGER_UNSELL_H
#define STANCHION_LEDGER_UNSELL_H

#include "server/ledger/redis_pipe.h"
#include "ticketing/ledger_store.h"

/* Adds the script to the pipe. Seats that another order owns in the ledger stay sold. */
void unsell(struct ledger_store *store, struct redis_pipe *redis, int64_t epoch,
            const struct outbox_entry *entry);

#endif
