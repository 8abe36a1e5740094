/* See the header. */
#include "server/office/office_notes.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "ticketing/ledger_actions.h"

static char *text_of(const json_t *object)
{
    return object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
}

enum ledger_status office_note(struct office *office, const struct office_request *request,
                               struct office_answer *answer, const struct office_note *note)
{
    int64_t nr = 0;
    char *before = text_of(note->before), *after = text_of(note->after);
    const char *who = note->who != NULL ? note->who : request->who;
    const struct ledger_action action = {.at_ms = clock_wall_ms(),
                                         .who = who[0] != '\0' ? who : request->by,
                                         .via = strcmp(request->by, "cli") == 0 ? "command line"
                                                                                : "console",
                                         .verb = note->verb != NULL ? note->verb : request->verb,
                                         .event = note->event,
                                         .before = before,
                                         .after = after,
                                         .note = note->text != NULL ? note->text : "",
                                         .undoes = request->undoes};
    enum ledger_status status = ledger_action_add(office->batch->store, &action, &nr);
    if (status == LEDGER_OK)
        (void)json_object_set_new(answer->body, "log", json_integer(nr));
    free(before);
    free(after);
    return status;
}

json_t *office_difference(const json_t *of, const json_t *than)
{
    json_t *difference = json_object(), *value;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)of, name, value)
        if (!json_equal(value, json_object_get(than, name)))
            (void)json_object_set(difference, name, value);
    return difference;
}
