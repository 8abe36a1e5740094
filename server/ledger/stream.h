/* Entries of the two streams the ledger reads: the outbox and the office. */
#ifndef STANCHION_LEDGER_STREAM_H
#define STANCHION_LEDGER_STREAM_H

#include <stddef.h>
#include "server/base/limits.h"
#include "server/ledger/redis_pipe.h"

#define STREAM_GROUP "ledger"
#define STREAM_CONSUMER "ledger"

enum stream { STREAM_OUTBOX, STREAM_OFFICE, STREAM_COUNT };

/* Points into the reply it was read from. body is NULL for an entry that was deleted after it had
 * been delivered. */
struct stream_entry {
    const char *id;
    const char *body;
    size_t body_bytes;
};

struct stream_entries {
    size_t count[STREAM_COUNT];
    struct stream_entry of[STREAM_COUNT][LEDGER_BATCH_MAX];
};

const char *stream_name(enum stream stream);
/* Takes apart the answer of XREADGROUP (NULL and nil: no entries). */
void stream_read(const redisReply *reply, struct stream_entries *out);
/* Milliseconds in an entry's id: the Redis time at which it was added. */
int64_t stream_id_ms(const char *id);
/* Creates consumer group and streams where they are missing. false = Redis is lost or refuses. */
bool stream_prepare(struct redis_pipe *redis);
/* XREADGROUP without waiting. `from`: "0" = delivered before but not acknowledged, ">" = new. The
 * caller frees. */
redisReply *stream_ask(struct redis_pipe *redis, enum stream stream, const char *from);
/* Whether the entry is still in the stream; false also when Redis is lost. */
bool stream_has(struct redis_pipe *redis, enum stream stream, const char *id);
/* Adds acknowledgement and removal to the pipe, as one transaction: an entry leaves wholly or stays
 * pending. */
void stream_remove(struct redis_pipe *redis, enum stream stream, const struct stream_entry *entries,
                   size_t count);

#endif
