/* When a child counts as silent: looks in a row with the same sign. */
#include <criterion/criterion.h>
#include "server/supervisor/watch.h"

static unsigned looks_until_silent(struct watch *watch, double sign)
{
    for (unsigned looks = 1; looks < 100; looks++)
        if (watch_look(watch, sign))
            return looks;
    return 0;
}

Test(watch, the_same_sign_in_a_row_is_silence)
{
    struct watch watch = {0};
    cr_assert_not(watch_look(&watch, 5), "it has just given a sign");
    cr_assert_eq(looks_until_silent(&watch, 5), WATCH_LOOKS);
    cr_assert(watch_look(&watch, 5), "and it stays silent");
    cr_assert_not(watch_look(&watch, 6), "until it gives a sign");
    cr_assert_eq(looks_until_silent(&watch, 6), WATCH_LOOKS);
}

Test(watch, any_other_sign_is_life)
{
    struct watch watch = {0};
    for (int i = 0; i < 50; i++)
        cr_assert_not(watch_look(&watch, i % 2 + 1));
}

/* From the start on: one that never comes as far as its first sign hangs, too. */
Test(watch, who_never_gives_one_is_silent_too)
{
    struct watch watch = {0};
    cr_assert_eq(looks_until_silent(&watch, 0), WATCH_LOOKS);
}
