/* See the header. */
#include "queue/estimate_error.h"

#include <assert.h>
#include <math.h>

#define FINE_STEP 1.02

const double estimate_error_bounds[ESTIMATE_ERROR_BUCKETS] = {0.05, 0.1, 0.2, 0.3, 0.5,
                                                              1,    2,   5,   10,  INFINITY};

void estimate_error_add(struct estimate_error *e, const struct estimate_range *predicted,
                        int64_t real_ms)
{
    assert(predicted->low_ms >= 0 && predicted->high_ms >= predicted->low_ms);
    double real = (double)(real_ms > 0 ? real_ms : 0) + 1000;
    double low = (double)predicted->low_ms + 1000, high = (double)predicted->high_ms + 1000;
    double middle = sqrt(low * high);
    double factor = middle > real ? middle / real : real / middle;
    size_t bucket = 0;
    while (factor - 1 > estimate_error_bounds[bucket])
        bucket++;
    double fine = ceil(log(factor) / log(FINE_STEP));
    e->fine[fine < ESTIMATE_ERROR_FINE ? (size_t)fine : ESTIMATE_ERROR_FINE - 1]++;
    e->buckets[bucket]++;
    e->count++;
    e->within_count += real >= low && real <= high;
    e->sum += factor - 1;
}

double estimate_error_quantile(const struct estimate_error *e, double share)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < ESTIMATE_ERROR_FINE; i++) {
        seen += e->fine[i];
        if (seen > 0 && (double)seen >= share * (double)e->count)
            return pow(FINE_STEP, (double)i) - 1;
    }
    return 0;
}
