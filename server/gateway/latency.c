#include "server/gateway/latency.h"
#include <math.h>
#include <stddef.h>

const double latency_bounds_s[LATENCY_BUCKETS] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1,     0.25,
                                                  0.5,   1,     2.5,  5,     10,   INFINITY};

void latency_note(struct latency *latency, int64_t ms)
{
    size_t bucket = 0;
    while ((double)ms > 1e3 * latency_bounds_s[bucket])
        bucket++;
    latency->counts[bucket]++;
    latency->sum_ms += ms;
}
