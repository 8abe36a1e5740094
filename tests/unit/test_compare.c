/* What got better or worse beyond noise: the statistics against known values, and whole reports:
 * the same twice, and one that is planted to be slower. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "loadtest/compare.h"
#include "loadtest/dice.h"

Test(compare, ranks_have_the_chance_that_tables_tell)
{
    const double low[] = {1, 2, 3, 4, 5}, high[] = {6, 7, 8, 9, 10}, mixed[] = {1.5, 2.5, 3.5, 4.5};
    cr_expect_float_eq(compare_rank_chance(low, 3, high, 3), 0.1, 1e-9);
    cr_expect_float_eq(compare_rank_chance(low, 4, high, 4), 2.0 / 70, 1e-9);
    cr_expect_float_eq(compare_rank_chance(high, 4, low, 4), 2.0 / 70, 1e-9);
    cr_expect_float_eq(compare_rank_chance(low, 5, high, 5), 2.0 / 252, 1e-9);
    cr_expect_float_eq(compare_rank_chance(low, 4, low, 4), 1, 1e-9);
    cr_expect_gt(compare_rank_chance(low, 4, mixed, 4), 0.5);
    cr_expect_eq(compare_rank_chance(low, 0, high, 4), 1);
}

Test(compare, many_samples_take_the_approximation)
{
    double a[30], b[30];
    for (int i = 0; i < 30; i++) {
        a[i] = i;
        b[i] = i + 0.5;
    }
    cr_expect_gt(compare_rank_chance(a, 30, b, 30), 0.8);
    for (int i = 0; i < 30; i++)
        b[i] = i + 20;
    cr_expect_lt(compare_rank_chance(a, 30, b, 30), 1e-4);
}

static struct compare_samples left, right;

static void fill(struct compare_samples *s, uint64_t seed, double middle)
{
    struct dice dice;
    dice_init(&dice, seed, 1);
    s->count = 60;
    for (size_t i = 0; i < s->count; i++)
        s->values[i] = middle * (0.7 + 0.6 * dice_share(&dice));
}

Test(compare, resamples_tell_a_change_from_noise)
{
    double low, high;
    int alarms = 0;
    for (uint64_t i = 0; i < 20; i++) {
        fill(&left, i, 10);
        fill(&right, i + 1000, 10);
        compare_bootstrap(&left, &right, &low, &high);
        cr_assert_leq(low, high);
        alarms += low > 0 || high < 0;
    }
    cr_expect_leq(alarms, 1, "%d of 20 pairs without a difference", alarms);
    fill(&right, 7, 14);
    compare_bootstrap(&left, &right, &low, &high);
    cr_expect(low > 0.1 && high < 0.8, "%g to %g for +40 %%", low, high);
}

/* ---- whole reports ---- */

/* One crowd's report: 60 seconds of holds around `hold_us`, `joins` a second. */
static json_t *report_of(const char *verdict, uint64_t seed, double hold_us, double joins)
{
    struct dice dice;
    json_t *p99 = json_array(), *joined = json_array(), *seconds = json_array(), *at = json_array();
    double sum = 0;
    dice_init(&dice, seed, 2);
    for (int i = 0; i < 60; i++) {
        double us = hold_us * (0.8 + 0.4 * dice_share(&dice));
        sum += us;
        json_array_append_new(p99, json_integer((json_int_t)us));
        json_array_append_new(joined,
                              json_integer((json_int_t)(joins * (0.9 + 0.2 * dice_share(&dice)))));
        json_array_append_new(seconds, json_real(1));
        json_array_append_new(at, json_real(i + 1));
    }
    return json_pack(
        "{s:s, s:{s:i}, s:{s:{s:i}}, s:{s:{s:i, s:i}}, s:{s:o, s:o, s:{s:o}, s:{s:{s:o}}}}",
        "verdict", verdict, "run", "visitors", 1000, "counts", "errors", "seat_taken", 20,
        "latency", "hold", "count", 60, "p99_us", (int)(sum / 60), "timeline", "at_s", at,
        "seconds", seconds, "counts", "joined", joined, "latency", "hold", "p99_us", p99);
}

static struct compare result;

static enum compare_outcome outcome(const char *name)
{
    for (size_t i = 0; i < result.count; i++)
        if (strcmp(result.figures[i].name, name) == 0)
            return result.figures[i].outcome;
    cr_assert_fail("%s is not told", name);
    return COMPARE_UNKNOWN;
}

static int compare_sides(size_t runs, double a_us, double b_us, double a_joins, double b_joins,
                         const char *b_verdict)
{
    json_t *a[COMPARE_REPORTS_MAX] = {0}, *b[COMPARE_REPORTS_MAX] = {0};
    for (size_t i = 0; i < runs; i++) {
        a[i] = report_of("green", i, a_us, a_joins);
        b[i] = report_of(b_verdict, i + 100, b_us, b_joins);
    }
    compare_reports(a, runs, b, runs, &result);
    for (size_t i = 0; i < runs; i++) {
        json_decref(a[i]);
        json_decref(b[i]);
    }
    return compare_exit_code(&result);
}

Test(compare, the_same_program_twice_is_the_same)
{
    for (size_t runs = 1; runs <= 5; runs++) {
        cr_expect_eq(compare_sides(runs, 5000, 5000, 300, 300, "green"), 0, "%zu runs", runs);
        cr_expect_eq(outcome("hold p99 ms"), COMPARE_SAME);
        cr_expect_eq(outcome("joins 1/s"), COMPARE_SAME);
        cr_expect_eq(result.is_by_runs, runs >= COMPARE_RUNS_MIN);
    }
}

Test(compare, a_planted_slowness_is_found)
{
    for (size_t runs = 1; runs <= 5; runs += 4) {
        cr_expect_eq(compare_sides(runs, 5000, 7000, 300, 300, "green"), 1);
        cr_expect_eq(outcome("hold p99 ms"), COMPARE_WORSE);
        cr_expect_eq(outcome("joins 1/s"), COMPARE_SAME);
        cr_expect_eq(compare_sides(runs, 7000, 5000, 300, 200, "green"), 1);
        cr_expect_eq(outcome("hold p99 ms"), COMPARE_BETTER);
        cr_expect_eq(outcome("joins 1/s"), COMPARE_WORSE);
        cr_expect_eq(compare_sides(runs, 7000, 5000, 200, 300, "green"), 0);
        cr_expect_eq(outcome("joins 1/s"), COMPARE_BETTER);
    }
}

Test(compare, a_verdict_that_got_worse_decides)
{
    cr_expect_eq(compare_sides(1, 5000, 5000, 300, 300, "broken"), 1);
    cr_expect(result.is_verdict_worse);
    cr_expect_str_eq(result.b_verdict, "broken");
}

Test(compare, one_number_of_one_run_tells_nothing)
{
    compare_sides(1, 5000, 5000, 300, 300, "green");
    cr_expect_eq(outcome("errors per visitor"), COMPARE_UNKNOWN);
    compare_sides(4, 5000, 5000, 300, 300, "green");
    cr_expect_eq(outcome("errors per visitor"), COMPARE_SAME);
}
