/* Takes one point for the timeline every second: what the counters, the latencies and the processes
 * did since the last one. Belongs to the main process of a run. */
#ifndef STAMPEDE_RECORDER_H
#define STAMPEDE_RECORDER_H

#include "loadtest/process_use.h"
#include "loadtest/run.h"
#include "loadtest/timeline.h"
#include "loadtest/totals.h"

/* Lifetime: the run; large, so on the heap. */
struct recorder {
    const struct run *run;
    struct timeline timeline;
    struct process_use use;
    struct totals before;
    struct histogram latency_before[LATENCY_COUNT], latency_now[LATENCY_COUNT];
    struct timeline_point last; /* of the last second, for the live view */
    int64_t last_us;
    int64_t connected_max; /* at the end of a second, of the whole run */
};

/* `own` are the run's processes; they stay the caller's. NULL when memory runs out. */
struct recorder *recorder_create(const struct run *run, const pid_t *own);
void recorder_free(struct recorder *r);
/* Ends a period now. server_*: HISTORY_NONE when the server did not say. */
void recorder_take(struct recorder *r, const struct totals *now, int64_t server_waiting,
                   int64_t server_inside);

#endif
