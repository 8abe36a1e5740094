/* The verb that opens a link to an order's tickets, for whoever has it: a gateway asks, when the
 * link is genuine. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/office/office_links.h"
#include "ticketing/ledger_links.h"

/* "a...@example.org": enough for its owner to know it, too little for whoever got the link from
 * them to write to it. */
static json_t *hinted(const char *email)
{
    const char *at = email != NULL ? strrchr(email, '@') : NULL;
    if (at == NULL)
        return json_string("");
    size_t first = 1;
    while (((unsigned char)email[first] & 0xc0) == 0x80)
        first++; /* the whole of a character of several bytes */
    return json_sprintf("%.*s…%s", (int)first, email, at);
}

/* What the page says about the event. */
static json_t *event_of(struct office *office, struct office_answer *answer, const char *id)
{
    json_t *event = NULL;
    if (!office_took(office, answer, ledger_event_json(office->batch->store, id, &event)))
        return NULL;
    const json_t *settings = json_object_get(event, "settings");
    const char *starts = json_string_value(json_object_get(settings, "starts_at_ms"));
    const char *accent = json_string_value(json_object_get(settings, "accent"));
    json_t *shown = json_pack("{ss sO sO sI ss}", "id", id, "name", json_object_get(event, "name"),
                              "time_zone", json_object_get(event, "time_zone"), "starts_at_ms",
                              (json_int_t)(starts != NULL ? strtoll(starts, NULL, 10) : 0),
                              "accent", accent != NULL ? accent : "");
    json_decref(event);
    return shown;
}

static void tell(struct office *office, struct office_answer *answer, json_t *order,
                 const struct ledger_link *link)
{
    const char *id = json_string_value(json_object_get(order, "order"));
    json_t *event = event_of(office, answer, json_string_value(json_object_get(order, "event")));
    if (event == NULL)
        return;
    if (office_took(office, answer, office_order_add_email(office->batch->store, id, order))) {
        (void)json_object_set_new(answer->body, "buyer",
                                  hinted(json_string_value(json_object_get(order, "email"))));
        (void)json_object_set(answer->body, "event", event);
        (void)json_object_set_new(answer->body, "ends_ms", json_integer(link->ends_ms));
        static const char *const ours[] = {"event", "visitor", "intent", "email"};
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
            (void)json_object_del(order, ours[i]);
        (void)json_object_set(answer->body, "order", order);
    }
    json_decref(event);
}

void office_tickets_open(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    struct ledger_link link;
    const char *id = office_text(request, answer, "order", ORDER_ID_BYTES);
    if (id == NULL)
        return;
    int64_t serial = json_integer_value(json_object_get(request->args, "serial"));
    enum ledger_status status = ledger_link_get(office->batch->store, id, &link);
    if (status == LEDGER_NOT_FOUND || (status == LEDGER_OK && link.serial != serial)) {
        office_fail(answer, "link_void",
                    "This link no longer works: there is a newer one. Ask the organizer for it.");
        return;
    }
    if (!office_took(office, answer, status))
        return;
    if (link.ends_ms <= clock_wall_ms()) {
        office_fail(answer, "link_ended",
                    "The time of this link is over. Ask the organizer for a new one.");
        return;
    }
    json_t *order = office_find_order(office, answer, id);
    if (order != NULL)
        tell(office, answer, order, &link);
    json_decref(order);
}
