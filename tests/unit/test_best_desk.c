/* Looking for other seats gets a fifth of a gateway's processor time, and no more. */
#include <criterion/criterion.h>
#include "server/gateway/seats/best_desk.h"

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
