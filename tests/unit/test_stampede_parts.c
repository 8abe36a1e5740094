/* Small parts of the load tester: the flat JSON reader, the timers, the picture of the seats,
 * pauses for thought, coming again later. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "loadtest/back_off.h"
#include "loadtest/dice.h"
#include "loadtest/flat_json.h"
#include "loadtest/journey.h"
#include "loadtest/pause.h"
#include "loadtest/seat_picture.h"
#include "loadtest/timer_heap.h"

static bool reads(const char *text, struct flat_json *o)
{
    return flat_json_read(text, strlen(text), o);
}

Test(flat_json, reads_a_place)
{
    struct flat_json o;
    cr_assert(reads(
        "{\"type\":\"place\",\"re\":1,\"seq\":4711, \"ahead\" : -3 ,\"x\":null,\"y\":true}", &o));
    cr_expect_eq(flat_json_number(&o, "seq", -1), 4711);
    cr_expect_eq(flat_json_number(&o, "ahead", 0), -3);
    cr_expect_eq(flat_json_number(&o, "x", 9), 9);
    cr_expect_eq(flat_json_number(&o, "absent", 9), 9);
    const struct flat_field *type = flat_json_find(&o, "type");
    cr_assert_not_null(type);
    cr_expect_eq(type->text_bytes, 5);
}

Test(flat_json, says_no_instead_of_guessing)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"a\":1",
                                        "{\"a\":1}x",
                                        "{\"a\":1.5}",
                                        "{\"a\":1e3}",
                                        "{a:1}",
                                        "{\"a\" 1}",
                                        "{\"a\":}",
                                        "{\"a\":01}",
                                        "{\"a\":\"\\n\"}",
                                        "{\"a\":[1,]}",
                                        "{\"a\":[1}",
                                        "{\"a\":[\"x\"]}",
                                        "{\"a\":[[1]]}",
                                        "{\"a\":{}}",
                                        "{\"a\":-}",
                                        "{\"a\":1,}",
                                        "{\"a\":\"x}",
                                        "{\"a\":nul}",
                                        "{\"a\":1234567890123456789}"};
    struct flat_json o;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(reads(texts[i], &o), "%s", texts[i]);
    cr_expect(reads(" { } ", &o));
    cr_expect(reads("{\"free\":[410, 0,-1],\"none\":[],\"seq\":7}", &o));
    cr_expect_eq(flat_json_number(&o, "seq", -1), 7);
    cr_expect_eq(flat_json_number(&o, "free", -1), -1);
}

Test(timer_heap, gives_timers_in_order_after_moves_and_drops)
{
    enum { N = 500 };
    struct timer_heap h;
    struct dice dice;
    static int64_t due[N];
    dice_init(&dice, 7, 7);
    cr_assert(timer_heap_init(&h, N));
    for (int round = 0; round < 5; round++)
        for (uint32_t i = 0; i < N; i++) {
            due[i] = dice_between(&dice, 0, 1000);
            timer_heap_set(&h, i, due[i]);
        }
    for (uint32_t i = 0; i < N; i += 3)
        timer_heap_drop(&h, i);
    timer_heap_drop(&h, 0);
    int64_t last = -1, at;
    uint32_t number, count = 0;
    cr_expect_not(timer_heap_take(&h, -1, &number, &at));
    while (timer_heap_take(&h, 1000, &number, &at)) {
        cr_expect_neq(number % 3, 0);
        cr_expect_eq(at, due[number]);
        cr_expect_geq(at, last);
        last = at;
        count++;
    }
    cr_expect_eq(count, N - (N + 2) / 3);
    cr_expect_eq(timer_heap_next_us(&h), INT64_MAX);
    timer_heap_release(&h);
}

static const char plan[] =
    "{\"version\":1,\"seats_count\":8,\"sections\":[{\"rows\":[{\"label\":\"A\",\"first\":0,"
    "\"seats\":[[\"1\",0,0,0,0],[\"2\",0,0,0,16],[\"3\",0,0,0,0],[\"4\",0,0,0,1]]}]}],"
    "\"areas\":[{\"name\":\"S\",\"first\":4,\"capacity\":4}]}";

Test(seat_picture, chooses_only_free_numbered_seats)
{
    struct seat_picture p;
    struct dice dice;
    const char *why;
    uint32_t seats[8];
    dice_init(&dice, 1, 1);
    cr_assert(seat_picture_init(&p, plan, sizeof plan - 1, &why));
    cr_expect_eq(p.numbered_count, 3);
    cr_expect_eq(seat_picture_choose(&p, &dice, 8, seats), 3);
    /* seat 0 held, 2 sold, 3 free, 4 and 5 free, 6 sold, 7 held: 01 11 10 00, 00 00 10 01 */
    cr_assert(seat_picture_load(&p, "LWA=", 4));
    cr_assert_eq(seat_picture_choose(&p, &dice, 8, seats), 1);
    cr_expect_eq(seats[0], 3);
    cr_expect_not(seat_picture_load(&p, "LWAA", 4), "three bytes are another plan");
    cr_expect_not(seat_picture_load(&p, "L!A=", 4), "not base64");
    seat_picture_release(&p);
}

Test(seat_picture, refuses_plans_that_do_not_fit)
{
    static const char *const plans[] = {
        "", "[]", "{\"seats_count\":0}",
        "{\"seats_count\":2,\"areas\":[{\"first\":1,\"capacity\":2}]}",
        "{\"seats_count\":1,\"sections\":[{\"rows\":[{\"first\":1,\"seats\":[[\"1\",0,0,0,0]]}]}]"
        "}"};
    struct seat_picture p;
    const char *why = NULL;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        cr_expect_not(seat_picture_init(&p, plans[i], strlen(plans[i]), &why), "%s", plans[i]);
        cr_expect_not_null(why);
    }
}

Test(seat_picture, the_front_row_as_long_as_it_lasts)
{
    static const char rows[] =
        "{\"version\":1,\"seats_count\":6,\"sections\":[{\"rows\":["
        "{\"label\":\"A\",\"first\":0,\"seats\":[[\"1\",0,0,0,0],[\"2\",0,0,0,0],[\"3\",0,0,0,0]]},"
        "{\"label\":\"B\",\"first\":3,\"seats\":[[\"1\",0,0,0,0],[\"2\",0,0,0,0],[\"3\",0,0,0,0]]}]"
        "}],"
        "\"areas\":[]}";
    struct seat_picture p;
    struct dice dice;
    const char *why;
    uint32_t seats[8];
    bool was_seen[3] = {false};
    dice_init(&dice, 1, 1);
    cr_assert(seat_picture_init(&p, rows, sizeof rows - 1, &why), "%s", why);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(seat_picture_choose_front(&p, &dice, 2, seats), 2);
        cr_assert(seats[0] < 3 && seats[1] < 3 && seats[0] != seats[1]);
        was_seen[seats[0]] = true;
    }
    cr_expect(was_seen[0] && was_seen[1] && was_seen[2], "not always the same seat");
    seat_picture_set(&p, 0, PICTURE_HELD);
    seat_picture_set(&p, 2, PICTURE_SOLD);
    cr_expect_eq(seat_picture_choose_front(&p, &dice, 2, seats), 1, "one is left of the row");
    cr_expect_eq(seats[0], 1);
    seat_picture_set(&p, 1, PICTURE_HELD);
    cr_expect_eq(seat_picture_choose_front(&p, &dice, 2, seats), 2);
    cr_expect(seats[0] >= 3 && seats[1] >= 3);
    for (uint32_t i = 3; i < 6; i++)
        seat_picture_set(&p, i, PICTURE_SOLD);
    cr_expect_eq(seat_picture_choose_front(&p, &dice, 2, seats), 0);
    cr_expect_not(seat_picture_has_free(&p));
    seat_picture_set(&p, 4, PICTURE_FREE);
    cr_expect(seat_picture_has_free(&p));
    seat_picture_release(&p);
}

Test(pause, reads_what_it_says)
{
    struct pause p;
    cr_assert(pause_parse("200..2000", &p));
    cr_expect(p.from_ms == 200 && p.to_ms == 2000 && p.spread == 0);
    cr_assert(pause_parse("1.5", &p));
    cr_expect(p.from_ms == 1.5 && p.to_ms == 1.5);
    cr_assert(pause_parse(" around 800", &p));
    cr_expect(p.median_ms == 800 && p.spread == PAUSE_SPREAD);
    cr_assert(pause_parse("around 800 1.2", &p));
    cr_expect_eq(p.spread, 1.2);
    static const char *const wrong[] = {"",         "..",         "5..1",       "-1",
                                        "1..",      "1..2x",      "around",     "around ",
                                        "around 0", "around 5 0", "around 5 9", "around -5",
                                        "around x", "99999999",   "1e999",      "nan"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(pause_parse(wrong[i], &p), "\"%s\"", wrong[i]);
    cr_expect_eq(p.spread, 1.2, "nothing changes when it is refused");
}

Test(pause, log_normal_lengths)
{
    enum { N = 20000 };
    struct pause p;
    struct dice dice;
    uint32_t below = 0, within = 0;
    int64_t longest = 0;
    dice_init(&dice, 3, 4);
    cr_assert(pause_parse("around 1000 0.5", &p));
    for (int i = 0; i < N; i++) {
        int64_t us = pause_us(&p, &dice);
        below += us < 1000000;
        within += us > 1000000 * exp(-0.5) && us < 1000000 * exp(0.5);
        longest = us > longest ? us : longest;
    }
    cr_expect(below > N * 0.48 && below < N * 0.52, "half are below the median: %u", below);
    cr_expect(within > N * 0.66 && within < N * 0.70, "68 %% within one deviation: %u", within);
    cr_expect(longest > 4000000 && longest <= PAUSE_TAIL * INT64_C(1000000));
}

Test(choice, every_refusal_in_a_row_makes_slower_up_to_a_bound)
{
    const struct pause think = {.from_ms = 1000, .to_ms = 1000}, none = {0},
                       long_think = {.from_ms = 20000, .to_ms = 20000};
    struct dice dice;
    dice_init(&dice, 5, 6);
    static const int64_t thoughts[] = {1, 1, 2, 4, 8, 8, 8};
    for (uint32_t i = 0; i < sizeof thoughts / sizeof *thoughts; i++)
        cr_expect_eq(choice_pause_us(&dice, &think, 20000, i), thoughts[i] * 1000000, "%u", i);
    cr_expect_eq(choice_pause_us(&dice, &none, 20000, 1), 20000, "never at once");
    cr_expect_eq(choice_pause_us(&dice, NULL, 20000, 3), 80000);
    cr_expect_eq(choice_pause_us(&dice, &long_think, 20000, 200), STAMPEDE_REFUSED_US_MAX);
}

Test(back_off, nobody_comes_before_the_time_that_was_told)
{
    struct dice dice;
    dice_init(&dice, 7, 8);
    for (int i = 0; i < 1000; i++) {
        int64_t asked_us = back_off_asked_us(&dice, 5, 0),
                failed_us = back_off_failed_us(&dice, 5, 9);
        cr_assert(asked_us > 5000000 && asked_us <= 5500000, "%lld", (long long)asked_us);
        cr_assert(failed_us > 5000000 && failed_us <= 5500000, "%lld", (long long)failed_us);
        cr_assert_gt(back_off_asked_us(&dice, -1, 0), 0, "never at once");
        cr_assert_gt(back_off_failed_us(&dice, 0, 0), 0);
    }
    cr_expect_leq(back_off_asked_us(&dice, INT64_MAX, 0),
                  (STAMPEDE_RETRY_S_MAX + 1) * INT64_C(1000000));
}

Test(back_off, who_is_put_off_again_and_again_asks_ever_less)
{
    struct dice dice;
    dice_init(&dice, 9, 10);
    static const int64_t times[] = {1, 1, 1, 2, 4, 8, 8};
    for (uint32_t i = 1; i < sizeof times / sizeof *times; i++) {
        int64_t us = back_off_asked_us(&dice, 2, i - 1);
        cr_expect(us > times[i] * 2000000 && us <= times[i] * 2500000, "%u: %lld", i,
                  (long long)us);
    }
    cr_expect_leq(back_off_asked_us(&dice, 2, UINT32_MAX), 8 * 2500000);
    for (uint32_t failures = 0; failures < 6; failures++) {
        int64_t us = back_off_failed_us(&dice, -1, failures),
                mean_us = STAMPEDE_RETRY_US_MIN << failures;
        cr_expect(us >= mean_us / 2 && us <= mean_us + mean_us / 2, "%u: %lld", failures,
                  (long long)us);
    }
    cr_expect_leq(back_off_failed_us(&dice, -1, UINT32_MAX), STAMPEDE_RETRY_US_MAX * 3 / 2);
}
