/* Verbs of one order: what happened to it, and giving seats of it back. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/stock.h"
#include "server/office/office_links.h"
#include "server/office/office_notes.h"
#include "ticketing/ledger_refunds.h"

enum ledger_status office_order_add_email(struct ledger_store *store, const char *id, json_t *order)
{
    json_t *rows = NULL;
    int64_t next = 0;
    const struct ledger_search search = {.kind = "order", .text = id};
    const char *event = json_string_value(json_object_get(order, "event"));
    enum ledger_status status =
        ledger_orders_find(store, event, &search, INT64_MAX, 1, &rows, &next);
    if (status == LEDGER_OK)
        (void)json_object_set(order, "email", json_object_get(json_array_get(rows, 0), "email"));
    json_decref(rows);
    return status;
}

void office_order_show(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    json_t *order = NULL;
    const char *id = office_text(request, answer, "order", ORDER_ID_BYTES);
    if (id == NULL)
        return;
    enum ledger_status status = ledger_order_json(office->batch->store, id, &order);
    if (status == LEDGER_OK)
        status = ledger_order_history(office->batch->store, id, order);
    if (status == LEDGER_OK)
        status = office_order_add_email(office->batch->store, id, order);
    if (status == LEDGER_OK)
        status = office_links_show(office, order);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "no_such_order", "There is no order %s.", id);
    else if (office_took(office, answer, status))
        (void)json_object_set(answer->body, "shown", order);
    json_decref(order);
}

/* false: the answer has failed. */
static bool read_seats(const struct office_request *request, struct office_answer *answer,
                       uint32_t seats[HOLD_SEATS_MAX], struct ledger_refund_request *out)
{
    const json_t *list = json_object_get(request->args, "seats"), *seat;
    size_t i;
    if (list == NULL)
        return true;
    bool is_good =
        json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= HOLD_SEATS_MAX;
    json_array_foreach((json_t *)(uintptr_t)list, i, seat) {
        is_good = is_good && json_is_integer(seat) && json_integer_value(seat) >= 0 &&
                  json_integer_value(seat) < PLAN_SEATS_MAX;
        if (is_good)
            seats[i] = (uint32_t)json_integer_value(seat);
    }
    if (!is_good)
        office_fail(answer, "bad_request", "\"seats\" is not a list of 1 to %d seat numbers.",
                    HOLD_SEATS_MAX);
    out->seats = seats;
    out->seats_count = json_array_size(list);
    return is_good;
}

static json_t *numbers(const uint32_t *seats, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_integer(seats[i]));
    return list;
}

/* The visitor's open pages are told; who is away sees it in the tickets. */
static void tell_visitor(struct office *office, const char *order,
                         const struct ledger_refund *refund)
{
    json_t *told = json_pack("{ss ss so sI ss}", "type", "refunded", "order", order, "seats",
                             numbers(refund->seats, refund->count), "amount_minor",
                             (json_int_t)refund->amount_minor, "currency", refund->currency);
    char *text = json_dumps(told, JSON_COMPACT);
    json_t *line =
        json_sprintf("%s %s refunded %s %s\n", refund->event, refund->visitor, order, text);
    redis_pipe_add(office->batch->redis, "PUBLISH", "outcome", json_string_value(line), NULL);
    (void)redis_pipe_flush(office->batch->redis);
    free(text);
    json_decref(told);
    json_decref(line);
}

static void tell(struct office_answer *answer, const struct ledger_refund *refund)
{
    (void)json_object_set_new(answer->body, "seats", numbers(refund->seats, refund->count));
    (void)json_object_set_new(answer->body, "before",
                              json_integer((json_int_t)refund->before_count));
    (void)json_object_set_new(answer->body, "amount_minor", json_integer(refund->amount_minor));
    (void)json_object_set_new(answer->body, "currency", json_string(refund->currency));
}

/* Commits, then Redis and the visitor. */
static void finish(struct office *office, struct office_answer *answer, const char *order,
                   const struct ledger_refund *refund)
{
    if (!office_took(office, answer, ledger_commit(office->batch->store)))
        return;
    enum batch_status told = stock_carry_out(office->batch, NULL);
    answer->store_failed = told == BATCH_STORE_FAILED;
    if (refund->count > 0 && told == BATCH_OK)
        tell_visitor(office, order, refund);
    tell(answer, refund);
    log_info("order %s: %zu seats given back", order, refund->count);
}

static enum ledger_status note_refund(struct office *office, const struct office_request *request,
                                      struct office_answer *answer,
                                      const struct ledger_refund_request *wanted,
                                      const struct ledger_refund *refund)
{
    json_t *after = json_pack("{ss so sI ss sb ss}", "order", wanted->order, "seats",
                              numbers(refund->seats, refund->count), "amount_minor",
                              (json_int_t)refund->amount_minor, "currency", refund->currency,
                              "withhold", wanted->is_withheld, "reason", wanted->reason);
    enum ledger_status status = office_note(
        office, request, answer,
        &(struct office_note){.event = refund->event, .after = after, .text = wanted->order});
    json_decref(after);
    return status;
}

void office_order_refund(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    uint32_t seats[HOLD_SEATS_MAX];
    struct ledger_refund refund;
    const char *reason = json_string_value(json_object_get(request->args, "reason"));
    struct ledger_refund_request wanted = {
        .order = office_text(request, answer, "order", ORDER_ID_BYTES),
        .is_withheld = json_is_true(json_object_get(request->args, "withhold")),
        .by_whom = request->who[0] != '\0' ? request->who : "organizer",
        .reason = reason != NULL ? reason : "",
        .now_ms = clock_wall_ms()};
    if (wanted.order == NULL || !read_seats(request, answer, seats, &wanted))
        return;
    if (strlen(wanted.reason) > REFUND_TEXT_BYTES_MAX) {
        office_fail_why(answer, "bad_request", "why.reason", "The reason is longer than %d bytes.",
                        REFUND_TEXT_BYTES_MAX);
        return;
    }
    struct ledger_store *store = office->batch->store;
    if (!office_took(office, answer, ledger_begin(store)))
        return;
    enum ledger_status status = ledger_refund(store, &wanted, &refund);
    if (status == LEDGER_OK && json_is_true(json_object_get(request->args, "look"))) {
        tell(answer, &refund); /* what would be done; nothing of it stands */
        (void)office_took(office, answer, ledger_rollback(store));
        return;
    }
    if (status == LEDGER_OK && refund.count > 0)
        status = note_refund(office, request, answer, &wanted, &refund);
    if (status == LEDGER_OK) {
        finish(office, answer, wanted.order, &refund);
        return;
    }
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "no_such_order", "There is no order %s.", wanted.order);
    else if (status == LEDGER_REFUSED && refund.strangers_count > 0)
        office_fail(answer, "not_of_order", "Seat %u is not of order %s; nothing was changed.",
                    refund.strangers[0], wanted.order);
    else
        (void)office_took(office, answer, status);
    (void)ledger_rollback(store);
}
