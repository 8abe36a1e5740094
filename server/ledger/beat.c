/* See the header. */
#include "server/ledger/beat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/ledger/thaw.h"

static int64_t redis_time_ms(struct redis_pipe *redis)
{
    int64_t now_ms = 0;
    redisReply *reply = redis_pipe_ask(redis, "TIME", NULL);
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        now_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                 strtoll(reply->element[1]->str, NULL, 10) / 1000;
    if (reply != NULL)
        freeReplyObject(reply);
    return now_ms;
}

bool beat(struct batch *batch)
{
    char text[24];
    int64_t now_ms = redis_time_ms(batch->redis);
    if (now_ms == 0)
        return false;
    batch->redis_ahead_ms = now_ms - clock_wall_ms();
    int64_t last_ms =
        redis_pipe_number(redis_pipe_ask(batch->redis, "GET", "ledger:beat", NULL), 0);
    if (last_ms > 0 && now_ms - last_ms > LEDGER_AWAY_MS) {
        if (!thaw(batch, now_ms - last_ms))
            return false;
        now_ms = redis_time_ms(batch->redis);
    }
    (void)snprintf(text, sizeof text, "%" PRId64, now_ms);
    redis_pipe_add(batch->redis, "SET", "ledger:beat", text, NULL);
    return redis_pipe_flush(batch->redis);
}

bool beat_stats(struct batch *batch)
{
    const struct batch_stats *stats = &batch->stats;
    struct ledger_counts counts;
    if (ledger_counts(batch->store, &counts) != LEDGER_OK) {
        log_error("reading the ledger's figures: %s", ledger_problem(batch->store));
        return false;
    }
    const struct {
        const char *name;
        int64_t value;
    } figures[] = {
        {"orders", counts.orders},       {"rows", stats->seats},
        {"dead", counts.dead},           {"failed", counts.failed},
        {"voids_due", counts.voids_due}, {"captures_due", counts.captures_due},
        {"batches", stats->batches},     {"written", stats->written},
        {"repeated", stats->repeated},   {"lag_ms", stats->lag_ms},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" PRId64, figures[i].value);
        redis_pipe_add(batch->redis, "HSET", "ledger:stats", figures[i].name, text, NULL);
    }
    return redis_pipe_flush(batch->redis);
}
