/* See the header. */
#include "server/ledger/line_marks.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/base/log.h"

enum { FIGURES = 3, HEAD = 3 };

static const char *const figures[FIGURES] = {"seq", "admissions", "head"};

static int64_t *figure_of(struct queue_mark *mark, int i)
{
    int64_t *const all[FIGURES] = {&mark->seq, &mark->admissions, &mark->head};
    return all[i];
}

static const char *meta_name(const char *event, int figure, char out[EVENT_ID_BYTES_MAX + 24])
{
    (void)snprintf(out, EVENT_ID_BYTES_MAX + 24, "line.%s.%s", figures[figure], event);
    return out;
}

enum ledger_status line_mark_read(struct ledger_store *store, const char *event,
                                  struct queue_mark *mark)
{
    char name[EVENT_ID_BYTES_MAX + 24];
    *mark = (struct queue_mark){0};
    for (int i = 0; i < FIGURES; i++) {
        enum ledger_status status =
            ledger_number_get(store, meta_name(event, i, name), figure_of(mark, i));
        if (status != LEDGER_OK && status != LEDGER_NOT_FOUND)
            return status;
    }
    return LEDGER_OK;
}

/* What Redis has, in the order of `ids`. NULL = lost, or refused. */
static redisReply *ask_redis(struct redis_pipe *redis, const json_t *ids)
{
    size_t count = json_array_size(ids), argc = HEAD + count;
    char(*keys)[EVENT_ID_BYTES_MAX + 16] = calloc(count + 1, sizeof *keys), number[24];
    const char **argv = calloc(argc, sizeof *argv);
    assert(keys != NULL && argv != NULL);
    (void)snprintf(number, sizeof number, "%zu", count);
    argv[0] = "EVAL";
    argv[1] = queue_marks_script();
    argv[2] = number;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "ev:%s:line",
                       json_string_value(json_array_get(ids, i)));
        argv[HEAD + i] = keys[i];
    }
    redisReply *reply = redis_pipe_ask_argv(redis, argc, argv, NULL);
    free(argv);
    free(keys);
    if (reply != NULL && (reply->type != REDIS_REPLY_ARRAY || reply->elements != count * FIGURES)) {
        log_error("Redis does not tell how far the lines are: %s",
                  reply->type == REDIS_REPLY_ERROR ? reply->str : "a strange answer");
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

static struct queue_mark mark_at(const redisReply *reply, size_t event)
{
    struct queue_mark mark = {0};
    for (int i = 0; i < FIGURES; i++)
        *figure_of(&mark, i) = reply->element[event * FIGURES + (size_t)i]->integer;
    return mark;
}

/* on_mark is called for each event with what was noted and what Redis has. */
static enum batch_status each(struct batch *batch,
                              enum ledger_status (*on_mark)(void *ctx, const char *event,
                                                            struct queue_mark *noted,
                                                            struct queue_mark *found),
                              void *ctx)
{
    json_t *ids = NULL, *id;
    size_t i;
    enum batch_status result = BATCH_OK;
    enum ledger_status status = ledger_event_ids(batch->store, &ids);
    redisReply *reply = NULL;
    if (status == LEDGER_OK && json_array_size(ids) > 0) {
        reply = ask_redis(batch->redis, ids);
        result = reply != NULL ? BATCH_OK : BATCH_REDIS_LOST;
    }
    json_array_foreach(ids, i, id) {
        struct queue_mark noted, found;
        if (status != LEDGER_OK || reply == NULL)
            break;
        found = mark_at(reply, i);
        status = line_mark_read(batch->store, json_string_value(id), &noted);
        if (status == LEDGER_OK)
            status = on_mark(ctx, json_string_value(id), &noted, &found);
    }
    if (reply != NULL)
        freeReplyObject(reply);
    json_decref(ids);
    if (status == LEDGER_OK)
        return result;
    log_error("noting how far the lines are: %s", ledger_problem(batch->store));
    return BATCH_STORE_FAILED;
}

/* --- noting --- */

struct notes {
    struct ledger_store *store;
    bool is_begun;
};

static enum ledger_status note(void *ctx, const char *event, struct queue_mark *noted,
                               struct queue_mark *found)
{
    struct notes *notes = ctx;
    char name[EVENT_ID_BYTES_MAX + 24];
    enum ledger_status status = LEDGER_OK;
    for (int i = 0; i < FIGURES && status == LEDGER_OK; i++) {
        int64_t value = *figure_of(found, i);
        if (value <= *figure_of(noted, i))
            continue;
        if (!notes->is_begun)
            status = ledger_begin(notes->store);
        notes->is_begun = status == LEDGER_OK;
        if (status == LEDGER_OK)
            status = ledger_number_set(notes->store, meta_name(event, i, name), value);
    }
    return status;
}

enum batch_status line_marks_note(struct batch *batch)
{
    struct notes notes = {.store = batch->store};
    enum batch_status result = each(batch, note, &notes);
    if (!notes.is_begun)
        return result;
    enum ledger_status status = ledger_commit(batch->store);
    return status == LEDGER_OK ? result : BATCH_STORE_FAILED;
}

/* --- comparing --- */

static enum ledger_status compare(void *ctx, const char *event, struct queue_mark *noted,
                                  struct queue_mark *found)
{
    bool *is_match = ctx;
    (void)event;
    for (int i = 0; i < FIGURES; i++)
        *is_match = *is_match && *figure_of(noted, i) == *figure_of(found, i);
    return LEDGER_OK;
}

enum batch_status line_marks_match(struct batch *batch, bool *is_match)
{
    *is_match = true;
    return each(batch, compare, is_match);
}
