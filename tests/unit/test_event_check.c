/* The check list before publishing: a plan and settings without a fault,
 * then one fault at a time. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/office/event_check.h"
#include "server/office/event_settings.h"
#include "ticketing/plan_json.h"

#define NOW INT64_C(1790000000000)

static const char good_plan[] =
    "{\"version\":1,\"name\":\"Hall\",\"width\":100,\"height\":100,\"seats_count\":3,"
    "\"categories\":[{\"name\":\"Front\",\"color\":\"#b3261e\",\"price_minor\":1000,\"currency\":"
    "\"EUR\"},{\"name\":\"Back\",\"color\":\"#0072b2\",\"price_minor\":500,\"currency\":\"EUR\"}],"
    "\"sections\":[{\"name\":\"A\",\"level\":\"\",\"rows\":[{\"label\":\"1\",\"first\":0,\"seats\":"
    "[[\"1\",10,10,0,1],[\"2\",20,10,0,0],[\"3\",30,10,1,0]]}]}],\"areas\":[],\"shapes\":[]}";

/* The plan with `what` replaced by `by` everywhere; NULL = as it is. */
static struct plan *plan_with(const char *what, const char *by)
{
    char text[2048] = "", why[200] = "";
    const char *at = good_plan;
    while (*at != '\0') {
        size_t used = strlen(text);
        if (what != NULL && strncmp(at, what, strlen(what)) == 0) {
            (void)snprintf(text + used, sizeof text - used, "%s", by);
            at += strlen(what);
        } else {
            text[used] = *at++;
            text[used + 1] = '\0';
        }
    }
    struct plan *plan = NULL;
    cr_assert_eq(plan_from_text(text, strlen(text), &plan, why, sizeof why), PLAN_OK, "%s", why);
    return plan;
}

static json_t *settings_with(const char *name, const char *value)
{
    json_t *settings = event_settings_default();
    (void)json_object_set_new(settings, "opens_at_ms", json_string("1790000600000"));
    if (name != NULL)
        (void)json_object_set_new(settings, name, json_string(value));
    return settings;
}

/* "error:no_price:Back warning:..." */
static void expect(const struct plan *plan, json_t *settings, const char *expected)
{
    char found[600] = "";
    size_t i;
    json_t *finding, *findings = event_check(plan, settings, NOW);
    json_array_foreach(findings, i, finding) {
        size_t used = strlen(found);
        (void)snprintf(found + used, sizeof found - used, "%s%s:%s:%s", used > 0 ? " " : "",
                       json_string_value(json_object_get(finding, "level")),
                       json_string_value(json_object_get(finding, "code")),
                       json_string_value(json_object_get(finding, "what")));
        cr_expect(json_string_length(json_object_get(finding, "message")) > 10);
    }
    cr_expect_str_eq(found, expected, "\"%s\" instead of \"%s\"", found, expected);
    cr_expect_eq(event_check_is_ready(findings), strstr(expected, "error:") == NULL);
    json_decref(findings);
    json_decref(settings);
}

Test(event_check, faults_of_a_plan_are_named)
{
    static const struct {
        const char *what, *by, *expected;
    } table[] = {
        {NULL, NULL, ""},
        {"\"price_minor\":500", "\"price_minor\":-1", "error:no_price:Back"},
        {"\"price_minor\":500", "\"price_minor\":0", "warning:free_of_charge:Back"},
        {"30,10,1,0]", "30,10,1,16]", "warning:one_category_empty:Back"},
        {"10,10,0,1]", "10,10,0,0]", "warning:no_accessible:"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct plan *plan = plan_with(table[i].what, table[i].by);
        expect(plan, settings_with(NULL, NULL), table[i].expected);
        plan_free(plan);
    }
}

Test(event_check, seats_on_one_point_are_counted)
{
    struct plan *plan = plan_with("0,10,", "0,0,"); /* still apart in x */
    expect(plan, settings_with(NULL, NULL), "");
    plan_free(plan);
    plan = plan_with(NULL, NULL);
    plan->seats[1].x = plan->seats[1].y = plan->seats[2].x = plan->seats[2].y = 0;
    expect(plan, settings_with(NULL, NULL), "warning:no_coordinates:2");
    plan_free(plan);
}

Test(event_check, faults_of_settings_are_named)
{
    static const struct {
        const char *name, *value, *expected;
    } table[] = {
        {"opens_at_ms", "0", "warning:no_opening:"},
        {"opens_at_ms", "1790000000000", "error:opens_in_past:"},
        {"opens_at_ms", "1790000000001", ""},
        {"prequeue_at_ms", "1790000600001", "error:prequeue_after_opening:"},
        {"prequeue_at_ms", "1790000600000", ""},
        {"closes_at_ms", "1789999999999", "error:closes_in_past:"},
        {"closes_at_ms", "1790000600000", "error:closes_before_opening:"},
        {"closes_at_ms", "1790000600001", ""},
        {"draw", "1", "error:draw_without_prequeue:"},
        {"admit_per_tick", "0", "error:nobody_admitted:"},
        {"active_cap", "0", "error:nobody_admitted:"},
        {"active_cap", "49", "warning:cap_below_rate:"},
        {"active_cap", "50", ""},
        {"pay_ms", "119999", "warning:time_to_pay_short:"},
        {"pay_ms", "120000", ""},
    };
    struct plan *plan = plan_with(NULL, NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        expect(plan, settings_with(table[i].name, table[i].value), table[i].expected);
    json_t *slow = settings_with("admit_per_tick", "0.001");
    (void)json_object_set_new(slow, "tick_ms", json_string("60000"));
    expect(plan, slow, "warning:takes_long:1000");
    plan_free(plan);
}

/* The seats are numbered first; the places of an area behind them have no row of their own. */
Test(event_check, standing_places_have_no_coordinates_of_their_own)
{
    char text[2048], why[200] = "";
    struct plan *plan = NULL;
    const char *count = strstr(good_plan, "\"seats_count\":3"),
               *areas = strstr(good_plan, "[],\"shapes\"");
    (void)snprintf(text, sizeof text,
                   "%.*s\"seats_count\":503%.*s[{\"name\":\"Floor\",\"category\":1,\"first\":3,"
                   "\"capacity\":500,\"x\":0,\"y\":0,\"width\":50,\"height\":50}]%s",
                   (int)(count - good_plan), good_plan, (int)(areas - count - 15), count + 15,
                   areas + 2);
    cr_assert_eq(plan_from_text(text, strlen(text), &plan, why, sizeof why), PLAN_OK, "%s", why);
    expect(plan, settings_with(NULL, NULL), "");
    plan_free(plan);
}
