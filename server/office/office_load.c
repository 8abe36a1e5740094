/* event.load: an event with its plan and settings, new or in the place of another one. */
#include "server/office/event_load.h"

#include <string.h>
#include "server/base/clock.h"
#include "server/office/event_settings.h"
#include "server/office/event_times.h"
#include "ticketing/plan_json.h"

static bool is_currency(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool read_names(const struct office_request *request, struct office_answer *answer,
                       struct event_load *load)
{
    load->name =
        load->id != NULL ? office_text(request, answer, "name", EVENT_NAME_BYTES_MAX) : NULL;
    load->currency = load->name != NULL ? office_text(request, answer, "currency", 3) : NULL;
    load->time_zone = load->currency != NULL
                          ? office_text(request, answer, "time_zone", TIME_ZONE_BYTES_MAX)
                          : NULL;
    if (load->time_zone == NULL)
        return false;
    if (!event_word_is_good(load->id, "-_"))
        office_fail_why(answer, "bad_request", "why.event_id",
                        "An event's id has letters, digits, - and _ only, not \"%s\".", load->id);
    else if (!is_currency(load->currency))
        office_fail_why(answer, "bad_request", "why.currency",
                        "A currency has three capital letters, not \"%s\".", load->currency);
    return answer->error == NULL && event_load_check_zone(load, answer);
}

static bool read_plan(const struct office_request *request, struct office_answer *answer,
                      struct event_load *load)
{
    char why[OFFICE_MESSAGE_BYTES - 32];
    if (plan_from_json(json_object_get(request->args, "plan"), &load->plan, why, sizeof why) !=
        PLAN_OK) {
        load->plan = NULL;
        office_fail(answer, "bad_plan", "The plan is not valid: %s", why);
        return false;
    }
    for (size_t i = 0; i < load->plan->categories_count; i++)
        if (strcmp(load->plan->categories[i].currency, load->currency) != 0)
            office_fail(answer, "bad_plan", "Category \"%s\" is priced in %s, the event in %s.",
                        load->plan->categories[i].name, load->plan->categories[i].currency,
                        load->currency);
    return answer->error == NULL;
}

static bool read_settings(const struct office_request *request, struct event_load *load,
                          struct said *problem)
{
    const json_t *given = json_object_get(request->args, "settings");
    if (given == NULL)
        return true;
    json_t *changes = event_times_resolve(given, load->time_zone, problem);
    bool is_good = changes != NULL && event_settings_apply(load->settings, changes, problem) &&
                   event_settings_check_schedule(load->settings, changes, clock_wall_ms(), problem);
    json_decref(changes);
    return is_good;
}

static bool is_of_draft(const struct office_request *request)
{
    const char *only = json_string_value(json_object_get(request->args, "only"));
    return only != NULL && strcmp(only, "draft") == 0;
}

/* `only`: "new" refuses an event that is there, "draft" takes nothing but a draft and keeps all but
 * its plan. */
static bool fits_only(const struct office_request *request, struct office_answer *answer,
                      const struct event_load *load)
{
    const char *only = json_string_value(json_object_get(request->args, "only"));
    const char *phase = json_string_value(json_object_get(load->before, "phase"));
    bool is_new = only != NULL && strcmp(only, "new") == 0;
    if (is_new && load->before != NULL)
        office_fail(answer, "exists", "There is an event called \"%s\" already.", load->id);
    else if (is_of_draft(request) && load->before == NULL)
        office_fail(answer, "not_found", "There is no event called \"%s\".", load->id);
    else if (is_of_draft(request) && strcmp(phase, "draft") != 0)
        office_fail(answer, "not_draft",
                    "\"%s\" is published: this can be changed in a draft only.", load->id);
    return answer->error == NULL;
}

void office_event_load(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    struct said problem;
    struct event_load load = {.id = office_text(request, answer, "id", EVENT_ID_BYTES_MAX),
                              .settings = event_settings_default()};
    bool is_good = load.id != NULL && event_load_find(office, answer, &load) &&
                   fits_only(request, answer, &load);
    if (is_good && is_of_draft(request))
        event_load_keep_names(&load);
    else
        is_good = is_good && read_names(request, answer, &load);
    is_good = is_good && read_plan(request, answer, &load);
    if (is_good && !read_settings(request, &load, &problem)) {
        office_fail_said(answer, "bad_setting", &problem);
        is_good = false;
    }
    if (is_good)
        event_load_finish(office, request, answer, &load);
    event_load_release(&load);
}
