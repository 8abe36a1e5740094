/* Scenario files and what they are made of: shapes of arrival, thresholds, the parser with its line
 * numbers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "loadtest/arrival.h"
#include "loadtest/expect.h"
#include "loadtest/metrics.h"
#include "loadtest/scenario.h"

Test(arrival, reads_every_shape)
{
    static const struct {
        const char *text;
        enum arrival_kind kind;
        double end_s;
    } cases[] = {
        {"at-once", ARRIVAL_AT_ONCE, 0},        {"within 5", ARRIVAL_WITHIN, 5},
        {"  even  2.5 ", ARRIVAL_EVEN, 2.5},    {"ramp 10", ARRIVAL_RAMP, 10},
        {"steps 12 4", ARRIVAL_STEPS, 12},      {"early 0.6 6 3", ARRIVAL_EARLY, 9},
        {"even 10 after 12", ARRIVAL_EVEN, 22}, {"at-once after 3", ARRIVAL_AT_ONCE, 3},
        {"poisson 50", ARRIVAL_POISSON, 2},     {"poisson 50 after 1", ARRIVAL_POISSON, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arrival a;
        cr_assert(arrival_parse(cases[i].text, &a), "%s", cases[i].text);
        cr_expect_eq(a.kind, cases[i].kind, "%s", cases[i].text);
        cr_expect_float_eq(arrival_end_s(&a, 100), cases[i].end_s, 1e-9, "%s", cases[i].text);
    }
}

Test(arrival, refuses_what_is_no_shape)
{
    static const char *const texts[] = {"",
                                        "often",
                                        "within",
                                        "within x",
                                        "within 5s",
                                        "within -1",
                                        "within 4000",
                                        "within 5 6",
                                        "steps 5",
                                        "steps 5 0",
                                        "steps 5 1.5",
                                        "early 2 1 1",
                                        "early 0.5 1",
                                        "within 5 after",
                                        "withins 5",
                                        "at-once 3",
                                        "after 3",
                                        "within 5 before 3",
                                        "within nan"};
    struct arrival a = {.kind = ARRIVAL_RAMP, .s = 77};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(arrival_parse(texts[i], &a), "%s", texts[i]);
    cr_expect(a.kind == ARRIVAL_RAMP && a.s == 77);
}

/* Share of 20,000 visitors who have come by `by_s`. */
static double come_by(const char *shape, double by_s)
{
    enum { N = 20000 };
    struct arrival a;
    int come = 0;
    cr_assert(arrival_parse(shape, &a));
    for (uint32_t i = 0; i < N; i++) {
        struct dice dice;
        dice_init(&dice, 7, i);
        int64_t us = arrival_us(&a, &dice, i, N);
        cr_assert(us >= (int64_t)(a.after_s * 1e6) && us <= (int64_t)(arrival_end_s(&a, N) * 1e6));
        come += us <= (int64_t)(by_s * 1e6);
    }
    return (double)come / N;
}

Test(arrival, shapes_are_what_they_say)
{
    static const struct {
        const char *shape;
        double by_s, share;
    } cases[] = {
        {"at-once", 0, 1},         {"at-once after 2", 1.9, 0},   {"within 10", 5, 0.5},
        {"even 10", 2.5, 0.25},    {"even 10 after 10", 15, 0.5}, {"ramp 10", 5, 0.25},
        {"steps 10 4", 2.5, 0.1},  {"steps 10 4", 5, 0.3},        {"steps 10 4", 7.5, 0.6},
        {"early 0.6 6 3", 6, 0.6}, {"early 0.6 6 3", 3, 0.3},     {"early 0.6 6 3", 7.5, 0.8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double share = come_by(cases[i].shape, cases[i].by_s);
        cr_expect_float_eq(share, cases[i].share, 0.02, "%s by %.1f s: %.3f", cases[i].shape,
                           cases[i].by_s, share);
    }
}

Test(expect, reads_and_compares)
{
    static const struct {
        const char *text, *metric;
        double limit, holds, fails;
    } cases[] = {{"hold.p99<20ms", "hold.p99", 20, 19.9, 20},
                 {"hold.p99.9 <= 1.5s", "hold.p99.9", 1500, 1500, 1501},
                 {" returns_each > 2 ", "returns_each", 2, 3, 2},
                 {"visitors.bought >= 10", "visitors.bought", 10, 10, 9},
                 {"errors.closed = 0", "errors.closed", 0, 0, 1},
                 {"told.max < 500us", "told.max", 0.5, 0.4, 0.6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct expectation e;
        cr_assert(expect_parse(cases[i].text, &e), "%s", cases[i].text);
        cr_expect_str_eq(e.metric, cases[i].metric);
        cr_expect_float_eq(e.limit, cases[i].limit, 1e-9, "%s", cases[i].text);
        cr_expect(expect_holds(&e, cases[i].holds), "%s", cases[i].text);
        cr_expect_not(expect_holds(&e, cases[i].fails), "%s", cases[i].text);
    }
}

Test(expect, knows_the_figures_that_a_run_can_have)
{
    static const char *const names[] = {"hold.p99",        "told.p99.9",        "tick.max",
                                        "confirm.count",   "ratio.hold.p50",    "before.tick.p90",
                                        "visitors.bought", "errors.seat_taken", "holds",
                                        "tester.busiest",  "growth.redis",      "ratio.cpu"};
    static const char *const others[] = {
        "hld.p99",       "hold",           "hold.p98", "ratio.holds",
        "visitors.sold", "errors.nothing", "p99",      "after.after.hold.p50",
        "growth.nobody", "before.cpu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect(metrics_is_name(names[i]), "%s", names[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(metrics_is_name(others[i]), "%s", others[i]);
}

Test(expect, refuses_what_is_no_threshold)
{
    static const char *const texts[] = {"",          "hold.p99",     "hold.p99 <",   "< 5",
                                        "hold ! 5",  "hold < 5 min", "hold < 5ms x", "Hold < 5",
                                        "hold << 5", "hold < inf"};
    struct expectation e;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(expect_parse(texts[i], &e), "%s", texts[i]);
}

static struct stampede_options defaults(void)
{
    char program[] = "stampede", *argv[] = {program, NULL};
    struct stampede_options o;
    cr_assert_eq(stampede_options_read(1, argv, &o), OPTIONS_OK);
    return o;
}

static struct scenario *parse(const char *text, struct scenario_error *error)
{
    struct stampede_options o = defaults();
    return scenario_parse(text, strlen(text), &o, error);
}

#define HEAD "[scenario]\ntitle = T\n[event]\nseats = 100\n[crowd]\nvisitors = 10\n"

Test(scenario, reads_a_whole_file)
{
    struct scenario_error error;
    struct scenario *s = parse("; words\n\n[scenario]\r\ntitle = Two\nabout = a = b\n"
                               "[event one]\nseats = 500\nopens_at_ms = +8s\nadmit_per_tick=2.5\n"
                               "[ event  two ]\ninventory = some/dir\n"
                               "[crowd early]\nevent = two\nvisitors = 30\narrive = early 0.5 2 2\n"
                               "think-ms = 5..9\nno-show = 0.25\nreloads = 3\n"
                               "# more\n[crowd late]\nevent = one\nmode = wait\n"
                               "[faults]\n3.5s = kill gateway 0\n1 = drop 0.25\n"
                               "2s = set one active_cap = 7\n"
                               "[expect early]\nhold.p99 <= 20ms\nvisitors.bought > 3\n",
                               &error);
    cr_assert_not_null(s, "%u: %s", error.line, error.text);
    cr_expect_str_eq(s->title, "Two");
    cr_expect_str_eq(s->about, "a = b");
    cr_assert_eq(s->events_count, 2);
    cr_expect_eq(s->events[0].seats, 500);
    cr_assert_eq(s->events[0].settings_count, 2);
    cr_expect_str_eq(s->events[0].settings[1].key, "admit_per_tick");
    cr_expect_str_eq(s->events[0].settings[1].value, "2.5");
    cr_expect_str_eq(s->events[1].name, "two");
    cr_expect_str_eq(s->events[1].inventory, "some/dir");
    cr_assert_eq(s->crowds_count, 2);
    const struct stampede_options *o = &s->crowds[0].options;
    cr_expect_eq(s->crowds[0].event, 1);
    cr_expect(o->visitors == 30 && o->reloads == 3 && o->no_show == 0.25);
    cr_expect(o->think.from_ms == 5 && o->think.to_ms == 9 && o->arrival.kind == ARRIVAL_EARLY);
    cr_expect_eq(o->expectations_count, 2);
    cr_expect_eq(s->crowds[1].options.mode, MODE_WAIT);
    cr_expect_eq(s->crowds[1].options.visitors, 1000);
    cr_expect_eq(s->crowds[1].options.expectations_count, 0);
    cr_assert_eq(s->faults_count, 3);
    cr_expect_str_eq(s->faults[0].process, "gateway 0");
    cr_expect(s->faults[1].kind == FAULT_DROP && s->faults[1].share == 0.25);
    cr_expect_str_eq(s->faults[2].setting.value, "7");
    scenario_free(s);
}

Test(scenario, one_event_and_one_crowd_need_no_names)
{
    struct scenario_error error;
    struct scenario *s =
        parse(HEAD "[faults]\n1 = set phase=paused\n[expect]\nholds > 1\n", &error);
    cr_assert_not_null(s, "%u: %s", error.line, error.text);
    cr_expect_str_eq(s->crowds[0].name, "visitors");
    cr_expect_eq(s->crowds[0].options.expectations_count, 1);
    cr_expect_str_eq(s->faults[0].setting.key, "phase");
    scenario_free(s);
}

Test(scenario, bad_input_is_refused_with_its_line)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        {"", 0, "there must be"},
        {"title = x\n", 1, "section first"},
        {"\n[nonsense]\n", 2, "no section [nonsense]"},
        {"[scenario]\ncolor = red\n", 2, "title and about"},
        {"[scenario]\ntitle\n", 2, "key = value"},
        {"[scenario]\ntitle =\n", 2, "no value"},
        {"[scenario x]\n", 1, "cannot have the name"},
        {"[crowd A!]\n", 1, "cannot have the name"},
        {"[crowd\n", 1, "a section looks like"},
        {"[crowd] x\n", 1, "a section looks like"},
        {"[event]\nseats = 0\n", 2, "seats is a number"},
        {"[event]\nseats = many\n", 2, "seats is a number"},
        {"[event]\nseats = -5\n", 2, "seats is a number"},
        {"[event]\nAdmit = 5\n", 2, "cannot be a setting"},
        {"[event]\nopens_at_ms = +8\n", 2, "looks like +8s"},
        {"[event]\n[event]\n", 2, "already"},
        {"[crowd a]\n[crowd a]\n", 2, "already"},
        {"[crowd]\nvisitors = 0\n", 2, "visitors cannot be \"0\""},
        {"[crowd]\nvisitors = x\n", 2, "visitors cannot be \"x\""},
        {"[crowd]\narrive = sometimes\n", 2, "arrive cannot be"},
        {"[crowd]\nleave = 2\n", 2, "leave cannot be"},
        {"[crowd]\nurl = http://127.0.0.1\n", 2, "nothing a crowd can have"},
        {"[crowd]\nfrobnicate = 1\n", 2, "nothing a crowd can have"},
        {"[expect]\nhold.p99 < 1\n", 1, "must name a crowd"},
        {"[crowd a]\n[expect b]\n", 2, "no crowd \"b\""},
        {"[crowd]\n[expect]\nhold.p99\n", 3, "no threshold"},
        {"[faults]\nsoon = drop 1\n", 2, "is no time"},
        {"[faults]\n1 = flush ledger\n", 2, "only redis"},
        {"[faults]\n1 = flush redis\n2 = flush redis\n", 3, "once"},
        {"[faults]\n1 = explode\n", 2, "no fault \"explode\""},
        {"[faults]\n1 = drop 2\n", 2, "share"},
        {"[faults]\n1 = drop\n", 2, "share"},
        {"[faults]\n1 = kill\n", 2, "needs a process"},
        {"[faults]\n1 = set x\n", 2, "KEY=VALUE"},
        {"[scenario]\ntitle = T\n[event]\n[crowd]\n", 0, "either inventory or seats"},
        {"[scenario]\ntitle = T\n[event]\nseats=1\ninventory=x\n[crowd]\n", 0, "either inventory"},
        {"[scenario]\ntitle = T\n[event a]\nseats=1\n[crowd]\nevent = b\n", 5, "no event \"b\""},
        {"[scenario]\ntitle = T\n[event a]\nseats=1\n[event b]\nseats=1\n[crowd]\n", 7,
         "to which event"},
        {HEAD "[faults]\n1 = set nowhere phase=open\n", 8, "no event \"nowhere\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario_error error;
        struct scenario *s = parse(cases[i].text, &error);
        cr_expect_null(s, "%s", cases[i].text);
        cr_expect_eq(error.line, cases[i].line, "%s: line %u: %s", cases[i].text, error.line,
                     error.text);
        cr_expect(strstr(error.text, cases[i].says), "%s: %s", cases[i].text, error.text);
        scenario_free(s);
    }
}

Test(scenario, a_text_with_a_nul_is_no_text)
{
    struct stampede_options o = defaults();
    struct scenario_error error;
    cr_expect_null(scenario_parse(HEAD, sizeof HEAD, &o, &error));
    cr_expect_str_eq(error.text, "this is not a text");
}

Test(scenario, too_many_are_refused)
{
    char text[4096] = HEAD "[faults]\n";
    size_t at = strlen(text);
    for (int i = 0; i <= STAMPEDE_FAULTS_MAX; i++) {
        int n = snprintf(text + at, sizeof text - at, "%d = drop 1\n", i);
        at += (size_t)n;
    }
    struct scenario_error error;
    cr_expect_null(parse(text, &error));
    cr_expect_eq(error.line, 8 + STAMPEDE_FAULTS_MAX, "line %u", error.line);
}

Test(scenario, times_count_from_the_start)
{
    char out[32];
    cr_assert(scenario_setting_value("+8.5s", 1000000, out, sizeof out));
    cr_expect_str_eq(out, "1008500");
    cr_assert(scenario_setting_value("paused", 1000000, out, sizeof out));
    cr_expect_str_eq(out, "paused");
    cr_expect_not(scenario_setting_value("+x", 0, out, sizeof out));
    cr_expect_not(scenario_setting_value("+8s", 1000000, out, 4));
}
