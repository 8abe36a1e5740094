/* See the header. */
#include "queue/pace.h"

#include <stddef.h>

#define STEP_MICRO_MIN 10000 /* a hundredth of a visitor: also a very slow line comes back */

/* Upper ends in ms; the last takes everything above as well. Also in queue/lua/pace.lua. */
static const int64_t ends_ms[PACE_BUCKETS] = {
    1,   2,    3,    4,    5,    6,    8,    10,   13,   16,   20,    25,   32,
    40,  50,   63,   79,   100,  126,  158,  200,  251,  316,  398,   501,  631,
    794, 1000, 1259, 1585, 1995, 2512, 3162, 3981, 5012, 6310, 10000, 20000};

void pace_note(struct pace_histogram *holds, int64_t latency_ms)
{
    size_t bucket = 0;
    while (bucket + 1 < PACE_BUCKETS && latency_ms > ends_ms[bucket])
        bucket++;
    holds->counts[bucket]++;
}

int64_t pace_samples_count(const struct pace_histogram *holds)
{
    int64_t count = 0;
    for (size_t i = 0; i < PACE_BUCKETS; i++)
        count += holds->counts[i];
    return count;
}

int64_t pace_quantile_ms(const struct pace_histogram *holds, int percent)
{
    int64_t wanted = (pace_samples_count(holds) * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < PACE_BUCKETS && wanted > 0; i++) {
        seen += holds->counts[i];
        if (seen >= wanted)
            return ends_ms[i];
    }
    return 0;
}

int64_t pace_p99_ms(const struct pace_histogram *holds)
{
    return pace_quantile_ms(holds, 99);
}

static int64_t within(int64_t value, int64_t min, int64_t max)
{
    int64_t at_least = value > min ? value : min;
    return at_least < max ? at_least : max;
}

int64_t pace_rate_in_force(int64_t rate_micro, int64_t min_micro, int64_t max_micro)
{
    return within(rate_micro > 0 ? rate_micro : max_micro, min_micro, max_micro);
}

static int64_t step_of(int64_t max_micro)
{
    return max_micro / 20 > STEP_MICRO_MIN ? max_micro / 20 : STEP_MICRO_MIN;
}

struct pace_decision pace_decide(const struct pace_inputs *in)
{
    int64_t rate = pace_rate_in_force(in->rate_micro, in->min_micro, in->max_micro);
    struct pace_decision d = {.reason = PACE_STEADY,
                              .rate_before_micro = rate,
                              .rate_micro = rate,
                              .p99_ms = pace_p99_ms(in->holds),
                              .samples_count = pace_samples_count(in->holds)};
    if (d.samples_count < PACE_SAMPLES_MIN) {
        d.reason = PACE_NO_DATA;
        return d;
    }
    if (d.p99_ms > in->target_ms)
        d.rate_micro = within(rate * 7 / 10, in->min_micro, in->max_micro);
    else if (d.p99_ms * 10 <= in->target_ms * 8)
        d.rate_micro = within(rate + step_of(in->max_micro), in->min_micro, in->max_micro);
    if (d.rate_micro != rate)
        d.reason = d.rate_micro < rate ? PACE_SLOWER : PACE_FASTER;
    return d;
}
