/* See the header. */
#include "server/ledger/stock.h"

#include <assert.h>
#include <stdlib.h>
#include "server/base/log.h"
#include "server/ledger/ledger_call.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan.h"
#include "ticketing/seat_store.h"

static redisReply *ask(struct batch *batch, const struct ledger_stock_work *work, size_t count,
                       const struct plan *plan)
{
    struct ledger_call *call =
        ledger_call_create(ledger_stock_script(), work[0].event, batch->epoch);
    for (size_t i = 0; i < count; i++) {
        bool is_seat = work[i].seat < plan_seats_count(plan);
        ledger_call_add_number(call, work[i].seat);
        ledger_call_add_number(call, is_seat ? plan_seat_category(plan, work[i].seat) : 0);
        ledger_call_add(call, stock_change_word(work[i].change));
        ledger_call_add(call, work[i].visitor);
    }
    redisReply *reply = ledger_call_ask(call, batch->redis);
    ledger_call_free(call);
    return reply;
}

/* What the work of one seat comes to, now that Redis has answered. */
static enum ledger_status settle(struct batch *batch, const struct ledger_stock_work *work,
                                 int64_t state, json_t *refused)
{
    if (work->change == STOCK_WITHHOLD && state != SEAT_NOT_FOR_SALE) {
        enum ledger_status status = ledger_withheld_forget(batch->store, work->event, work->seat);
        if (status != LEDGER_OK)
            return status;
        if (refused != NULL)
            (void)json_array_append_new(refused, json_integer(work->seat));
    }
    return ledger_stock_done(batch->store, work->nr);
}

static enum batch_status settle_all(struct batch *batch, const struct ledger_stock_work *work,
                                    size_t count, const redisReply *states, json_t *refused)
{
    enum ledger_status status = ledger_begin(batch->store);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++)
        status = settle(batch, &work[i],
                        states != NULL ? states->element[i]->integer : SEAT_NOT_FOR_SALE, refused);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    if (status == LEDGER_OK)
        return BATCH_OK;
    log_error("the stock cannot be written (%s): %s", ledger_status_word(status),
              ledger_problem(batch->store));
    return BATCH_STORE_FAILED;
}

/* The work of one event. */
static enum batch_status carry_out(struct batch *batch, const struct ledger_stock_work *work,
                                   size_t count, json_t *refused)
{
    struct plan *plan = ledger_call_plan(batch->store, work[0].event);
    if (plan == NULL) {
        log_warning("event %s has no plan: its stock is not changed", work[0].event);
        return settle_all(batch, work, count, NULL, NULL);
    }
    redisReply *reply = ask(batch, work, count, plan);
    plan_free(plan);
    enum batch_status status = BATCH_REDIS_LOST;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == count)
        status = settle_all(batch, work, count, reply, refused);
    else if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
        log_warning("event %s: the stock was not changed: %s", work[0].event, reply->str);
    if (reply != NULL)
        freeReplyObject(reply);
    return status;
}

enum batch_status stock_carry_out(struct batch *batch, json_t *refused)
{
    struct ledger_stock_work *work = calloc(STOCK_WORK_MAX, sizeof *work);
    size_t count = 0;
    enum batch_status result = BATCH_OK;
    assert(work != NULL);
    do {
        enum ledger_status status = ledger_stock_work(batch->store, work, &count);
        if (status != LEDGER_OK) {
            log_error("reading the stock's work: %s", ledger_problem(batch->store));
            result = BATCH_STORE_FAILED;
        } else if (count > 0) {
            result = carry_out(batch, work, count, refused);
        }
    } while (result == BATCH_OK && count > 0);
    free(work);
    return result;
}
