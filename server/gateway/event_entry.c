#include "server/gateway/event_entry.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/seats/best_desk.h"
#include "server/gateway/wire/gzip.h"
#include "ticketing/plan_json.h"

/* --- what is so --- */

bool event_is_ready(const struct event_entry *event)
{
    return event->is_listed && event->has_settings && event->has_plan && event->has_line &&
           event->has_seats && event->gateway->epoch != 0;
}

enum queue_phase event_phase(const struct event_entry *event)
{
    return event->line.is_known ? event->line.phase : event->operator_phase;
}

bool event_is_idle(const struct event_entry *event)
{
    const struct line_view *line = &event->line;
    bool is_drawn_later = event->draw != NULL && line->draw != DRAW_DONE;
    if (event->gateway->book.count <= EVENTS_ALWAYS_AWAKE || is_drawn_later)
        return false;
    return event->has_line && line->is_current && event->sessions == NULL && line->waiting == 0 &&
           line->inside == 0 && line->holds == 0 && line->recovers_at_ms == 0 &&
           line->draw != DRAW_PENDING;
}

void event_wake(struct event_entry *event)
{
    if (event_is_idle(event))
        event->tick_heard_ms = 0;
}

uint32_t event_seats_max(const struct event_entry *event)
{
    return event->seats_per_order_max > 0 &&
                   event->seats_per_order_max < event->seats_per_visitor_max
               ? event->seats_per_order_max
               : event->seats_per_visitor_max;
}

bool event_is_public(const struct event_entry *event)
{
    return event->is_listed && event->has_settings && event->operator_phase != PHASE_DRAFT;
}

/* --- settings --- */

/* A setting as a number, wherever the ledger put it and whether it is written as number or text. */
static double setting(const json_t *root, const char *name, double fallback)
{
    const json_t *value = json_object_get(root, name);
    if (value == NULL)
        value = json_object_get(json_object_get(root, "settings"), name);
    if (json_is_string(value))
        return strtod(json_string_value(value), NULL);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

static const char *word(const json_t *root, const char *name, const char *fallback)
{
    const char *text = json_string_value(json_object_get(root, name));
    if (text == NULL)
        text = json_string_value(json_object_get(json_object_get(root, "settings"), name));
    return text != NULL ? text : fallback;
}

static void set_text(char **target, const char *text)
{
    free(*target);
    *target = strdup(text);
    assert(*target != NULL);
}

static void take_message(struct event_entry *event, const char *text)
{
    bool is_new = event->has_settings && strcmp(event->message, text) != 0;
    set_text(&event->message, text);
    if (is_new)
        line_ticks_push_notice(event);
}

static void take_limits(struct event_entry *event, const json_t *root)
{
    double claim_ms = setting(root, "claim_ms", 0);
    double claim_away_ms = setting(root, "claim_away_ms", 0);
    double turn_ms = claim_ms > claim_away_ms ? claim_ms : claim_away_ms;
    turn_ms += setting(root, "select_ms", 0) + setting(root, "pay_ms", 0);
    struct estimate_limits limits = {.admit_per_tick = event->admit_per_tick,
                                     .tick_ms = event->tick_ms,
                                     .cap = (int64_t)setting(root, "active_cap", 0),
                                     .turn_ms_max = (int64_t)turn_ms};
    estimate_set_limits(&event->line.estimate, &limits);
}

/* True when a moment is another than before: the phase in force may be, too. */
static bool take_schedule(struct event_entry *event, const json_t *root)
{
    const int64_t before[] = {event->prequeue_at_ms, event->opens_at_ms, event->closes_at_ms};
    event->prequeue_at_ms = (int64_t)setting(root, "prequeue_at_ms", 0);
    event->opens_at_ms = (int64_t)setting(root, "opens_at_ms", 0);
    event->closes_at_ms = (int64_t)setting(root, "closes_at_ms", 0);
    return before[0] != event->prequeue_at_ms || before[1] != event->opens_at_ms ||
           before[2] != event->closes_at_ms;
}

void event_take_settings(struct event_entry *event, const json_t *root)
{
    set_text(&event->name, word(root, "name", event->id));
    set_text(&event->time_zone, word(root, "time_zone", "UTC"));
    set_text(&event->accent, word(root, "accent", ""));
    event->starts_at_ms = (int64_t)setting(root, "starts_at_ms", 0);
    snprintf(event->currency, sizeof event->currency, "%s", word(root, "currency", ""));
    bool is_rescheduled = take_schedule(event, root);
    event->tick_ms = (int64_t)setting(root, "tick_ms", 1000);
    event->claim_ms = (int64_t)setting(root, "claim_ms", 60000);
    event->admit_per_tick = setting(root, "admit_per_tick", 0);
    event->is_adaptive = setting(root, "adaptive", 0) > 0;
    event->adapt_target_ms = (int64_t)setting(root, "adapt_target_ms", 200);
    event->refill_at_once = setting(root, "refill_at_once", 0) > 0;
    event->is_account_required = setting(root, "require_account", 0) > 0;
    event->seats_per_visitor_max = (uint32_t)setting(root, "seats_per_visitor_max", 1);
    event->seats_per_order_max = (uint32_t)setting(root, "seats_per_order_max", 0);
    enum queue_phase before = event->operator_phase;
    if (!queue_phase_parse(word(root, "phase", "announced"), &event->operator_phase))
        event->operator_phase = PHASE_DRAFT;
    event->is_standby = setting(root, "standby", 0) > 0;
    take_message(event, word(root, "message", ""));
    take_limits(event, root);
    bool is_first = !event->has_settings;
    event->has_settings = true;
    event->is_listed = true;
    event_wake(event);
    if (is_first || is_rescheduled || before != event->operator_phase)
        book_read_line(event);
}

/* --- the plan --- */

/* Which category each seat is of, for what is left of each. */
static void take_categories(struct event_entry *event)
{
    uint32_t count = plan_seats_count(event->plan);
    uint16_t *categories = malloc((count > 0 ? count : 1) * sizeof *categories);
    assert(categories != NULL);
    memset(event->category_totals, 0, sizeof event->category_totals);
    for (uint32_t seat = 0; seat < count; seat++) {
        categories[seat] = plan_seat_category(event->plan, seat);
        event->category_totals[categories[seat]] += plan_is_for_sale(event->plan, seat);
    }
    bool is_set = seat_map_set_categories(event->map, categories, count);
    assert(is_set);
    free(categories);
    line_news_forget(event);
}

void event_take_plan(struct event_entry *event, const char *text, size_t bytes)
{
    if (event->plan_text != NULL && event->plan_bytes == bytes &&
        memcmp(event->plan_text, text, bytes) == 0)
        return;
    struct plan *plan = NULL;
    char why[200];
    if (plan_from_text(text, bytes, &plan, why, sizeof why) != PLAN_OK) {
        log_error("event %s: the published plan is not usable: %s", event->id, why);
        return;
    }
    best_desk_forget(event);
    if (event->has_plan)
        seat_map_tell_all(event->map); /* with the new plan's name: open pages fetch it */
    plan_free(event->plan);
    free(event->plan_text);
    event->plan = plan;
    event->plan_text = malloc(bytes + 1);
    assert(event->plan_text != NULL);
    memcpy(event->plan_text, text, bytes);
    event->plan_text[bytes] = '\0';
    event->plan_bytes = bytes;
    free(event->plan_gzip);
    event->plan_gzip = gzip_text(event->plan_text, bytes, &event->plan_gzip_bytes);
    take_categories(event);
    digest_text(text, bytes, event->plan_digest);
    snprintf(event->plan_etag, sizeof event->plan_etag, "\"%s\"", event->plan_digest);
    event->has_plan = true;
}
