/* How many answers took how long, as Prometheus wants to be told. */
#ifndef STANCHION_LATENCY_H
#define STANCHION_LATENCY_H

#include <stdint.h>

#define LATENCY_BUCKETS 13 /* the last one has no bound */

/* All zero is empty. */
struct latency {
    uint64_t counts[LATENCY_BUCKETS]; /* not cumulated */
    int64_t sum_ms;
};

/* Upper bounds of the buckets in seconds; the last is infinite. */
extern const double latency_bounds_s[LATENCY_BUCKETS];

void latency_note(struct latency *latency, int64_t ms);

#endif
