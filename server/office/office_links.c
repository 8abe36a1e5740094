/* The verb that makes a link to an order's tickets, which voids those before it. The link stands in
 * the answer and nowhere else: not in the log of actions, not in ours. */
#include "server/office/office.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/office_links.h"
#include "server/office/office_notes.h"
#include "ticketing/ledger_links.h"

json_t *office_find_order(struct office *office, struct office_answer *answer, const char *id)
{
    json_t *order = NULL;
    enum ledger_status status = ledger_order_json(office->batch->store, id, &order);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "no_such_order", "There is no order %s.", id);
    else if (!office_took(office, answer, status))
        return NULL;
    return order;
}

static size_t standing_count(const json_t *order)
{
    size_t i, count = 0;
    const json_t *ticket;
    json_array_foreach(json_object_get(order, "tickets"), i, ticket) count +=
        !json_is_true(json_object_get(ticket, "refunded"));
    return count;
}

static enum ledger_status note_link(struct office *office, const struct office_request *request,
                                    struct office_answer *answer, const json_t *order,
                                    const struct ledger_link *link)
{
    const char *id = json_string_value(json_object_get(order, "order"));
    json_t *after = json_pack("{ss sI sI}", "order", id, "ends_ms", (json_int_t)link->ends_ms,
                              "links", (json_int_t)link->made_count);
    enum ledger_status status = office_note(
        office, request, answer,
        &(struct office_note){.event = json_string_value(json_object_get(order, "event")),
                              .after = after,
                              .text = id});
    json_decref(after);
    return status;
}

static void make(struct office *office, const struct office_request *request,
                 struct office_answer *answer, const json_t *order)
{
    struct ledger_link link;
    char text[TICKET_LINK_BYTES_MAX + 1];
    const char *id = json_string_value(json_object_get(order, "order"));
    int64_t now_ms = clock_wall_ms();
    struct ledger_store *store = office->batch->store;
    if (!office_took(office, answer, ledger_begin(store)))
        return;
    enum ledger_status status =
        ledger_link_make(store, id, now_ms, now_ms + office->link_ms, &link, text);
    if (status == LEDGER_OK)
        status = note_link(office, request, answer, order, &link);
    if (!office_conclude(office, answer, status))
        return;
    json_t *made =
        json_pack("{ss ss ss sI sI}", "order", id, "event",
                  json_string_value(json_object_get(order, "event")), "link", text, "ends_ms",
                  (json_int_t)link.ends_ms, "links", (json_int_t)link.made_count);
    (void)json_object_update(answer->body, made);
    json_decref(made);
    log_info("order %s: a link to its tickets was made", id);
}

void office_order_resend(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    const char *id = office_text(request, answer, "order", ORDER_ID_BYTES);
    json_t *order = id != NULL ? office_find_order(office, answer, id) : NULL;
    if (order == NULL)
        return;
    if (standing_count(order) == 0)
        office_fail(answer, "nothing_to_send",
                    "All tickets of order %s were given back: there is nothing to send.", id);
    else
        make(office, request, answer, order);
    json_decref(order);
}

enum ledger_status office_links_show(struct ledger_store *store, json_t *order)
{
    struct ledger_link link;
    enum ledger_status status =
        ledger_link_get(store, json_string_value(json_object_get(order, "order")), &link);
    if (status == LEDGER_OK)
        (void)json_object_set_new(order, "link",
                                  json_pack("{sI sI sI}", "made_ms", (json_int_t)link.made_ms,
                                            "ends_ms", (json_int_t)link.ends_ms, "links",
                                            (json_int_t)link.made_count));
    if (status == LEDGER_NOT_FOUND)
        (void)json_object_set_new(order, "link", json_null());
    return status == LEDGER_NOT_FOUND ? LEDGER_OK : status;
}
