/* See the header. A dead letter is rare, so the plan is read anew to learn the categories. */
#include "server/ledger/unsell.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/plan_json.h"

#define NUMBER_BYTES 24
#define ARGS_MAX (3 + SEAT_KEYS_COUNT + 5 + 2 * HOLD_SEATS_MAX)

struct arguments {
    size_t count;
    const char *text[ARGS_MAX];
    char numbers[3 + 2 * HOLD_SEATS_MAX][NUMBER_BYTES];
    size_t numbers_count;
};

static void push(struct arguments *arguments, const char *text)
{
    assert(arguments->count < ARGS_MAX);
    arguments->text[arguments->count++] = text;
}

static void push_number(struct arguments *arguments, int64_t number)
{
    char *text = arguments->numbers[arguments->numbers_count++];
    int bytes = snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    assert(bytes > 0 && bytes < NUMBER_BYTES);
    push(arguments, text);
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

static void push_seats(struct ledger_store *store, const struct plan *plan,
                       const struct outbox_entry *entry, struct arguments *arguments)
{
    char owner[ORDER_ID_BYTES + 1];
    for (size_t i = 0; i < entry->seats_count; i++) {
        uint32_t seat = entry->seats[i].seat;
        if (seat >= plan_seats_count(plan) ||
            ledger_seat_owner(store, entry->event, seat, owner) != LEDGER_NOT_FOUND)
            continue;
        push_number(arguments, seat);
        push_number(arguments, plan_seat_category(plan, seat));
    }
}

void unsell(struct ledger_store *store, struct redis_pipe *redis, int64_t epoch,
            const struct outbox_entry *entry)
{
    struct plan *plan = read_plan(store, entry->event);
    if (plan == NULL) {
        log_warning("order %s names an event without a plan: nothing to take back", entry->order);
        return;
    }
    struct seat_keys keys;
    struct arguments arguments = {0};
    seat_keys_init(&keys, entry->event);
    push(&arguments, "EVAL");
    push(&arguments, ledger_unsell_script());
    push_number(&arguments, SEAT_KEYS_COUNT);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        push(&arguments, keys.text[i]);
    push_number(&arguments, epoch);
    push(&arguments, entry->event);
    push(&arguments, entry->visitor);
    push(&arguments, entry->order);
    push_number(&arguments, (int64_t)entry->seats_count);
    push_seats(store, plan, entry, &arguments);
    redis_pipe_add_argv(redis, arguments.count, arguments.text, NULL);
    plan_free(plan);
}
