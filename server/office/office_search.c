/* Finding orders by what somebody on the telephone knows: a number, an
 * address, a seat, a ticket. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/account_id.h"
#include "ticketing/ledger_tickets.h"

#define QUERY_BYTES_MAX 256
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

/* What the text means; `email` is where an address in its canonical form goes. */
static struct ledger_search understand(const struct ledger_store *store, const char *text,
                                       char email[EMAIL_BYTES_MAX + 1])
{
    int64_t order_nr;
    uint32_t seat;
    char *end = NULL;
    if (text[0] == '\0')
        return (struct ledger_search){.kind = "all", .text = ""};
    if (email_canonical(text, email))
        return (struct ledger_search){.kind = "email", .text = email};
    if (ledger_ticket_read(store, text, &order_nr, &seat))
        return (struct ledger_search){.kind = "nr", .text = "", .number = order_nr};
    if (strncmp(text, "o_", 2) == 0)
        return (struct ledger_search){.kind = "order", .text = text};
    if (text[0] == '#' && text[1] != '\0') {
        int64_t number = strtoll(text + 1, &end, 10);
        if (*end == '\0')
            return (struct ledger_search){.kind = "seat", .text = "", .number = number};
    }
    return (struct ledger_search){.kind = "label", .text = text};
}

/* An order as a line of a list. */
static json_t *line_of(const json_t *order)
{
    json_t *seats = json_array(), *ticket;
    size_t i;
    json_array_foreach(json_object_get(order, "tickets"), i, ticket)
        (void)json_array_append_new(
            seats, json_sprintf("%s %s %s", json_string_value(json_object_get(ticket, "section")),
                                json_string_value(json_object_get(ticket, "row")),
                                json_string_value(json_object_get(ticket, "number"))));
    return json_pack(
        "{sO sO sO sO sO sO sO sO so}", "nr", json_object_get(order, "nr"), "order",
        json_object_get(order, "order"), "at_ms", json_object_get(order, "committed_ms"), "email",
        json_object_get(order, "email"), "amount_minor", json_object_get(order, "amount_minor"),
        "refunded_minor", json_object_get(order, "refunded_minor"), "currency",
        json_object_get(order, "currency"), "payment_state",
        json_object_get(order, "payment_state"), "seats", seats);
}

void office_orders_search(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    char email[EMAIL_BYTES_MAX + 1];
    size_t i;
    int64_t next = 0, before = json_integer_value(json_object_get(request->args, "before"));
    int64_t limit = json_integer_value(json_object_get(request->args, "limit"));
    json_t *rows = NULL, *row, *event = NULL;
    const char *id = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const json_t *wanted = json_object_get(request->args, "q");
    if (id == NULL)
        return;
    const char *text = json_is_string(wanted) ? json_string_value(wanted) : "";
    if (strlen(text) > QUERY_BYTES_MAX) {
        office_fail_why(answer, "bad_request", "why.query", "\"q\" has more than %d bytes.",
                        QUERY_BYTES_MAX);
        return;
    }
    struct ledger_store *store = office->batch->store;
    enum ledger_status status = ledger_event_json(store, id, &event);
    json_decref(event);
    if (status == LEDGER_NOT_FOUND) {
        office_fail(answer, "not_found", "There is no event called \"%s\".", id);
        return;
    }
    struct ledger_search search = understand(store, text, email);
    limit = limit <= 0 ? LIMIT_DEFAULT : limit < LIMIT_MAX ? limit : LIMIT_MAX;
    if (status == LEDGER_OK)
        status = ledger_orders_find(store, id, &search, before > 0 ? before : INT64_MAX, limit,
                                    &rows, &next);
    if (!office_took(office, answer, status))
        return;
    json_t *lines = json_array();
    json_array_foreach(rows, i, row)
        (void)json_array_append_new(lines, line_of(row));
    json_decref(rows);
    (void)json_object_set_new(answer->body, "orders", lines);
    (void)json_object_set_new(answer->body, "next", next > 0 ? json_integer(next) : json_null());
}
