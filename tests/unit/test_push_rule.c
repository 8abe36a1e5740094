/* When a place is pushed, how many pushes a long line costs, and how returning browsers spread. */
#include <criterion/criterion.h>

#include "queue/push_rule.h"

static const struct push_rule rule = {
    .near_places = 200, .change_percent = 1, .floor_ms_per_1000 = 2000, .interval_ms_max = 15000};

struct row {
    int64_t told_ahead, ahead;
    uint32_t told_news, news;
    int64_t age_ms;
    bool expected;
};

static const struct row rows[] = {
    {-1, 100000, 0, 0, 0, true},          /* never told */
    {10, 10, 7, 7, 99999999, false},      /* nothing changed */
    {10, 9, 7, 7, 0, true},               /* near: every change at once */
    {10, 10, 7, 8, 0, true},              /* also of what is left to sell */
    {200, 199, 7, 7, 0, true},            /* just near */
    {202, 200, 7, 7, 399, false},         /* just not, and 0.99 % */
    {203, 200, 7, 7, 399, false},         /* 1.5 %, but the floor is 400 ms */
    {203, 200, 7, 7, 400, true},          /* and then it is over */
    {202, 200, 7, 7, 14999, false},       /* less than 1 %: */
    {202, 200, 7, 7, 15000, true},        /* told when the interval is over */
    {300, 300, 7, 8, 14999, false},       /* only the stock changed */
    {300, 300, 7, 8, 15000, true},        /* and is told in the same time */
    {300, 300, 7, 7, 15000, false},       /* nothing new is never told */
    {5051, 5000, 7, 7, 9999, false},      /* 1 %: 2 s for each 1,000 */
    {5051, 5000, 7, 7, 10000, true},      /* */
    {5049, 5000, 7, 7, 10000, false},     /* 0.97 % */
    {950000, 900000, 7, 7, 14999, false}, /* the floor never exceeds the interval */
    {950000, 900000, 7, 7, 15000, true},  /* */
    {1000, 1010, 7, 7, 2020, true},       /* a place may grow, too (a recovery) */
    {INT64_C(9000000000), 200, 7, 7, 400, true},
};

Test(push_rule, table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct push_told told = {.ahead = row->told_ahead, .at_ms = 5000, .news = row->told_news};
        cr_expect_eq(push_is_due(&rule, &told, row->ahead, row->news, 5000 + row->age_ms),
                     row->expected, "row %zu", i);
    }
}

Test(push_rule, the_floor_never_shrinks_with_distance)
{
    int64_t before = 0;
    for (int64_t ahead = 0; ahead < 20000; ahead++) {
        int64_t floor_ms = push_floor_ms(&rule, ahead);
        cr_assert_geq(floor_ms, before);
        cr_assert_leq(floor_ms, rule.interval_ms_max);
        before = floor_ms;
    }
    cr_assert_eq(push_floor_ms(&rule, INT64_MAX), rule.interval_ms_max);
    struct push_rule none = rule;
    none.floor_ms_per_1000 = 0;
    cr_assert_eq(push_floor_ms(&none, INT64_MAX), 0);
}

/* Far back the next time is drawn by lot, from three quarters of the interval to all of it. */
Test(push_rule, a_crowd_told_at_once_is_not_due_at_once)
{
    enum { CROWD = 4000, PARTS = 8 };
    int64_t span_ms = rule.interval_ms_max / 4, counts[PARTS] = {0};
    for (uint64_t salt = 0; salt < CROWD; salt++) {
        int64_t earlier_ms = 20000 - push_told_ms(&rule, 500000, salt, 20000);
        cr_assert(earlier_ms >= 0 && earlier_ms <= span_ms, "%lld", (long long)earlier_ms);
        counts[earlier_ms * PARTS / (span_ms + 1)]++;
        cr_assert_eq(push_told_ms(&rule, rule.near_places, salt, 20000), 20000);
    }
    for (size_t i = 0; i < PARTS; i++)
        cr_assert_gt(counts[i], CROWD / PARTS * 9 / 10, "part %zu: %lld", i, (long long)counts[i]);
}

/* Pushes a second for 100,000 waiting over ten minutes, with a tick a second. */
static double pushes_per_second(int64_t per_tick, bool is_stock_moving)
{
    enum { LINE = 100000, SECONDS = 600, STEP = 97 };
    int64_t pushes = 0;
    for (int64_t place = 0; place < LINE; place += STEP) {
        struct push_told told = {.ahead = place, .at_ms = -(place * 7919 % 15000)};
        for (int64_t s = 1; s <= SECONDS; s++) {
            int64_t ahead = place - s * per_tick;
            uint32_t news = is_stock_moving ? (uint32_t)s : 0;
            if (ahead < 0)
                break;
            if (push_is_due(&rule, &told, ahead, news, s * 1000)) {
                told = (struct push_told){.ahead = ahead, .at_ms = s * 1000, .news = news};
                pushes++;
            }
        }
    }
    return (double)pushes * STEP / SECONDS;
}

Test(push_rule, a_long_line_is_cheap)
{
    static const int64_t rates[] = {0, 1, 10, 50, 150};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double most = pushes_per_second(rates[i], true);
        cr_assert_lt(most, 8600, "%.0f pushes a second", most);
        cr_assert_gt(most, 3000, "everyone hears of the stock: %.0f", most);
    }
    cr_assert_lt(pushes_per_second(0, false), 1, "nothing happens: nothing is said");
}

/* The longest anyone is without news while there are some is the interval and a tick. */
Test(push_rule, nobody_is_forgotten)
{
    for (int64_t place = 0; place < 50000; place += 501) {
        struct push_told told = {.ahead = place, .at_ms = 0};
        for (int64_t s = 1; s < 100; s++) {
            if (push_is_due(&rule, &told, place, (uint32_t)s, s * 1000))
                told = (struct push_told){.ahead = place, .at_ms = s * 1000, .news = (uint32_t)s};
            cr_assert_leq(s * 1000 - told.at_ms, rule.interval_ms_max, "place %lld",
                          (long long)place);
        }
    }
}

Test(push_rule, returning_browsers_are_spread)
{
    cr_assert_eq(push_spread_ms(0, 10000), SPREAD_MS_MIN);
    cr_assert_eq(push_spread_ms(10, 10000), SPREAD_MS_MIN);
    cr_assert_eq(push_spread_ms(100000, 10000), 10000);
    cr_assert_eq(push_spread_ms(1000000, 10000), SPREAD_MS_MAX);
    cr_assert_eq(push_spread_ms(INT64_MAX / 2000, 1), SPREAD_MS_MAX);
}
