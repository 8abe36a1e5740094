/* See the header. */
#include "server/ledger/recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/intents.h"
#include "server/ledger/line_marks.h"
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

/* --- numbers in SQLite --- */

/* 0 when it was never set. */
static enum batch_status read_number(struct batch *batch, const char *name, int64_t *out)
{
    *out = 0;
    enum ledger_status status = ledger_number_get(batch->store, name, out);
    if (status == LEDGER_OK || status == LEDGER_NOT_FOUND)
        return BATCH_OK;
    return store_failed(batch->store, status, name);
}

struct number {
    const char *name;
    int64_t value;
};

static enum batch_status write_numbers(struct batch *batch, const struct number *numbers,
                                       size_t count)
{
    enum ledger_status status = ledger_begin(batch->store);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++)
        status = ledger_number_set(batch->store, numbers[i].name, numbers[i].value);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    return status == LEDGER_OK ? BATCH_OK : store_failed(batch->store, status, "writing the epoch");
}

/* Commits the number of the epoch that is about to be built. kept_from: the one whose data it goes
 * on with; 0 = none. */
static enum batch_status next_epoch(struct batch *batch, int64_t own, int64_t kept_from,
                                    int64_t *next)
{
    *next = own > 0 ? own + 1 : clock_wall_ms() / 1000;
    const struct number numbers[] = {{"epoch", *next}, {"epoch_kept", kept_from}};
    return write_numbers(batch, numbers, sizeof numbers / sizeof numbers[0]);
}

/* --- which server is this? --- */

#define RUN_BYTES 40
#define RUN_DIGITS_NOTED 15 /* they fit an int64 */

/* The run id of the server: another one after each start. */
static bool read_run(struct redis_pipe *redis, char run[RUN_BYTES + 1])
{
    redisReply *reply = redis_pipe_ask(redis, "INFO", "server", NULL);
    const char *at =
        reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, "run_id:") : NULL;
    bool is_there = at != NULL && strspn(at + 7, "0123456789abcdef") == RUN_BYTES;
    if (is_there) {
        memcpy(run, at + 7, RUN_BYTES);
        run[RUN_BYTES] = '\0';
    }
    if (reply != NULL && !is_there)
        log_error("Redis does not tell its run_id (INFO server): it must be allowed to");
    if (reply != NULL)
        freeReplyObject(reply);
    return is_there;
}

static int64_t run_number(const char run[RUN_BYTES + 1])
{
    char digits[RUN_DIGITS_NOTED + 1];
    memcpy(digits, run, RUN_DIGITS_NOTED);
    digits[RUN_DIGITS_NOTED] = '\0';
    return strtoll(digits, NULL, 16);
}

/* Tells the gateways that an epoch is for this server; the epoch itself too unless it is 0. */
static enum batch_status announce(struct batch *batch, const char *run, int64_t epoch)
{
    char text[EPOCH_BYTES];
    const struct number numbers[] = {{"redis_run", run_number(run)}, {"stopped", 0}};
    enum batch_status status = write_numbers(batch, numbers, sizeof numbers / sizeof numbers[0]);
    if (status != BATCH_OK)
        return status;
    (void)snprintf(text, sizeof text, "%" PRId64, epoch);
    redis_pipe_add(batch->redis, "SET", "epoch:run", run, NULL);
    if (epoch > 0)
        redis_pipe_add(batch->redis, "SET", "epoch", text, NULL);
    return redis_pipe_flush(batch->redis) ? BATCH_OK : BATCH_REDIS_LOST;
}

enum batch_status recover_note_stop(struct batch *batch)
{
    redisReply *reply = redis_pipe_ask(batch->redis, "PUBSUB", "NUMSUB", "events", NULL);
    bool is_alone = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                    reply->element[1]->integer == 0;
    if (reply != NULL)
        freeReplyObject(reply);
    if (!is_alone)
        return BATCH_OK; /* gateways go on without us: this is not the end of the line's day */
    enum batch_status status = line_marks_note(batch);
    const struct number stopped = {"stopped", 1};
    return status == BATCH_OK ? write_numbers(batch, &stopped, 1) : status;
}

/* --- the events --- */

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
    if (result == BATCH_OK)
        result = office_publish_organizers(batch->store, batch->redis);
    json_array_foreach(ids, i, id) {
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

/* --- the three ways --- */

/* Redis kept its data: what was under way is written, what differs is repaired. */
static enum batch_status resume(struct batch *batch, int64_t epoch, const char *run)
{
    char text[EPOCH_BYTES];
    (void)snprintf(text, sizeof text, "%" PRId64, epoch);
    batch->epoch = epoch;
    enum batch_status status = recover_outbox(batch, "0");
    if (status == BATCH_OK)
        status = publish_all(batch, text, false);
    if (status == BATCH_OK)
        status = announce(batch, run, 0);
    if (status == BATCH_OK)
        log_info("Redis has its data of epoch %" PRId64 ": checked", epoch);
    return status;
}

/* Redis was started anew with its data: as above, but the end of its log may be missing, so
 * everybody has to say again where they stand. `own` is the next epoch already when an earlier try
 * was cut off. */
static enum batch_status renew(struct batch *batch, int64_t found, int64_t own, const char *run)
{
    char text[EPOCH_BYTES];
    int64_t epoch = own;
    (void)snprintf(text, sizeof text, "%" PRId64, found);
    batch->epoch = found;
    enum batch_status status = recover_outbox(batch, "0");
    if (status == BATCH_OK && own == found)
        status = next_epoch(batch, own, found, &epoch);
    if (status == BATCH_OK)
        status = publish_all(batch, text, false);
    if (status == BATCH_OK)
        status = recover_lines(batch, text, QUEUE_DATA_KEPT);
    if (status == BATCH_OK)
        status = announce(batch, run, epoch);
    if (status != BATCH_OK)
        return status;
    batch->epoch = epoch;
    const struct number done = {"epoch_kept", 0};
    status = write_numbers(batch, &done, 1);
    if (status == BATCH_OK)
        status = intents_hurry(batch);
    log_info("Redis was started anew with its data: epoch %" PRId64, epoch);
    return status;
}

/* Redis is empty or strange: its outbox is taken over, then the ledger's word is all. */
static enum batch_status rebuild(struct batch *batch, int64_t own, const char *run)
{
    int64_t epoch = 0;
    batch->epoch = 0;
    redis_pipe_add(batch->redis, "DEL", "epoch", NULL);
    enum batch_status status = redis_pipe_flush(batch->redis) ? BATCH_OK : BATCH_REDIS_LOST;
    if (status == BATCH_OK)
        status = recover_outbox(batch, "0");
    if (status == BATCH_OK)
        status = recover_outbox(batch, ">");
    if (status == BATCH_OK)
        status = next_epoch(batch, own, 0, &epoch);
    if (status == BATCH_OK)
        status = publish_all(batch, "", true);
    if (status == BATCH_OK)
        status = recover_lines(batch, "", own > 0 ? QUEUE_DATA_LOST : QUEUE_DATA_FIRST);
    if (status == BATCH_OK)
        status = recover_outbox(batch, ">"); /* the voids of holds that had to go */
    if (status == BATCH_OK)
        status = announce(batch, run, epoch);
    if (status != BATCH_OK)
        return status;
    batch->epoch = epoch;
    log_info("Redis was rebuilt from the ledger: epoch %" PRId64, epoch);
    return intents_hurry(batch);
}

/* Whether the data can have lost nothing: the server runs since we knew it last, or everything
 * stopped in order and nothing has changed since. */
static enum batch_status is_whole(struct batch *batch, const char *run, bool *out)
{
    int64_t noted_run = 0, stopped = 0;
    enum batch_status status = read_number(batch, "redis_run", &noted_run);
    if (status == BATCH_OK)
        status = read_number(batch, "stopped", &stopped);
    *out = status == BATCH_OK && noted_run == run_number(run);
    if (status != BATCH_OK || *out || stopped == 0)
        return status;
    return line_marks_match(batch, out);
}

static enum batch_status recover_found(struct batch *batch, int64_t found, int64_t own,
                                       const char *run)
{
    int64_t kept_from = 0;
    bool is_same = false;
    enum batch_status status = read_number(batch, "epoch_kept", &kept_from);
    if (status == BATCH_OK && found == own)
        status = is_whole(batch, run, &is_same);
    if (status != BATCH_OK)
        return status;
    if (is_same)
        return resume(batch, own, run);
    if (found == own || (found == kept_from && own == found + 1))
        return renew(batch, found, own, run);
    log_warning("Redis has epoch %" PRId64 ", the ledger %" PRId64 ": foreign data, recovering",
                found, own);
    return rebuild(batch, own, run);
}

enum batch_status recover(struct batch *batch)
{
    char run[RUN_BYTES + 1];
    int64_t own = 0;
    enum batch_status status = read_number(batch, "epoch", &own);
    if (status != BATCH_OK)
        return status;
    if (!stream_prepare(batch->redis) || !read_run(batch->redis, run))
        return BATCH_REDIS_LOST;
    redisReply *reply = redis_pipe_ask(batch->redis, "GET", "epoch", NULL);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        if (reply != NULL)
            freeReplyObject(reply);
        return BATCH_REDIS_LOST;
    }
    bool is_absent = reply->type == REDIS_REPLY_NIL;
    int64_t found = redis_pipe_number(reply, -1);
    if (!is_absent)
        return recover_found(batch, found, own, run);
    if (own == 0)
        log_info("the first start: Redis is empty");
    else
        log_warning("Redis has no epoch: recovering");
    return rebuild(batch, own, run);
}
