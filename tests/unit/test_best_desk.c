/* Looking for other seats gets a fifth of a gateway's processor time, and no more: the share as a
 * rule, and that the desk goes by it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/seats/best_desk.h"
#include "support/inventory_try.h"

/* Every search takes 300 us; the rest of the work between two of them takes other_us. */
static double share_of(int64_t other_us)
{
    struct best_spent spent = {0};
    int64_t cpu_us = 5000000, searching_us = 0, begun_us = cpu_us;
    for (int i = 0; i < 800000; i++) {
        if (best_desk_may_look(&spent, cpu_us)) {
            spent.spent_us += 300;
            searching_us += 300;
            cpu_us += 300;
        }
        cpu_us += other_us;
    }
    return (double)searching_us / (double)(cpu_us - begun_us);
}

Test(best_desk, a_fight_for_seats_leaves_time_for_buying)
{
    cr_assert_lt(share_of(100), 0.21, "%f", share_of(100));
    cr_assert_gt(share_of(100), 0.19, "%f", share_of(100));
}

Test(best_desk, otherwise_everybody_is_offered_others)
{
    cr_assert_float_eq(share_of(2000), 300. / 2300, 1e-9);
}

/* --- the desk --- */

enum { ROWS = 200, ROW_SEATS = 100, SEATS = ROWS * ROW_SEATS, WHOLE_BUDGET_US = 25000 };

static struct inventory_try hall;
static struct gateway gateway;
static struct event_entry event;

static const char *hall_csv(void)
{
    static char text[ROWS * 40 + 80];
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "section,row,seat_from,seat_to,category,price,currency\n");
    for (int row = 1; row <= ROWS; row++)
        used += (size_t)snprintf(text + used, sizeof text - used, "A,%d,1,%d,Seat,10.00,EUR\n", row,
                                 ROW_SEATS);
    return text;
}

static void open_hall(void)
{
    static const uint8_t states[SEATS];      /* all free */
    static const uint16_t categories[SEATS]; /* and of the first category */
    inventory_try_init(&hall);
    inventory_try_file(&hall, "hall.csv", hall_csv());
    inventory_try_load(&hall, "hall.csv", NULL, NULL, 0);
    cr_assert_not_null(hall.plan, "%s", inventory_try_lines(&hall));
    event = (struct event_entry){
        .gateway = &gateway, .plan = hall.plan, .has_plan = true, .map = seat_map_create()};
    const struct seat_snapshot snapshot = {.version = 1, .states = states, .count = SEATS};
    cr_assert(seat_map_set_categories(event.map, categories, SEATS));
    cr_assert_eq(seat_map_apply_snapshot(event.map, &snapshot), SEAT_MAP_OK);
}

static void close_hall(void)
{
    best_desk_forget(&event);
    seat_map_free(event.map);
    inventory_try_release(&hall);
}

static size_t others_count(void)
{
    const struct hold taken = {.result = HOLD_TAKEN, .seats_count = 2, .seats = {{7, 0}, {8, 0}}};
    json_t *others = best_desk_instead(&event, &taken, 2);
    size_t count = json_array_size(others);
    json_decref(others);
    return count;
}

TestSuite(best_desk_others, .init = open_hall, .fini = close_hall);

Test(best_desk_others, who_was_too_slow_is_offered_as_many)
{
    gateway.instead_spent = (struct best_spent){.seen_us = clock_cpu_us()};
    cr_assert_eq(others_count(), 2u);
    cr_assert_gt(gateway.instead_spent.spent_us, 0, "what it cost is counted");
}

Test(best_desk_others, nobody_is_when_the_time_for_that_is_used_up)
{
    gateway.instead_spent =
        (struct best_spent){.seen_us = clock_cpu_us(), .spent_us = INT64_C(1) << 40};
    cr_assert_eq(others_count(), 0u);
    cr_assert_leq(gateway.instead_spent.spent_us, INT64_C(1) << 40, "and nothing is spent on it");
}

Test(best_desk_others, everybody_is_again_when_that_time_has_passed)
{
    gateway.instead_spent = (struct best_spent){
        .seen_us = clock_cpu_us() - INT64_C(5) * WHOLE_BUDGET_US, .spent_us = WHOLE_BUDGET_US};
    cr_assert_eq(others_count(), 2u);
}

Test(best_desk_others, nobody_is_when_too_few_are_free)
{
    static uint8_t states[SEATS];
    memset(states, SEAT_SOLD, sizeof states);
    states[100] = SEAT_FREE;
    const struct seat_snapshot snapshot = {.version = 2, .states = states, .count = SEATS};
    cr_assert_eq(seat_map_apply_snapshot(event.map, &snapshot), SEAT_MAP_OK);
    cr_assert_eq(others_count(), 0u);
    cr_assert_null(event.best, "and nobody looked for them seat by seat");
}
