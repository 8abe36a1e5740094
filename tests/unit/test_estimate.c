/* The estimate: nothing without grounds, near the truth with a steady line, never faster than
 * allowed. */
#include <criterion/criterion.h>

#include "queue/estimate.h"

static void tick(struct estimate *e, enum queue_phase phase, int64_t elapsed_ms, int64_t admitted)
{
    estimate_on_tick(
        e, &(struct estimate_tick){
               .phase = phase, .elapsed_ms = elapsed_ms, .admitted = admitted, .waiting = 1000});
}

static void ticks(struct estimate *e, int count, int64_t elapsed_ms, int64_t admitted)
{
    for (int i = 0; i < count; i++)
        tick(e, PHASE_OPEN, elapsed_ms, admitted);
}

static void allow(struct estimate *e, double admit_per_tick, int64_t cap)
{
    estimate_set_limits(e, &(struct estimate_limits){.admit_per_tick = admit_per_tick,
                                                     .tick_ms = 1000,
                                                     .cap = cap,
                                                     .turn_ms_max = 1080000});
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
    tick(&e, PHASE_PAUSED, 1000, 0);
    cr_assert_not(estimate_wait(&e, 10, &range), "paused");
    tick(&e, PHASE_OPEN, 1000, 5);
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
        tick(&e, PHASE_OPEN, 1000, i % 10 == 0);
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
    allow(&e, 10, 0);
    ticks(&e, 60, 1000, 50); /* the organizer has just lowered the rate */
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_geq(range.low_ms, 100000);
    allow(&e, 0, 0);
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_lt(range.low_ms, 100000);
}

/* 50 a second into a house of 500, where nobody has ended a turn yet. */
Test(estimate, a_house_that_fills_up_slows_the_line_down)
{
    struct estimate e;
    struct estimate_range near, far;
    estimate_init(&e);
    allow(&e, 50, 500);
    for (int i = 1; i <= 5; i++)
        estimate_on_tick(&e, &(struct estimate_tick){.phase = PHASE_OPEN,
                                                     .elapsed_ms = 1000,
                                                     .admitted = 50,
                                                     .inside = 50 * i,
                                                     .waiting = 10000});
    cr_assert(estimate_wait(&e, 200, &near));
    cr_expect_leq(near.high_ms, 6000, "there is room for them");
    cr_assert(estimate_wait(&e, 5000, &far));
    cr_expect_geq(far.high_ms, 8000000, "at worst everyone uses up all deadlines");
    cr_expect_geq(far.low_ms, 5000000 / 50);
}

/* In a full house of 100 one turn ends each second: the time of a turn is 100 s, whatever the
 * organizer would allow. */
Test(estimate, a_full_house_admits_who_can_replace_somebody)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    allow(&e, 50, 100);
    for (int i = 1; i <= 2000; i++)
        estimate_on_tick(&e, &(struct estimate_tick){.phase = PHASE_OPEN,
                                                     .elapsed_ms = 1000,
                                                     .admitted = 1,
                                                     .inside = 100,
                                                     .waiting = 5000});
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_leq(range.low_ms, 1000000);
    cr_expect_geq(range.low_ms, 800000);
    cr_expect_geq(range.high_ms, 1000000);
    cr_expect_leq(range.high_ms, 1300000);
}

/* A short line that is admitted whole at every tick says nothing about how many could be. */
Test(estimate, an_empty_line_is_not_a_slow_one)
{
    struct estimate e;
    struct estimate_range range;
    estimate_init(&e);
    allow(&e, 50, 100000);
    for (int i = 0; i < 600; i++)
        estimate_on_tick(&e,
                         &(struct estimate_tick){
                             .phase = PHASE_OPEN, .elapsed_ms = 1000, .admitted = 1, .inside = 10});
    cr_assert(estimate_wait(&e, 1000, &range));
    cr_expect_leq(range.high_ms, 25000, "a herd that comes now is let in at 50 a second");
}

Test(estimate, who_gives_up_makes_it_shorter)
{
    struct estimate e;
    struct estimate_range stay, range;
    estimate_init(&e);
    allow(&e, 10, 0);
    ticks(&e, 100, 1000, 10);
    cr_assert(estimate_wait(&e, 10000, &stay));
    for (int i = 0; i < 600; i++)
        estimate_on_tick(&e, &(struct estimate_tick){.phase = PHASE_OPEN,
                                                     .elapsed_ms = 1000,
                                                     .admitted = 10,
                                                     .left = 10,
                                                     .waiting = 9990});
    cr_assert(estimate_wait(&e, 10000, &range));
    /* A thousandth of the line each second: ln(1 + 0.001 x 1,000) / 0.001 = 693 s, not 1,000 s. */
    cr_expect_leq(range.low_ms, 693000);
    cr_expect_geq(range.high_ms, 693000);
    cr_expect_leq(range.high_ms, stay.low_ms);
}
