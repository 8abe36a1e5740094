/* Best available: the rules one by one, on halls drawn as text. test_best_oracle.c holds it against
 * a search that looks at everything. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include "support/best_hall.h"

/* The answer as "2 3|7": parts by '|'. */
static const char *ask(struct best_hall *hall, const struct best_request *request)
{
    static char text[256];
    struct best_answer answer;
    best_seats_find(hall->index, hall->is_free, request, &answer);
    text[0] = '\0';
    for (uint32_t i = 0; i < answer.count; i++) {
        size_t used = strlen(text);
        bool is_next = i > 0 && answer.seats[i] == answer.seats[i - 1] + 1;
        (void)snprintf(text + used, sizeof text - used, "%s%u",
                       i == 0    ? ""
                       : is_next ? " "
                                 : "|",
                       answer.seats[i]);
    }
    return text;
}

static void expect(const char *drawing, struct best_request request, const char *seats)
{
    struct best_hall hall;
    best_hall_init(&hall, drawing);
    cr_expect_str_eq(ask(&hall, &request), seats, "%s: %s", drawing, ask(&hall, &request));
    best_hall_release(&hall);
}

#define ANY (-1) /* category */

Test(best_seats, takes_the_nearest_to_the_stage)
{
    expect(".........\n.........", (struct best_request){.count = 3, .category = ANY}, "3 4 5");
    expect("xxxxxxxxx\n.........", (struct best_request){.count = 3, .category = ANY}, "12 13 14");
    expect(".........", (struct best_request){.count = 9, .category = ANY}, "0 1 2 3 4 5 6 7 8");
    expect("xxxx", (struct best_request){.count = 1, .category = ANY}, "");
}

Test(best_seats, takes_the_dearest_unless_asked)
{
    expect(",,,,\n....", (struct best_request){.count = 2, .category = ANY}, "6 7");
    expect(",,,,\n....", (struct best_request){.count = 2, .category = 1}, "2 3");
    expect(",,,,\nxxxx", (struct best_request){.count = 2, .category = 0}, "");
    expect("..,,..", (struct best_request){.count = 3, .category = ANY},
           "4 5|0"); /* prices are not mixed */
}

Test(best_seats, leaves_nobody_alone)
{
    expect("...x...", (struct best_request){.count = 2, .category = ANY}, "4|2");
    expect("...x....", (struct best_request){.count = 2, .category = ANY}, "4 5");
    expect("...x...", (struct best_request){.count = 2, .category = ANY, .may_leave_single = true},
           "4 5");
    expect("x.xxx..x", (struct best_request){.count = 1, .category = ANY},
           "1"); /* it was alone already */
    expect("...", (struct best_request){.count = 1, .category = ANY}, "2");
    expect(".....", (struct best_request){.count = 1, .category = ANY}, "4");
}

Test(best_seats, knows_who_sits_beside_whom)
{
    expect("..  ..", (struct best_request){.count = 3, .category = ANY}, "");
    expect("..  ..", (struct best_request){.count = 3, .category = ANY, .may_leave_single = true},
           "2 3|1");
    expect("..\n..", (struct best_request){.count = 4, .category = ANY}, "0 1 2 3");
    expect("x..x..x", (struct best_request){.count = 4, .category = ANY}, "4 5|1 2");
    expect("xr.x..x", (struct best_request){.count = 2, .category = ANY}, "4 5");
}

Test(best_seats, keeps_wheelchair_places_for_who_needs_them)
{
    expect("wc..", (struct best_request){.count = 2, .category = ANY}, "2 3");
    expect("wcxx", (struct best_request){.count = 1, .category = ANY}, "");
    expect("..wc.", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "2 3");
    expect("x.wx.c", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "1 2");
    expect("w\nc.", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "0 1");
    expect("....", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1}, "");
    expect("c...", (struct best_request){.count = 1, .category = ANY, .accessible_count = 1}, "");
}

Test(best_seats, wheelchair_places_apart_have_company_each)
{
    expect("wc..wc", (struct best_request){.count = 4, .category = ANY, .accessible_count = 2},
           "4 5|0 1");
    expect("w.w", (struct best_request){.count = 2, .category = ANY, .accessible_count = 2}, "2|0");
    expect("wc wc wc", (struct best_request){.count = 5, .category = ANY, .accessible_count = 3},
           "2 3 4 5|0"); /* two pairs, and one beside them */
    expect("ww  wc", (struct best_request){.count = 3, .category = ANY, .accessible_count = 2},
           "0 1|3");
}

Test(best_seats, few_parts_before_even_ones)
{
    expect("...x.x.", (struct best_request){.count = 5, .category = ANY}, "0 1 2|4|6");
    expect("xx....xx  ..  ..", (struct best_request){.count = 7, .category = ANY}, "");
    expect("....x..x.", (struct best_request){.count = 7, .category = ANY}, "0 1 2 3|5 6|8");
}

Test(best_seats, a_house_is_nearly_full_below_five_in_a_hundred)
{
    cr_expect(best_seats_is_nearly_full(4, 100));
    cr_expect_not(best_seats_is_nearly_full(5, 100));
    cr_expect(best_seats_is_nearly_full(4999, 100000));
    cr_expect_not(best_seats_is_nearly_full(5000, 100000));
    cr_expect_not(best_seats_is_nearly_full(1, 20));
    cr_expect_not(best_seats_is_nearly_full(0, 0));
}
