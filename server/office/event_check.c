/* See the header. Each rule is a function that adds what it finds. */
#include "server/office/event_check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/office/event_settings.h"

#define MESSAGE_BYTES 300
#define MINUTE_MS 60000
#define PAY_MS_SHORT (2 * MINUTE_MS)
#define LONG_SALE_MINUTES (12 * 60)

struct check {
    const struct plan *plan;
    const json_t *settings;
    int64_t now_ms, opens_ms, prequeue_ms, closes_ms;
    json_t *errors, *warnings;
    uint32_t by_category[PLAN_CATEGORIES_MAX]; /* seats for sale */
    uint32_t for_sale, accessible, without_place;
};

static int64_t whole(const struct check *check, const char *name)
{
    return event_setting_whole(check->settings, name);
}

__attribute__((format(printf, 4, 5))) static void add(json_t *list, const char *code,
                                                      const char *what, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values); /* a long one is cut */
    va_end(values);
    json_t *finding = json_pack("{ss ss ss}", "code", code, "what", what, "message", message);
    if (finding == NULL) /* a name was cut in the middle of a character */
        finding = json_pack("{ss ss ss}", "code", code, "what", what, "message", code);
    assert(finding != NULL);
    (void)json_array_append_new(list, finding);
}

static void count_seats(struct check *check)
{
    const struct plan *plan = check->plan;
    for (uint32_t i = 0; i < plan_seats_count(plan); i++) {
        if (!plan_is_for_sale(plan, i))
            continue;
        check->for_sale++;
        check->by_category[plan_seat_category(plan, i)]++;
    }
    for (uint32_t i = 0; i < plan->seated_count; i++) {
        const struct plan_seat *seat = &plan->seats[i];
        check->accessible += (seat->flags & PLAN_ACCESSIBLE) != 0;
        check->without_place += seat->x == 0 && seat->y == 0;
    }
}

static void check_seats(struct check *check)
{
    char count[16];
    if (check->for_sale == 0)
        add(check->errors, "no_seats", "", "There is nothing for sale: load an inventory.");
    /* one seat may stand at the corner of the map; several there have no place */
    if (check->without_place > 1) {
        (void)snprintf(count, sizeof count, "%" PRIu32, check->without_place);
        add(check->warnings, "no_coordinates", count,
            "%s seats lie on one point of the map: they have no coordinates.", count);
    }
    if (check->for_sale > 0 && check->accessible == 0)
        add(check->warnings, "no_accessible", "",
            "No seat is marked as accessible: nobody in a wheelchair can find one.");
}

static void check_prices(struct check *check)
{
    for (size_t i = 0; i < check->plan->categories_count; i++) {
        const struct plan_category *category = &check->plan->categories[i];
        if (category->price_minor == PLAN_PRICE_NONE)
            add(check->errors, "no_price", category->name, "There is no price for category \"%s\".",
                category->name);
        else if (category->price_minor == 0)
            add(check->warnings, "free_of_charge", category->name,
                "Category \"%s\" is free of charge.", category->name);
        if (check->by_category[i] == 0)
            add(check->warnings, "one_category_empty", category->name,
                "Category \"%s\" has no seat for sale.", category->name);
    }
}

static void check_schedule(struct check *check)
{
    if (check->opens_ms == 0)
        add(check->warnings, "no_opening", "",
            "No opening time is set: the sale opens when you open it.");
    else if (check->opens_ms <= check->now_ms)
        add(check->errors, "opens_in_past", "", "The sale opens in the past: choose a later time.");
    if (check->prequeue_ms > 0 && check->opens_ms > 0 && check->prequeue_ms > check->opens_ms)
        add(check->errors, "prequeue_after_opening", "",
            "The line forms after the sale opens: it has to be before.");
    if (check->closes_ms > 0 && check->closes_ms <= check->now_ms)
        add(check->errors, "closes_in_past", "", "The sale ends in the past: choose a later time.");
    else if (check->closes_ms > 0 && check->closes_ms <= check->opens_ms)
        add(check->errors, "closes_before_opening", "", "The sale ends before it opens.");
    if (whole(check, "draw") != 0 && check->prequeue_ms == 0)
        add(check->errors, "draw_without_prequeue", "",
            "The pre-queue is to be drawn, but it never opens: set prequeue_at.");
}

/* Visitors per hour in thousandths, as the settings let them in. */
static int64_t admitted_per_tick_milli(const struct check *check)
{
    const char *text = json_string_value(json_object_get(check->settings, "admit_per_tick"));
    return text != NULL ? (int64_t)(strtod(text, NULL) * 1000.0 + 0.5) : 0;
}

static void check_rate(struct check *check)
{
    char minutes[24];
    int64_t milli = admitted_per_tick_milli(check), cap = whole(check, "active_cap");
    int64_t each = whole(check, "seats_per_visitor_max");
    if (milli == 0 || cap == 0) {
        add(check->errors, "nobody_admitted", "", "Nobody is let in: %s is 0.",
            milli == 0 ? "admit_per_tick" : "active_cap");
        return;
    }
    if (cap * 1000 < milli)
        add(check->warnings, "cap_below_rate", "",
            "The cap is smaller than what one tick lets in: only the cap counts.");
    int64_t visitors = each > 0 ? (check->for_sale + each - 1) / each : check->for_sale;
    int64_t took = visitors * 1000 / milli * whole(check, "tick_ms") / MINUTE_MS;
    if (took > LONG_SALE_MINUTES) {
        (void)snprintf(minutes, sizeof minutes, "%" PRId64, took);
        add(check->warnings, "takes_long", minutes,
            "At this rate it takes %s minutes until everything can be sold.", minutes);
    }
}

static void check_times(struct check *check)
{
    if (whole(check, "pay_ms") < PAY_MS_SHORT)
        add(check->warnings, "time_to_pay_short", "",
            "There are less than 2 minutes to pay: some banks take longer.");
}

/* Gives each its level and puts the warnings behind the errors. */
static json_t *joined(json_t *errors, json_t *warnings)
{
    size_t i;
    json_t *finding;
    json_array_foreach(errors, i, finding)
        (void)json_object_set_new(finding, "level", json_string("error"));
    json_array_foreach(warnings, i, finding)
        (void)json_object_set_new(finding, "level", json_string("warning"));
    (void)json_array_extend(errors, warnings);
    json_decref(warnings);
    return errors;
}

json_t *event_check(const struct plan *plan, const json_t *settings, int64_t now_ms)
{
    struct check check = {.plan = plan,
                          .settings = settings,
                          .now_ms = now_ms,
                          .opens_ms = event_setting_whole(settings, "opens_at_ms"),
                          .prequeue_ms = event_setting_whole(settings, "prequeue_at_ms"),
                          .closes_ms = event_setting_whole(settings, "closes_at_ms"),
                          .errors = json_array(),
                          .warnings = json_array()};
    count_seats(&check);
    check_seats(&check);
    check_prices(&check);
    check_schedule(&check);
    check_rate(&check);
    check_times(&check);
    return joined(check.errors, check.warnings);
}

bool event_check_is_ready(const json_t *findings)
{
    size_t i;
    json_t *finding;
    json_array_foreach((json_t *)(uintptr_t)findings, i, finding)
        if (strcmp(json_string_value(json_object_get(finding, "level")), "error") == 0)
            return false;
    return true;
}
