/* The estimate: nothing without grounds, near the truth with a steady line, never faster than
 * allowed. */
#include <criterion/criterion.h>

#include "queue/estimate.h"

static void ticks(struct estimate *e, int count, int64_t elapsed_ms, int64_t admitted)
{
    for (int i = 0; i < count; i++)
        estimate_on_tick(e, PHASE_OPEN, elapsed_ms, admitted);
}

Test(estimate, silent_without_grounds)
{
    struct estimate e;
    struct estimate_range range = {-1, -1};
    estimate_init(&e);
    cr_assert_not(estimate_wait(&e, 10, &range));
    ticks(&e, ESTIMATE_TICKS_MIN - 1, 1000, 5);
    cr_assert_not(estimate_wait(&e, 10, &range));
    ticks(&e, 1, 1000, 5);
    cr_assert(estimate_wait(&e, 10, &range));
    cr_assert_not(estimate_wait(&e, -1, &range));
    estimate_on_tick(&e, PHASE_PAUSED, 1000, 0);
    cr_assert_not(estimate_wait(&e, 10, &range), "paused");
    estimate_on_tick(&e, PHASE_OPEN, 1000, 5);
    cr_assert(estimate_wait(&e, 10, &range), "goes on where it was");
}

Test(estimate, silent_when_nobody_is_admitted)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    ticks(&e, 100, 1000, 0);
    cr_assert_not(estimate_wait(&e, 10, &range));
}

Test(estimate, silent_beyond_a_day)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    ticks(&e, 100, 1000, 1);
    cr_assert(estimate_wait(&e, 70000, &range));
    cr_assert_not(estimate_wait(&e, 90000, &range));
    cr_assert_not(estimate_wait(&e, INT64_MAX - 1, &range));
}

Test(estimate, steady_line)
{
    static const struct {
        int64_t elapsed_ms, admitted, ahead, truth_ms;
    } rows[] = {
        {1000, 50, 1000, 20000},
        {1000, 50, 1000000, 20000000},
        {100, 3, 300, 10000},
        {60000, 10, 100, 600000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct estimate e;
        struct estimate_range range;
        estimate_init(&e);
        ticks(&e, 20, rows[i].elapsed_ms, rows[i].admitted);
        cr_assert(estimate_wait(&e, rows[i].ahead, &range));
        cr_expect_leq(range.low_ms, rows[i].truth_ms, "row %zu", i);
        cr_expect_geq(range.high_ms, rows[i].truth_ms, "row %zu", i);
        cr_expect_geq(range.low_ms, rows[i].truth_ms * 8 / 10, "row %zu", i);
        cr_expect_leq(range.high_ms, rows[i].truth_ms * 12 / 10 + 2 * rows[i].elapsed_ms, "row %zu",
                      i);
    }
}

Test(estimate, fractional_rate)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    for (int i = 1; i <= 600; i++)
        estimate_on_tick(&e, PHASE_OPEN, 1000, i % 10 == 0);
    cr_assert(estimate_wait(&e, 100, &range));
    cr_expect_leq(range.low_ms, 1000000);
    cr_expect_geq(range.low_ms, 600000);
    cr_expect_geq(range.high_ms, 1000000);
    cr_expect_leq(range.high_ms, 1500000);
}

Test(estimate, follows_a_change_with_a_wider_range)
{
    struct estimate e;
    struct estimate_range before, range;
    estimate_init(&e);
    ticks(&e, 600, 1000, 50);
    cr_assert(estimate_wait(&e, 1000, &before));
    ticks(&e, 60, 1000, 10);
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_geq(range.high_ms, 60000, "the new truth is 100 s");
    cr_expect_gt(range.high_ms - range.low_ms, before.high_ms - before.low_ms);
}

Test(estimate, never_faster_than_allowed)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    estimate_set_allowed(&e, 10, 1000);
    ticks(&e, 60, 1000, 50); /* the organizer has just lowered the rate */
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_geq(range.low_ms, 100000);
    estimate_set_allowed(&e, 0, 1000);
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_lt(range.low_ms, 100000);
}
