/* The adaptive rate: percentile and rule. */
#include <criterion/criterion.h>

#include "queue/pace.h"

static struct pace_histogram holds_of(int64_t fast_count, int64_t slow_count, int64_t slow_ms)
{
    struct pace_histogram holds = {0};
    for (int64_t i = 0; i < fast_count; i++)
        pace_note(&holds, 3);
    for (int64_t i = 0; i < slow_count; i++)
        pace_note(&holds, slow_ms);
    return holds;
}

Test(pace, percentile_is_the_end_of_its_bucket)
{
    struct pace_histogram holds = {0};
    cr_expect_eq(pace_p99_ms(&holds), 0);
    pace_note(&holds, -1);
    cr_expect_eq(pace_p99_ms(&holds), 1);
    holds = holds_of(99, 1, 900);
    cr_expect_eq(pace_p99_ms(&holds), 3, "one in a hundred may be slow");
    holds = holds_of(98, 2, 900);
    cr_expect_eq(pace_p99_ms(&holds), 1000);
    holds = holds_of(0, 1, 1000);
    cr_expect_eq(pace_p99_ms(&holds), 1000);
    holds = holds_of(0, 1, 1001);
    cr_expect_eq(pace_p99_ms(&holds), 1259);
    holds = holds_of(0, 1, 3600000);
    cr_expect_eq(pace_p99_ms(&holds), 20000, "the last takes everything");
    holds = holds_of(7, 5, 900);
    cr_expect_eq(pace_samples_count(&holds), 12);
}

struct row {
    int64_t rate, min, max, p99, samples;
    enum pace_reason reason;
    int64_t expected;
};

#define M INT64_C(1000000)

Test(pace, rule)
{
    static const struct row rows[] = {
        {50 * M, M, 50 * M, 400, 100, PACE_SLOWER, 35 * M},
        {0, M, 50 * M, 400, 100, PACE_SLOWER, 35 * M},
        {35 * M, M, 50 * M, 251, 20, PACE_SLOWER, 245 * M / 10},
        {35 * M, M, 50 * M, 2000, 19, PACE_NO_DATA, 35 * M},
        {35 * M, M, 50 * M, 200, 100, PACE_STEADY, 35 * M},
        {35 * M, M, 50 * M, 158, 100, PACE_FASTER, 375 * M / 10},
        {49 * M, M, 50 * M, 5, 100, PACE_FASTER, 50 * M},
        {50 * M, M, 50 * M, 5, 100, PACE_STEADY, 50 * M},
        {M, M, 50 * M, 900, 100, PACE_STEADY, M},
        {12 * M / 10, M, 50 * M, 900, 100, PACE_SLOWER, M},
        {90 * M, M, 50 * M, 200, 100, PACE_STEADY, 50 * M},
        {M, 5 * M, 50 * M, 200, 100, PACE_STEADY, 5 * M},
        {30 * M, 60 * M, 50 * M, 900, 100, PACE_STEADY, 50 * M},
        {60000, 10000, 100000, 5, 100, PACE_FASTER, 70000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace_histogram holds = holds_of(0, rows[i].samples, rows[i].p99);
        struct pace_inputs in = {.rate_micro = rows[i].rate,
                                 .min_micro = rows[i].min,
                                 .max_micro = rows[i].max,
                                 .target_ms = 200,
                                 .holds = &holds};
        struct pace_decision d = pace_decide(&in);
        cr_expect_eq(d.reason, rows[i].reason, "row %zu: %d", i, d.reason);
        cr_expect_eq(d.rate_micro, rows[i].expected, "row %zu: %ld", i, (long)d.rate_micro);
        cr_expect_eq(d.samples_count, rows[i].samples);
    }
}

/* A system that is slow above 20 visitors per tick: the rate settles below it and stays near it. */
Test(pace, settles_near_what_the_system_can_do)
{
    int64_t rate = 100 * M, lowest = rate, highest = 0;
    for (int i = 0; i < 300; i++) {
        struct pace_histogram holds = holds_of(0, 100, rate > 20 * M ? 500 : 50);
        struct pace_inputs in = {.rate_micro = rate,
                                 .min_micro = M,
                                 .max_micro = 100 * M,
                                 .target_ms = 200,
                                 .holds = &holds};
        rate = pace_decide(&in).rate_micro;
        if (i < 20)
            continue;
        lowest = rate < lowest ? rate : lowest;
        highest = rate > highest ? rate : highest;
    }
    cr_expect_geq(lowest, 10 * M);
    cr_expect_leq(highest, 25 * M);
}
