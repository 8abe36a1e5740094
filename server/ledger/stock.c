/* See the header. */
#include "server/ledger/stock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

#define NUMBER_BYTES 24
#define HEAD_ARGS 3
#define ARGS_MAX (HEAD_ARGS + SEAT_KEYS_COUNT + 2 + 4 * STOCK_WORK_MAX)

/* One call of the script being put together. */
struct call {
    struct seat_keys keys;
    const char *argv[ARGS_MAX];
    char numbers[1 + 2 * STOCK_WORK_MAX][NUMBER_BYTES];
    size_t argc, numbers_count;
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

static redisReply *ask(struct batch *batch, const struct ledger_stock_work *work, size_t count,
                       const struct plan *plan)
{
    struct call *call = calloc(1, sizeof *call);
    char keys_count[8];
    assert(call != NULL);
    seat_keys_init(&call->keys, work[0].event);
    (void)snprintf(keys_count, sizeof keys_count, "%d", SEAT_KEYS_COUNT);
    push(call, "EVAL");
    push(call, ledger_stock_script());
    push(call, keys_count);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        push(call, call->keys.text[i]);
    push_number(call, batch->epoch);
    push(call, work[0].event);
    for (size_t i = 0; i < count; i++) {
        bool is_seat = work[i].seat < plan_seats_count(plan);
        push_number(call, work[i].seat);
        push_number(call, is_seat ? plan_seat_category(plan, work[i].seat) : 0);
        push(call, stock_change_word(work[i].change));
        push(call, work[i].visitor);
    }
    size_t sizes[ARGS_MAX];
    for (size_t i = 0; i < call->argc; i++)
        sizes[i] = strlen(call->argv[i]);
    redisReply *reply = redis_pipe_ask_argv(batch->redis, call->argc, call->argv, sizes);
    free(call);
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
    struct plan *plan = read_plan(batch->store, work[0].event);
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
