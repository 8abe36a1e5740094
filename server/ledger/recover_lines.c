/* The lines of all events into a new epoch (queue/lua/recover.lua; docs/redis.md, "Putting a line
 * together again"). */
#include "server/ledger/recover.h"

#include <inttypes.h>
#include <jansson.h>
#include <time.h>
#include "server/base/log.h"
#include "server/ledger/line_marks.h"

static void say_until(const char *event, int64_t until_ms, bool has_lost)
{
    char shown[32] = "";
    struct tm parts;
    time_t until_s = (time_t)(until_ms / 1000);
    if (gmtime_r(&until_s, &parts) != NULL)
        (void)strftime(shown, sizeof shown, "%H:%M:%S UTC", &parts);
    log_warning("the line of %s is put together again until %s%s", event, shown,
                has_lost ? ": places were lost" : "");
}

static enum batch_status recover_line(struct batch *batch, const char *event, const char *epoch,
                                      enum queue_data data)
{
    struct queue_mark mark;
    struct queue_recover recover;
    if (line_mark_read(batch->store, event, &mark) != LEDGER_OK) {
        log_error("reading how far the line of %s was: %s", event, ledger_problem(batch->store));
        return BATCH_STORE_FAILED;
    }
    queue_recover_init(&recover, event, epoch, data, &mark);
    redisReply *reply = redis_pipe_ask_argv(batch->redis, QUEUE_RECOVER_ARGC, recover.argv, NULL);
    enum batch_status status = BATCH_REDIS_LOST;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        status = BATCH_OK;
        if (reply->element[0]->integer > 0)
            say_until(event, reply->element[0]->integer, reply->element[1]->integer != 0);
    } else if (reply != NULL) {
        log_error("the line of %s: %s", event, reply->str != NULL ? reply->str : "no answer");
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return status;
}

enum batch_status recover_lines(struct batch *batch, const char *epoch, enum queue_data data)
{
    json_t *ids = NULL, *id;
    size_t i;
    enum batch_status result = BATCH_OK;
    if (ledger_event_ids(batch->store, &ids) != LEDGER_OK) {
        log_error("listing the events: %s", ledger_problem(batch->store));
        return BATCH_STORE_FAILED;
    }
    json_array_foreach(ids, i, id)
        if (result == BATCH_OK)
            result = recover_line(batch, json_string_value(id), epoch, data);
    json_decref(ids);
    return result;
}
