/* After an absence of the ledger: deadlines of holds and admissions move on by as long as they
 * stood still (docs/decisions/0030-frozen-while-the-ledger-is-away.md). */
#ifndef STANCHION_LEDGER_THAW_H
#define STANCHION_LEDGER_THAW_H

#include "server/ledger/batch.h"

/* Before the first beat after `away_ms` without one. false = Redis is lost, or the store cannot be
 * read; then there must be no beat. Repeating it counts nothing twice. */
bool thaw(struct batch *batch, int64_t away_ms);

#endif
