/* What the console says of a rehearsal comes out of the visitors' report; and ticket types given
 * anew. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "server/office/plan_types.h"
#include "server/rehearsal/summary.h"

static const char report[] =
    "{\"verdict\":\"broken\",\"reason\":\"a check failed\",\"run\":{\"seconds\":41.5},"
    "\"counts\":{\"arrived\":100,\"joined\":99,\"admitted\":80,\"confirmed\":30,\"seats_sold\":61},"
    "\"tester\":{\"is_limit\":true},"
    "\"checks\":[{\"check\":\"money adds up\",\"state\":\"ok\",\"violations\":0,\"text\":\"x\"},"
    "{\"check\":\"cap never exceeded\",\"state\":\"FAILED\",\"violations\":2,\"text\":\"y\"},"
    "{\"check\":\"ledger\",\"state\":\"not checked\",\"violations\":0,\"text\":\"z\"}],"
    "\"latency\":{\"hold\":{\"count\":7,\"p50_us\":1234,\"p99_us\":56789},"
    "\"pay to confirmed\":{\"count\":0,\"p50_us\":0,\"p99_us\":0},"
    "\"tick interval\":{\"count\":9,\"p50_us\":1,\"p99_us\":1}}}";

static const char *word(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "(none)";
}

Test(rehearsal_summary, tells_the_verdict_the_counts_and_each_check)
{
    json_t *whole = json_loads(report, 0, NULL), *summary = rehearsal_summary(whole);
    cr_assert_not_null(summary);
    cr_expect_str_eq(word(summary, "verdict"), "broken");
    cr_expect_eq(json_integer_value(json_object_get(summary, "admitted")), 80);
    cr_expect_eq(json_integer_value(json_object_get(summary, "seats_sold")), 61);
    cr_expect(json_is_true(json_object_get(summary, "was_tester_limit")));
    static const char *const states[] = {"ok", "failed", "not_checked"};
    const json_t *checks = json_object_get(summary, "checks");
    cr_assert_eq(json_array_size(checks), 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(word(json_array_get(checks, i), "state"), states[i]);
    json_decref(summary);
    json_decref(whole);
}

Test(rehearsal_summary, has_only_latencies_that_were_measured)
{
    json_t *whole = json_loads(report, 0, NULL), *summary = rehearsal_summary(whole);
    const json_t *latency = json_object_get(summary, "latency"),
                 *hold = json_object_get(latency, "hold");
    cr_expect_eq(json_object_size(latency), 1);
    cr_expect_float_eq(json_number_value(json_object_get(hold, "p50_ms")), 1.23, 1e-9);
    cr_expect_float_eq(json_number_value(json_object_get(hold, "p99_ms")), 56.79, 1e-9);
    json_decref(summary);
    json_decref(whole);
}

Test(rehearsal_summary, of_what_is_no_report_there_is_none)
{
    json_t *empty = json_object();
    cr_expect_null(rehearsal_summary(NULL));
    cr_expect_null(rehearsal_summary(empty));
    json_decref(empty);
}

/* --- ticket types --- */

static json_t *changed(const char *types, char why[200])
{
    json_t *plan = json_loads("{\"categories\":[{\"name\":\"Front\",\"price_minor\":100},"
                              "{\"name\":\"Back\",\"price_minor\":50,\"types\":[{\"name\":\"A\","
                              "\"price_minor\":50}]}]}",
                              0, NULL),
           *given = json_loads(types, 0, NULL);
    why[0] = '\0';
    if (!plan_types_apply(plan, given, why, 200)) {
        json_decref(plan);
        plan = NULL;
    }
    json_decref(given);
    return plan;
}

static const json_t *category(const json_t *plan, size_t index)
{
    return json_array_get(json_object_get(plan, "categories"), index);
}

Test(plan_types, the_first_type_is_the_price_and_none_are_one_price)
{
    char why[200];
    json_t *plan =
        changed("{\"Front\":[{\"name\":\"Adult\",\"price_minor\":90},{\"name\":\"Child\","
                "\"price_minor\":0}],\"Back\":[]}",
                why);
    cr_assert_not_null(plan, "%s", why);
    cr_expect_eq(json_integer_value(json_object_get(category(plan, 0), "price_minor")), 90);
    cr_expect_eq(json_array_size(json_object_get(category(plan, 0), "types")), 2);
    cr_expect_null(json_object_get(category(plan, 1), "types"));
    cr_expect_eq(json_integer_value(json_object_get(category(plan, 1), "price_minor")), 50);
    json_decref(plan);
}

Test(plan_types, what_is_not_that_is_refused_by_name)
{
    static const char *const wrong[][2] = {{"[]", "object"},
                                           {"{\"Side\":[]}", "Side"},
                                           {"{\"Back\":{\"A\":1}}", "Back"},
                                           {"{\"Front\":7}", "Front"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char why[200];
        cr_expect_null(changed(wrong[i][0], why));
        cr_expect_not_null(strstr(why, wrong[i][1]), "%s: %s", wrong[i][0], why);
    }
}
