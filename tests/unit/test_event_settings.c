/* The settings of an event: every row of the table, its limits, and what is said about a bad value.
 */
#include <criterion/criterion.h>
#include <string.h>
#include "server/office/event_settings.h"

struct row {
    const char *name, *text, *canonical; /* canonical NULL = refused */
};

static const struct row rows[] = {
    {"tick_ms", "1000", "1000"},
    {"tick_ms", "0100", "100"},
    {"tick_ms", "99", NULL},
    {"tick_ms", "60000", "60000"},
    {"tick_ms", "60001", NULL},
    {"tick_ms", "1000.5", NULL},
    {"tick_ms", "-1000", NULL},
    {"tick_ms", "+1000", NULL},
    {"tick_ms", " 1000", NULL},
    {"tick_ms", "1000 ", NULL},
    {"tick_ms", "1e3", NULL},
    {"tick_ms", "", NULL},
    {"tick_ms", "99999999999999999999999", NULL},
    {"admit_per_tick", "0", "0"},
    {"admit_per_tick", "0.5", "0.5"},
    {"admit_per_tick", "0.250", "0.25"},
    {"admit_per_tick", "12.000", "12"},
    {"admit_per_tick", "0.0001", NULL},
    {"admit_per_tick", "1.", NULL},
    {"admit_per_tick", ".5", NULL},
    {"admit_per_tick", "2000", "2000"},
    {"admit_per_tick", "2000.001", NULL},
    {"admit_per_tick", "nan", NULL},
    {"phase", "open", "open"},
    {"phase", "sold_out", "sold_out"},
    {"phase", "Open", NULL},
    {"phase", "", NULL},
    {"seats_per_visitor_max", "0", NULL},
    {"seats_per_visitor_max", "50", "50"},
    {"seats_per_visitor_max", "51", NULL},
    {"opens_at_ms", "1790000000000", "1790000000000"},
};

Test(event_settings, values_are_checked_and_made_canonical)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char canonical[SETTING_TEXT_BYTES] = "", problem[SETTING_PROBLEM_BYTES] = "";
        bool is_good = event_setting_format(event_setting_find(rows[i].name), rows[i].text,
                                            canonical, problem);
        cr_assert_eq(is_good, rows[i].canonical != NULL, "%s = \"%s\"", rows[i].name, rows[i].text);
        if (is_good)
            cr_assert_str_eq(canonical, rows[i].canonical);
        else
            cr_assert_not_null(strstr(problem, rows[i].name), "%s", problem);
    }
}

Test(event_settings, every_default_is_in_range_and_canonical)
{
    for (size_t i = 0; i < event_settings_count(); i++) {
        const struct event_setting *setting = event_setting_at(i);
        char canonical[SETTING_TEXT_BYTES], problem[SETTING_PROBLEM_BYTES];
        cr_assert(event_setting_format(setting, setting->initial, canonical, problem), "%s",
                  problem);
        cr_assert_str_eq(canonical, setting->initial);
        cr_assert(strlen(setting->help) > 10 && strlen(setting->unit) > 0);
    }
}

Test(event_settings, a_change_is_all_or_nothing)
{
    char problem[SETTING_PROBLEM_BYTES];
    json_t *settings = event_settings_default();
    json_t *good = json_pack("{ss si}", "admit_per_tick", "7.5", "active_cap", 20);
    json_t *bad = json_pack("{ss ss}", "active_cap", "30", "tick_ms", "5");
    json_t *unknown = json_pack("{ss}", "colour", "red");
    cr_assert(event_settings_apply(settings, good, problem));
    cr_assert_str_eq(json_string_value(json_object_get(settings, "admit_per_tick")), "7.5");
    cr_assert_not(event_settings_apply(settings, bad, problem));
    cr_assert_not_null(strstr(problem, "100 to 60000"), "%s", problem);
    cr_assert_eq(event_setting_whole(settings, "active_cap"), 20);
    cr_assert_eq(event_setting_whole(settings, "admit_per_tick"), 7);
    cr_assert_not(event_settings_apply(settings, unknown, problem));
    cr_assert_not_null(strstr(problem, "colour"));
    json_decref(settings);
    json_decref(good);
    json_decref(bad);
    json_decref(unknown);
}
