/* What the estimates were worth: predicted against real waiting time.
 *
 * A prediction is a range; its middle is the geometric one, because "5 to 20 minutes" is wrong by
 * the same factor at both ends. The error is that factor less one: 0 = right, 1 = twice or half.
 * Both times get a second added, so that somebody near the head, who waits for a tick, does not
 * count as a factor.
 */
#ifndef STANCHION_QUEUE_ESTIMATE_ERROR_H
#define STANCHION_QUEUE_ESTIMATE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/estimate.h"

#define ESTIMATE_ERROR_BUCKETS 10 /* as told to Prometheus; the last one has no bound */
#define ESTIMATE_ERROR_FINE 256   /* for the quantiles: steps of 2 % of the factor, up to 150 */

/* Lifetime: that of its owner; all zero is empty. */
struct estimate_error {
    uint64_t count, within_count; /* measured; real time was in the range */
    double sum;
    uint64_t buckets[ESTIMATE_ERROR_BUCKETS]; /* not cumulated */
    uint64_t fine[ESTIMATE_ERROR_FINE];
};

/* Upper bounds of the buckets; the last is infinite. */
extern const double estimate_error_bounds[ESTIMATE_ERROR_BUCKETS];

void estimate_error_add(struct estimate_error *e, const struct estimate_range *predicted,
                        int64_t real_ms);
/* The error that a share of the estimates (0 to 1) does not exceed, to
 * 2 %; 0 when there are none. */
double estimate_error_quantile(const struct estimate_error *e, double share);

#endif
