/* The set of departures, by cases and against brute force. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "queue/departures.h"

Test(departures, empty)
{
    struct departures d;
    departures_init(&d);
    cr_assert_eq(departures_before(&d, 100), 0);
    departures_drop_through(&d, 100);
    cr_assert_eq(departures_merge(&d, NULL, 0), DEPARTURES_OK);
    departures_release(&d);
}

Test(departures, merges_in_any_order_and_counts_once)
{
    struct departures d;
    departures_init(&d);
    const int64_t first[] = {9, 3, 3, 7}, second[] = {7, 5, 11, 1};
    cr_assert_eq(departures_merge(&d, first, 4), DEPARTURES_OK);
    cr_assert_eq(departures_merge(&d, second, 4), DEPARTURES_OK);
    cr_assert_eq(d.count, 6);
    cr_assert_eq(departures_before(&d, 1), 0);
    cr_assert_eq(departures_before(&d, 2), 1);
    cr_assert_eq(departures_before(&d, 9), 4);
    cr_assert_eq(departures_before(&d, 12), 6);
    departures_drop_through(&d, 5);
    cr_assert_eq(d.count, 3);
    cr_assert_eq(departures_before(&d, 12), 3);
    departures_drop_through(&d, INT64_MAX);
    cr_assert_eq(d.count, 0);
    departures_release(&d);
}

Test(departures, is_bounded)
{
    struct departures d;
    departures_init(&d);
    const int64_t one = 1;
    cr_assert_eq(departures_merge(&d, &one, DEPARTURES_MAX + 1u), DEPARTURES_FULL);
    cr_assert_eq(d.count, 0);
    departures_release(&d);
}

#define LINE_MAX 600

/* Brute force: one flag for each sequence. */
static void check_all(const struct departures *d, const bool *gone)
{
    size_t before = 0, rising = 0, falling = 0, any = (size_t)rand() % LINE_MAX;
    for (int64_t seq = 0; seq <= LINE_MAX; seq++) {
        cr_assert_eq(departures_before(d, seq), before, "seq %ld", (long)seq);
        cr_assert_eq(departures_before_near(d, seq, &rising), before, "seq %ld", (long)seq);
        cr_assert_eq(departures_before_near(d, LINE_MAX - seq, &falling),
                     departures_before(d, LINE_MAX - seq));
        cr_assert_eq(departures_before_near(d, seq, &any), before, "seq %ld", (long)seq);
        any = (size_t)rand() % (2 * LINE_MAX);
        before += gone[seq];
    }
}

Test(departures, equals_brute_force)
{
    unsigned seed = (unsigned)time(NULL);
    for (int round = 0; round < 200; round++, seed++) {
        srand(seed);
        bool gone[LINE_MAX + 1] = {false};
        struct departures d;
        departures_init(&d);
        int64_t head = 0;
        for (int step = 0; step < 30; step++) {
            int64_t batch[40];
            size_t count = (size_t)rand() % 40;
            for (size_t i = 0; i < count; i++) {
                batch[i] = head + 1 + rand() % (LINE_MAX - head);
                gone[batch[i]] = true;
            }
            cr_assert_eq(departures_merge(&d, batch, count), DEPARTURES_OK);
            int64_t to = head + rand() % 12;
            for (; head < to; head++)
                gone[head + 1] = false;
            departures_drop_through(&d, head);
            check_all(&d, gone);
        }
        departures_release(&d);
    }
}
