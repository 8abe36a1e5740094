/* Deleting a draft: only what nobody has ever bought from or stood in line for. The log keeps the
 * line of who did it, and what it was.
 *
 * In Redis its place in the list, its plan and what the console keeps about it go. A few small keys
 * stay until Redis begins anew (settings, the numbers of line, map and history), so that another
 * event of the same id goes on counting where this one stopped: whoever follows them must never
 * see a number twice. */
#include "server/office/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "server/office/office_events.h"
#include "server/office/office_notes.h"

static bool may_delete(struct office *office, struct office_answer *answer, const json_t *event)
{
    const char *id = json_string_value(json_object_get(event, "id"));
    const char *phase = json_string_value(json_object_get(event, "phase"));
    if (phase == NULL || strcmp(phase, "draft") != 0)
        office_fail_why(answer, "not_draft", "why.delete_published",
                        "\"%s\" is published: only a draft can be deleted.", id);
    else if (json_integer_value(json_object_get(event, "sold")) > 0)
        office_fail(answer, "has_orders", "Tickets of \"%s\" were sold: it cannot be deleted.", id);
    else if (office_live_figure(office, id, "line", "HGET", "seq") > 0)
        office_fail(answer, "has_line",
                    "People have stood in line for \"%s\": it cannot be deleted.", id);
    return answer->error == NULL;
}

static bool delete_row(struct office *office, const struct office_request *request,
                       struct office_answer *answer, const json_t *event)
{
    static const char *const told[] = {"name", "currency", "time_zone", "seats"};
    struct ledger_store *store = office->batch->store;
    const char *id = json_string_value(json_object_get(event, "id"));
    json_t *before = json_object();
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        (void)json_object_set(before, told[i], json_object_get(event, told[i]));
    bool is_good = office_took(office, answer, ledger_begin(store));
    if (is_good) {
        enum ledger_status status = ledger_event_delete(store, id);
        if (status == LEDGER_REFUSED) {
            office_fail(answer, "has_orders", "Tickets of \"%s\" were sold: it cannot be deleted.",
                        id);
            is_good = false;
            (void)ledger_rollback(store);
        } else {
            if (status == LEDGER_OK)
                status = office_note(office, request, answer,
                                     &(struct office_note){.event = id, .before = before});
            is_good = office_conclude(office, answer, status);
        }
    }
    json_decref(before);
    return is_good;
}

static void forget(struct office *office, const char *id)
{
    static const char *const names[] = {"plan",       "figures:fine", "figures:coarse",
                                        "figures:at", "rehearsal",    "rehearsal:report"};
    char key[EVENT_ID_BYTES_MAX + 32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(key, sizeof key, "ev:%s:%s", id, names[i]);
        redis_pipe_add(office->batch->redis, "DEL", key, NULL);
    }
    redis_pipe_add(office->batch->redis, "HDEL", "events", id, NULL);
    redis_pipe_add(office->batch->redis, "PUBLISH", "events", id, NULL);
    if (!redis_pipe_flush(office->batch->redis))
        log_warning("event %s is deleted; Redis hears of it when it is back: %s", id,
                    redis_pipe_problem(office->batch->redis));
}

void office_event_delete(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    if (event == NULL)
        return;
    const char *id = json_string_value(json_object_get(event, "id"));
    if (may_delete(office, answer, event) && delete_row(office, request, answer, event)) {
        forget(office, id);
        log_info("event %s: deleted", id);
        (void)json_object_set_new(answer->body, "event", json_string(id));
    }
    json_decref(event);
}
