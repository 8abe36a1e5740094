/* See seat_redis.h. Each operation builds its script's arguments on the stack, allocates one small
 * request and sends; the reply comes back to the request, is read, told and forgotten. Requests do
 * not know the store, so the store may be freed before they are answered.
 *
 * An error reply other than EPOCH (out of memory, a broken script) is logged and told as
 * SEATS_UNKNOWN: the scripts' first write is one that Redis refuses when memory is short, so asking
 * again is right.
 */
#include "ticketing/seat_redis.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/seat_script.h"
#include "ticketing_files.h"

#define SCRIPT_BYTES_MAX (24u << 10)

/* --- the scripts' texts --- */

struct script_source {
    const char *name;
    const unsigned char *text;
    bool is_taking;             /* uses take.lua */
    bool runs_while_recovering; /* checks the epoch itself */
};

static const struct script_source sources[SEAT_SCRIPT_COUNT] = {
    [SEAT_SCRIPT_HOLD] = {"hold", ticketing_hold_lua, true, false},
    [SEAT_SCRIPT_HOLD_AREA] = {"hold_area", ticketing_hold_area_lua, true, false},
    [SEAT_SCRIPT_RELEASE] = {"release", ticketing_release_lua, false, false},
    [SEAT_SCRIPT_STATE] = {"state", ticketing_state_lua, false, false},
    [SEAT_SCRIPT_CHECKOUT] = {"checkout", ticketing_checkout_lua, false, false},
    [SEAT_SCRIPT_INTENT] = {"intent", ticketing_intent_lua, false, false},
    [SEAT_SCRIPT_SETTLE] = {"settle", ticketing_settle_lua, false, false},
    [SEAT_SCRIPT_DECLINE] = {"decline", ticketing_decline_lua, false, false},
    [SEAT_SCRIPT_SWEEP] = {"sweep", ticketing_sweep_lua, false, false},
    [SEAT_SCRIPT_SNAPSHOT] = {"snapshot", ticketing_snapshot_lua, false, false},
    [SEAT_SCRIPT_RESTORE] = {"restore", ticketing_restore_lua, false, true},
};

static void append(char *text, const unsigned char *part)
{
    size_t used = strlen(text), more = strlen((const char *)part);
    assert(used + more < SCRIPT_BYTES_MAX);
    memcpy(text + used, part, more + 1);
}

const struct redis_script *seat_redis_scripts(size_t *count)
{
    static char texts[SEAT_SCRIPT_COUNT][SCRIPT_BYTES_MAX];
    static struct redis_script scripts[SEAT_SCRIPT_COUNT];
    *count = SEAT_SCRIPT_COUNT;
    if (scripts[0].text != NULL)
        return scripts;
    for (size_t i = 0; i < SEAT_SCRIPT_COUNT; i++) {
        if (!sources[i].runs_while_recovering)
            append(texts[i], ticketing_epoch_lua);
        append(texts[i], ticketing_prelude_lua);
        if (sources[i].is_taking)
            append(texts[i], ticketing_take_lua);
        append(texts[i], sources[i].text);
        scripts[i] = (struct redis_script){.name = sources[i].name, .text = texts[i]};
    }
    return scripts;
}

/* --- sending and being answered --- */

struct seat_redis {
    struct seat_store port; /* first: the store is this */
    struct redis_link *link;
    size_t script_base;
    int64_t epoch;
};

struct request {
    enum seat_script script;
    union {
        seats_hold_fn *hold;
        seats_snapshot_fn *snapshot;
        seats_sweep_fn *sweep;
        seats_restored_fn *restored;
    } on;
    void *ctx;
};

static struct seat_redis *self_of(struct seat_store *store)
{
    return (struct seat_redis *)store;
}

static enum seats_status status_of(enum redis_link_status status)
{
    switch (status) {
    case REDIS_LINK_OK:
        return SEATS_OK;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_FULL:
        return SEATS_DOWN;
    case REDIS_LINK_EPOCH:
        return SEATS_EPOCH;
    default:
        return SEATS_UNKNOWN;
    }
}

static enum seats_status read_status(const struct request *request, enum redis_link_status status,
                                     const redisReply *reply, bool is_readable)
{
    const char *name = sources[request->script].name;
    if (status == REDIS_LINK_ERROR)
        log_error("script %s: %s", name, reply->str);
    if (status != REDIS_LINK_OK)
        return status_of(status);
    if (!is_readable) {
        log_error("script %s: an answer of another shape", name);
        return SEATS_UNKNOWN;
    }
    return SEATS_OK;
}

static void on_hold(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct request *request = ctx;
    struct hold hold;
    bool is_readable = link_status == REDIS_LINK_OK && seat_answer_read(reply, &hold);
    enum seats_status status = read_status(request, link_status, reply, is_readable);
    if (request->on.hold != NULL)
        request->on.hold(request->ctx, status, status == SEATS_OK ? &hold : NULL);
    free(request);
}

static void on_sweep(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct request *request = ctx;
    bool is_readable = link_status == REDIS_LINK_OK && reply->type == REDIS_REPLY_INTEGER;
    enum seats_status status = read_status(request, link_status, reply, is_readable);
    if (request->on.sweep != NULL)
        request->on.sweep(request->ctx, status, status == SEATS_OK ? (size_t)reply->integer : 0);
    free(request);
}

static void on_snapshot(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct request *request = ctx;
    bool is_readable = link_status == REDIS_LINK_OK && reply->type == REDIS_REPLY_ARRAY &&
                       reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_INTEGER &&
                       reply->element[1]->type == REDIS_REPLY_STRING;
    struct seat_snapshot snapshot = {0};
    if (is_readable)
        snapshot = (struct seat_snapshot){.version = reply->element[0]->integer,
                                          .states = (const uint8_t *)reply->element[1]->str,
                                          .count = (size_t)reply->element[1]->len};
    enum seats_status status = read_status(request, link_status, reply, is_readable);
    request->on.snapshot(request->ctx, status, status == SEATS_OK ? &snapshot : NULL);
    free(request);
}

static void on_restored(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct request *request = ctx;
    bool is_readable =
        link_status == REDIS_LINK_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements == 4;
    int64_t number[4] = {0};
    for (size_t i = 0; is_readable && i < 4; i++) {
        is_readable = reply->element[i]->type == REDIS_REPLY_INTEGER;
        number[i] = reply->element[i]->integer;
    }
    struct seat_restored restored = {.version = number[0],
                                     .free_count = number[1],
                                     .sold_count = number[2],
                                     .dropped_count = number[3]};
    enum seats_status status = read_status(request, link_status, reply, is_readable);
    if (request->on.restored != NULL)
        request->on.restored(request->ctx, status, status == SEATS_OK ? &restored : NULL);
    free(request);
}

static enum seats_status send_call(struct seat_redis *self, const struct seat_call *call,
                                   struct request prototype, redis_link_reply_fn *on_reply)
{
    struct request *request = malloc(sizeof(*request));
    if (request == NULL)
        return SEATS_DOWN;
    *request = prototype;
    enum redis_link_status status =
        redis_link_script(self->link, self->script_base + prototype.script, SEAT_KEYS_COUNT,
                          call->argc, call->argv, call->bytes, on_reply, request);
    if (status != REDIS_LINK_OK)
        free(request);
    return status_of(status);
}

static enum seats_status send_hold(struct seat_redis *self, const struct seat_call *call,
                                   enum seat_script script, seats_hold_fn *fn, void *ctx)
{
    return send_call(self, call, (struct request){.script = script, .on.hold = fn, .ctx = ctx},
                     on_hold);
}

/* --- the operations --- */

static enum seats_status redis_hold(struct seat_store *s, const char *event, const char *visitor,
                                    const struct held_seat *seats, size_t count, seats_hold_fn *fn,
                                    void *ctx)
{
    assert(count >= 1 && count <= HOLD_SEATS_MAX);
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    for (size_t i = 0; i < count; i++) {
        seat_call_add_number(&call, seats[i].seat);
        seat_call_add_number(&call, seats[i].category);
    }
    return send_hold(self_of(s), &call, SEAT_SCRIPT_HOLD, fn, ctx);
}

static enum seats_status redis_hold_area(struct seat_store *s, const char *event,
                                         const char *visitor, const struct area_request *area,
                                         seats_hold_fn *fn, void *ctx)
{
    assert(area->count >= 1 && area->count <= HOLD_SEATS_MAX && area->capacity >= 1);
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    seat_call_add_number(&call, area->first);
    seat_call_add_number(&call, area->capacity);
    seat_call_add_number(&call, area->count);
    seat_call_add_number(&call, area->category);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_HOLD_AREA, fn, ctx);
}

static enum seats_status redis_release(struct seat_store *s, const char *event, const char *visitor,
                                       const uint32_t *seats, size_t count, seats_hold_fn *fn,
                                       void *ctx)
{
    assert(count <= HOLD_SEATS_MAX);
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    for (size_t i = 0; i < count; i++)
        seat_call_add_number(&call, seats[i]);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_RELEASE, fn, ctx);
}

static enum seats_status redis_state(struct seat_store *s, const char *event, const char *visitor,
                                     seats_hold_fn *fn, void *ctx)
{
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_STATE, fn, ctx);
}

static enum seats_status redis_checkout(struct seat_store *s, const char *event,
                                        const char *visitor, const char *order,
                                        int64_t amount_minor, const char *currency,
                                        const struct held_seat *seats, size_t count,
                                        seats_hold_fn *fn, void *ctx)
{
    assert(count <= HOLD_SEATS_MAX && strlen(order) <= ORDER_ID_BYTES);
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    seat_call_add_text(&call, order);
    seat_call_add_number(&call, amount_minor);
    seat_call_add_text(&call, currency);
    seat_call_add_number(&call, OUTBOX_ENTRIES_MAX);
    seat_call_add_number(&call, LEDGER_AWAY_MS);
    for (size_t i = 0; i < count; i++)
        seat_call_add_number(&call, seats[i].seat);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_CHECKOUT, fn, ctx);
}

static enum seats_status redis_intent(struct seat_store *s, const char *event, const char *visitor,
                                      const char *order, const char *intent, seats_hold_fn *fn,
                                      void *ctx)
{
    assert(strlen(intent) < sizeof(((struct hold *)NULL)->intent));
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    seat_call_add_text(&call, order);
    seat_call_add_text(&call, intent);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_INTENT, fn, ctx);
}

static enum seats_status redis_settle(struct seat_store *s, const char *event, const char *visitor,
                                      const char *order, int64_t fence, const char *snapshot_json,
                                      seats_hold_fn *fn, void *ctx)
{
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    seat_call_add_text(&call, order);
    seat_call_add_number(&call, fence);
    seat_call_add_text(&call, snapshot_json);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_SETTLE, fn, ctx);
}

static enum seats_status redis_decline(struct seat_store *s, const char *event, const char *visitor,
                                       const char *order, int64_t fence, seats_hold_fn *fn,
                                       void *ctx)
{
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_text(&call, visitor);
    seat_call_add_text(&call, order);
    seat_call_add_number(&call, fence);
    return send_hold(self_of(s), &call, SEAT_SCRIPT_DECLINE, fn, ctx);
}

static enum seats_status redis_sweep(struct seat_store *s, const char *event, seats_sweep_fn *fn,
                                     void *ctx)
{
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    seat_call_add_number(&call, SWEEP_HOLDS_MAX);
    struct request request = {.script = SEAT_SCRIPT_SWEEP, .on.sweep = fn, .ctx = ctx};
    return send_call(self_of(s), &call, request, on_sweep);
}

static enum seats_status redis_snapshot(struct seat_store *s, const char *event,
                                        seats_snapshot_fn *fn, void *ctx)
{
    struct seat_call call;
    seat_call_init(&call, event, self_of(s)->epoch);
    struct request request = {.script = SEAT_SCRIPT_SNAPSHOT, .on.snapshot = fn, .ctx = ctx};
    return send_call(self_of(s), &call, request, on_snapshot);
}

enum seats_status seat_redis_restore(struct seat_store *store, const char *event,
                                     enum seat_restore_mode mode, const uint8_t *states,
                                     const uint8_t *categories, size_t seats_count,
                                     seats_restored_fn *fn, void *ctx)
{
    assert(seats_count >= 1 && seats_count <= PLAN_SEATS_MAX && mode < SEAT_RESTORE_MODE_COUNT);
    struct seat_call call;
    seat_call_init(&call, event, self_of(store)->epoch);
    seat_call_add_text(&call, mode == SEAT_RESTORE_MERGE ? "merge" : "replace");
    seat_call_add(&call, states, seats_count);
    seat_call_add(&call, categories, seats_count);
    struct request request = {.script = SEAT_SCRIPT_RESTORE, .on.restored = fn, .ctx = ctx};
    return send_call(self_of(store), &call, request, on_restored);
}

/* --- life --- */

static void redis_free(struct seat_store *s)
{
    free(s);
}

struct seat_store *seat_redis_create(struct redis_link *link, size_t script_base)
{
    struct seat_redis *self = malloc(sizeof(*self));
    if (self == NULL)
        return NULL;
    *self = (struct seat_redis){
        .port = {.hold = redis_hold,
                 .hold_area = redis_hold_area,
                 .release = redis_release,
                 .state = redis_state,
                 .checkout = redis_checkout,
                 .intent = redis_intent,
                 .settle = redis_settle,
                 .decline = redis_decline,
                 .sweep = redis_sweep,
                 .snapshot = redis_snapshot,
                 .free = redis_free},
        .link = link,
        .script_base = script_base,
    };
    return &self->port;
}

void seat_redis_set_epoch(struct seat_store *store, int64_t epoch)
{
    self_of(store)->epoch = epoch;
}
