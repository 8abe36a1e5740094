/* The main process of a run: starts the others, watches, shows progress, ends the run. */
#ifndef STAMPEDE_MONITOR_H
#define STAMPEDE_MONITOR_H

#include "loadtest/http_fetch.h"
#include "loadtest/memory_use.h"
#include "loadtest/recorder.h"
#include "loadtest/run.h"
#include "loadtest/seat_picture.h"

/* What the main process saw. `samples` and `recorder` are owned. */
struct watch {
    struct history_sample *samples;
    size_t samples_count, samples_max;
    struct recorder *recorder; /* NULL when there was no memory for one */
    struct memory_use memory;
    int64_t start_ms, end_ms; /* the server's clock */
    int64_t recovering_ms;    /* likewise: the last time the event said that it recovers; or 0 */
    double seconds, hold_seconds; /* of the whole run; of holding (mode hold) */
    uint64_t holds_counted;       /* in hold_seconds */
    int64_t orders_from_ms;       /* mode buy: when buying began, server's clock */
    double orders_seconds;        /* mode buy: until nearly all had bought */
    uint64_t orders_counted;      /* confirmed in orders_seconds */
    uint32_t measured_waiting;    /* mode wait: how many waited when memory was measured */
    bool was_interrupted, has_process_died;
};

/* Runs all visitors to the end. False when it could not start (said on stderr). */
bool monitor_run(struct run *r, struct seat_picture *picture, struct http_fetch *http,
                 struct watch *w);
void watch_release(struct watch *w);

#endif
