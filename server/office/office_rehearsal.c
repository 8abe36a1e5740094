/* Verbs of rehearsals (docs/decisions/0062-rehearsals.md). The rehearser is a process of its own
 * and hears of a request through Redis; what it may rehearse, and when, is decided here, one
 * request after the other, so there is never more than one. */
#include "server/office/office.h"

#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/office/event_settings.h"
#include "server/office/office_events.h"
#include "server/office/office_notes.h"
#include "server/rehearsal/notes.h"
#include "ticketing/ledger_stock.h"

#define NEAR_MS (5 * 60 * 1000) /* a sale that begins so soon has the processor for itself */
#define REQUEST_S "60"          /* by then the rehearser has it, or is not there */

/* --- what Redis knows --- */

/* The caller's; NULL = none. */
static char *text_of(struct office *office, const char *key)
{
    redisReply *reply = redis_pipe_ask(office->batch->redis, "GET", key, NULL);
    char *text =
        reply != NULL && reply->type == REDIS_REPLY_STRING ? strndup(reply->str, reply->len) : NULL;
    if (reply != NULL)
        freeReplyObject(reply);
    return text;
}

static char *text_of_event(struct office *office, const char *id, const char *name)
{
    char key[EVENT_ID_BYTES_MAX + 32];
    (void)snprintf(key, sizeof key, "ev:%s:%s", id, name);
    return text_of(office, key);
}

static json_int_t visitors_count(struct office *office)
{
    return redis_pipe_number(redis_pipe_ask(office->batch->redis, "GET", REHEARSAL_KEY_READY, NULL),
                             0);
}

static bool is_active(const json_t *state)
{
    static const char *const words[] = {"asked", "preparing", "running"};
    const char *word = json_string_value(json_object_get(state, "state"));
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* --- when not --- */

static bool is_phase_busy(const struct phase_inputs *inputs, int64_t at_ms)
{
    enum queue_phase phase = queue_phase_effective(inputs, at_ms);
    return phase == PHASE_PREQUEUE || phase == PHASE_OPEN || phase == PHASE_PAUSED;
}

static bool is_sale_near(const json_t *settings)
{
    struct phase_inputs inputs = {.prequeue_at_ms = event_setting_whole(settings, "prequeue_at_ms"),
                                  .opens_at_ms = event_setting_whole(settings, "opens_at_ms"),
                                  .closes_at_ms = event_setting_whole(settings, "closes_at_ms")};
    const char *phase = json_string_value(json_object_get(settings, "phase"));
    int64_t now_ms = clock_wall_ms();
    return phase != NULL && queue_phase_parse(phase, &inputs.operator_phase) &&
           (is_phase_busy(&inputs, now_ms) || is_phase_busy(&inputs, now_ms + NEAR_MS));
}

void office_rehearsal_give_way(struct office *office, const json_t *settings)
{
    char *running = is_sale_near(settings) ? text_of(office, REHEARSAL_KEY_RUNNING) : NULL;
    if (running != NULL) {
        redis_pipe_add(office->batch->redis, "SET", REHEARSAL_KEY_STOP, "sale", "EX", REQUEST_S,
                       NULL);
        (void)redis_pipe_flush(office->batch->redis);
    }
    free(running);
}

/* Whether no sale is on or near; otherwise the answer has failed. */
static bool is_quiet(struct office *office, struct office_answer *answer)
{
    json_t *ids = NULL, *id;
    size_t i;
    if (!office_took(office, answer, ledger_event_ids(office->batch->store, &ids)))
        return false;
    json_array_foreach(ids, i, id) {
        json_t *event = NULL;
        if (answer->error != NULL ||
            ledger_event_json(office->batch->store, json_string_value(id), &event) != LEDGER_OK)
            continue;
        if (is_sale_near(json_object_get(event, "settings")))
            office_fail(answer, "sale_under_way",
                        "\"%.80s\" is being sold, or will be within five minutes: a rehearsal "
                        "would take the processor from it. Rehearse when it is closed.",
                        json_string_value(json_object_get(event, "name")));
        json_decref(event);
    }
    json_decref(ids);
    return answer->error == NULL;
}

/* The schedule is another one in the copy, so what is wrong with it does not matter here. */
static bool is_ready(const json_t *findings, struct office_answer *answer)
{
    static const char *const codes[] = {"opens_in_past", "prequeue_after_opening",
                                        "closes_before_opening", "closes_in_past",
                                        "draw_without_prequeue"};
    json_t *finding;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)findings, i, finding) {
        const char *level = json_string_value(json_object_get(finding, "level")),
                   *code = json_string_value(json_object_get(finding, "code"));
        bool is_schedule = false;
        for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++)
            is_schedule = is_schedule || strcmp(code, codes[k]) == 0;
        if (answer->error == NULL && strcmp(level, "error") == 0 && !is_schedule)
            office_fail(answer, "not_ready", "%s",
                        json_string_value(json_object_get(finding, "message")));
    }
    return answer->error == NULL;
}

/* Whether the event may be rehearsed now. */
static bool may_start(struct office *office, struct office_answer *answer, const json_t *event)
{
    const char *phase = json_string_value(json_object_get(event, "phase"));
    char *running = text_of(office, REHEARSAL_KEY_RUNNING);
    if (strcmp(phase, "draft") != 0 && strcmp(phase, "announced") != 0)
        office_fail_why(answer, "not_draft", "why.rehearse_published",
                        "Only a draft or an announced event can be rehearsed.");
    else if (visitors_count(office) == 0)
        office_fail(answer, "no_rehearsals",
                    "There are no rehearsals on this server: rehearsal.visitors is 0, or the "
                    "server has just started.");
    else if (running != NULL)
        office_fail(answer, "rehearsal_running", "A rehearsal of \"%.80s\" is under way.", running);
    free(running);
    json_t *findings = answer->error == NULL ? office_findings_of(office, answer, event) : NULL;
    bool may = findings != NULL && is_ready(findings, answer) && is_quiet(office, answer);
    json_decref(findings);
    return may;
}

/* --- rehearsal.start --- */

/* What event.load takes; NULL with the answer failed. */
static json_t *copy_of(struct office *office, struct office_answer *answer, const json_t *event)
{
    char *text = NULL;
    const char *id = json_string_value(json_object_get(event, "id"));
    json_t *settings = event_settings_default(), *plan = NULL, *withheld = NULL, *copy = NULL;
    (void)json_object_update(settings, json_object_get(event, "settings"));
    if (office_took(office, answer, ledger_event_plan(office->batch->store, id, &text)) &&
        office_took(office, answer, ledger_withheld_json(office->batch->store, id, &withheld)))
        plan = json_loads(text, 0, NULL);
    if (plan != NULL)
        copy = json_pack(
            "{sO s{sO sO sO sO sO sO} sO}", "event", json_object_get(event, "id"), "load", "id",
            json_object_get(event, "id"), "name", json_object_get(event, "name"), "currency",
            json_object_get(event, "currency"), "time_zone", json_object_get(event, "time_zone"),
            "plan", plan, "settings", settings, "withheld", withheld);
    if (copy == NULL && answer->error == NULL)
        office_fail(answer, "bad_plan", "The plan cannot be read.");
    json_decref(withheld);
    json_decref(plan);
    json_decref(settings);
    free(text);
    return copy;
}

static bool note_start(struct office *office, const struct office_request *request,
                       struct office_answer *answer, const char *id)
{
    if (!office_took(office, answer, ledger_begin(office->batch->store)))
        return false;
    return office_conclude(
        office, answer,
        office_note(office, request, answer,
                    &(struct office_note){.verb = "event.rehearse", .event = id}));
}

static void hand_over(struct office *office, struct office_answer *answer, const char *id,
                      const json_t *copy)
{
    char key[EVENT_ID_BYTES_MAX + 32], *text = json_dumps(copy, JSON_COMPACT);
    json_t *state = json_pack("{ss ss sI sI}", "event", id, "state", "asked", "visitors",
                              visitors_count(office), "started_ms", (json_int_t)clock_wall_ms());
    char *state_text = json_dumps(state, JSON_COMPACT);
    (void)snprintf(key, sizeof key, "ev:%s:rehearsal", id);
    redis_pipe_add(office->batch->redis, "DEL", REHEARSAL_KEY_STOP, NULL);
    redis_pipe_add(office->batch->redis, "SET", key, state_text, "EX", REQUEST_S, NULL);
    redis_pipe_add(office->batch->redis, "SET", REHEARSAL_KEY_RUNNING, id, "EX", REQUEST_S, NULL);
    redis_pipe_add(office->batch->redis, "SET", REHEARSAL_KEY_ASKED, text, "EX", REQUEST_S, NULL);
    if (!redis_pipe_flush(office->batch->redis))
        office_fail(answer, "busy", "Redis does not answer: try again in a moment.");
    (void)json_object_update(answer->body, state);
    free(state_text);
    free(text);
    json_decref(state);
}

void office_rehearsal_start(struct office *office, const struct office_request *request,
                            struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    json_t *copy =
        event != NULL && may_start(office, answer, event) ? copy_of(office, answer, event) : NULL;
    const char *id = json_string_value(json_object_get(event, "id"));
    if (copy != NULL && note_start(office, request, answer, id))
        hand_over(office, answer, id, copy);
    json_decref(copy);
    json_decref(event);
}

/* --- rehearsal.show, rehearsal.stop --- */

static void set_interrupted(json_t *state)
{
    (void)json_object_set_new(state, "state", json_string("failed"));
    (void)json_object_set_new(state, "code", json_string("interrupted"));
    (void)json_object_set_new(state, "message", json_string("The rehearsal was interrupted."));
}

static void add_page(struct office *office, struct office_answer *answer, const char *id)
{
    char *page = text_of_event(office, id, "rehearsal:report");
    if (page != NULL)
        (void)json_object_set_new(answer->body, "page", json_string(page));
    else
        office_fail(answer, "not_found", "There is no report of a rehearsal of \"%s\".", id);
    free(page);
}

void office_rehearsal_show(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    if (event == NULL)
        return;
    const char *id = json_string_value(json_object_get(event, "id"));
    /* In this order: one that ends in between has told its end before it is no longer running. */
    char *running = text_of(office, REHEARSAL_KEY_RUNNING);
    char *text = text_of_event(office, id, "rehearsal");
    json_t *state = text != NULL ? json_loads(text, 0, NULL) : NULL;
    bool is_mine = running != NULL && strcmp(running, id) == 0;
    if (is_active(state) && !is_mine)
        set_interrupted(state);
    if (state != NULL)
        (void)json_object_update(answer->body, state);
    else
        (void)json_object_set_new(answer->body, "state", json_string("none"));
    (void)json_object_set_new(answer->body, "visitors_max", json_integer(visitors_count(office)));
    if (running != NULL && !is_mine)
        (void)json_object_set_new(answer->body, "other", json_string(running));
    if (json_is_true(json_object_get(request->args, "report")))
        add_page(office, answer, id);
    json_decref(state);
    free(running);
    free(text);
    json_decref(event);
}

void office_rehearsal_stop(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    json_t *event = office_find_event(office, request, answer);
    char *running = event != NULL ? text_of(office, REHEARSAL_KEY_RUNNING) : NULL;
    if (running != NULL && strcmp(running, json_string_value(json_object_get(event, "id"))) == 0) {
        redis_pipe_add(office->batch->redis, "SET", REHEARSAL_KEY_STOP, "asked", "EX", REQUEST_S,
                       NULL);
        if (!redis_pipe_flush(office->batch->redis))
            office_fail(answer, "busy", "Redis does not answer: try again in a moment.");
    } else if (event != NULL) {
        office_fail(answer, "no_rehearsal", "No rehearsal of this event is under way.");
    }
    free(running);
    json_decref(event);
}
