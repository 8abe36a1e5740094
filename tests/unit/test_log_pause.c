/* What happens again and again is said once, and then how often it was not. */
#include <criterion/criterion.h>

#include "server/base/log.h"

Test(log_pause, says_the_first_and_counts_the_rest)
{
    struct log_pause pause = {0};
    unsigned left_out_count = 7;
    cr_assert(log_pause_is_over(&pause, 5, &left_out_count));
    cr_assert_eq(left_out_count, 0);
    for (int64_t now_ms = 5; now_ms < 5 + LOG_PAUSE_MS; now_ms += LOG_PAUSE_MS / 10)
        cr_assert_not(log_pause_is_over(&pause, now_ms, &left_out_count));
    cr_assert(log_pause_is_over(&pause, 5 + LOG_PAUSE_MS, &left_out_count));
    cr_assert_eq(left_out_count, 10);
    cr_assert_not(log_pause_is_over(&pause, 6 + LOG_PAUSE_MS, &left_out_count));
    cr_assert(log_pause_is_over(&pause, 6 + 3 * LOG_PAUSE_MS, &left_out_count));
    cr_assert_eq(left_out_count, 1);
}
