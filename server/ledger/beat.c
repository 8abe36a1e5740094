/* See the header. */
#include "server/ledger/beat.h"

#include <inttypes.h>
#include <stdio.h>
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/ledger/thaw.h"
#include "ticketing/ledger_scripts.h"

#define THAWS_MAX 3 /* in one turn: making up for a long absence may take long itself */

struct sign {
    int64_t now_ms, silence_ms;
};

/* The beat, unless there was silence for too long. false = Redis is lost. */
static bool give_sign(struct redis_pipe *redis, int64_t thawed_ms, struct sign *out)
{
    char since[24];
    (void)snprintf(since, sizeof since, "%" PRId64, thawed_ms);
    redisReply *reply =
        redis_pipe_ask(redis, "EVAL", ledger_beat_script(), "1", "ledger:beat", since, NULL);
    bool is_told = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
    if (is_told)
        *out = (struct sign){reply->element[0]->integer, reply->element[1]->integer};
    if (reply != NULL)
        freeReplyObject(reply);
    return is_told;
}

bool beat(struct batch *batch)
{
    struct sign sign;
    if (!give_sign(batch->redis, 0, &sign))
        return false;
    batch->redis_ahead_ms = sign.now_ms - clock_wall_ms();
    for (int i = 0; i < THAWS_MAX && sign.silence_ms > LEDGER_AWAY_MS; i++) {
        int64_t since_ms = sign.now_ms;
        if (!thaw(batch, sign.silence_ms) || !give_sign(batch->redis, since_ms, &sign))
            return false;
    }
    return true;
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
        {"mails_due", counts.mails_due}, {"mails_failed", counts.mails_failed},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" PRId64, figures[i].value);
        redis_pipe_add(batch->redis, "HSET", "ledger:stats", figures[i].name, text, NULL);
    }
    return redis_pipe_flush(batch->redis);
}
