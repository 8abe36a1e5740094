/* Bringing Redis and the ledger together: at the start, and whenever Redis was away.
 *
 *   epoch in Redis   | what it means                   | what is done
 *   the ledger's own | Redis kept its data             | pending entries are written; seats and
 * counts are repaired absent           | empty, or a rebuild was cut off | new epoch: everything is
 * rebuilt from SQLite another          | not the data we left            | as absent, after its
 * outbox was emptied
 *
 * The new epoch is committed to SQLite first and set in Redis last; between the two nobody decides
 * anything, because every script refuses to run. The first epoch of an installation is the clock in
 * seconds, so the data of two installations never match by accident.
 */
#ifndef STANCHION_LEDGER_RECOVER_H
#define STANCHION_LEDGER_RECOVER_H

#include "server/ledger/batch.h"

/* Sets batch->epoch on BATCH_OK. BATCH_REDIS_LOST: to be tried again. */
enum batch_status recover(struct batch *batch);
/* Writes what is in the outbox: `from` "0" = what was delivered before, ">" = what is new; until
 * there is no more. */
enum batch_status recover_outbox(struct batch *batch, const char *from);
/* Fills seats, counts and bought of an event from the ledger. `epoch` is "" while it is absent in
 * Redis. */
enum batch_status recover_seats(struct ledger_store *store, struct redis_pipe *redis,
                                const char *event, const char *epoch, bool is_replace);

#endif
