/* How fast the line should move when holds get slow: additive increase, multiplicative decrease.
 *
 * The organizer sets the upper and the lower bound and what a hold may take (p99, as the visitor
 * sees it). Gateways hand in how long their holds took; once per PACE_INTERVAL_MS one of these
 * calls decides for everyone, from all samples together:
 *
 *     p99 > target                -> rate * 7/10, not below the lower bound
 *     p99 <= 8/10 of the target   -> rate + 1/20 of the upper bound, not above it
 *     between                     -> as it is
 *     fewer than PACE_SAMPLES_MIN -> as it is: no change without data
 *
 * This is the rule of TCP's congestion control (Chiu and Jain 1989): it backs off fast, comes back
 * slowly and settles near what the system can do. queue/lua/pace.lua holds the same rule;
 * tests/contract/test_queue_rules.c compares them.
 */
#ifndef STANCHION_QUEUE_PACE_H
#define STANCHION_QUEUE_PACE_H

#include <stdint.h>

#define PACE_INTERVAL_MS 5000
#define PACE_WINDOW_MS 30000 /* samples that did not become enough in this time are forgotten */
#define PACE_SAMPLES_MIN 20
#define PACE_BUCKETS 38

enum pace_reason {
    PACE_NO_DATA,
    PACE_STEADY, /* near the target, or at a bound */
    PACE_FASTER,
    PACE_SLOWER,
    PACE_REASON_COUNT
};

/* How many holds took how long: buckets a quarter wider than the one before. */
struct pace_histogram {
    int64_t counts[PACE_BUCKETS];
};

struct pace_inputs {
    int64_t rate_micro; /* in force; 0 = none yet: the upper bound */
    int64_t min_micro, max_micro;
    int64_t target_ms;
    const struct pace_histogram *holds;
};

struct pace_decision {
    enum pace_reason reason;
    int64_t rate_before_micro, rate_micro;
    int64_t p99_ms, samples_count;
};

void pace_note(struct pace_histogram *holds, int64_t latency_ms);
int64_t pace_samples_count(const struct pace_histogram *holds);
/* The upper end of the bucket with that percentile (1 to 100); 0 without samples. */
int64_t pace_quantile_ms(const struct pace_histogram *holds, int percent);
/* The 99th. */
int64_t pace_p99_ms(const struct pace_histogram *holds);
/* The rate within the organizer's bounds. */
int64_t pace_rate_in_force(int64_t rate_micro, int64_t min_micro, int64_t max_micro);
struct pace_decision pace_decide(const struct pace_inputs *inputs);

#endif
