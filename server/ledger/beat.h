/* What the ledger says about itself in Redis each second: that it is alive, and its figures. */
#ifndef STANCHION_LEDGER_BEAT_H
#define STANCHION_LEDGER_BEAT_H

#include <stdbool.h>
#include "server/ledger/batch.h"

/* Sets `ledger:beat` to the Redis time and learns how far it is ahead of ours. After an absence
 * deadlines move on first (thaw.h); when that takes too long the beat is left to the next turn.
 * false = Redis is lost, or the store cannot be read. */
bool beat(struct batch *batch);
/* Writes the hash `ledger:stats` (docs/redis.md). false = Redis is lost, or the store cannot be
 * read. */
bool beat_stats(struct batch *batch);

#endif
