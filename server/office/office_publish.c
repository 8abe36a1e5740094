/* Verbs of the last step before a sale: the check list, and publishing what passes it. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/office/event_check.h"
#include "server/office/event_settings.h"
#include "server/office/office_events.h"
#include "ticketing/plan_json.h"

json_t *office_findings_of(struct office *office, struct office_answer *answer, const json_t *event)
{
    char *text = NULL, why[LEDGER_REASON_BYTES] = "";
    struct plan *plan = NULL;
    json_t *findings = NULL;
    const char *id = json_string_value(json_object_get(event, "id"));
    if (office_took(office, answer, ledger_event_plan(office->batch->store, id, &text)) &&
        plan_from_text(text, strlen(text), &plan, why, sizeof why) != PLAN_OK)
        office_fail(answer, "bad_plan", "The plan cannot be read: %s.", why);
    if (plan != NULL) {
        json_t *settings = event_settings_default();
        (void)json_object_update(settings, json_object_get(event, "settings"));
        findings = event_check(plan, settings, clock_wall_ms());
        json_decref(settings);
    }
    plan_free(plan);
    free(text);
    return findings;
}

void office_event_check(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    json_t *findings = event != NULL ? office_findings_of(office, answer, event) : NULL;
    if (findings != NULL) {
        (void)json_object_set_new(answer->body, "is_ready",
                                  json_boolean(event_check_is_ready(findings)));
        (void)json_object_set(answer->body, "findings", findings);
    }
    json_decref(findings);
    json_decref(event);
}

static void announce(struct office *office, const struct office_request *request,
                     struct office_answer *answer, const json_t *event)
{
    json_t *args =
        json_pack("{sO s{ss}}", "event", json_object_get(event, "id"), "set", "phase", "announced");
    struct office_request set = *request;
    set.args = args;
    office_event_set(office, &set, answer);
    (void)json_object_del(answer->body, "settings");
    if (answer->error == NULL)
        (void)json_object_set_new(answer->body, "phase", json_string("announced"));
    json_decref(args);
}

void office_event_publish(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    json_t *findings = event != NULL ? office_findings_of(office, answer, event) : NULL;
    const char *phase = json_string_value(json_object_get(event, "phase"));
    if (findings == NULL)
        ; /* said already */
    else if (strcmp(phase, "draft") != 0)
        office_fail_why(answer, "not_draft", "why.published", "This event is published already.");
    else if (event_check_is_ready(findings))
        announce(office, request, answer, event);
    else
        office_fail(answer, "not_ready", "%s",
                    json_string_value(json_object_get(json_array_get(findings, 0), "message")));
    if (answer->error != NULL && findings != NULL)
        (void)json_object_set(answer->body, "findings", findings);
    json_decref(findings);
    json_decref(event);
}
