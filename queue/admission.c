/* See the header. */
#include "queue/admission.h"

#include "server/base/limits.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t at_least_0(int64_t value)
{
    return value < 0 ? 0 : value;
}

int64_t admission_refill(const struct admission_inputs *inputs, int64_t unspent_count)
{
    int64_t count = at_least_0(unspent_count);
    count = smaller(count, at_least_0(inputs->cap - inputs->active));
    count = smaller(count, at_least_0(inputs->left_to_sell));
    return smaller(count, at_least_0(inputs->waiting));
}

struct admission admission_decide(const struct admission_inputs *inputs)
{
    int64_t allowance_micro = at_least_0(inputs->rate_micro) + at_least_0(inputs->carry_micro);
    int64_t allowed = smaller(allowance_micro / ADMISSION_MICRO, TICK_ADMIT_MAX);
    int64_t count = admission_refill(inputs, allowed);
    return (struct admission){.admit_count = count,
                              .carry_micro = allowance_micro % ADMISSION_MICRO,
                              .unspent_count = allowed - count};
}

int64_t admission_rate_behind(int64_t rate_micro, int64_t lag_ms)
{
    return lag_ms <= ADMISSION_LAG_MS ? rate_micro : rate_micro * ADMISSION_LAG_MS / lag_ms;
}

int64_t admission_rate_micro(double admit_per_tick)
{
    /* Far above the range of the setting: keeps the conversion defined for any input. */
    const double rate_max = 1e9;
    if (!(admit_per_tick > 0))
        return 0;
    if (admit_per_tick > rate_max)
        admit_per_tick = rate_max;
    return (int64_t)(admit_per_tick * (double)ADMISSION_MICRO + 0.5);
}
