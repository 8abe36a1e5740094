/* See the header. */
#include "server/ledger/replay.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/captures.h"
#include "server/ledger/outcome.h"
#include "server/ledger/stock.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

#define NUMBER_BYTES 24
#define ARGS_MAX (3 + SEAT_KEYS_COUNT + 4 + 2 * HOLD_SEATS_MAX)
#define KEY_SETTLED 10

struct call {
    size_t argc, numbers_count;
    const char *argv[ARGS_MAX];
    char numbers[2 + 2 * HOLD_SEATS_MAX][NUMBER_BYTES];
};

static void push(struct call *call, const char *text)
{
    assert(call->argc < ARGS_MAX);
    call->argv[call->argc++] = text;
}

static void push_number(struct call *call, int64_t number)
{
    char *text = call->numbers[call->numbers_count++];
    int bytes = snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    assert(bytes > 0 && bytes < NUMBER_BYTES);
    push(call, text);
}

static struct plan *read_plan(struct ledger_store *store, const char *event)
{
    char *text = NULL, why[LEDGER_REASON_BYTES];
    struct plan *plan = NULL;
    if (ledger_event_plan(store, event, &text) != LEDGER_OK)
        return NULL;
    if (plan_from_text(text, strlen(text), &plan, why, sizeof why) != PLAN_OK)
        plan = NULL;
    free(text);
    return plan;
}

/* Runs replay.lua; NULL when Redis is lost. The caller frees. */
static redisReply *run(struct batch *batch, const struct outbox_entry *entry,
                       const struct plan *plan, const char *mode)
{
    struct seat_keys keys;
    struct call call = {0};
    size_t sizes[ARGS_MAX];
    seat_keys_init(&keys, entry->event);
    push(&call, "EVAL");
    push(&call, ledger_replay_script());
    push_number(&call, SEAT_KEYS_COUNT);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        push(&call, keys.text[i]);
    push_number(&call, batch->epoch);
    push(&call, entry->event);
    push(&call, entry->order);
    push(&call, mode);
    for (size_t i = 0; i < entry->seats_count; i++) {
        bool is_seat = entry->seats[i].seat < plan_seats_count(plan);
        push_number(&call, entry->seats[i].seat);
        push_number(&call, is_seat ? plan_seat_category(plan, entry->seats[i].seat) : 0);
    }
    for (size_t i = 0; i < call.argc; i++)
        sizes[i] = strlen(call.argv[i]);
    return redis_pipe_ask_argv(batch->redis, call.argc, call.argv, sizes);
}

static const char *in_whose_hands(int64_t state)
{
    switch (state) {
    case SEAT_HELD:
        return "is held by somebody";
    case SEAT_PAYING:
        return "is being paid for by somebody";
    case SEAT_SOLD:
        return "is sold by now";
    default:
        return "is not for sale";
    }
}

/* The first seat that stood in the way, as a sentence. */
static void judge_states(struct ledger_replay *replay, const redisReply *states, bool is_ours)
{
    for (size_t i = 0; i < states->elements; i++) {
        int64_t state = states->element[i]->integer;
        if (state == SEAT_FREE || (is_ours && state == SEAT_SOLD))
            continue;
        replay->verdict = REPLAY_SEAT_TAKEN;
        (void)snprintf(replay->reason, sizeof replay->reason, "Seat %u %s.",
                       replay->entry.seats[i].seat, in_whose_hands(state));
        return;
    }
}

/* Whether Redis still counts the sale that died: the letter died while Redis was away. */
static bool is_still_sold(struct batch *batch, const struct outbox_entry *entry)
{
    struct seat_keys keys;
    seat_keys_init(&keys, entry->event);
    redisReply *reply =
        redis_pipe_ask(batch->redis, "HGET", keys.text[KEY_SETTLED], entry->order, NULL);
    bool is_sold =
        reply != NULL && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "sold") == 0;
    if (reply != NULL)
        freeReplyObject(reply);
    return is_sold;
}

static enum batch_status reserve(struct batch *batch, struct ledger_replay *replay,
                                 const struct plan *plan)
{
    bool is_ours = is_still_sold(batch, &replay->entry);
    redisReply *reply = run(batch, &replay->entry, plan, "reserve");
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
                   reply->elements == replay->entry.seats_count;
    if (is_good)
        judge_states(replay, reply, is_ours);
    else if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
        log_warning("letter %" PRId64 " is not replayed: %s", replay->nr, reply->str);
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good ? BATCH_OK : BATCH_REDIS_LOST;
}

static enum batch_status write(struct batch *batch, struct ledger_replay *replay)
{
    enum ledger_status status = ledger_begin(batch->store);
    if (status == LEDGER_OK)
        status = ledger_replay(batch->store, replay, clock_wall_ms());
    if (status == LEDGER_OK && replay->verdict == REPLAY_OK)
        status = ledger_commit(batch->store);
    else if (status == LEDGER_OK)
        status = ledger_rollback(batch->store);
    if (status == LEDGER_OK)
        return BATCH_OK;
    log_error("a letter cannot be replayed (%s): %s", ledger_status_word(status),
              ledger_problem(batch->store));
    return BATCH_STORE_FAILED;
}

/* Redis learns what was committed, then the visitor. */
static enum batch_status tell(struct batch *batch, const struct ledger_replay *replay)
{
    struct seat_keys keys;
    const struct outbox_entry *entry = &replay->entry;
    enum batch_status status = stock_carry_out(batch, NULL);
    if (status != BATCH_OK)
        return status;
    seat_keys_init(&keys, entry->event);
    char *text = outcome_confirmed(entry, &replay->result, ledger_keys(batch->store));
    redis_pipe_add(batch->redis, "HSET", keys.text[KEY_SETTLED], entry->order, "sold", NULL);
    redis_pipe_add(batch->redis, "PUBLISH", "outcome", text, NULL);
    free(text);
    log_info("letter %" PRId64 ": order %s is written", replay->nr, entry->order);
    return redis_pipe_flush(batch->redis) ? BATCH_OK : BATCH_REDIS_LOST;
}

/* The seats of a letter that would not be written after all are free again. */
static enum batch_status give_back(struct batch *batch, const struct ledger_replay *replay,
                                   const struct plan *plan)
{
    redisReply *reply = run(batch, &replay->entry, plan, "undo");
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY;
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good ? BATCH_OK : BATCH_REDIS_LOST;
}

enum batch_status replay_letter(struct batch *batch, int64_t nr, struct ledger_replay *out)
{
    if (ledger_replay_look(batch->store, nr, out) != LEDGER_OK) {
        log_error("reading a dead letter: %s", ledger_problem(batch->store));
        return BATCH_STORE_FAILED;
    }
    if (out->verdict == REPLAY_OK && captures_is_under_way(batch->captures, out->order)) {
        out->verdict = REPLAY_VOIDED;
        (void)snprintf(out->reason, sizeof out->reason, "Its payment is being voided right now.");
    }
    struct plan *plan =
        out->verdict == REPLAY_OK ? read_plan(batch->store, out->entry.event) : NULL;
    if (out->verdict == REPLAY_OK && plan == NULL) {
        out->verdict = REPLAY_REFUSED;
        (void)snprintf(out->reason, sizeof out->reason, "There is no event %s.", out->entry.event);
    }
    enum batch_status status = BATCH_OK;
    bool is_reserved = false;
    if (out->verdict == REPLAY_OK && !out->stands) {
        status = reserve(batch, out, plan);
        is_reserved = status == BATCH_OK && out->verdict == REPLAY_OK;
    }
    if (status == BATCH_OK && out->verdict == REPLAY_OK) {
        status = write(batch, out);
        if (status == BATCH_OK && out->verdict == REPLAY_OK)
            status = tell(batch, out);
        else if (status == BATCH_OK && is_reserved)
            status = give_back(batch, out, plan);
    }
    plan_free(plan);
    return status;
}
