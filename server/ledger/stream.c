/* See the header. */
#include "server/ledger/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

const char *stream_name(enum stream stream)
{
    return stream == STREAM_OUTBOX ? "outbox" : "office";
}

static void read_entry(const redisReply *reply, struct stream_entry *entry)
{
    const redisReply *fields = reply->element[1];
    *entry = (struct stream_entry){.id = reply->element[0]->str};
    if (fields->type != REDIS_REPLY_ARRAY)
        return;
    entry->body = ""; /* an entry without `body` is refused by whoever reads it */
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, "body") == 0) {
            entry->body = fields->element[i + 1]->str;
            entry->body_bytes = (size_t)fields->element[i + 1]->len;
        }
}

void stream_read(const redisReply *reply, struct stream_entries *out)
{
    memset(out->count, 0, sizeof out->count);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *list = reply->element[i]->element[1];
        enum stream stream =
            strcmp(reply->element[i]->element[0]->str, stream_name(STREAM_OUTBOX)) == 0
                ? STREAM_OUTBOX
                : STREAM_OFFICE;
        assert(list->elements <= LEDGER_BATCH_MAX);
        for (size_t k = 0; k < list->elements; k++)
            read_entry(list->element[k], &out->of[stream][k]);
        out->count[stream] = list->elements;
    }
}

int64_t stream_id_ms(const char *id)
{
    return strtoll(id, NULL, 10);
}

bool stream_prepare(struct redis_pipe *redis)
{
    for (int i = 0; i < STREAM_COUNT; i++) {
        redisReply *reply = redis_pipe_ask(redis, "XGROUP", "CREATE", stream_name((enum stream)i),
                                           STREAM_GROUP, "0", "MKSTREAM", NULL);
        bool is_good = reply != NULL && (reply->type != REDIS_REPLY_ERROR ||
                                         strncmp(reply->str, "BUSYGROUP", 9) == 0);
        if (reply != NULL)
            freeReplyObject(reply);
        if (!is_good)
            return false;
    }
    return true;
}

redisReply *stream_ask(struct redis_pipe *redis, enum stream stream, const char *from)
{
    return redis_pipe_ask(redis, "XREADGROUP", "GROUP", STREAM_GROUP, STREAM_CONSUMER, "COUNT",
                          TEXT_OF(LEDGER_BATCH_MAX), "STREAMS", stream_name(stream), from, NULL);
}

bool stream_has(struct redis_pipe *redis, enum stream stream, const char *id)
{
    redisReply *reply = redis_pipe_ask(redis, "XRANGE", stream_name(stream), id, id, NULL);
    bool has = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
    if (reply != NULL)
        freeReplyObject(reply);
    return has;
}

void stream_remove(struct redis_pipe *redis, enum stream stream, const struct stream_entry *entries,
                   size_t count)
{
    const char *acknowledge[LEDGER_BATCH_MAX + 3] = {"XACK", stream_name(stream), STREAM_GROUP};
    const char *delete[LEDGER_BATCH_MAX + 2] = {"XDEL", stream_name(stream)};
    assert(count <= LEDGER_BATCH_MAX);
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        acknowledge[3 + i] = entries[i].id;
        delete[2 + i] = entries[i].id;
    }
    redis_pipe_add(redis, "MULTI", NULL);
    redis_pipe_add_argv(redis, 3 + count, acknowledge, NULL);
    redis_pipe_add_argv(redis, 2 + count, delete, NULL);
    redis_pipe_add(redis, "EXEC", NULL);
}
