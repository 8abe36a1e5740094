/* Verbs about what is for sale: allotments are kept from sale under a name and released one by one
 * or as a block. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/stock.h"
#include "server/office/office_notes.h"
#include "server/office/stock_choice.h"
#include "ticketing/ledger_stock.h"

/* Which seats of each name the second list has and the first has not. */
static json_t *moved_seats(const json_t *from, const json_t *to)
{
    json_t *moved = json_object(), *seats, *seat;
    const char *name;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)to, name, seats) {
        const json_t *others = json_object_get(from, name);
        json_t *list = json_array();
        size_t other = 0; /* both are in ascending order */
        json_array_foreach(seats, i, seat) {
            json_int_t number = json_integer_value(seat);
            while (other < json_array_size(others) &&
                   json_integer_value(json_array_get(others, other)) < number)
                other++;
            if (other == json_array_size(others) ||
                json_integer_value(json_array_get(others, other)) != number)
                (void)json_array_append(list, seat);
        }
        if (json_array_size(list) > 0)
            (void)json_object_set(moved, name, list);
        json_decref(list);
    }
    return moved;
}

/* What a verb did within its transaction. */
struct move {
    enum ledger_status status;
    const char *event;
    const json_t *before; /* what was withheld */
    size_t changed;
};

/* The line in the log: which seats left which allotment, or came into it. With `look` it goes into
 * the answer instead. */
static enum ledger_status note_move(struct office *office, const struct office_request *request,
                                    struct office_answer *answer, const struct move *move)
{
    json_t *after = NULL;
    enum ledger_status status = ledger_withheld_json(office->batch->store, move->event, &after);
    if (status != LEDGER_OK)
        return status;
    json_t *left = moved_seats(after, move->before), *come = moved_seats(move->before, after);
    if (json_is_true(json_object_get(request->args, "look")))
        (void)json_object_set(answer->body, "moved", json_object_size(left) > 0 ? left : come);
    else
        status =
            office_note(office, request, answer,
                        &(struct office_note){.event = move->event, .before = left, .after = come});
    json_decref(left);
    json_decref(come);
    json_decref(after);
    return status;
}

/* Redis would not do what is in `refused`. */
static void carry_out(struct office *office, struct office_answer *answer, size_t changed)
{
    json_t *refused = json_array();
    enum batch_status told = stock_carry_out(office->batch, refused);
    answer->store_failed = told == BATCH_STORE_FAILED;
    if (told == BATCH_REDIS_LOST)
        office_fail(answer, "busy",
                    "It is noted in the ledger and done as soon as Redis is "
                    "back.");
    (void)json_object_set_new(answer->body, "changed",
                              json_integer((json_int_t)(changed - json_array_size(refused))));
    (void)json_object_set_new(answer->body, "refused", refused);
}

/* Notes and commits, then tells Redis at once; or, with `look`, undoes it all. */
static void finish(struct office *office, const struct office_request *request,
                   struct office_answer *answer, const struct move *move)
{
    struct ledger_store *store = office->batch->store;
    bool is_look = json_is_true(json_object_get(request->args, "look"));
    enum ledger_status status = move->status;
    if (status == LEDGER_OK && (move->changed > 0 || is_look))
        status = note_move(office, request, answer, move);
    if (status != LEDGER_OK) {
        (void)office_took(office, answer, status);
        (void)ledger_rollback(store);
    } else if (is_look) {
        (void)office_took(office, answer, ledger_rollback(store));
    } else if (office_took(office, answer, ledger_commit(store))) {
        carry_out(office, answer, move->changed);
        log_info("event %s: %s of %zu seats", move->event, request->verb, move->changed);
    }
}

void office_stock_withhold(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    struct stock_choice list;
    size_t changed = 0;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const char *name =
        event != NULL ? office_text(request, answer, "name", STOCK_NAME_BYTES_MAX) : NULL;
    if (name == NULL || !stock_choice_read(office, request, answer, event, STOCK_FROM_FREE, &list))
        return;
    if (list.seats == NULL) {
        office_fail(answer, "bad_request", "Which seats? Name \"seats\" or a \"section\".");
        return;
    }
    struct ledger_store *store = office->batch->store;
    json_t *before = NULL;
    if (office_took(office, answer, ledger_withheld_json(store, event, &before)) &&
        office_took(office, answer, ledger_begin(store))) {
        enum ledger_status status =
            ledger_withhold(store, event, name, list.seats, list.count, clock_wall_ms(), &changed);
        finish(office, request, answer, &(struct move){status, event, before, changed});
    }
    json_decref(before);
    free(list.seats);
}

void office_stock_release(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    struct stock_choice list;
    size_t changed = 0;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const char *name = json_string_value(json_object_get(request->args, "name"));
    struct ledger_store *store = office->batch->store;
    json_t *before = NULL;
    if (event == NULL)
        return;
    if (name == NULL && json_object_get(request->args, "seats") == NULL &&
        json_object_get(request->args, "section") == NULL) {
        office_fail(answer, "bad_request", "What? Name a \"name\", \"seats\" or a \"section\".");
        return;
    }
    if (!stock_choice_read(office, request, answer, event, STOCK_FROM_KEPT, &list))
        return;
    if (office_took(office, answer, ledger_withheld_json(store, event, &before)) &&
        office_took(office, answer, ledger_begin(store))) {
        enum ledger_status status =
            ledger_offer(store, event, name, list.seats, list.count, &changed);
        finish(office, request, answer, &(struct move){status, event, before, changed});
    }
    json_decref(before);
    free(list.seats);
}

void office_stock_list(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    json_t *names = NULL;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    if (event == NULL)
        return;
    char *plan = NULL;
    enum ledger_status status = ledger_event_plan(office->batch->store, event, &plan);
    free(plan);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "not_found", "There is no event called \"%s\".", event);
    else if (office_took(office, answer, status) &&
             office_took(office, answer, ledger_withheld_json(office->batch->store, event, &names)))
        (void)json_object_set_new(answer->body, "withheld", names);
}
