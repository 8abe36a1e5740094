/* Verbs about events. What is written to SQLite first is published to Redis afterwards. */
#include "server/office/office.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/recover.h"
#include "server/office/event_settings.h"
#include "server/office/event_times.h"
#include "server/office/office_history.h"
#include "server/office/office_plan.h"
#include "server/office/office_notes.h"
#include "server/office/office_redis.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/plan_json.h"

#define EVENT_NAME_BYTES_MAX 200
#define TIME_ZONE_BYTES_MAX 64

static bool is_word(const char *text, const char *others)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (; *text != '\0'; text++)
        if (strchr(letters, *text) == NULL && strchr(others, *text) == NULL)
            return false;
    return true;
}

static bool is_currency(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

/* A figure that lives in Redis; 0 when Redis does not say. */
static int64_t live_figure(struct office *office, const char *event, const char *key_name,
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
    (void)json_object_set_new(event, "waiting",
                              json_integer(live_figure(office, id, "waiting", "ZCARD", NULL)));
    (void)json_object_set_new(event, "inside",
                              json_integer(live_figure(office, id, "active", "ZCARD", NULL)));
    (void)json_object_set_new(event, "free",
                              json_integer(live_figure(office, id, "counts", "HGET", "free")));
    (void)json_object_set_new(event, "holds",
                              json_integer(live_figure(office, id, "holds", "ZCARD", NULL)));
}

/* The event named by the argument `event`, as in ledger_event_json; NULL with the answer failed. */
static json_t *find_event(struct office *office, const struct office_request *request,
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
    json_array_foreach(ids, i, id)
    {
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
    json_t *event = find_event(office, request, answer);
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
           live_figure(office, id, "line", "HGET", "seq") > 0;
}

/* A draw must be committed to before anybody comes, so it is switched on or off only then. */
static bool may_set_draw(struct office *office, const char *id, const json_t *before,
                         const json_t *after, char *problem)
{
    if (event_setting_whole(before, "draw") == event_setting_whole(after, "draw") ||
        !has_line_begun(office, id, before))
        return true;
    (void)snprintf(problem, SETTING_PROBLEM_BYTES,
                   "draw: it can be changed only before the pre-queue opens");
    return false;
}

void office_event_set(struct office *office, const struct office_request *request,
                      struct office_answer *answer)
{
    char problem[SETTING_PROBLEM_BYTES];
    json_t *event = find_event(office, request, answer);
    if (event == NULL)
        return;
    const char *id = json_string_value(json_object_get(event, "id"));
    json_t *settings =
        event_settings_default(); /* settings that are new in this version have a value, too */
    (void)json_object_update(settings, json_object_get(event, "settings"));
    const char *zone = json_string_value(json_object_get(event, "time_zone"));
    json_t *before = json_copy(settings);
    json_t *changes =
        event_times_resolve(json_object_get(request->args, "set"), zone ? zone : "UTC", problem);
    if (changes == NULL || !event_settings_apply(settings, changes, problem) ||
        !event_settings_check_schedule(settings, changes, clock_wall_ms(), problem) ||
        !may_set_draw(office, id, before, settings, problem))
        office_fail(answer, "bad_setting", "%s", problem);
    else if (json_is_true(json_object_get(request->args, "look"))) {
        (void)json_object_set(answer->body, "before", before);
        (void)json_object_set(answer->body, "after", settings);
    } else if (write_settings(office, request, answer, id, before, settings)) {
        (void)office_publish_event(office->batch->store, office->batch->redis, id);
        office_history_settings(office, request, id, before, settings);
        log_info("event %s: settings changed, phase %s", id,
                 json_string_value(json_object_get(settings, "phase")));
        (void)json_object_set(answer->body, "settings", settings);
    }
    json_decref(changes);
    json_decref(before);
    json_decref(settings);
    json_decref(event);
}

/* --- event.load --- */

struct load {
    const char *id, *name, *currency, *time_zone;
    struct plan *plan;
    json_t *settings;
    json_t *before; /* the event as it is; NULL = a new one */
    struct plan_swap swap;
};

static bool read_names(const struct office_request *request, struct office_answer *answer,
                       struct load *load)
{
    load->id = office_text(request, answer, "id", EVENT_ID_BYTES_MAX);
    load->name =
        load->id != NULL ? office_text(request, answer, "name", EVENT_NAME_BYTES_MAX) : NULL;
    load->currency = load->name != NULL ? office_text(request, answer, "currency", 3) : NULL;
    load->time_zone = load->currency != NULL
                          ? office_text(request, answer, "time_zone", TIME_ZONE_BYTES_MAX)
                          : NULL;
    if (load->time_zone == NULL)
        return false;
    if (!is_word(load->id, "-_"))
        office_fail(answer, "bad_request",
                    "An event's id has letters, digits, - and _ only, not \"%s\".", load->id);
    else if (!is_currency(load->currency))
        office_fail(answer, "bad_request", "A currency has three capital letters, not \"%s\".",
                    load->currency);
    else if (!is_word(load->time_zone, "/_+-"))
        office_fail(answer, "bad_request", "\"%s\" is not the name of a time zone.",
                    load->time_zone);
    return answer->error == NULL;
}

static bool read_plan(const struct office_request *request, struct office_answer *answer,
                      struct load *load)
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

/* An event that is there keeps the settings that are not given. */
static bool find_before(struct office *office, struct office_answer *answer, struct load *load)
{
    enum ledger_status status = ledger_event_json(office->batch->store, load->id, &load->before);
    if (status == LEDGER_NOT_FOUND)
        return true;
    if (!office_took(office, answer, status))
        return false;
    (void)json_object_update(load->settings, json_object_get(load->before, "settings"));
    return true;
}

static bool read_settings(const struct office_request *request, struct load *load, char *problem)
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

/* An event whose line has begun is drawn, or not, as it was said before. */
static bool keeps_draw(struct office *office, struct office_answer *answer, const struct load *load)
{
    char problem[SETTING_PROBLEM_BYTES];
    if (load->before == NULL)
        return true;
    json_t *before = event_settings_default();
    (void)json_object_update(before, json_object_get(load->before, "settings"));
    if (!may_set_draw(office, load->id, before, load->settings, problem))
        office_fail(answer, "bad_setting", "%s", problem);
    json_decref(before);
    return answer->error == NULL;
}

/* The line in the log about a load. */
static enum ledger_status note_load(struct office *office, const struct office_request *request,
                                    struct office_answer *answer, const struct load *load)
{
    json_t *after =
        json_pack("{ss ss ss si}", "name", load->name, "currency", load->currency, "time_zone",
                  load->time_zone, "seats", (int)plan_seats_count(load->plan));
    enum ledger_status status = office_note(
        office, request, answer, &(struct office_note){.event = load->id, .after = after});
    json_decref(after);
    return status;
}

static bool write_event(struct office *office, const struct office_request *request,
                        struct office_answer *answer, const struct load *load)
{
    struct ledger_store *store = office->batch->store;
    size_t plan_bytes;
    char *plan = plan_to_text(load->plan, &plan_bytes),
         *settings = json_dumps(load->settings, JSON_COMPACT);
    struct ledger_event event = {.id = load->id,
                                 .name = load->name,
                                 .currency = load->currency,
                                 .time_zone = load->time_zone,
                                 .phase =
                                     json_string_value(json_object_get(load->settings, "phase")),
                                 .settings = settings,
                                 .plan = plan,
                                 .seats_count = plan_seats_count(load->plan),
                                 .keeps_sold = load->swap.is_live};
    bool is_good = plan != NULL && office_took(office, answer, ledger_begin(store));
    if (is_good) {
        enum ledger_status status = ledger_event_load(store, &event, clock_wall_ms());
        if (status == LEDGER_REFUSED)
            office_fail(answer, "exists", "Event %s has sold seats: it cannot be replaced.",
                        load->id);
        if (status == LEDGER_OK)
            status = note_load(office, request, answer, load);
        is_good = answer->error == NULL ? office_conclude(office, answer, status)
                                        : ledger_rollback(store) != LEDGER_OK;
    }
    free(plan);
    free(settings);
    return is_good;
}

static void publish_event(struct office *office, const struct load *load,
                          struct office_answer *answer)
{
    if (office_plan_publish(office, load->id, &load->swap) != BATCH_OK)
        office_fail(answer, "busy",
                    "The event is in the ledger; Redis gets it as soon as it is back.");
    else
        log_info("event %s: loaded, %u seats%s", load->id, plan_seats_count(load->plan),
                 load->swap.is_live ? ", while it is sold" : "");
    (void)json_object_set_new(answer->body, "seats_count",
                              json_integer(plan_seats_count(load->plan)));
    (void)json_object_set_new(answer->body, "is_live", json_boolean(load->swap.is_live));
}

void office_event_load(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    char problem[SETTING_PROBLEM_BYTES];
    struct load load = {.settings = event_settings_default()};
    bool is_good = read_names(request, answer, &load) && read_plan(request, answer, &load) &&
                   find_before(office, answer, &load);
    if (is_good && !read_settings(request, &load, problem)) {
        office_fail(answer, "bad_setting", "%s", problem);
        is_good = false;
    }
    is_good = is_good && keeps_draw(office, answer, &load) &&
              office_plan_prepare(office, answer, load.id, load.before, load.currency, load.plan,
                                  &load.swap);
    if (is_good && write_event(office, request, answer, &load))
        publish_event(office, &load, answer);
    else if (is_good)
        office_plan_abandon(office, load.id, &load.swap);
    plan_free(load.plan);
    json_decref(load.before);
    json_decref(load.settings);
}
