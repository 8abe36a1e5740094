/* See the header. */
#include "server/office/inventory_settings.h"

#include <stdio.h>
#include <string.h>
#include "server/office/event_settings.h"
#include "server/office/event_times.h"

static bool read_one(const struct import_pair *pair, const char *time_zone, json_t *settings,
                     struct said *problem)
{
    char canonical[SETTING_TEXT_BYTES];
    int64_t ms;
    const char *of_time = event_time_setting(pair->key);
    if (of_time) {
        bool is_good = event_time_read(pair->key, pair->value, time_zone, &ms, problem);
        if (is_good)
            (void)json_object_set_new(settings, of_time, json_integer(ms));
        return is_good;
    }
    const struct event_setting *setting = event_setting_find(pair->key);
    if (!setting)
        said_set(problem, "setting.unknown_here",
                 "there is no event setting \"%.60s\" (docs/schema.md lists them)", pair->key);
    if (!setting || !event_setting_format(setting, pair->value, canonical, problem))
        return false;
    (void)json_object_set_new(settings, pair->key, json_string(canonical));
    return true;
}

size_t inventory_settings_read(const struct import_report *report, const char *time_zone,
                               json_t *settings, inventory_setting_fn *on_wrong, void *ctx)
{
    size_t wrong = 0;
    struct said problem;
    for (size_t i = 0; i < report->pairs_count; i++) {
        const struct import_pair *pair = &report->pairs[i];
        if (strcmp(pair->section, "settings") != 0 || read_one(pair, time_zone, settings, &problem))
            continue;
        on_wrong(ctx, report->event_file, pair->line, &problem);
        wrong++;
    }
    return wrong;
}
