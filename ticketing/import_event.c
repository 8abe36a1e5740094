/* Reading event.ini with inih.
 *
 * The library reads through a function of ours that hands out one line per call, so the line number
 * is known when it reports a pair, and a line that it would silently cut is noticed. Which settings
 * exist is the business of the office; here they only have to look like settings.
 */
#include "ticketing/import_event.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_money.h"

struct event_reader {
    struct import_report *report;
    struct import_source at; /* the present line */
    const char *next;
};

/* --- time --- */

/* Reads exactly `digits` digits within a range and moves on. */
static bool read_digits(const char **text, int digits, int min, int max, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static bool read_char(const char **text, const char *one_of)
{
    if (**text == '\0' || strchr(one_of, **text) == NULL)
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 1970. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t days = day - 1;
    for (int y = 1970; y < year; y++)
        days += 337 + days_in_month(y, 2);
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    return days;
}

/* The zone's offset in minutes. */
static bool read_offset(const char **text, int *minutes)
{
    int hour = 0, minute = 0;
    bool is_west = **text == '-';
    *minutes = 0;
    if (read_char(text, "Z"))
        return true;
    if (!read_char(text, "+-") || !read_digits(text, 2, 0, 14, &hour) || !read_char(text, ":") ||
        !read_digits(text, 2, 0, 59, &minute))
        return false;
    *minutes = (hour * 60 + minute) * (is_west ? -1 : 1);
    return true;
}

bool import_time(const char *text, int64_t *ms)
{
    int year, month, day, hour, minute, second = 0, offset;
    if (!read_digits(&text, 4, 1970, 2999, &year) || !read_char(&text, "-") ||
        !read_digits(&text, 2, 1, 12, &month) || !read_char(&text, "-") ||
        !read_digits(&text, 2, 1, days_in_month(year, month), &day) || !read_char(&text, "T ") ||
        !read_digits(&text, 2, 0, 23, &hour) || !read_char(&text, ":") ||
        !read_digits(&text, 2, 0, 59, &minute))
        return false;
    if (read_char(&text, ":") && !read_digits(&text, 2, 0, 59, &second))
        return false;
    if (!read_offset(&text, &offset) || *text != '\0')
        return false;
    int64_t minutes =
        days_since_epoch(year, month, day) * 1440 + (int64_t)hour * 60 + minute - offset;
    *ms = (minutes * 60 + second) * 1000;
    return true;
}

/* --- pairs --- */

static bool bad(struct event_reader *r, const char *key, const char *value, const char *expected)
{
    struct import_quote quote;
    import_error(r->report, r->at, "%s is \"%s\": expected %s", key, import_quote(&quote, value),
                 expected);
    return false;
}

static bool is_time_zone(const char *value)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";
    return value[0] != '\0' && value[0] != '/' && strspn(value, allowed) == strlen(value);
}

static bool check_event_pair(struct event_reader *r, const char *key, const char *value)
{
    const char *label = value;
    size_t bytes = strlen(value);
    if (strcmp(key, "name") == 0)
        return value[0] == '\0' ? bad(r, key, value, "the event's name")
                                : import_label(r->report, r->at, key, &label, &bytes);
    if (strcmp(key, "currency") == 0)
        return money_exponent(value) >= 0 || bad(r, key, value, "an ISO 4217 code such as EUR");
    if (strcmp(key, "time_zone") == 0)
        return is_time_zone(value) || bad(r, key, value, "a name such as Europe/Berlin");
    import_error(
        r->report, r->at,
        "there is no \"%s\" here: expected name, currency, time_zone, opens_at, or a section "
        "[settings]",
        key);
    return false;
}

/* opens_at is for people; the settings have opens_at_ms. */
static void add_opening(struct event_reader *r, const char *value)
{
    int64_t ms;
    char text[24];
    if (!import_time(value, &ms)) {
        bad(r, "opens_at", value, "a time with its offset, such as 2026-12-01T19:00+01:00");
        return;
    }
    if (snprintf(text, sizeof text, "%lld", (long long)ms) > 0)
        import_pair_add(r->report, "settings", "opens_at_ms", text, r->at.line);
}

static bool is_twice(struct event_reader *r, const char *section, const char *key)
{
    for (size_t i = 0; i < r->report->pairs_count; i++) {
        const struct import_pair *pair = &r->report->pairs[i];
        if (strcmp(pair->section, section) != 0 || strcmp(pair->key, key) != 0)
            continue;
        import_error(r->report, r->at, "%s is already in line %u", key, pair->line);
        return true;
    }
    return false;
}

static int on_pair(void *user, const char *section, const char *key, const char *value)
{
    struct event_reader *r = user;
    struct import_quote quote;
    bool is_settings = strcmp(section, "settings") == 0;
    if (!is_settings && section[0] != '\0' && strcmp(section, "event") != 0) {
        import_error(r->report, r->at, "there is no section [%s]: expected [settings]",
                     import_quote(&quote, section));
        return 1;
    }
    bool is_opening = !is_settings && strcmp(key, "opens_at") == 0;
    if (is_opening) {
        if (!is_twice(r, "settings", "opens_at_ms"))
            add_opening(r, value);
        return 1;
    }
    section = is_settings ? "settings" : "";
    if (is_twice(r, section, key))
        return 1;
    if (is_settings && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key))
        import_error(r->report, r->at, "\"%s\" is not the name of a setting",
                     import_quote(&quote, key));
    else if (is_settings || check_event_pair(r, key, value))
        import_pair_add(r->report, section, key, value, r->at.line);
    return 1;
}

/* Hands out one line, shortened to what the library can take. */
static char *next_line(char *line, int bytes_max, void *stream)
{
    struct event_reader *r = stream;
    if (*r->next == '\0')
        return NULL;
    size_t bytes = strcspn(r->next, "\r\n"), copied = bytes;
    r->at.line++;
    if (bytes > IMPORT_INI_LINE_BYTES_MAX || (int)bytes > bytes_max - 2) {
        import_error(r->report, r->at, "the line has %zu bytes; at most %d are possible", bytes,
                     IMPORT_INI_LINE_BYTES_MAX);
        copied = 0;
    }
    memcpy(line, r->next, copied);
    line[copied] = '\n';
    line[copied + 1] = '\0';
    r->next += bytes;
    r->next += r->next[0] == '\r' && r->next[1] == '\n' ? 2 : *r->next != '\0';
    return line;
}

enum import_status import_event(struct import_report *report, const char *path)
{
    char *memory = NULL, *text;
    size_t bytes, errors = report->errors.count;
    enum import_status status = import_read(report, path, &memory, &text, &bytes);
    if (status != IMPORT_OK)
        return status;
    struct event_reader r = {.report = report, .at = {.file = path}, .next = text};
    report->event_file = path;
    int line = ini_parse_stream(next_line, &r, on_pair, &r);
    if (line > 0) {
        r.at.line = (uint32_t)line;
        import_error(report, r.at, "expected \"key = value\" or a section in brackets");
    }
    free(memory);
    return report->errors.count == errors ? IMPORT_OK : IMPORT_REFUSED;
}
