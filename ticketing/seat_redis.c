/* See seat_redis.h. What visitors ask is collected in a seat_turn and sent by seat_redis_flush; its
 * answers come back to the turn. The other operations build their script's arguments on the stack,
 * allocate one small request and send; the reply comes back to the request, is read, told and
 * forgotten. Neither knows the store, so it may be freed before they are answered.
 *
 * An error other than EPOCH (out of memory, a broken script) is logged and told as SEATS_UNKNOWN:
 * the operations' first write is one that Redis refuses when memory is short, so asking again is
 * right.
 */
#include "ticketing/seat_redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/seat_script.h"
#include "ticketing/seat_turn.h"
#include "ticketing_files.h"

#define SCRIPT_BYTES_MAX (40u << 10)

/* --- the scripts' texts --- */

struct script_source {
    const char *name;
    const unsigned char *text;
    bool is_turn;               /* runs the operations below */
    bool runs_while_recovering; /* checks the epoch itself */
};

static const struct script_source sources[SEAT_SCRIPT_COUNT] = {
    [SEAT_SCRIPT_TURN] = {"turn", ticketing_turn_lua, true, false},
    [SEAT_SCRIPT_SWEEP] = {"sweep", ticketing_sweep_lua, false, false},
    [SEAT_SCRIPT_SNAPSHOT] = {"snapshot", ticketing_snapshot_lua, false, false},
    [SEAT_SCRIPT_RESTORE] = {"restore", ticketing_restore_lua, false, true},
};

static const unsigned char *const operations[SEAT_OPERATION_COUNT] = {
    [SEAT_OPERATION_HOLD] = ticketing_hold_lua,
    [SEAT_OPERATION_HOLD_AREA] = ticketing_hold_area_lua,
    [SEAT_OPERATION_RELEASE] = ticketing_release_lua,
    [SEAT_OPERATION_STATE] = ticketing_state_lua,
    [SEAT_OPERATION_CHECKOUT] = ticketing_checkout_lua,
    [SEAT_OPERATION_INTENT] = ticketing_intent_lua,
    [SEAT_OPERATION_SETTLE] = ticketing_settle_lua,
    [SEAT_OPERATION_DECLINE] = ticketing_decline_lua,
};

static void append(char *text, const void *part)
{
    size_t used = strlen(text), more = strlen(part);
    assert(used + more < SCRIPT_BYTES_MAX);
    memcpy(text + used, part, more + 1);
}

/* One function makes them: to make all for each call would take longer than what most calls do. */
static void append_operations(char *text)
{
    append(text, ticketing_visit_lua);
    append(text, "local function operation_of(kind)\n");
    for (int kind = SEAT_OPERATION_HOLD; kind < SEAT_OPERATION_COUNT; kind++) {
        char head[64];
        int bytes = snprintf(head, sizeof(head),
                             "if kind == %d then return function(row, text, seats)\n", kind);
        assert(bytes > 0 && (size_t)bytes < sizeof(head));
        append(text, head);
        append(text, operations[kind]);
        append(text, "end end\n");
    }
    append(text, "end\n");
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
        if (sources[i].is_turn)
            append_operations(texts[i]);
        if (sources[i].runs_while_recovering)
            append(texts[i], ticketing_ledger_lua);
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
    size_t outbox_max;
    seats_plan_fn *plan_of; /* NULL = plans are not compared */
    void *plan_ctx;
    struct seat_turn *turn; /* what was asked and not sent yet; NULL = nothing */
    size_t turns_under_way;
};

struct request {
    enum seat_script script;
    union {
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

static enum seats_status read_status(const struct request *request, enum redis_link_status status,
                                     const redisReply *reply, bool is_readable)
{
    const char *name = sources[request->script].name;
    if (status == REDIS_LINK_ERROR)
        log_error_seldom("Redis refused the script %s: %s", name, reply->str);
    if (status != REDIS_LINK_OK)
        return seat_status_of(status);
    if (!is_readable) {
        log_error("script %s: an answer of another shape", name);
        return SEATS_UNKNOWN;
    }
    return SEATS_OK;
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
    return seat_status_of(status);
}

void seat_redis_flush(struct seat_store *store)
{
    struct seat_redis *self = self_of(store);
    struct seat_turn *turn = self->turn;
    self->turn = NULL;
    if (turn != NULL)
        seat_turn_send(turn, self->link, self->script_base + SEAT_SCRIPT_TURN,
                       &self->turns_under_way);
}

void seat_redis_before_sleep(struct seat_store *store)
{
    if (self_of(store)->turns_under_way == 0)
        seat_redis_flush(store);
}

/* Puts an operation into the turn under way, where its arguments go next; NULL: the link is down.
 * Sending a turn that is full may tell its operations that they were not sent, and those may ask
 * anew: so until there is one with room. */
static struct seat_turn *begin(struct seat_store *store, const char *event,
                               enum seat_operation kind, const char *visitor, seats_hold_fn *fn,
                               void *ctx)
{
    struct seat_redis *self = self_of(store);
    if (!redis_link_is_ready(self->link))
        return NULL;
    const char *plan = self->plan_of != NULL ? self->plan_of(self->plan_ctx, event) : "";
    while (self->turn != NULL && (seat_turn_is_full(self->turn) ||
                                  !seat_turn_is_for(self->turn, event, self->epoch, plan)))
        seat_redis_flush(&self->port);
    if (self->turn == NULL)
        self->turn = seat_turn_create(event, self->epoch, plan);
    if (self->turn != NULL)
        seat_turn_begin(self->turn, kind, visitor, fn, ctx);
    return self->turn;
}

/* --- the operations --- */

static bool is_among(const struct held_seat *seats, size_t count, uint32_t seat)
{
    for (size_t i = 0; i < count; i++)
        if (seats[i].seat == seat)
            return true;
    return false;
}

/* Each once. */
static void add_seats(struct seat_turn *turn, const struct held_seat *seats, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_among(seats, i, seats[i].seat))
            seat_turn_add_seat(turn, seats[i].seat, seats[i].category);
}

static enum seats_status redis_hold(struct seat_store *s, const char *event, const char *visitor,
                                    const struct held_seat *seats, size_t count, seats_hold_fn *fn,
                                    void *ctx)
{
    assert(count >= 1 && count <= HOLD_SEATS_MAX);
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_HOLD, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    add_seats(turn, seats, count);
    return SEATS_OK;
}

static enum seats_status redis_hold_area(struct seat_store *s, const char *event,
                                         const char *visitor, const struct area_request *area,
                                         seats_hold_fn *fn, void *ctx)
{
    assert(area->count >= 1 && area->count <= HOLD_SEATS_MAX && area->capacity >= 1);
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_HOLD_AREA, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    seat_turn_add_number(turn, area->first);
    seat_turn_add_number(turn, area->capacity);
    seat_turn_add_number(turn, area->count);
    seat_turn_add_number(turn, area->category);
    return SEATS_OK;
}

static enum seats_status redis_release(struct seat_store *s, const char *event, const char *visitor,
                                       const uint32_t *seats, size_t count, seats_hold_fn *fn,
                                       void *ctx)
{
    assert(count <= HOLD_SEATS_MAX);
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_RELEASE, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    for (size_t i = 0; i < count; i++)
        seat_turn_add_seat(turn, seats[i], 0);
    return SEATS_OK;
}

static enum seats_status redis_state(struct seat_store *s, const char *event, const char *visitor,
                                     seats_hold_fn *fn, void *ctx)
{
    return begin(s, event, SEAT_OPERATION_STATE, visitor, fn, ctx) != NULL ? SEATS_OK : SEATS_DOWN;
}

static enum seats_status redis_checkout(struct seat_store *s, const char *event,
                                        const char *visitor, const struct checkout *wanted,
                                        seats_hold_fn *fn, void *ctx)
{
    assert(wanted->count <= HOLD_SEATS_MAX && strlen(wanted->order) <= ORDER_ID_BYTES);
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_CHECKOUT, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    seat_turn_add_text(turn, wanted->order);
    seat_turn_add_number(turn, wanted->amount_minor);
    seat_turn_add_text(turn, wanted->currency);
    seat_turn_add_number(turn, (int64_t)self_of(s)->outbox_max);
    seat_turn_add_number(turn, LEDGER_AWAY_MS);
    seat_turn_add_text(turn, wanted->offer);
    add_seats(turn, wanted->seats, wanted->count);
    return SEATS_OK;
}

static enum seats_status redis_intent(struct seat_store *s, const char *event, const char *visitor,
                                      const char *order, const char *intent, seats_hold_fn *fn,
                                      void *ctx)
{
    assert(strlen(intent) < sizeof(((struct hold *)NULL)->intent));
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_INTENT, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    seat_turn_add_text(turn, order);
    seat_turn_add_text(turn, intent);
    return SEATS_OK;
}

static enum seats_status redis_settle(struct seat_store *s, const char *event, const char *visitor,
                                      const char *order, int64_t fence, const char *snapshot_json,
                                      seats_hold_fn *fn, void *ctx)
{
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_SETTLE, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    seat_turn_add_text(turn, order);
    seat_turn_add_number(turn, fence);
    seat_turn_add_text(turn, snapshot_json);
    return SEATS_OK;
}

static enum seats_status redis_decline(struct seat_store *s, const char *event, const char *visitor,
                                       const char *order, int64_t fence, const char *lost_json,
                                       seats_hold_fn *fn, void *ctx)
{
    struct seat_turn *turn = begin(s, event, SEAT_OPERATION_DECLINE, visitor, fn, ctx);
    if (turn == NULL)
        return SEATS_DOWN;
    seat_turn_add_text(turn, order);
    seat_turn_add_number(turn, fence);
    seat_turn_add_text(turn, lost_json != NULL ? lost_json : "");
    return SEATS_OK;
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
    assert(self_of(s)->turn == NULL);
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
        .outbox_max = OUTBOX_ENTRIES_MAX,
    };
    return &self->port;
}

void seat_redis_set_epoch(struct seat_store *store, int64_t epoch)
{
    self_of(store)->epoch = epoch;
}

void seat_redis_set_plan_of(struct seat_store *store, seats_plan_fn *plan_of, void *ctx)
{
    self_of(store)->plan_of = plan_of;
    self_of(store)->plan_ctx = ctx;
}

void seat_redis_set_outbox_max(struct seat_store *store, size_t entries_max)
{
    self_of(store)->outbox_max = entries_max;
}
