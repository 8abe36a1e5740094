/* See the header. */
#include "server/ledger/thaw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"

#define HEAD_ARGS 3
#define ARGS_COUNT (HEAD_ARGS + SEAT_KEYS_COUNT + 2)

enum { ANSWER_STEP, ANSWER_HOLDS, ANSWER_ADMISSIONS, ANSWER_COUNT };

/* One event. Adds what was moved to *moved. */
static bool thaw_event(struct batch *batch, const char *event, int64_t *moved)
{
    struct seat_keys keys;
    char count[8], epoch[24];
    const char *argv[ARGS_COUNT] = {"EVAL", ledger_thaw_script(), count};
    size_t sizes[ARGS_COUNT];
    seat_keys_init(&keys, event);
    (void)snprintf(count, sizeof count, "%d", SEAT_KEYS_COUNT);
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, batch->epoch);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[HEAD_ARGS + i] = keys.text[i];
    argv[ARGS_COUNT - 2] = epoch;
    argv[ARGS_COUNT - 1] = event;
    for (size_t i = 0; i < ARGS_COUNT; i++)
        sizes[i] = strlen(argv[i]);
    redisReply *reply = redis_pipe_ask_argv(batch->redis, ARGS_COUNT, argv, sizes);
    bool is_good =
        reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == ANSWER_COUNT;
    if (is_good)
        *moved +=
            reply->element[ANSWER_HOLDS]->integer + reply->element[ANSWER_ADMISSIONS]->integer;
    else if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
        log_warning("event %s: its deadlines were not moved on: %s", event, reply->str);
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

bool thaw(struct batch *batch, int64_t away_ms)
{
    json_t *ids = NULL, *id;
    size_t i;
    int64_t moved = 0;
    bool is_done = ledger_event_ids(batch->store, &ids) == LEDGER_OK;
    json_array_foreach(ids, i, id)
    {
        is_done = is_done && thaw_event(batch, json_string_value(id), &moved);
    }
    json_decref(ids);
    if (is_done)
        log_warning("no sign of life for %.1f s: %" PRId64 " deadlines have moved on",
                    (double)away_ms / 1e3, moved);
    return is_done;
}
