/* One batch of the outbox: write, commit, tell, acknowledge - in this order, always.
 *
 *   read -> one transaction (orders, voids, dead letters, results of payments) -> COMMIT with fsync
 *        -> sales the ledger refused are taken back -> PUBLISH outcome, noted -> XACK + XDEL
 *
 * If the process dies before the commit, the entries are still pending and come again. If it dies
 * afterwards, they come again too, are recognised, and are told again. What is told is on disk.
 */
#ifndef STANCHION_LEDGER_BATCH_H
#define STANCHION_LEDGER_BATCH_H

#include "server/ledger/redis_pipe.h"
#include "server/ledger/stream.h"
#include "ticketing/ledger_store.h"

struct captures;

/* What the process has done since it started, and the last batch. */
struct batch_stats {
    int64_t batches, written, repeated, dead, voids, intents;
    int64_t seats;  /* rows in `sold`, those from before the start included */
    int64_t lag_ms; /* age of the oldest entry of the last batch when it was committed */
};

struct batch {
    struct ledger_store *store;
    struct redis_pipe *redis;
    struct captures *captures; /* writes its results along; may be NULL */
    int64_t epoch; /* of the Redis data; 0 = recovering, then nothing is taken back (a rebuild
                      follows) */
    int64_t redis_ahead_ms; /* Redis time minus ours */
    struct batch_stats stats;
};

enum batch_status {
    BATCH_OK = 0,
    BATCH_REDIS_LOST,   /* committed, but perhaps not acknowledged: the entries come again */
    BATCH_STORE_FAILED, /* nothing of it may be relied on: leave the process */
    BATCH_STATUS_COUNT
};

enum batch_status batch_write(struct batch *batch, const struct stream_entry *entries,
                              size_t count);

#endif
