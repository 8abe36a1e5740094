/* See the header. Fractions are parsed as decimal text into thousandths: no floating point, no
 * locale. */
#include "server/office/event_settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/base/utf8.h"
#include "server/config/nearest.h"

#define MS_MAX INT64_C(4102444800000) /* the year 2100 */
#define THOUSANDTHS 1000
#define WHOLE_DIGITS_MAX 15

static const struct event_setting table[] = {
    {"phase", SETTING_PHASE, "word", 0, 0, "announced", "what visitors may do now"},
    {"opens_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the sale opens by itself; 0 = by hand"},
    {"prequeue_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the line forms by itself; 0 = never"},
    {"closes_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the sale ends by itself; 0 = by hand"},
    {"starts_at_ms", SETTING_WHOLE, "ms since 1970", 0, MS_MAX, "0",
     "when the event itself begins, as the sale page says it; 0 = nothing is said"},
    {"tick_ms", SETTING_WHOLE, "ms", 100, 60000, "1000", "time between two admissions"},
    {"admit_per_tick", SETTING_FRACTION, "visitors", 0, 2000, "50",
     "admitted per tick; 0.5 = one every second tick"},
    {"adaptive", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = fewer are admitted while holds are slow, never more than admit_per_tick"},
    {"adapt_min", SETTING_FRACTION, "visitors", 0, 2000, "1",
     "with adaptive: never fewer per tick than this"},
    {"adapt_target_ms", SETTING_WHOLE, "ms", 10, 10000, "200",
     "with adaptive: what 99 of 100 holds may take"},
    {"active_cap", SETTING_WHOLE, "visitors", 0, 1000000, "500", "most visitors inside at once"},
    {"refill_at_once", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = who goes is followed by the next at once, within the tick's admissions"},
    {"standby", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = a sold-out event keeps its line for seats that come back"},
    {"claim_ms", SETTING_WHOLE, "ms", 5000, 3600000, "60000",
     "time to claim an admission for a visitor whose page is open"},
    {"claim_away_ms", SETTING_WHOLE, "ms", 5000, 86400000, "300000",
     "the same for one whose page sleeps or is closed; never less than claim_ms"},
    {"select_ms", SETTING_WHOLE, "ms", 10000, 86400000, "600000",
     "time to choose seats after entering"},
    {"pay_ms", SETTING_WHOLE, "ms", 10000, 86400000, "420000", "time to pay after checkout"},
    {"seats_per_visitor_max", SETTING_WHOLE, "seats", 1, 50, "3", "most seats one visitor may buy"},
    {"seats_per_order_max", SETTING_WHOLE, "seats", 0, 50, "0",
     "most seats in one order; 0 = as many as a visitor may buy"},
    {"waiting_max", SETTING_WHOLE, "visitors", 1, 10000000, "2000000",
     "longest line; beyond it: full"},
    {"recovery_ms", SETTING_WHOLE, "ms", 0, 600000, "60000",
     "how long visitors may come back to their places when Redis has lost its data; 0 = not at "
     "all"},
    {"draw", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = the pre-queue is put in a random order when the sale opens"},
    {"draw_beacon", SETTING_TEXT, "bytes", 0, SETTING_VALUE_BYTES_MAX, "",
     "a public value that nobody knew before, mixed into the draw"},
    {"draw_beacon_wait", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = the draw waits for draw_beacon after its root is published"},
    {"require_account", SETTING_WHOLE, "0 or 1", 0, 1, "0",
     "1 = only visitors who are signed in get in line"},
    {"accent", SETTING_TEXT, "bytes", 0, SETTING_VALUE_BYTES_MAX, "",
     "the one colour of the event's pages, such as #0b5d57; empty = ours"},
    {"message", SETTING_TEXT, "bytes", 0, SETTING_VALUE_BYTES_MAX, "",
     "what everyone who waits is told; empty = nothing"},
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

/* How much of a refused value is repeated: at most this many bytes, and no half of a character. */
#define QUOTED_BYTES_MAX 40

static int quoted_bytes(const char *text)
{
    size_t bytes = strnlen(text, QUOTED_BYTES_MAX + 1);
    if (bytes > QUOTED_BYTES_MAX) {
        bytes = QUOTED_BYTES_MAX;
        while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80)
            bytes--;
    }
    return (int)bytes;
}

static bool format_number(const struct event_setting *setting, const char *text, char *canonical,
                          struct said *problem)
{
    int64_t value;
    bool is_fraction = setting->kind == SETTING_FRACTION;
    if (read_thousandths(text, is_fraction, &value) && value >= setting->min * THOUSANDTHS &&
        value <= setting->max * THOUSANDTHS) {
        write_thousandths(value, canonical);
        return true;
    }
    said_set(problem, "setting.range",
             "%s = \"%.*s\": expected a %s from %" PRId64 " to %" PRId64 " (%s)", setting->name,
             quoted_bytes(text), text,
             is_fraction ? "number (up to three decimals)" : "whole number", setting->min,
             setting->max, setting->unit);
    return false;
}

static bool format_phase(const struct event_setting *setting, const char *text, char *canonical,
                         struct said *problem)
{
    enum queue_phase phase;
    if (queue_phase_parse(text, &phase)) {
        int bytes = snprintf(canonical, SETTING_TEXT_BYTES, "%s", queue_phase_name(phase));
        assert(bytes > 0 && bytes < SETTING_TEXT_BYTES);
        return true;
    }
    said_set(problem, "setting.phase",
             "%s = \"%.*s\": expected draft, announced, prequeue, open, paused, sold_out or closed",
             setting->name, quoted_bytes(text), text);
    return false;
}

static bool is_plain_text(const char *text)
{
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = utf8_printable(text);
        if (bytes == 0)
            return false;
    }
    return true;
}

static bool format_text(const struct event_setting *setting, const char *text, char *canonical,
                        struct said *problem)
{
    text += strspn(text, " ");
    size_t bytes = strlen(text);
    while (bytes > 0 && text[bytes - 1] == ' ')
        bytes--;
    if (!is_plain_text(text)) {
        said_set(problem, "setting.plain_text",
                 "%s: expected text in UTF-8 without line breaks or other control characters",
                 setting->name);
        return false;
    }
    if (bytes < (size_t)setting->min || bytes > (size_t)setting->max) {
        said_set(problem, "setting.bytes",
                 "%s: the text has %zu bytes; expected %" PRId64 " to %" PRId64, setting->name,
                 bytes, setting->min, setting->max);
        return false;
    }
    assert(bytes < SETTING_TEXT_BYTES);
    memcpy(canonical, text, bytes);
    canonical[bytes] = '\0';
    return true;
}

bool event_setting_format(const struct event_setting *setting, const char *text,
                          char canonical[SETTING_TEXT_BYTES], struct said *problem)
{
    if (setting->kind == SETTING_PHASE)
        return format_phase(setting, text, canonical, problem);
    if (setting->kind == SETTING_TEXT)
        return format_text(setting, text, canonical, problem);
    return format_number(setting, text, canonical, problem);
}

json_t *event_settings_default(void)
{
    json_t *settings = json_object();
    for (size_t i = 0; i < event_settings_count(); i++)
        (void)json_object_set_new(settings, table[i].name, json_string(table[i].initial));
    return settings;
}

static const char *nearest_setting(const char *name)
{
    const char *names[sizeof table / sizeof table[0]];
    for (size_t i = 0; i < event_settings_count(); i++)
        names[i] = table[i].name;
    return nearest_word(name, names, event_settings_count());
}

static bool apply_one(json_t *settings, const char *name, const json_t *value, struct said *problem)
{
    char whole[32], canonical[SETTING_TEXT_BYTES];
    const char *text = json_string_value(value);
    const struct event_setting *setting = event_setting_find(name);
    if (setting == NULL) {
        const char *nearest = nearest_setting(name);
        if (nearest != NULL)
            said_set(problem, "setting.unknown",
                     "there is no setting called \"%.*s\"; did you mean %s?", quoted_bytes(name),
                     name, nearest);
        else
            said_set(problem, "setting.unknown",
                     "there is no setting called \"%.*s\"; docs/schema.md lists them",
                     quoted_bytes(name), name);
        return false;
    }
    if (json_is_integer(value)) {
        int bytes =
            snprintf(whole, sizeof whole, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        assert(bytes > 0 && (size_t)bytes < sizeof whole);
        text = whole;
    }
    if (text == NULL) {
        said_set(problem, "setting.kind", "%s: expected a text or a whole number", setting->name);
        return false;
    }
    if (!event_setting_format(setting, text, canonical, problem))
        return false;
    (void)json_object_set_new(settings, setting->name, json_string(canonical));
    return true;
}

bool event_settings_apply(json_t *settings, const json_t *changes, struct said *problem)
{
    const char *name;
    json_t *value, *tried = json_copy(settings);
    bool is_good = json_is_object(changes);
    if (!is_good)
        said_set(problem, "setting.object", "the settings are not an object of key and value");
    json_object_foreach((json_t *)(uintptr_t)changes, name, value)
        is_good = is_good && apply_one(tried, name, value, problem);
    if (is_good)
        (void)json_object_update(settings, tried);
    json_decref(tried);
    return is_good;
}

bool event_settings_check_schedule(const json_t *settings, const json_t *changes, int64_t now_ms,
                                   struct said *problem)
{
    int64_t opens_at_ms = event_setting_whole(settings, "opens_at_ms");
    int64_t closes_at_ms = event_setting_whole(settings, "closes_at_ms");
    bool is_about_time =
        json_object_get(changes, "opens_at_ms") || json_object_get(changes, "closes_at_ms");
    if (is_about_time && closes_at_ms > 0 && closes_at_ms <= opens_at_ms) {
        said_set(problem, "setting.closes_first",
                 "closes_at_ms = %" PRId64 ": the sale would end before it opens (%" PRId64 ")",
                 closes_at_ms, opens_at_ms);
        return false;
    }
    const char *phase = json_string_value(json_object_get(changes, "phase"));
    bool is_ending = phase == NULL || strcmp(phase, "closed") == 0 || strcmp(phase, "draft") == 0;
    if (!is_ending && closes_at_ms > 0 && closes_at_ms <= now_ms) {
        said_set(problem, "setting.has_ended",
                 "phase = \"%.20s\": the sale has ended by closes_at_ms (%" PRId64
                 "); set that to 0 or later too",
                 phase, closes_at_ms);
        return false;
    }
    return true;
}

int64_t event_setting_whole(const json_t *settings, const char *name)
{
    const struct event_setting *setting = event_setting_find(name);
    assert(setting != NULL);
    assert(setting->kind == SETTING_WHOLE || setting->kind == SETTING_FRACTION);
    const char *text = json_string_value(json_object_get(settings, name));
    int64_t value = 0;
    if (text == NULL || !read_thousandths(text, true, &value))
        (void)read_thousandths(setting->initial, true, &value);
    return value / THOUSANDTHS;
}
