/* See the header. An operation under way is a small heap object that carries the caller's
 * completion; it does not refer to the store, so a store may be freed while operations are under
 * way. */
#include "queue/queue_redis.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/line_scripts.h"
#include "queue/queue_answers.h"
#include "queue_files.h"
#include "server/base/log.h"

enum script {
    SCRIPT_JOIN,
    SCRIPT_ENTER,
    SCRIPT_LEAVE,
    SCRIPT_TICK,
    SCRIPT_LINE,
    SCRIPT_LOOK,
    SCRIPT_RESTORE,
    SCRIPT_PRESENT,
    SCRIPT_PACE,
    SCRIPT_COUNT
};

_Static_assert(SCRIPT_COUNT == QUEUE_REDIS_SCRIPTS, "the header tells the number of scripts");

#define ARGC_MAX (LINE_KEYS_COUNT + 2 + JOIN_BATCH_MAX)
#define NUMBER_BYTES_MAX 24
#define CLAIM_BYTES_MAX (2 * NUMBER_BYTES_MAX + 4 + VISITOR_ID_BYTES)

struct queue_redis {
    struct queue_store port; /* first: a store is one of these */
    struct redis_link *link;
    size_t script_base;
    int64_t epoch;
};

/* One operation under way. Lifetime: from sending to completion. */
struct operation {
    enum script script;
    size_t count; /* visitors asked about */
    union {
        queue_join_fn *on_places;
        queue_place_fn *on_place;
        queue_tick_fn *on_tick;
        queue_line_fn *on_line;
        queue_present_fn *on_present;
        queue_pace_fn *on_pace;
    } done;
    void *ctx;
};

/* --- the scripts --- */

const char *queue_redis_prelude(void)
{
    return (const char *)queue_prelude_lua;
}

const struct redis_script *queue_redis_scripts(size_t *count)
{
    static char texts[SCRIPT_COUNT][LINE_SCRIPT_BYTES_MAX];
    static const unsigned char *const files[SCRIPT_COUNT] = {
        queue_join_lua, queue_enter_lua,   queue_leave_lua,   queue_tick_lua, queue_line_lua,
        queue_look_lua, queue_restore_lua, queue_present_lua, queue_pace_lua};
    static struct redis_script scripts[SCRIPT_COUNT] = {
        {.name = "queue/join"},    {.name = "queue/enter"},   {.name = "queue/leave"},
        {.name = "queue/tick"},    {.name = "queue/line"},    {.name = "queue/look"},
        {.name = "queue/restore"}, {.name = "queue/present"}, {.name = "queue/pace"}};
    for (size_t i = 0; i < SCRIPT_COUNT; i++)
        if (!scripts[i].text)
            scripts[i].text = line_script_text(files[i], texts[i]);
    *count = SCRIPT_COUNT;
    return scripts;
}

/* --- completing --- */

static void complete_places(const struct operation *op, enum queue_status status,
                            const redisReply *reply)
{
    struct place places[JOIN_BATCH_MAX];
    bool is_read = status == QUEUE_OK &&
                   (op->script == SCRIPT_JOIN ? queue_read_joined(reply, places, op->count)
                                              : queue_read_places(reply, places, op->count));
    if (status == QUEUE_OK && !is_read)
        status = QUEUE_UNKNOWN;
    op->done.on_places(op->ctx, status, status == QUEUE_OK ? places : NULL, op->count);
}

static void complete_place(const struct operation *op, enum queue_status status,
                           const redisReply *reply)
{
    struct place place;
    if (status == QUEUE_OK && !queue_read_places(reply, &place, 1))
        status = QUEUE_UNKNOWN;
    op->done.on_place(op->ctx, status, status == QUEUE_OK ? &place : NULL);
}

static void complete_tick(const struct operation *op, enum queue_status status,
                          const redisReply *reply)
{
    if (status == QUEUE_OK && (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 ||
                               reply->integer >= TICK_OUTCOME_COUNT))
        status = QUEUE_UNKNOWN;
    op->done.on_tick(op->ctx, status,
                     status == QUEUE_OK ? (enum tick_outcome)reply->integer : TICK_NOT_DUE);
}

static void complete_present(const struct operation *op, enum queue_status status,
                             const redisReply *reply)
{
    int64_t count = 0;
    if (status == QUEUE_OK &&
        (reply->type != REDIS_REPLY_ARRAY || !queue_read_int(reply, 2, &count)))
        status = QUEUE_UNKNOWN;
    op->done.on_present(op->ctx, status, (size_t)count);
}

static void complete_pace(const struct operation *op, enum queue_status status,
                          const redisReply *reply)
{
    int64_t was_decided = 0, reason = 0;
    struct pace_decision d = {0};
    bool is_read = status == QUEUE_OK && reply->type == REDIS_REPLY_ARRAY &&
                   queue_read_int(reply, 2, &was_decided) && queue_read_int(reply, 3, &reason) &&
                   queue_read_int(reply, 4, &d.rate_before_micro) &&
                   queue_read_int(reply, 5, &d.rate_micro) && queue_read_int(reply, 6, &d.p99_ms) &&
                   queue_read_int(reply, 7, &d.samples_count) && reason >= 0 &&
                   reason < PACE_REASON_COUNT;
    if (status == QUEUE_OK && !is_read)
        status = QUEUE_UNKNOWN;
    d.reason = (enum pace_reason)reason;
    op->done.on_pace(op->ctx, status, was_decided == 1, status == QUEUE_OK ? &d : NULL);
}

static void complete_line(const struct operation *op, enum queue_status status,
                          const redisReply *reply)
{
    struct line_state line = {0};
    if (status == QUEUE_OK && !queue_read_line(reply, &line))
        status = QUEUE_UNKNOWN;
    op->done.on_line(op->ctx, status, status == QUEUE_OK ? &line : NULL);
    free(line.gone);
}

static enum queue_status status_of(enum redis_link_status status)
{
    switch (status) {
    case REDIS_LINK_OK:
        return QUEUE_OK;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_FULL:
        return QUEUE_DOWN;
    case REDIS_LINK_EPOCH:
        return QUEUE_EPOCH;
    default: /* a script that fails half-way has done what came before */
        return QUEUE_UNKNOWN;
    }
}

static void on_reply(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct operation *op = ctx;
    enum queue_status status = status_of(link_status);
    if (link_status == REDIS_LINK_ERROR)
        log_error_seldom("Redis refused a script of the line: %s", reply->str);
    switch (op->script) {
    case SCRIPT_JOIN:
    case SCRIPT_LOOK:
    case SCRIPT_RESTORE:
    case SCRIPT_LEAVE:
        complete_places(op, status, reply);
        break;
    case SCRIPT_TICK:
        complete_tick(op, status, reply);
        break;
    case SCRIPT_PRESENT:
        complete_present(op, status, reply);
        break;
    case SCRIPT_PACE:
        complete_pace(op, status, reply);
        break;
    case SCRIPT_LINE:
        complete_line(op, status, reply);
        break;
    default:
        complete_place(op, status, reply);
        break;
    }
    free(op);
}

/* --- sending --- */

/* A call being put together: keys, epoch, then what the script asks for. */
struct call {
    struct line_keys keys;
    char epoch[NUMBER_BYTES_MAX];
    const char *argv[ARGC_MAX];
    size_t argv_bytes[ARGC_MAX];
    size_t argc;
};

static void call_add(struct call *call, const char *text)
{
    assert(call->argc < ARGC_MAX);
    call->argv[call->argc] = text;
    call->argv_bytes[call->argc++] = strlen(text);
}

static void call_init(struct call *call, const struct queue_redis *redis, const char *event)
{
    call->argc = 0;
    line_keys_init(&call->keys, event);
    for (size_t i = 0; i < LINE_KEYS_COUNT; i++)
        call_add(call, call->keys.text[i]);
    int bytes = snprintf(call->epoch, sizeof(call->epoch), "%" PRId64, redis->epoch);
    assert(bytes > 0 && (size_t)bytes < sizeof(call->epoch));
    call_add(call, call->epoch);
}

static enum queue_status send_call(const struct queue_redis *redis, const struct call *call,
                                   const struct operation *template)
{
    if (redis->epoch == 0)
        return QUEUE_EPOCH;
    struct operation *op = malloc(sizeof(*op));
    if (!op)
        return QUEUE_DOWN;
    *op = *template;
    enum redis_link_status status =
        redis_link_script(redis->link, redis->script_base + op->script, LINE_KEYS_COUNT, call->argc,
                          call->argv, call->argv_bytes, on_reply, op);
    if (status != REDIS_LINK_OK)
        free(op);
    return status_of(status);
}

static enum queue_status about_many(struct queue_store *s, enum script script, const char *event,
                                    const struct queue_visitor *visitors, size_t count,
                                    queue_join_fn *on_places, void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    struct call call;
    call_init(&call, redis, event);
    for (size_t i = 0; i < count; i++)
        call_add(&call, visitors[i].id);
    struct operation op = {
        .script = script, .count = count, .done.on_places = on_places, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_join(struct queue_store *s, const char *event,
                                    const struct queue_visitor *visitors, size_t count,
                                    queue_join_fn *on_join, void *ctx)
{
    return about_many(s, SCRIPT_JOIN, event, visitors, count, on_join, ctx);
}

static enum queue_status redis_look(struct queue_store *s, const char *event,
                                    const struct queue_visitor *visitors, size_t count,
                                    queue_join_fn *on_places, void *ctx)
{
    return about_many(s, SCRIPT_LOOK, event, visitors, count, on_places, ctx);
}

static enum queue_status redis_restore(struct queue_store *s, const char *event,
                                       const struct place_claim *claims, size_t count,
                                       queue_join_fn *on_places, void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    struct call call;
    char texts[JOIN_BATCH_MAX][CLAIM_BYTES_MAX];
    call_init(&call, redis, event);
    for (size_t i = 0; i < count; i++) {
        int bytes =
            snprintf(texts[i], CLAIM_BYTES_MAX, "%" PRId64 ":%" PRId64 ":%d:%s", claims[i].seq,
                     claims[i].epoch, claims[i].is_drawn, claims[i].visitor.id);
        assert(bytes > 0 && bytes < CLAIM_BYTES_MAX);
        call_add(&call, texts[i]);
    }
    struct operation op = {
        .script = SCRIPT_RESTORE, .count = count, .done.on_places = on_places, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_enter(struct queue_store *s, const char *event,
                                     const struct queue_visitor *visitor, queue_place_fn *on_place,
                                     void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    struct call call;
    call_init(&call, redis, event);
    call_add(&call, visitor->id);
    struct operation op = {
        .script = SCRIPT_ENTER, .count = 1, .done.on_place = on_place, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_leave(struct queue_store *s, const char *event,
                                     const struct queue_visitor *visitors, size_t count,
                                     queue_join_fn *on_places, void *ctx)
{
    return about_many(s, SCRIPT_LEAVE, event, visitors, count, on_places, ctx);
}

#define TEXT_OF(limit) TEXT_OF_VALUE(limit)
#define TEXT_OF_VALUE(value) #value

static enum queue_status send_tick(struct queue_store *s, const char *event, const char *is_refill,
                                   queue_tick_fn *on_tick, void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    struct call call;
    call_init(&call, redis, event);
    call_add(&call, event);
    call_add(&call, TEXT_OF(TICK_EXPIRE_MAX));
    call_add(&call, TEXT_OF(TICK_ADMIT_MAX));
    call_add(&call, TEXT_OF(TICK_GONE_MAX));
    call_add(&call, is_refill);
    call_add(&call, TEXT_OF(RECOVER_FILL_MAX));
    call_add(&call, TEXT_OF(TICK_PIECE_MAX));
    struct operation op = {.script = SCRIPT_TICK, .done.on_tick = on_tick, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_tick(struct queue_store *s, const char *event,
                                    queue_tick_fn *on_tick, void *ctx)
{
    return send_tick(s, event, "0", on_tick, ctx);
}

static enum queue_status redis_refill(struct queue_store *s, const char *event,
                                      queue_tick_fn *on_tick, void *ctx)
{
    return send_tick(s, event, "1", on_tick, ctx);
}

static enum queue_status redis_present(struct queue_store *s, const char *event, int64_t at_ms,
                                       const struct queue_visitor *visitors, size_t count,
                                       queue_present_fn *on_present, void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    struct call call;
    char at[NUMBER_BYTES_MAX];
    int bytes = snprintf(at, sizeof(at), "%" PRId64, at_ms);
    assert(bytes > 0 && (size_t)bytes < sizeof(at));
    call_init(&call, redis, event);
    call_add(&call, at);
    for (size_t i = 0; i < count; i++)
        call_add(&call, visitors[i].id);
    struct operation op = {.script = SCRIPT_PRESENT, .done.on_present = on_present, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_pace(struct queue_store *s, const char *event,
                                    const struct pace_histogram *holds, queue_pace_fn *on_pace,
                                    void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    struct call call;
    char numbers[2 * PACE_BUCKETS][NUMBER_BYTES_MAX];
    size_t used = 0;
    call_init(&call, redis, event);
    call_add(&call, TEXT_OF(PACE_INTERVAL_MS));
    call_add(&call, TEXT_OF(PACE_WINDOW_MS));
    call_add(&call, TEXT_OF(PACE_SAMPLES_MIN));
    for (size_t i = 0; i < PACE_BUCKETS; i++) {
        if (holds->counts[i] == 0)
            continue;
        (void)snprintf(numbers[used], NUMBER_BYTES_MAX, "%zu", i);
        call_add(&call, numbers[used++]);
        (void)snprintf(numbers[used], NUMBER_BYTES_MAX, "%" PRId64, holds->counts[i]);
        call_add(&call, numbers[used++]);
    }
    struct operation op = {.script = SCRIPT_PACE, .done.on_pace = on_pace, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static enum queue_status redis_line(struct queue_store *s, const char *event,
                                    queue_line_fn *on_line, void *ctx)
{
    const struct queue_redis *redis = (struct queue_redis *)s;
    struct call call;
    call_init(&call, redis, event);
    call_add(&call, TEXT_OF(LINE_GONE_MAX));
    struct operation op = {.script = SCRIPT_LINE, .done.on_line = on_line, .ctx = ctx};
    return send_call(redis, &call, &op);
}

static void redis_free(struct queue_store *s)
{
    free(s);
}

struct queue_store *queue_redis_create(struct redis_link *link, size_t script_base)
{
    struct queue_redis *redis = calloc(1, sizeof(*redis));
    if (!redis)
        return NULL;
    redis->port = (struct queue_store){.join = redis_join,
                                       .look = redis_look,
                                       .restore = redis_restore,
                                       .enter = redis_enter,
                                       .leave = redis_leave,
                                       .tick = redis_tick,
                                       .refill = redis_refill,
                                       .present = redis_present,
                                       .pace = redis_pace,
                                       .line = redis_line,
                                       .free = redis_free};
    redis->link = link;
    redis->script_base = script_base;
    return &redis->port;
}

void queue_redis_set_epoch(struct queue_store *store, int64_t epoch)
{
    struct queue_redis *redis = (struct queue_redis *)store;
    redis->epoch = epoch;
}
