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
#include "server/base/local_time.h"
#include "ticketing/import_money.h"

struct event_reader {
    struct import_report *report;
    struct import_source at; /* the present line */
    const char *next;
};

/* --- pairs --- */

static bool bad(struct event_reader *r, const char *code, const char *key, const char *value,
                const char *expected)
{
    struct import_quote quote;
    import_error(r->report, r->at, code, "%s is \"%s\": expected %s", key,
                 import_quote(&quote, value), expected);
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
        return value[0] == '\0' ? bad(r, "import.event_name", key, value, "the event's name")
                                : import_label(r->report, r->at, key, &label, &bytes);
    if (strcmp(key, "currency") == 0)
        return money_exponent(value) >= 0 ||
               bad(r, "import.event_currency", key, value, "an ISO 4217 code such as EUR");
    if (strcmp(key, "time_zone") == 0)
        return is_time_zone(value) ||
               bad(r, "import.event_time_zone", key, value, "a name such as Europe/Berlin");
    import_error(
        r->report, r->at, "import.event_key",
        "there is no \"%s\" here: expected name, currency, time_zone, prequeue_at, opens_at, "
        "closes_at, or a section [settings]",
        key);
    return false;
}

/* "opens_at" -> "opens_at_ms"; NULL for keys that are no times. */
static const char *setting_of_time(const char *key)
{
    static const char *const times[][2] = {{"prequeue_at", "prequeue_at_ms"},
                                           {"opens_at", "opens_at_ms"},
                                           {"closes_at", "closes_at_ms"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (strcmp(times[i][0], key) == 0)
            return times[i][1];
    return NULL;
}

static bool is_twice(struct event_reader *r, const char *section, const char *key)
{
    for (size_t i = 0; i < r->report->pairs_count; i++) {
        const struct import_pair *pair = &r->report->pairs[i];
        if (strcmp(pair->section, section) != 0 || strcmp(pair->key, key) != 0)
            continue;
        import_error(r->report, r->at, "import.event_twice", "%s is already in line %u", key,
                     pair->line);
        return true;
    }
    return false;
}

/* Times are for people; the settings have them in ms. One without an offset is meant in the event's
 * time zone, which may stand further down: it is handed on as it is. */
static void add_time(struct event_reader *r, const char *key, const char *value)
{
    struct local_time time;
    char text[24];
    const char *setting = setting_of_time(key);
    if (is_twice(r, "settings", setting) || is_twice(r, "settings", key))
        return;
    if (!local_time_parse(value, &time))
        bad(r, "import.event_time", key, value,
            "a time such as 2026-12-01 19:00, or with its offset 2026-12-01T19:00+01:00");
    else if (!time.has_offset)
        import_pair_add(r->report, "settings", key, value, r->at.line);
    else if (snprintf(text, sizeof text, "%lld", (long long)(time.local_s - time.offset_s) * 1000) >
             0)
        import_pair_add(r->report, "settings", setting, text, r->at.line);
}

static int on_pair(void *user, const char *section, const char *key, const char *value)
{
    struct event_reader *r = user;
    struct import_quote quote;
    bool is_settings = strcmp(section, "settings") == 0;
    if (!is_settings && section[0] != '\0' && strcmp(section, "event") != 0) {
        import_error(r->report, r->at, "import.event_section",
                     "there is no section [%s]: expected [settings]",
                     import_quote(&quote, section));
        return 1;
    }
    if (setting_of_time(key)) {
        add_time(r, key, value);
        return 1;
    }
    section = is_settings ? "settings" : "";
    if (is_twice(r, section, key))
        return 1;
    if (is_settings && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key))
        import_error(r->report, r->at, "import.event_setting_name",
                     "\"%s\" is not the name of a setting", import_quote(&quote, key));
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
        import_error(r->report, r->at, "import.line_long",
                     "the line has %zu bytes; at most %d are possible", bytes,
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
        import_error(report, r.at, "import.event_line",
                     "expected \"key = value\" or a section in brackets");
    }
    free(memory);
    return report->errors.count == errors ? IMPORT_OK : IMPORT_REFUSED;
}
