/* Log-linear buckets: values below 64 us have a bucket each; above, every doubling is cut into 64
 * equal steps. The bucket of a value is found from its leading bit, so recording costs a few
 * instructions. */
#include "loadtest/histogram.h"

#include <assert.h>

static uint32_t bucket_of(uint64_t us)
{
    if (us < HISTOGRAM_STEPS)
        return (uint32_t)us;
    uint32_t top = 63u - (uint32_t)__builtin_clzll(us);
    uint32_t doubling = top - 5; /* values of 64 to 127 are doubling 1 */
    if (doubling > HISTOGRAM_DOUBLINGS)
        return HISTOGRAM_BUCKETS - 1;
    uint32_t step = (uint32_t)(us >> (top - 6)) - HISTOGRAM_STEPS;
    return doubling * HISTOGRAM_STEPS + step;
}

int64_t histogram_bucket_us_max(uint32_t bucket)
{
    assert(bucket < HISTOGRAM_BUCKETS);
    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    uint32_t doubling = bucket / HISTOGRAM_STEPS;
    uint64_t step = bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS;
    return (int64_t)(((step + 1) << (doubling - 1)) - 1);
}

void histogram_record(struct histogram *h, int64_t us)
{
    if (us < 0)
        us = 0;
    h->count++;
    if (us > h->us_max)
        h->us_max = us;
    h->buckets[bucket_of((uint64_t)us)]++;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
    h->count += other->count;
    if (other->us_max > h->us_max)
        h->us_max = other->us_max;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->buckets[i] += other->buckets[i];
}

int64_t histogram_quantile_us(const struct histogram *h, double share)
{
    assert(share >= 0 && share <= 1);
    if (h->count == 0)
        return 0;
    double exact = share * (double)h->count;
    uint64_t rank = (uint64_t)exact;
    if ((double)rank < exact || rank == 0)
        rank++;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= rank) {
            int64_t us = histogram_bucket_us_max(i);
            return us < h->us_max ? us : h->us_max;
        }
    }
    return h->us_max;
}
