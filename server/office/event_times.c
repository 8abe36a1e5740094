/* See the header. */
#include "server/office/event_times.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/local_time.h"
#include "server/office/event_settings.h"

static const char *const times[][2] = {{"starts_at", "starts_at_ms"},
                                       {"prequeue_at", "prequeue_at_ms"},
                                       {"opens_at", "opens_at_ms"},
                                       {"closes_at", "closes_at_ms"}};
#define TIMES (sizeof times / sizeof times[0])

const char *event_time_setting(const char *key)
{
    for (size_t i = 0; i < TIMES; i++)
        if (strcmp(times[i][0], key) == 0)
            return times[i][1];
    return NULL;
}

static bool refuse(enum local_time_status status, const char *key, const char *text,
                   const char *zone, const int64_t meant[2], struct said *problem)
{
    char first[LOCAL_TIME_BYTES], second[LOCAL_TIME_BYTES];
    if (status == LOCAL_TIME_NO_ZONE) {
        said_set(problem, "setting.no_zone",
                 "%s = \"%.20s\": the time zone %.40s is not known here (is tzdata "
                 "installed?); write the offset too, such as +01:00",
                 key, text, zone);
        return false;
    }
    local_time_format(meant[0], zone, first);
    local_time_format(meant[1], zone, second);
    said_set(problem, status == LOCAL_TIME_TWICE ? "setting.time_twice" : "setting.time_never",
             "%s = \"%.20s\": %s in %.40s, where the clocks are changed; write \"%s\" or \"%s\"",
             key, text,
             status == LOCAL_TIME_TWICE ? "this time comes twice" : "there is no such time", zone,
             first, second);
    return false;
}

bool event_time_read(const char *key, const char *text, const char *time_zone, int64_t *ms,
                     struct said *problem)
{
    struct local_time time;
    int64_t meant[2];
    if (text[0] == '\0' || strcmp(text, "0") == 0) {
        *ms = 0;
        return true;
    }
    if (!local_time_parse(text, &time)) {
        said_set(problem, "setting.time",
                 "%s: expected a date and time such as 2026-12-01 19:00 (in %.40s), or with "
                 "an offset 2026-12-01T19:00+01:00, or 0",
                 key, time_zone);
        return false;
    }
    enum local_time_status status = local_time_resolve(&time, time_zone, ms, meant);
    return status == LOCAL_TIME_OK || refuse(status, key, text, time_zone, meant, problem);
}

static bool resolve_one(json_t *resolved, const char *key, const json_t *value,
                        const char *time_zone, struct said *problem)
{
    int64_t ms;
    const char *setting = event_time_setting(key), *text = json_string_value(value);
    if (json_object_get(resolved, setting)) {
        said_set(problem, "setting.both", "%s and %s are both given", key, setting);
        return false;
    }
    if (!text) {
        said_set(problem, "setting.time_text", "%s: expected a text", key);
        return false;
    }
    if (!event_time_read(key, text, time_zone, &ms, problem))
        return false;
    (void)json_object_del(resolved, key);
    (void)json_object_set_new(resolved, setting, json_integer(ms));
    return true;
}

json_t *event_times_resolve(const json_t *changes, const char *time_zone, struct said *problem)
{
    json_t *resolved = json_copy((json_t *)(uintptr_t)changes);
    bool is_good = true;
    for (size_t i = 0; i < TIMES && is_good; i++) {
        const json_t *value = json_object_get(changes, times[i][0]);
        is_good = !value || resolve_one(resolved, times[i][0], value, time_zone, problem);
    }
    if (is_good)
        return resolved;
    json_decref(resolved);
    return NULL;
}

void event_times_show(const json_t *settings, const char *time_zone, json_t *shown)
{
    for (size_t i = 0; i < TIMES; i++) {
        char text[LOCAL_TIME_BYTES];
        int64_t ms = event_setting_whole(settings, times[i][1]);
        if (ms == 0)
            continue;
        local_time_format(ms, time_zone, text);
        (void)json_object_set_new(shown, times[i][0], json_string(text));
    }
}
