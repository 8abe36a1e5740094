/* The counters of all processes, added up. */
#ifndef STAMPEDE_TOTALS_H
#define STAMPEDE_TOTALS_H

#include "loadtest/run.h"

struct totals {
    int64_t by_state[VISITOR_STATE_COUNT], connected;
    int64_t inside;   /* admitted and not at an end */
    int64_t over;     /* at an end of any kind */
    int64_t finished; /* at an end of their own: not sent home, not failed */
    uint64_t errors[RUN_ERRORS_MAX];
    uint64_t errors_count; /* of all kinds */
    uint64_t arrived, joined, admitted;
    uint64_t holds, confirmed, seats_sold, declined, unsold, reconnects, pushes, tabs_compared,
        second_clicks, instead_taken, tickets_compared;
    uint64_t loop_late_us_max;
};

/* May be called while the run goes on. */
void totals_read(const struct run *r, struct totals *t);
/* Which part of the run: before --split-at-s, after, or both. */
#define TOTALS_BEFORE 1u
#define TOTALS_AFTER 2u
#define TOTALS_ALL (TOTALS_BEFORE | TOTALS_AFTER)
/* Exact after the processes have ended; before that nearly so. */
void totals_latency(const struct run *r, enum latency_kind kind, unsigned parts,
                    struct histogram *h);
/* How late timers of the tester were. */
void totals_late(const struct run *r, struct histogram *h);
/* One word, as in thresholds ("confirm"). */
const char *totals_latency_word(enum latency_kind kind);
const char *totals_latency_name(enum latency_kind kind);
const char *totals_state_name(enum visitor_state state);

#endif
