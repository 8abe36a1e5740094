/* See the header. */
#include "server/ledger/ledger_call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/plan_json.h"

#define NUMBER_BYTES 24

struct ledger_call {
    struct seat_keys keys;
    const char *argv[LEDGER_CALL_ARGS_MAX];
    char numbers[1 + LEDGER_CALL_NUMBERS_MAX][NUMBER_BYTES]; /* the count of keys is one, too */
    size_t argc, numbers_count;
};

void ledger_call_add(struct ledger_call *call, const char *text)
{
    assert(call->argc < LEDGER_CALL_ARGS_MAX);
    call->argv[call->argc++] = text;
}

void ledger_call_add_number(struct ledger_call *call, int64_t number)
{
    assert(call->numbers_count < sizeof call->numbers / sizeof *call->numbers);
    char *text = call->numbers[call->numbers_count++];
    int bytes = snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    assert(bytes > 0 && bytes < NUMBER_BYTES);
    ledger_call_add(call, text);
}

struct ledger_call *ledger_call_create(const char *script, const char *event, int64_t epoch)
{
    struct ledger_call *call = calloc(1, sizeof *call);
    assert(call != NULL);
    seat_keys_init(&call->keys, event);
    ledger_call_add(call, "EVAL");
    ledger_call_add(call, script);
    ledger_call_add_number(call, SEAT_KEYS_COUNT);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        ledger_call_add(call, call->keys.text[i]);
    ledger_call_add_number(call, epoch);
    ledger_call_add(call, event);
    return call;
}

void ledger_call_free(struct ledger_call *call)
{
    free(call);
}

void ledger_call_send(const struct ledger_call *call, struct redis_pipe *redis)
{
    redis_pipe_add_argv(redis, call->argc, call->argv, NULL);
}

redisReply *ledger_call_ask(const struct ledger_call *call, struct redis_pipe *redis)
{
    return redis_pipe_ask_argv(redis, call->argc, call->argv, NULL);
}

struct plan *ledger_call_plan(struct ledger_store *store, const char *event)
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
