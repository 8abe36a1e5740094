/* What happened when: one point per period, in memory of a fixed size however long the run.
 *
 * A point is added every second. When STAMPEDE_POINTS_MAX are there, neighbours are put together
 * two by two and a point stands for twice the time from then on. Pure.
 *
 * Putting two points together: what is counted is added up, what is a level is that at the end,
 * shares of a processor are averaged over the time. Of latencies the count is added up, p50 is
 * averaged by count, p99 and the maximum are those of the worse half: a bad second never
 * disappears. */
#ifndef STAMPEDE_TIMELINE_H
#define STAMPEDE_TIMELINE_H

#include <stdint.h>
#include "loadtest/histogram.h"
#include "loadtest/limits.h"
#include "loadtest/run.h"

/* Counted in the period. */
enum timeline_count {
    TIMELINE_ARRIVED, /* visitors who wanted to come */
    TIMELINE_JOINED,  /* were told a place for the first time */
    TIMELINE_ADMITTED,
    TIMELINE_HOLDS,
    TIMELINE_CONFIRMED,
    TIMELINE_SEATS_SOLD,
    TIMELINE_RECONNECTS,
    TIMELINE_PUSHES,
    TIMELINE_ERRORS,
    TIMELINE_COUNTS
};

/* Levels at the end of the period. */
enum timeline_level {
    TIMELINE_CONNECTED,
    TIMELINE_WAITING,
    TIMELINE_INSIDE,         /* of these visitors */
    TIMELINE_SERVER_WAITING, /* as the server says; HISTORY_NONE when it did not answer */
    TIMELINE_SERVER_INSIDE,
    TIMELINE_LEVELS
};

struct timeline_latency {
    uint32_t count, p50_us, p99_us, max_us;
};

struct timeline_point {
    double seconds, at_s; /* length, and its end since the run's start */
    int64_t counts[TIMELINE_COUNTS], levels[TIMELINE_LEVELS];
    struct timeline_latency latency[LATENCY_COUNT];
    float machine; /* share of all processors that was busy, 0 to 1; negative: not known */
    float tester;  /* processors used by all of ours, 1 = one of them */
    float busiest; /* likewise of the busiest of our processes */
    uint32_t memory_used_kb;        /* of the machine; see process_use.h */
    float late_ms;                  /* the most a timer of ours was late */
    float cpu[STAMPEDE_SERIES_MAX]; /* of a server process; negative: it was not there */
    uint32_t memory_kb[STAMPEDE_SERIES_MAX];
};

/* All zero is empty. */
struct timeline {
    uint32_t count, each; /* each: added points that one of these stands for; 0 = 1 */
    uint32_t last_each;   /* how many the last one holds so far */
    struct timeline_point points[STAMPEDE_POINTS_MAX];
};

void timeline_add(struct timeline *t, const struct timeline_point *p);
/* p50 and so on of what `now` has more than `before`; the largest value is that of its bucket. */
struct timeline_latency timeline_latency_between(const struct histogram *before,
                                                 const struct histogram *now);
/* "arrived", "joined" ... */
const char *timeline_count_name(enum timeline_count count);
const char *timeline_level_name(enum timeline_level level);

#endif
