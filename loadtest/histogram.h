/* A latency histogram of fixed size: 64 steps per doubling, so a figure read from it is at most 1.6
 * % too high. */
#ifndef STAMPEDE_HISTOGRAM_H
#define STAMPEDE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64 /* per doubling */
#define HISTOGRAM_DOUBLINGS 35
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * (HISTOGRAM_DOUBLINGS + 1))

/* All zero is an empty histogram. Embeddable, also in shared memory; one writer. */
struct histogram {
    uint64_t count;
    int64_t us_max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Adds one value in microseconds; a negative one counts as 0, one beyond 600 hours as the last
 * bucket. */
void histogram_record(struct histogram *h, int64_t us);
/* Adds all of `other` to `h`. */
void histogram_merge(struct histogram *h, const struct histogram *other);
/* The value in microseconds that at least `share` (0 to 1) of the values do not exceed: the upper
 * end of its bucket, never above the largest value seen. 0 when the histogram is empty. */
int64_t histogram_quantile_us(const struct histogram *h, double share);
/* Largest value that falls into a bucket. */
int64_t histogram_bucket_us_max(uint32_t bucket);

#endif
