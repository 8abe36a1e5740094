/* See the header. Fractions are parsed as decimal text into thousandths: no floating point, no
 * locale. */
#include "server/office/event_settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"

#define MS_MAX INT64_C(4102444800000) /* the year 2100 */
#define THOUSANDTHS 1000
#define WHOLE_DIGITS_MAX 15

static const struct event_setting table[] = {
    {"phase", SETTING_PHASE, "word", 0, 0, "announced", "what visitors may do now"},
    {"opens_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the sale opens by itself; 0 = by hand"},
    {"prequeue_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the line forms by itself; 0 = never"},
    {"tick_ms", SETTING_WHOLE, "ms", 100, 60000, "1000", "time between two admissions"},
    {"admit_per_tick", SETTING_FRACTION, "visitors", 0, 2000, "50",
     "admitted per tick; 0.5 = one every second tick"},
    {"active_cap", SETTING_WHOLE, "visitors", 0, 1000000, "500", "most visitors inside at once"},
    {"claim_ms", SETTING_WHOLE, "ms", 5000, 3600000, "60000", "time to claim an admission"},
    {"select_ms", SETTING_WHOLE, "ms", 10000, 86400000, "600000",
     "time to choose seats after entering"},
    {"pay_ms", SETTING_WHOLE, "ms", 10000, 86400000, "420000", "time to pay after checkout"},
    {"seats_per_visitor_max", SETTING_WHOLE, "seats", 1, 50, "3", "most seats one visitor may buy"},
    {"waiting_max", SETTING_WHOLE, "visitors", 1, 10000000, "2000000",
     "longest line; beyond it: full"},
};

size_t event_settings_count(void)
{
    return sizeof table / sizeof table[0];
}

const struct event_setting *event_setting_at(size_t index)
{
    assert(index < event_settings_count());
    return &table[index];
}

const struct event_setting *event_setting_find(const char *name)
{
    for (size_t i = 0; i < event_settings_count(); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* Decimal digits at *text into *out, moving *text on. false = none, or too many. */
static bool read_digits(const char **text, int64_t *out)
{
    int digits = 0;
    for (*out = 0; **text >= '0' && **text <= '9'; (*text)++) {
        if (++digits > WHOLE_DIGITS_MAX)
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return digits > 0;
}

/* A number without sign in thousandths; a fourth decimal is refused rather than lost. */
static bool read_thousandths(const char *text, bool may_be_fraction, int64_t *out)
{
    int64_t whole, fraction = 0;
    if (!read_digits(&text, &whole))
        return false;
    if (*text == '.' && may_be_fraction) {
        const char *start = ++text;
        if (!read_digits(&text, &fraction) || text - start > 3)
            return false;
        for (ptrdiff_t i = text - start; i < 3; i++)
            fraction *= 10;
    }
    *out = whole * THOUSANDTHS + fraction;
    return *text == '\0';
}

static void write_thousandths(int64_t value, char out[SETTING_TEXT_BYTES])
{
    int bytes;
    if (value % THOUSANDTHS == 0)
        bytes = snprintf(out, SETTING_TEXT_BYTES, "%" PRId64, value / THOUSANDTHS);
    else
        bytes = snprintf(out, SETTING_TEXT_BYTES, "%" PRId64 ".%03" PRId64, value / THOUSANDTHS,
                         value % THOUSANDTHS);
    assert(bytes > 0 && bytes < SETTING_TEXT_BYTES);
    if (value % THOUSANDTHS != 0)
        while (out[bytes - 1] == '0')
            out[--bytes] = '\0';
}

static bool format_number(const struct event_setting *setting, const char *text, char *canonical,
                          char *problem)
{
    int64_t value;
    bool is_fraction = setting->kind == SETTING_FRACTION;
    if (read_thousandths(text, is_fraction, &value) && value >= setting->min * THOUSANDTHS &&
        value <= setting->max * THOUSANDTHS) {
        write_thousandths(value, canonical);
        return true;
    }
    (void)snprintf(problem, SETTING_PROBLEM_BYTES,
                   "%s = \"%.40s\": expected a %s from %" PRId64 " to %" PRId64 " (%s)",
                   setting->name, text,
                   is_fraction ? "number (up to three decimals)" : "whole number", setting->min,
                   setting->max, setting->unit);
    return false;
}

static bool format_phase(const struct event_setting *setting, const char *text, char *canonical,
                         char *problem)
{
    enum queue_phase phase;
    if (queue_phase_parse(text, &phase)) {
        int bytes = snprintf(canonical, SETTING_TEXT_BYTES, "%s", queue_phase_name(phase));
        assert(bytes > 0 && bytes < SETTING_TEXT_BYTES);
        return true;
    }
    (void)snprintf(
        problem, SETTING_PROBLEM_BYTES,
        "%s = \"%.40s\": expected draft, announced, prequeue, open, paused, sold_out or closed",
        setting->name, text);
    return false;
}

bool event_setting_format(const struct event_setting *setting, const char *text,
                          char canonical[SETTING_TEXT_BYTES], char *problem)
{
    if (setting->kind == SETTING_PHASE)
        return format_phase(setting, text, canonical, problem);
    return format_number(setting, text, canonical, problem);
}

json_t *event_settings_default(void)
{
    json_t *settings = json_object();
    for (size_t i = 0; i < event_settings_count(); i++)
        (void)json_object_set_new(settings, table[i].name, json_string(table[i].initial));
    return settings;
}

static bool apply_one(json_t *settings, const char *name, const json_t *value, char *problem)
{
    char text[SETTING_TEXT_BYTES], canonical[SETTING_TEXT_BYTES];
    const struct event_setting *setting = event_setting_find(name);
    if (setting == NULL) {
        (void)snprintf(problem, SETTING_PROBLEM_BYTES, "there is no setting called \"%.60s\"",
                       name);
        return false;
    }
    int bytes = -1;
    if (json_is_integer(value))
        bytes = snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value))
        bytes = snprintf(text, sizeof text, "%s", json_string_value(value));
    if (bytes < 0 || (size_t)bytes >= sizeof text) {
        (void)snprintf(problem, SETTING_PROBLEM_BYTES,
                       "%s: expected a short text or a whole number", setting->name);
        return false;
    }
    if (!event_setting_format(setting, text, canonical, problem))
        return false;
    (void)json_object_set_new(settings, setting->name, json_string(canonical));
    return true;
}

bool event_settings_apply(json_t *settings, const json_t *changes, char *problem)
{
    const char *name;
    json_t *value, *tried = json_copy(settings);
    bool is_good = json_is_object(changes);
    if (!is_good)
        (void)snprintf(problem, SETTING_PROBLEM_BYTES,
                       "the settings are not an object of key and value");
    json_object_foreach((json_t *)(uintptr_t)changes, name, value)
    {
        is_good = is_good && apply_one(tried, name, value, problem);
    }
    if (is_good)
        (void)json_object_update(settings, tried);
    json_decref(tried);
    return is_good;
}

int64_t event_setting_whole(const json_t *settings, const char *name)
{
    const struct event_setting *setting = event_setting_find(name);
    assert(setting != NULL && setting->kind != SETTING_PHASE);
    const char *text = json_string_value(json_object_get(settings, name));
    int64_t value = 0;
    if (text == NULL || !read_thousandths(text, true, &value))
        (void)read_thousandths(setting->initial, true, &value);
    return value / THOUSANDTHS;
}
