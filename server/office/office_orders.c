/* Verbs that read orders. */
#include "server/office/office.h"

#include <string.h>
#include "server/office/office_events.h"
#include "server/office/office_notes.h"

#define PAGE_MAX 1000

void office_orders_of(struct office *office, const struct office_request *request,
                      struct office_answer *answer)
{
    json_t *orders = NULL, *order;
    size_t i;
    const char *event = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const char *visitor =
        event != NULL ? office_text(request, answer, "visitor", VISITOR_ID_BYTES) : NULL;
    if (visitor == NULL)
        return;
    if (!office_took(office, answer,
                     ledger_orders_of(office->batch->store, event, visitor, &orders)))
        return;
    json_array_foreach(orders, i, order) { /* the visitor knows the first two, the third is ours */
        (void)json_object_del(order, "event");
        (void)json_object_del(order, "visitor");
        (void)json_object_del(order, "intent");
    }
    (void)json_object_set_new(answer->body, "orders", orders);
}

/* One row per ticket: what belongs to the order is repeated in each. */
static void append_tickets(json_t *rows, json_t *order)
{
    json_t *tickets = json_object_get(order, "tickets"), *ticket;
    size_t i;
    json_array_foreach(tickets, i, ticket) {
        json_t *row = json_copy(order);
        (void)json_object_del(row, "tickets");
        (void)json_object_del(row, "nr");
        (void)json_object_update(row, ticket);
        (void)json_array_append_new(rows, row);
    }
}

/* What a row may have; the header of an export, whether there are orders or not. */
static json_t *columns(void)
{
    static const char *const names[] = {
        "order",    "event",         "visitor",      "intent",        "amount_minor",
        "currency", "authorised_ms", "committed_ms", "payment_state", "email",
        "seat",     "section",       "row",          "number",        "category",
        "type",     "price_minor",   "code",         "refunded",
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)json_array_append_new(list, json_string(names[i]));
    return list;
}

void office_orders_export(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    json_t *orders = NULL, *order, *rows;
    size_t i;
    int64_t next = 0;
    const char *event = json_string_value(json_object_get(request->args, "event"));
    int64_t after = json_integer_value(json_object_get(request->args, "after"));
    int64_t limit = json_integer_value(json_object_get(request->args, "limit"));
    if (limit <= 0 || limit > PAGE_MAX)
        limit = PAGE_MAX;
    if (after == 0 && event != NULL)
        json_decref(
            office_find_event(office, request, answer)); /* a mistyped one is no empty list */
    if (after == 0 && answer->error == NULL &&
        office_took(office, answer, ledger_begin(office->batch->store)))
        (void)office_conclude(
            office, answer,
            office_note(office, request, answer, &(struct office_note){.event = event}));
    if (answer->error != NULL)
        return;
    rows = json_array();
    if (office_took(
            office, answer,
            ledger_orders_page(office->batch->store, event, after, limit, &orders, &next))) {
        json_array_foreach(orders, i, order)
            append_tickets(rows, order);
        (void)json_object_set_new(answer->body, "next",
                                  next > 0 ? json_integer(next) : json_null());
    }
    json_decref(orders);
    (void)json_object_set_new(answer->body, "columns", columns());
    (void)json_object_set_new(answer->body, "rows", rows);
}
