/* Verbs of the door: one ticket, and the list for a night without network. */
#include "server/office/office.h"

#include "server/base/clock.h"
#include "ticketing/ledger_doors.h"

#define CODE_BYTES_MAX 100
#define PAGE_MAX 1000

static void tell(struct office_answer *answer, const struct ticket_check *check)
{
    json_t *body = answer->body;
    (void)json_object_set_new(body, "verdict", json_string(ticket_verdict_word(check->verdict)));
    if (check->verdict == TICKET_UNKNOWN)
        return;
    json_t *ticket =
        json_pack("{ss ss sI ss ss ss ss ss}", "event", check->event, "order", check->order, "seat",
                  (json_int_t)check->seat, "section", check->section, "row", check->row, "number",
                  check->number, "category", check->category, "type", check->type);
    (void)json_object_update(body, ticket);
    json_decref(ticket);
    if (check->verdict == TICKET_USED) {
        (void)json_object_set_new(body, "used_ms", json_integer(check->used_ms));
        (void)json_object_set_new(body, "door", json_string(check->door));
    }
}

/* Only a ticket that is let in costs a transaction with its fsync. */
void office_ticket_check(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    struct ticket_check check;
    struct ledger_store *store = office->batch->store;
    const char *code = office_text(request, answer, "code", CODE_BYTES_MAX);
    bool is_look = json_is_true(json_object_get(request->args, "look"));
    const char *door =
        code != NULL && !is_look ? office_text(request, answer, "door", DOOR_BYTES_MAX) : NULL;
    if (code == NULL || (door == NULL && !is_look))
        return;
    enum ledger_status status = ledger_ticket_check(store, code, NULL, 0, &check);
    if (status == LEDGER_OK && check.verdict == TICKET_VALID && door != NULL) {
        status = ledger_begin(store);
        if (status == LEDGER_OK)
            status = ledger_ticket_check(store, code, door, clock_wall_ms(), &check);
        if (status == LEDGER_OK)
            status = ledger_commit(store);
    }
    if (office_took(office, answer, status))
        tell(answer, &check);
}

void office_door_list(struct office *office, const struct office_request *request,
                      struct office_answer *answer)
{
    json_t *event = NULL, *tickets = NULL;
    const char *id = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    const json_t *after = json_object_get(request->args, "after");
    if (id == NULL)
        return;
    enum ledger_status status = ledger_event_json(office->batch->store, id, &event);
    json_decref(event);
    if (status == LEDGER_NOT_FOUND) {
        office_fail(answer, "not_found", "There is no event called \"%s\".", id);
        return;
    }
    if (status == LEDGER_OK)
        status = ledger_door_list(office->batch->store, id,
                                  json_is_integer(after) ? json_integer_value(after) : -1, PAGE_MAX,
                                  &tickets);
    if (!office_took(office, answer, status))
        return;
    size_t count = json_array_size(tickets);
    json_t *last = json_object_get(json_array_get(tickets, count - 1), "seat");
    (void)json_object_set_new(answer->body, "next",
                              count == PAGE_MAX ? json_incref(last) : json_null());
    (void)json_object_set_new(answer->body, "rows", tickets);
}
