/* The set of sessions that were signed out, against a plain list. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "server/gateway/visitors/signed_out.h"

Test(signed_out, an_empty_set_has_nobody)
{
    struct signed_out set = {0};
    cr_assert_not(signed_out_has(&set, 0));
    cr_assert_not(signed_out_has(&set, 7));
    signed_out_release(&set);
}

Test(signed_out, remembers_until_the_end_and_repeats_change_nothing)
{
    struct signed_out set = {0};
    cr_assert(signed_out_add(&set, 7, 2000, 1000));
    cr_assert(signed_out_add(&set, 7, 2000, 1000));
    cr_assert(signed_out_add(&set, 0, 2000, 1000));
    cr_assert(signed_out_add(&set, 9, 1000, 1000), "has ended already");
    cr_assert_eq(set.count, 2);
    cr_assert(signed_out_has(&set, 7));
    cr_assert(signed_out_has(&set, 0));
    cr_assert_not(signed_out_has(&set, 9));
    signed_out_release(&set);
    cr_assert_not(signed_out_has(&set, 7));
}

/* Ids that fall into the same slots, many of them, with ends in between. */
Test(signed_out, nobody_is_lost_when_it_grows_and_forgets)
{
    enum { COUNT = 20000 };
    struct signed_out set = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t id = i % 3 == 0 ? i << 32 : i * UINT64_C(0x9e3779b97f4a7c15);
        cr_assert(signed_out_add(&set, id, (int64_t)i + 500, (int64_t)i / 2));
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t id = i % 3 == 0 ? i << 32 : i * UINT64_C(0x9e3779b97f4a7c15);
        bool has_ended = i + 500 <= COUNT / 2;
        cr_assert(signed_out_has(&set, id) || has_ended, "%llu", (unsigned long long)i);
    }
    cr_assert_lt(set.count, COUNT, "those that have ended are dropped");
    cr_assert_not(signed_out_has(&set, 12345678901u));
    signed_out_release(&set);
}

Test(signed_out, a_full_set_says_so_and_keeps_what_it_has)
{
    struct signed_out set = {0};
    for (uint64_t i = 1; i <= SIGNED_OUT_MAX; i++)
        cr_assert(signed_out_add(&set, i * UINT64_C(0x9e3779b97f4a7c15), 2000, 1000));
    cr_assert_not(signed_out_add(&set, 1, 2000, 1000));
    cr_assert_not(signed_out_has(&set, 1));
    cr_assert(signed_out_has(&set, UINT64_C(0x9e3779b97f4a7c15)));
    cr_assert(signed_out_add(&set, 1, 3000, 2000), "all others have ended");
    cr_assert_eq(set.count, 1);
    signed_out_release(&set);
}
