/* See the header. A dead letter is rare, so the plan is read anew to learn the categories. */
#include "server/ledger/unsell.h"

#include "server/base/log.h"
#include "server/ledger/ledger_call.h"
#include "ticketing/plan.h"

static void add_seats(struct ledger_store *store, const struct plan *plan,
                      const struct outbox_entry *entry, struct ledger_call *call)
{
    char owner[ORDER_ID_BYTES + 1];
    for (size_t i = 0; i < entry->seats_count; i++) {
        uint32_t seat = entry->seats[i].seat;
        if (seat >= plan_seats_count(plan) ||
            ledger_seat_owner(store, entry->event, seat, owner) != LEDGER_NOT_FOUND)
            continue;
        ledger_call_add_number(call, seat);
        ledger_call_add_number(call, plan_seat_category(plan, seat));
    }
}

void unsell(struct ledger_store *store, struct redis_pipe *redis, int64_t epoch,
            const struct outbox_entry *entry)
{
    struct plan *plan = ledger_call_plan(store, entry->event);
    if (plan == NULL) {
        log_warning("order %s names an event without a plan: nothing to take back", entry->order);
        return;
    }
    struct ledger_call *call = ledger_call_create(ledger_unsell_script(), entry->event, epoch);
    ledger_call_add(call, entry->visitor);
    ledger_call_add(call, entry->order);
    ledger_call_add_number(call, (int64_t)entry->seats_count);
    add_seats(store, plan, entry, call);
    ledger_call_send(call, redis);
    ledger_call_free(call);
    plan_free(plan);
}
