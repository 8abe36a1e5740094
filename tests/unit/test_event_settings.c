/* The settings of an event: every row of the table, its limits, and what
 * is said about a bad value. */
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
    {"message", "", ""},
    {"message", "   ", ""},
    {"message", "  Two more evenings!  ", "Two more evenings!"},
    {"message", "Türen ab 18 Uhr – später", "Türen ab 18 Uhr – später"},
    {"message", "\xF0\x9F\x8E\xAB", "\xF0\x9F\x8E\xAB"},
    {"message", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
    {"message", "a line\nand another", NULL},
    {"message", "a\ttab", NULL},
    {"message", "\x1B[31mred", NULL},
    {"message", "delete \x7F", NULL},
    {"message", "C1 \xC2\x85", NULL},
    {"message", "\xC2", NULL},
    {"message", "half \xE2\x82", NULL},
    {"message", "lone \x80", NULL},
    {"message", "overlong \xC0\xAF", NULL},
    {"message", "overlong \xE0\x80\xAF", NULL},
    {"message", "overlong \xF0\x80\x80\xAF", NULL},
    {"message", "surrogate \xED\xA0\x80", NULL},
    {"message", "beyond \xF4\x90\x80\x80", NULL},
    {"message", "beyond \xF5\x80\x80\x80", NULL},
};

/* 'ä' (two bytes) so many times, after `before`. */
static void umlauts(char *out, size_t room, const char *before, size_t count)
{
    size_t used = strlen(before);
    cr_assert(used + 2 * count < room);
    memcpy(out, before, used);
    for (size_t i = 0; i < count; i++)
        memcpy(out + used + 2 * i, "\xC3\xA4", 2);
    out[used + 2 * count] = '\0';
}

Test(event_settings, a_text_has_a_length_in_bytes)
{
    char text[800], canonical[SETTING_TEXT_BYTES];
    struct said problem[1];
    const struct event_setting *message = event_setting_find("message");
    umlauts(text, sizeof text, "", 140);
    cr_assert(event_setting_format(message, text, canonical, problem));
    cr_assert_str_eq(canonical, text);
    umlauts(text, sizeof text, "x", 140);
    cr_assert_not(event_setting_format(message, text, canonical, problem));
    cr_assert_not_null(strstr(problem->text, "281 bytes; expected 0 to 280"), "%s", problem->text);
    umlauts(text, sizeof text, "", 390);
    json_t *settings = event_settings_default(), *change = json_pack("{ss}", "message", text);
    cr_assert_not(event_settings_apply(settings, change, problem));
    cr_assert_not_null(strstr(problem->text, "780 bytes"), "%s", problem->text);
    json_decref(settings);
    json_decref(change);
}

Test(event_settings, a_refused_value_is_not_repeated_with_half_a_character)
{
    char text[200], canonical[SETTING_TEXT_BYTES];
    struct said problem[1];
    for (size_t shift = 0; shift < 2; shift++) {
        umlauts(text, sizeof text, shift == 0 ? "" : "x", 60);
        cr_assert_not(
            event_setting_format(event_setting_find("tick_ms"), text, canonical, problem));
        json_t *said = json_string(problem->text);
        cr_assert_not_null(said, "not UTF-8: %s", problem->text);
        json_decref(said);
    }
}

Test(event_settings, values_are_checked_and_made_canonical)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char canonical[SETTING_TEXT_BYTES] = "";
        struct said problem[1] = {0};
        bool is_good = event_setting_format(event_setting_find(rows[i].name), rows[i].text,
                                            canonical, problem);
        cr_assert_eq(is_good, rows[i].canonical != NULL, "%s = \"%s\"", rows[i].name, rows[i].text);
        if (is_good)
            cr_assert_str_eq(canonical, rows[i].canonical);
        else
            cr_assert_not_null(strstr(problem->text, rows[i].name), "%s", problem->text);
    }
}

Test(event_settings, every_default_is_in_range_and_canonical)
{
    for (size_t i = 0; i < event_settings_count(); i++) {
        const struct event_setting *setting = event_setting_at(i);
        char canonical[SETTING_TEXT_BYTES];
        struct said problem[1];
        cr_assert(event_setting_format(setting, setting->initial, canonical, problem), "%s",
                  problem->text);
        cr_assert_str_eq(canonical, setting->initial);
        cr_assert(strlen(setting->help) > 10 && strlen(setting->unit) > 0);
    }
}

static bool is_in_time(const char *phase, const char *opens_at, const char *closes_at,
                       struct said *problem)
{
    json_t *settings = event_settings_default(), *changes = json_object();
    if (phase)
        json_object_set_new(changes, "phase", json_string(phase));
    if (opens_at)
        json_object_set_new(changes, "opens_at_ms", json_string(opens_at));
    if (closes_at)
        json_object_set_new(changes, "closes_at_ms", json_string(closes_at));
    cr_assert(event_settings_apply(settings, changes, problem), "%s", problem->text);
    bool is_good = event_settings_check_schedule(settings, changes, 2000, problem);
    json_decref(settings);
    json_decref(changes);
    return is_good;
}

Test(event_settings, a_sale_ends_after_it_opens)
{
    struct said problem[1];
    cr_assert(is_in_time(NULL, "1000", "1001", problem));
    cr_assert(is_in_time(NULL, "1000", "0", problem));
    cr_assert(is_in_time("announced", "3000", "3001", problem));
    cr_assert_not(is_in_time(NULL, "1000", "1000", problem));
    cr_assert_not_null(strstr(problem->text, "before it opens"), "%s", problem->text);
    cr_assert(is_in_time("open", NULL, "2001", problem));
    cr_assert(is_in_time("closed", NULL, "2000", problem));
    cr_assert_not(is_in_time("open", NULL, "2000", problem));
    cr_assert_not_null(strstr(problem->text, "has ended"), "%s", problem->text);
}

Test(event_settings, a_change_is_all_or_nothing)
{
    struct said problem[1];
    json_t *settings = event_settings_default();
    json_t *good = json_pack("{ss si}", "admit_per_tick", "7.5", "active_cap", 20);
    json_t *bad = json_pack("{ss ss}", "active_cap", "30", "tick_ms", "5");
    json_t *list = json_pack("{s[]}", "message");
    json_t *unknown = json_pack("{ss}", "colour", "red");
    cr_assert(event_settings_apply(settings, good, problem));
    cr_assert_str_eq(json_string_value(json_object_get(settings, "admit_per_tick")), "7.5");
    cr_assert_not(event_settings_apply(settings, bad, problem));
    cr_assert_not_null(strstr(problem->text, "100 to 60000"), "%s", problem->text);
    cr_assert_eq(event_setting_whole(settings, "active_cap"), 20);
    cr_assert_eq(event_setting_whole(settings, "admit_per_tick"), 7);
    cr_assert_not(event_settings_apply(settings, unknown, problem));
    cr_assert_str_eq(problem->text,
                     "there is no setting called \"colour\"; docs/schema.md lists them");
    (void)json_object_set_new(unknown, "admit_per_tik", json_string("3"));
    (void)json_object_del(unknown, "colour");
    cr_assert_not(event_settings_apply(settings, unknown, problem));
    cr_assert_str_eq(problem->text, "there is no setting called \"admit_per_tik\"; did you mean "
                                    "admit_per_tick?");
    cr_assert_not(event_settings_apply(settings, list, problem));
    cr_assert_not_null(strstr(problem->text, "message"), "%s", problem->text);
    json_decref(list);
    json_decref(settings);
    json_decref(good);
    json_decref(bad);
    json_decref(unknown);
}
