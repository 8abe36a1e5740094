/* See the header. */
#include "server/ledger/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/captures.h"
#include "server/ledger/ledger_call.h"
#include "server/ledger/outcome.h"
#include "server/ledger/stock.h"
#include "ticketing/plan.h"
#include "ticketing/seat_store.h"

#define KEY_SETTLED 10

/* Runs replay.lua; NULL when Redis is lost. The caller frees. */
static redisReply *run(struct batch *batch, const struct outbox_entry *entry,
                       const struct plan *plan, const char *mode)
{
    struct ledger_call *call =
        ledger_call_create(ledger_replay_script(), entry->event, batch->epoch);
    ledger_call_add(call, entry->order);
    ledger_call_add(call, mode);
    for (size_t i = 0; i < entry->seats_count; i++) {
        bool is_seat = entry->seats[i].seat < plan_seats_count(plan);
        ledger_call_add_number(call, entry->seats[i].seat);
        ledger_call_add_number(call, is_seat ? plan_seat_category(plan, entry->seats[i].seat) : 0);
    }
    redisReply *reply = ledger_call_ask(call, batch->redis);
    ledger_call_free(call);
    return reply;
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
    struct outcomes outcomes = {0};
    outcome_confirmed(&outcomes, entry, &replay->result, batch->store);
    redis_pipe_add(batch->redis, "HSET", keys.text[KEY_SETTLED], entry->order, "sold", NULL);
    outcomes_tell(&outcomes, batch->redis);
    outcomes_release(&outcomes);
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
        out->verdict == REPLAY_OK ? ledger_call_plan(batch->store, out->entry.event) : NULL;
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
