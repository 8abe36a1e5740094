/* See the header. All events are asked for at once: what stands still is waited for. */
#include "server/ledger/thaw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"

#define HEAD_ARGS 3
#define ARGS_COUNT (HEAD_ARGS + SEAT_KEYS_COUNT + 2)
#define SHA_BYTES 40

/* So that a thousand events do not mean a thousand copies of the script. */
static bool load_script(struct redis_pipe *redis, char sha[SHA_BYTES + 1])
{
    redisReply *reply = redis_pipe_ask(redis, "SCRIPT", "LOAD", ledger_thaw_script(), NULL);
    bool is_loaded = reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len == SHA_BYTES;
    if (is_loaded)
        memcpy(sha, reply->str, SHA_BYTES + 1);
    if (reply != NULL)
        freeReplyObject(reply);
    return is_loaded;
}

static void add_event(struct batch *batch, const char *sha, const char *event)
{
    struct seat_keys keys;
    char count[8], epoch[24];
    const char *argv[ARGS_COUNT] = {"EVALSHA", sha, count};
    seat_keys_init(&keys, event);
    (void)snprintf(count, sizeof count, "%d", SEAT_KEYS_COUNT);
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, batch->epoch);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[HEAD_ARGS + i] = keys.text[i];
    argv[ARGS_COUNT - 2] = epoch;
    argv[ARGS_COUNT - 1] = event;
    redis_pipe_add_argv(batch->redis, ARGS_COUNT, argv, NULL);
}

bool thaw(struct batch *batch, int64_t away_ms)
{
    char sha[SHA_BYTES + 1];
    json_t *ids = NULL, *id;
    size_t i;
    bool is_done = ledger_event_ids(batch->store, &ids) == LEDGER_OK;
    if (is_done)
        is_done = load_script(batch->redis, sha);
    json_array_foreach(ids, i, id)
        if (is_done)
            add_event(batch, sha, json_string_value(id));
    is_done = is_done && redis_pipe_flush(batch->redis);
    json_decref(ids);
    if (is_done)
        log_info("was away for %.1f s: deadlines have moved on by that", (double)away_ms / 1e3);
    else
        log_warning("deadlines could not be moved on: %s", redis_pipe_problem(batch->redis));
    return is_done;
}
