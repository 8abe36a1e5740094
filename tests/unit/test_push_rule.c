/* When a place is pushed, and how many pushes a long line costs. */
#include <criterion/criterion.h>

#include "queue/push_rule.h"

struct row {
    int64_t told_ahead, told_at, ahead, now;
    bool expected;
};

static const struct row rows[] = {
    {-1, 0, 100000, 0, true},     /* never told */
    {10, 0, 10, 99999999, false}, /* nothing changed */
    {10, 0, 9, 0, true},          /* near: at once */
    {200, 0, 199, 0, true},       /* just near */
    {201, 0, 200, 999, false},    /* just not: a second */
    {201, 0, 200, 1000, true},
    {1001, 0, 1000, 4999, false},
    {1001, 0, 1000, 5000, true},
    {900001, 0, 900000, 29999, false},
    {900001, 0, 900000, 30000, true},
};

Test(push_rule, table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct push_told told = {.ahead = rows[i].told_ahead, .at_ms = rows[i].told_at};
        cr_expect_eq(push_is_due(&told, rows[i].ahead, rows[i].now), rows[i].expected, "row %zu",
                     i);
    }
}

Test(push_rule, the_interval_never_shrinks_with_distance)
{
    int64_t before = 0;
    for (int64_t ahead = 0; ahead < 20000; ahead++) {
        int64_t interval = push_interval_ms(ahead);
        cr_assert_geq(interval, before);
        cr_assert_leq(interval, PUSH_INTERVAL_MS_MAX);
        before = interval;
    }
    cr_assert_eq(push_interval_ms(INT64_MAX), PUSH_INTERVAL_MS_MAX);
}

/* 100,000 waiting, 50 admitted each second: the pushes of ten minutes stay near the promise. */
Test(push_rule, a_long_line_is_cheap)
{
    enum { LINE = 100000, SECONDS = 600, PER_TICK = 50 };
    int64_t pushes = 0;
    for (int64_t place = 0; place < LINE; place += 97) {
        struct push_told told = {.ahead = place, .at_ms = 0};
        for (int64_t s = 1; s <= SECONDS; s++) {
            int64_t ahead = place - s * PER_TICK;
            if (ahead < 0)
                break;
            if (push_is_due(&told, ahead, s * 1000)) {
                told = (struct push_told){.ahead = ahead, .at_ms = s * 1000};
                pushes++;
            }
        }
    }
    double per_second = (double)pushes * 97 / SECONDS;
    cr_assert_lt(per_second, 5500, "%.0f pushes a second", per_second);
}
