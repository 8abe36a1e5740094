/* Verbs about events. What is written to SQLite first is published to Redis afterwards. */
#include "server/office/office.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/event_settings.h"
#include "server/office/event_times.h"
#include "server/office/office_events.h"
#include "server/office/office_history.h"
#include "server/office/office_notes.h"
#include "server/office/office_redis.h"
#include "ticketing/plan_json.h"

int64_t office_live_figure(struct office *office, const char *event, const char *key_name,
                           const char *command, const char *field)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    int bytes = snprintf(key, sizeof key, "ev:%s:%s", event, key_name);
    if (bytes < 0 || (size_t)bytes >= sizeof key)
        return 0;
    return redis_pipe_number(redis_pipe_ask(office->batch->redis, command, key, field, NULL), 0);
}

static void add_figures(struct office *office, json_t *event)
{
    const char *id = json_string_value(json_object_get(event, "id"));
    (void)json_object_set_new(
        event, "waiting", json_integer(office_live_figure(office, id, "waiting", "ZCARD", NULL)));
    (void)json_object_set_new(
        event, "inside", json_integer(office_live_figure(office, id, "active", "ZCARD", NULL)));
    (void)json_object_set_new(
        event, "free", json_integer(office_live_figure(office, id, "counts", "HGET", "free")));
    (void)json_object_set_new(event, "holds",
                              json_integer(office_live_figure(office, id, "holds", "ZCARD", NULL)));
}

json_t *office_find_event(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    json_t *event = NULL;
    const char *id = office_text(request, answer, "event", EVENT_ID_BYTES_MAX);
    if (id == NULL)
        return NULL;
    enum ledger_status status = ledger_event_json(office->batch->store, id, &event);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "not_found", "There is no event called \"%s\".", id);
    else
        (void)office_took(office, answer, status);
    return event;
}

void office_event_list(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    json_t *ids = NULL, *id, *events = json_array();
    size_t i;
    (void)request;
    bool is_good = office_took(office, answer, ledger_event_ids(office->batch->store, &ids));
    json_array_foreach(ids, i, id) {
        json_t *event = NULL;
        is_good = is_good && office_took(office, answer,
                                         ledger_event_json(office->batch->store,
                                                           json_string_value(id), &event));
        if (event != NULL) {
            add_figures(office, event);
            (void)json_array_append_new(events, event);
        }
    }
    json_decref(ids);
    (void)json_object_set_new(answer->body, "events", events);
}

void office_event_show(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    if (event == NULL)
        return;
    add_figures(office, event);
    const char *zone = json_string_value(json_object_get(event, "time_zone"));
    event_times_show(json_object_get(event, "settings"), zone ? zone : "UTC", event);
    (void)json_object_set(event, "event", json_object_get(event, "id")); /* `id` is the request's */
    (void)json_object_update(answer->body, event);
    json_decref(event);
}

/* The settings and their note in the log; nothing is noted when nothing changes. */
static bool write_settings(struct office *office, const struct office_request *request,
                           struct office_answer *answer, const char *id, const json_t *before,
                           const json_t *settings)
{
    struct ledger_store *store = office->batch->store;
    char *text = json_dumps(settings, JSON_COMPACT);
    const char *phase = json_string_value(json_object_get(settings, "phase"));
    json_t *was = office_difference(before, settings), *is = office_difference(settings, before);
    bool is_good = office_took(office, answer, ledger_begin(store));
    (void)json_object_set_new(answer->body, "log", json_null());
    if (is_good) {
        enum ledger_status status = ledger_event_settings_set(store, id, phase, text);
        if (status == LEDGER_OK && json_object_size(is) > 0)
            status = office_note(office, request, answer,
                                 &(struct office_note){.event = id, .before = was, .after = is});
        is_good = office_conclude(office, answer, status);
    }
    json_decref(was);
    json_decref(is);
    free(text);
    return is_good;
}

/* Whether somebody may have come already, or could right now, for all that is stored. */
static bool has_line_begun(struct office *office, const char *id, const json_t *settings)
{
    struct phase_inputs inputs = {.prequeue_at_ms = event_setting_whole(settings, "prequeue_at_ms"),
                                  .opens_at_ms = event_setting_whole(settings, "opens_at_ms"),
                                  .closes_at_ms = event_setting_whole(settings, "closes_at_ms")};
    const char *phase = json_string_value(json_object_get(settings, "phase"));
    if (phase == NULL || !queue_phase_parse(phase, &inputs.operator_phase))
        return true;
    enum queue_phase now = queue_phase_effective(&inputs, clock_wall_ms());
    return (now != PHASE_DRAFT && now != PHASE_ANNOUNCED) ||
           office_live_figure(office, id, "line", "HGET", "seq") > 0;
}

bool office_may_set_draw(struct office *office, const char *id, const json_t *before,
                         const json_t *after, struct said *problem)
{
    if (event_setting_whole(before, "draw") == event_setting_whole(after, "draw") ||
        !has_line_begun(office, id, before))
        return true;
    said_set(problem, "setting.draw_late",
             "draw: it can be changed only before the pre-queue opens");
    return false;
}

/* Nothing is sold for a price that nobody has named. */
static bool may_leave_draft(struct office *office, const char *id, const json_t *settings,
                            struct said *problem)
{
    char *text = NULL, why[LEDGER_REASON_BYTES];
    struct plan *plan = NULL;
    const char *phase = json_string_value(json_object_get(settings, "phase"));
    const struct plan_category *unpriced = NULL;
    if (phase == NULL || strcmp(phase, "draft") == 0)
        return true;
    if (ledger_event_plan(office->batch->store, id, &text) == LEDGER_OK &&
        strstr(text, "\"price_minor\":-1") != NULL && /* plans are large; few are drafts */
        plan_from_text(text, strlen(text), &plan, why, sizeof why) == PLAN_OK)
        unpriced = plan_unpriced(plan);
    if (unpriced != NULL)
        said_set(problem, "setting.unpriced", "phase: there is no price for category \"%.80s\" yet",
                 unpriced->name);
    plan_free(plan);
    free(text);
    return unpriced == NULL;
}

void office_event_set(struct office *office, const struct office_request *request,
                      struct office_answer *answer)
{
    struct said problem;
    json_t *event = office_find_event(office, request, answer);
    if (event == NULL)
        return;
    const char *id = json_string_value(json_object_get(event, "id"));
    json_t *settings =
        event_settings_default(); /* settings that are new in this version have a value, too */
    (void)json_object_update(settings, json_object_get(event, "settings"));
    const char *zone = json_string_value(json_object_get(event, "time_zone"));
    json_t *before = json_copy(settings);
    json_t *changes =
        event_times_resolve(json_object_get(request->args, "set"), zone ? zone : "UTC", &problem);
    if (changes == NULL || !event_settings_apply(settings, changes, &problem) ||
        !may_leave_draft(office, id, settings, &problem) ||
        !event_settings_check_schedule(settings, changes, clock_wall_ms(), &problem) ||
        !office_may_set_draw(office, id, before, settings, &problem))
        office_fail_said(answer, "bad_setting", &problem);
    else if (json_is_true(json_object_get(request->args, "look"))) {
        (void)json_object_set(answer->body, "before", before);
        (void)json_object_set(answer->body, "after", settings);
    } else if (write_settings(office, request, answer, id, before, settings)) {
        (void)office_publish_event(office->batch->store, office->batch->redis, id);
        office_history_settings(office, request, id, before, settings);
        office_rehearsal_give_way(office, settings);
        log_info("event %s: settings changed, phase %s", id,
                 json_string_value(json_object_get(settings, "phase")));
        (void)json_object_set(answer->body, "settings", settings);
    }
    json_decref(changes);
    json_decref(before);
    json_decref(settings);
    json_decref(event);
}
