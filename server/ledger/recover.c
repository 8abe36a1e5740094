/* See the header. */
#include "server/ledger/recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/office_redis.h"

#define EPOCH_BYTES 24

static enum batch_status store_failed(struct ledger_store *store, enum ledger_status status,
                                      const char *what)
{
    log_error("%s: %s: %s", what, ledger_status_word(status), ledger_problem(store));
    return BATCH_STORE_FAILED;
}

enum batch_status recover_outbox(struct batch *batch, const char *from)
{
    struct stream_entries *entries = malloc(sizeof *entries);
    assert(entries != NULL);
    enum batch_status status = BATCH_OK;
    size_t count;
    do {
        redisReply *reply = stream_ask(batch->redis, STREAM_OUTBOX, from);
        stream_read(reply, entries);
        count = entries->count[STREAM_OUTBOX];
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
            status = BATCH_REDIS_LOST;
        else
            status = batch_write(batch, entries->of[STREAM_OUTBOX], count);
        if (reply != NULL)
            freeReplyObject(reply);
    } while (status == BATCH_OK && count > 0);
    free(entries);
    return status;
}

/* Commits the number of the epoch that is about to be built. */
static enum batch_status next_epoch(struct batch *batch, int64_t own, int64_t *next)
{
    *next = own > 0 ? own + 1 : clock_wall_ms() / 1000;
    enum ledger_status status = ledger_begin(batch->store);
    if (status == LEDGER_OK)
        status = ledger_number_set(batch->store, "epoch", *next);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    return status == LEDGER_OK ? BATCH_OK : store_failed(batch->store, status, "writing the epoch");
}

/* Events that Redis lists and the ledger does not have. */
static bool drop_unknown_events(struct redis_pipe *redis, const json_t *ids)
{
    redisReply *reply = redis_pipe_ask(redis, "HKEYS", "events", NULL);
    for (size_t i = 0; reply != NULL && reply->type == REDIS_REPLY_ARRAY && i < reply->elements;
         i++) {
        const char *name = reply->element[i]->str;
        bool is_known = false;
        for (size_t k = 0; k < json_array_size(ids); k++)
            is_known = is_known || strcmp(json_string_value(json_array_get(ids, k)), name) == 0;
        if (!is_known)
            redis_pipe_add(redis, "HDEL", "events", name, NULL);
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return redis_pipe_flush(redis);
}

/* Every event into Redis: what pages need, then the seats. */
static enum batch_status publish_all(struct batch *batch, const char *epoch, bool is_replace)
{
    json_t *ids = NULL, *id;
    size_t i;
    enum batch_status result = BATCH_OK;
    enum ledger_status status = ledger_event_ids(batch->store, &ids);
    if (status != LEDGER_OK)
        return store_failed(batch->store, status, "listing the events");
    if (!drop_unknown_events(batch->redis, ids))
        result = BATCH_REDIS_LOST;
    if (result == BATCH_OK)
        result = office_publish_signed_out(batch->store, batch->redis);
    json_array_foreach(ids, i, id)
    {
        if (result == BATCH_OK)
            result = office_publish_event(batch->store, batch->redis, json_string_value(id));
        if (result == BATCH_OK)
            result =
                recover_seats(batch->store, batch->redis, json_string_value(id), epoch, is_replace);
    }
    if (result == BATCH_OK && !redis_pipe_flush(batch->redis))
        result = BATCH_REDIS_LOST;
    json_decref(ids);
    return result;
}

/* Redis kept its data: what was under way is written, what differs is repaired. */
static enum batch_status resume(struct batch *batch, int64_t epoch)
{
    char text[EPOCH_BYTES];
    (void)snprintf(text, sizeof text, "%" PRId64, epoch);
    batch->epoch = epoch;
    enum batch_status status = recover_outbox(batch, "0");
    if (status == BATCH_OK)
        status = publish_all(batch, text, false);
    if (status == BATCH_OK)
        log_info("Redis has its data of epoch %" PRId64 ": checked", epoch);
    return status;
}

/* Redis is empty or strange: its outbox is taken over, then the ledger's word is all. */
static enum batch_status rebuild(struct batch *batch, int64_t own)
{
    char text[EPOCH_BYTES];
    int64_t epoch = 0;
    batch->epoch = 0;
    redis_pipe_add(batch->redis, "DEL", "epoch", NULL);
    enum batch_status status = redis_pipe_flush(batch->redis) ? BATCH_OK : BATCH_REDIS_LOST;
    if (status == BATCH_OK)
        status = recover_outbox(batch, "0");
    if (status == BATCH_OK)
        status = recover_outbox(batch, ">");
    if (status == BATCH_OK)
        status = next_epoch(batch, own, &epoch);
    if (status == BATCH_OK)
        status = publish_all(batch, "", true);
    if (status == BATCH_OK)
        status = recover_outbox(batch, ">"); /* the voids of holds that had to go */
    if (status != BATCH_OK)
        return status;
    (void)snprintf(text, sizeof text, "%" PRId64, epoch);
    redis_pipe_add(batch->redis, "SET", "epoch", text, NULL);
    if (!redis_pipe_flush(batch->redis))
        return BATCH_REDIS_LOST;
    batch->epoch = epoch;
    log_info("Redis was rebuilt from the ledger: epoch %" PRId64, epoch);
    return BATCH_OK;
}

enum batch_status recover(struct batch *batch)
{
    int64_t own = 0;
    enum ledger_status status = ledger_number_get(batch->store, "epoch", &own);
    if (status != LEDGER_OK && status != LEDGER_NOT_FOUND)
        return store_failed(batch->store, status, "reading the epoch");
    if (!stream_prepare(batch->redis))
        return BATCH_REDIS_LOST;
    redisReply *reply = redis_pipe_ask(batch->redis, "GET", "epoch", NULL);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        if (reply != NULL)
            freeReplyObject(reply);
        return BATCH_REDIS_LOST;
    }
    bool is_absent = reply->type == REDIS_REPLY_NIL;
    int64_t found = redis_pipe_number(reply, -1);
    if (!is_absent && found == own)
        return resume(batch, own);
    if (is_absent)
        log_warning("Redis has no epoch: recovering");
    else
        log_warning("Redis has epoch %" PRId64 ", the ledger %" PRId64 ": foreign data, recovering",
                    found, own);
    return rebuild(batch, own);
}
