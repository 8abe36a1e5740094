/* Verbs about what is for sale: allotments are kept from sale under a name and released one by one
 * or as a block. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/stock.h"
#include "server/office/office_notes.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_json.h"

/* A list of seats out of the request; the caller frees it. */
struct seat_list {
    uint32_t *seats; /* NULL = none were named */
    size_t count;
};

static struct plan *plan_of(struct office *office, struct office_answer *answer, const char *event)
{
    char *text = NULL, why[LEDGER_REASON_BYTES] = "";
    struct plan *plan = NULL;
    enum ledger_status status = ledger_event_plan(office->batch->store, event, &text);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "not_found", "There is no event called \"%s\".", event);
    else if (office_took(office, answer, status) &&
             plan_from_text(text, strlen(text), &plan, why, sizeof why) != PLAN_OK)
        office_fail(answer, "bad_plan", "The plan cannot be read: %s.", why);
    free(text);
    return plan;
}

static void add(struct seat_list *list, uint32_t seat)
{
    list->seats[list->count++] = seat;
}

/* {"section":..,"row":..}: all seats of a section or of one of its rows. */
static void add_section(const struct plan *plan, const char *section, const char *row,
                        struct seat_list *list)
{
    for (uint32_t i = 0; i < plan_seats_count(plan); i++) {
        struct plan_place place;
        if (plan_is_for_sale(plan, i) && plan_place(plan, i, &place) == PLAN_OK &&
            strcmp(place.section, section) == 0 && (row == NULL || strcmp(place.row, row) == 0))
            add(list, i);
    }
}

/* Numbers, checked against the plan. false: the answer says which is wrong. */
static bool add_numbers(const struct plan *plan, const json_t *numbers,
                        struct office_answer *answer, struct seat_list *list)
{
    size_t i;
    json_t *number;
    if (json_array_size(numbers) > plan_seats_count(plan)) {
        office_fail(answer, "bad_request", "The plan has only %u seats.", plan_seats_count(plan));
        return false;
    }
    json_array_foreach((json_t *)(uintptr_t)numbers, i, number)
    {
        json_int_t seat = json_integer_value(number);
        if (!json_is_integer(number) || seat < 0 || seat >= (json_int_t)plan_seats_count(plan) ||
            !plan_is_for_sale(plan, (uint32_t)seat)) {
            office_fail(answer, "no_such_seat",
                        "There is no seat %" JSON_INTEGER_FORMAT " for sale in the plan.", seat);
            return false;
        }
        add(list, (uint32_t)seat);
    }
    return true;
}

/* false: the answer has failed. An empty list is fine where none need be named. */
static bool read_seats(struct office *office, const struct office_request *request,
                       struct office_answer *answer, const char *event, struct seat_list *list)
{
    const json_t *numbers = json_object_get(request->args, "seats");
    const char *section = json_string_value(json_object_get(request->args, "section"));
    const char *row = json_string_value(json_object_get(request->args, "row"));
    struct plan *plan = plan_of(office, answer, event);
    bool is_good = plan != NULL;
    *list = (struct seat_list){0};
    if (is_good && (numbers != NULL || section != NULL)) {
        list->seats = calloc((size_t)plan_seats_count(plan) + 1, sizeof *list->seats);
        is_good = list->seats != NULL;
        if (is_good && section != NULL)
            add_section(plan, section, row, list);
        else if (is_good)
            is_good = add_numbers(plan, numbers, answer, list);
        if (is_good && list->count == 0) {
            office_fail(answer, "no_such_seat", "No seat for sale is called that.");
            is_good = false;
        }
    }
    plan_free(plan);
    if (!is_good)
        free(list->seats);
    return is_good;
}

/* Which seats of each name the second list has and the first has not. */
static json_t *moved_seats(const json_t *from, const json_t *to)
{
    json_t *moved = json_object(), *seats, *seat;
    const char *name;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)to, name, seats)
    {
        const json_t *others = json_object_get(from, name);
        json_t *list = json_array();
        size_t other = 0; /* both are in ascending order */
        json_array_foreach(seats, i, seat)
        {
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
    struct seat_list list;
    size_t changed = 0;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const char *name =
        event != NULL ? office_text(request, answer, "name", STOCK_NAME_BYTES_MAX) : NULL;
    if (name == NULL || !read_seats(office, request, answer, event, &list))
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
    struct seat_list list;
    size_t changed = 0;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const char *name = json_string_value(json_object_get(request->args, "name"));
    struct ledger_store *store = office->batch->store;
    json_t *before = NULL;
    if (event == NULL || !read_seats(office, request, answer, event, &list))
        return;
    if (name == NULL && list.seats == NULL) {
        office_fail(answer, "bad_request", "What? Name a \"name\", \"seats\" or a \"section\".");
    } else if (office_took(office, answer, ledger_withheld_json(store, event, &before)) &&
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
    struct plan *plan = plan_of(office, answer, event);
    if (plan != NULL &&
        office_took(office, answer, ledger_withheld_json(office->batch->store, event, &names)))
        (void)json_object_set_new(answer->body, "withheld", names);
    plan_free(plan);
}
