/* Replaying a dead letter (ticketing/ledger_dead.h): Redis sets the seats aside, the ledger
 * commits, Redis is told that they are sold, the visitor that the order stands.
 *
 * A crash before the commit: the next start puts the ledger's word back, the seats are free again.
 * A crash after it: the work list and the merge at the next start say it again.
 */
#ifndef STANCHION_LEDGER_REPLAY_RUN_H
#define STANCHION_LEDGER_REPLAY_RUN_H

#include "server/ledger/batch.h"
#include "ticketing/ledger_dead.h"

/* BATCH_OK: `out` has the verdict, and the caller releases it in any case. BATCH_REDIS_LOST after
 * the verdict OK with a result: it is written, Redis is told later. */
enum batch_status replay_letter(struct batch *batch, int64_t nr, struct ledger_replay *out);

#endif
