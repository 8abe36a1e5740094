/* See the header. */
#include "server/office/stock_choice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

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

/* --- those that are named --- */

static void add(struct stock_choice *list, uint32_t seat)
{
    list->seats[list->count++] = seat;
}

/* {"section":..,"row":..}: all seats of a section or of one of its rows. */
static void add_section(const struct plan *plan, const char *section, const char *row,
                        struct stock_choice *list)
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
                        struct office_answer *answer, struct stock_choice *list)
{
    size_t i;
    json_t *number;
    if (json_array_size(numbers) > plan_seats_count(plan)) {
        office_fail(answer, "bad_request", "The plan has only %u seats.", plan_seats_count(plan));
        return false;
    }
    json_array_foreach((json_t *)(uintptr_t)numbers, i, number) {
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
                       struct office_answer *answer, const char *event, struct stock_choice *list)
{
    const json_t *numbers = json_object_get(request->args, "seats");
    const char *section = json_string_value(json_object_get(request->args, "section"));
    const char *row = json_string_value(json_object_get(request->args, "row"));
    struct plan *plan = plan_of(office, answer, event);
    bool is_good = plan != NULL;
    *list = (struct stock_choice){0};
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

/* --- so many of them --- */

/* The last `count` of the list that are free, by what Redis says now. */
static void keep_free(struct stock_choice *list, size_t count, const redisReply *states)
{
    size_t at = list->count, kept = 0;
    while (at-- > 0 && kept < count)
        if (list->seats[at] < states->len && states->str[list->seats[at]] == SEAT_FREE)
            list->seats[list->count - ++kept] = list->seats[at];
    memmove(list->seats, &list->seats[list->count - kept], kept * sizeof *list->seats);
    list->count = kept;
}

static bool choose_free(struct office *office, struct office_answer *answer, const char *event,
                        struct stock_choice *list, size_t count)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    (void)snprintf(key, sizeof key, "ev:%s:seats", event);
    redisReply *states = redis_pipe_ask(office->batch->redis, "GET", key, NULL);
    bool is_good = states != NULL && states->type == REDIS_REPLY_STRING;
    if (is_good)
        keep_free(list, count, states);
    else
        office_fail(answer, "busy", "Redis does not answer. Nothing was changed.");
    if (states != NULL)
        freeReplyObject(states);
    return is_good;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool has_seat(const struct stock_choice *list, uint32_t seat)
{
    return list->seats == NULL ||
           bsearch(&seat, list->seats, list->count, sizeof seat, by_number) != NULL;
}

/* The first `count` that are kept under the name and in the list; any list when none was named. */
static bool choose_kept(struct office *office, const struct office_request *request,
                        struct office_answer *answer, const char *event, struct stock_choice *list,
                        size_t count)
{
    const char *wanted = json_string_value(json_object_get(request->args, "name")), *name;
    struct stock_choice kept = {.seats = calloc(count + 1, sizeof *kept.seats)};
    json_t *names = NULL, *seats, *seat;
    size_t i;
    assert(kept.seats != NULL);
    if (!office_took(office, answer, ledger_withheld_json(office->batch->store, event, &names))) {
        free(kept.seats);
        return false;
    }
    if (list->seats != NULL)
        qsort(list->seats, list->count, sizeof *list->seats, by_number);
    json_object_foreach(names, name, seats) {
        json_array_foreach(seats, i, seat) {
            uint32_t number = (uint32_t)json_integer_value(seat);
            if ((wanted == NULL || strcmp(name, wanted) == 0) && kept.count < count &&
                has_seat(list, number))
                add(&kept, number);
        }
    }
    json_decref(names);
    free(list->seats);
    *list = kept;
    return true;
}

static bool choose_some(struct office *office, const struct office_request *request,
                        struct office_answer *answer, const char *event, enum stock_from from,
                        struct stock_choice *list)
{
    const json_t *given = json_object_get(request->args, "count");
    json_int_t count = json_integer_value(given);
    if (given == NULL)
        return true;
    bool is_good = json_is_integer(given) && count >= 1 && count <= PLAN_SEATS_MAX;
    if (!is_good)
        office_fail(answer, "bad_request", "\"count\" is a whole number from 1 on.");
    else if (from == STOCK_FROM_FREE && list->seats != NULL)
        is_good = choose_free(office, answer, event, list, (size_t)count);
    else if (from == STOCK_FROM_KEPT)
        is_good = choose_kept(office, request, answer, event, list, (size_t)count);
    if (is_good && list->seats != NULL && list->count == 0) {
        office_fail(answer, "no_such_seat",
                    from == STOCK_FROM_FREE ? "None of these is free." : "None of these is kept.");
        is_good = false;
    }
    return is_good;
}

bool stock_choice_read(struct office *office, const struct office_request *request,
                       struct office_answer *answer, const char *event, enum stock_from from,
                       struct stock_choice *out)
{
    if (!read_seats(office, request, answer, event, out))
        return false;
    if (choose_some(office, request, answer, event, from, out))
        return true;
    free(out->seats);
    *out = (struct stock_choice){0};
    return false;
}
