/* Verbs of the log: reading it, and undoing what it tells. Undoing is an action like any other: the
 * same verb with the values from before, refused when somebody has been there meanwhile. */
#include "server/office/office.h"

#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_actions.h"

#define PAGE_DEFAULT 50

static bool is_verb(const json_t *action, const char *verb)
{
    return strcmp(json_string_value(json_object_get(action, "verb")), verb) == 0;
}

static bool can_undo(const json_t *action)
{
    return json_is_null(json_object_get(action, "undone_by")) &&
           (is_verb(action, "event.set") || is_verb(action, "stock.withhold") ||
            is_verb(action, "stock.release"));
}

void office_log_page(struct office *office, const struct office_request *request,
                     struct office_answer *answer)
{
    json_t *list = NULL, *action;
    size_t i;
    int64_t next = 0, before = json_integer_value(json_object_get(request->args, "before"));
    int64_t limit = json_integer_value(json_object_get(request->args, "limit"));
    const char *event = json_string_value(json_object_get(request->args, "event"));
    if (limit <= 0)
        limit = PAGE_DEFAULT;
    if (!office_took(
            office, answer,
            ledger_actions_page(office->batch->store, event, before > 0 ? before : INT64_MAX,
                                limit < ACTIONS_PAGE_MAX ? limit : ACTIONS_PAGE_MAX, &list, &next)))
        return;
    json_array_foreach(list, i, action)
        (void)json_object_set_new(action, "can_undo", json_boolean(can_undo(action)));
    (void)json_object_set_new(answer->body, "entries", list);
    (void)json_object_set_new(answer->body, "next", next > 0 ? json_integer(next) : json_null());
}

/* What the action set must still be so. */
static bool is_still_so(struct office *office, struct office_answer *answer, const json_t *action)
{
    json_t *event = NULL, *value;
    const char *name, *id = json_string_value(json_object_get(action, "event"));
    if (!office_took(office, answer, ledger_event_json(office->batch->store, id, &event)))
        return false;
    const json_t *settings = json_object_get(event, "settings");
    json_object_foreach(json_object_get(action, "after"), name, value) {
        const json_t *now = json_object_get(settings, name);
        if (!json_equal(now, value) && answer->error == NULL)
            office_fail_why(answer, "changed_since", "why.setting_changed",
                            "%s has been changed meanwhile, to \"%s\": nothing was undone.", name,
                            json_is_string(now) ? json_string_value(now) : "");
    }
    json_decref(event);
    return answer->error == NULL;
}

static void undo_settings(struct office *office, struct office_request *again,
                          struct office_answer *answer, const json_t *action)
{
    if (!is_still_so(office, answer, action))
        return;
    json_t *args = json_pack("{sO sO}", "event", json_object_get(action, "event"), "set",
                             json_object_get(action, "before"));
    again->verb = "event.set";
    again->args = args;
    office_event_set(office, again, answer);
    json_decref(args);
}

/* What came out of allotments goes back into them, or the other way round. An action is about one
 * name, or (a release of seats) about several: they go back one after the other. */
static void undo_stock(struct office *office, struct office_request *again,
                       struct office_answer *answer, const json_t *action)
{
    bool was_release = is_verb(action, "stock.release");
    json_t *moved = json_object_get(action, was_release ? "before" : "after"), *seats;
    const char *name;
    again->verb = was_release ? "stock.withhold" : "stock.release";
    json_object_foreach(moved, name, seats) {
        json_t *args = json_pack("{sO ss sO}", "event", json_object_get(action, "event"), "name",
                                 name, "seats", seats);
        again->args = args;
        if (answer->error == NULL && was_release)
            office_stock_withhold(office, again, answer);
        else if (answer->error == NULL)
            office_stock_release(office, again, answer);
        again->undoes = 0; /* only one line can say it */
        json_decref(args);
    }
    if (answer->error == NULL && json_object_get(answer->body, "log") == NULL)
        office_fail_why(answer, "changed_since", "why.seats_moved",
                        "These seats have been moved meanwhile: nothing was undone.");
}

void office_log_undo(struct office *office, const struct office_request *request,
                     struct office_answer *answer)
{
    json_t *action = NULL;
    int64_t nr = json_integer_value(json_object_get(request->args, "nr"));
    enum ledger_status status = ledger_action_get(office->batch->store, nr, &action);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "not_found", "There is no entry %lld in the log.", (long long)nr);
    if (status == LEDGER_NOT_FOUND || !office_took(office, answer, status))
        return;
    struct office_request again = *request;
    again.undoes = nr;
    if (!json_is_null(json_object_get(action, "undone_by")))
        office_fail_why(answer, "changed_since", "why.undone", "This was undone already.");
    else if (!can_undo(action))
        office_fail(answer, "cannot_undo", "\"%s\" cannot be undone.",
                    json_string_value(json_object_get(action, "verb")));
    else if (is_verb(action, "event.set"))
        undo_settings(office, &again, answer, action);
    else
        undo_stock(office, &again, answer, action);
    json_decref(action);
}
