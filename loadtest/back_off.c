/* See the header. */
#include "loadtest/back_off.h"

#include "loadtest/limits.h"

#define JITTER_US_MIN 100000
#define JITTER_US_MAX 500000

static int64_t told_us(struct dice *dice, int64_t s)
{
    int64_t kept_s = s < 0 ? 0 : s < STAMPEDE_RETRY_S_MAX ? s : STAMPEDE_RETRY_S_MAX;
    return kept_s * 1000000 + dice_between(dice, JITTER_US_MIN, JITTER_US_MAX);
}

int64_t back_off_asked_us(struct dice *dice, int64_t retry_s, uint32_t put_off)
{
    uint32_t doublings = put_off < 2 ? 0 : put_off - 1;
    return told_us(dice, retry_s) << (doublings < STAMPEDE_PUT_OFF_MAX ? doublings
                                                                       : STAMPEDE_PUT_OFF_MAX);
}

int64_t back_off_failed_us(struct dice *dice, int64_t retry_after_s, uint32_t failures)
{
    if (retry_after_s >= 0)
        return told_us(dice, retry_after_s);
    int64_t us = STAMPEDE_RETRY_US_MIN;
    for (uint32_t i = 0; i < failures && us < STAMPEDE_RETRY_US_MAX; i++)
        us *= 2;
    us = us < STAMPEDE_RETRY_US_MAX ? us : STAMPEDE_RETRY_US_MAX;
    return us / 2 + dice_between(dice, 0, us);
}
