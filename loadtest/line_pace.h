/* Figures about the line that are worked out of the history at the end: how regular the ticks were,
 * how fast people joined, how soon after the opening the first was admitted. Pure. */
#ifndef STAMPEDE_LINE_PACE_H
#define STAMPEDE_LINE_PACE_H

#include <stdint.h>
#include "loadtest/history.h"

/* HISTORY_NONE where there is nothing to tell. */
struct line_pace {
    double
        joins_per_s; /* between the first tenth and the last tenth of those who joined; 0 = none */
    int64_t first_admission_ms;  /* after the opening */
    int64_t no_show_late_ms_max; /* between the end of a claim and being told that it is over */
    int64_t last_told_ms;        /* when the last one was told a place */
    uint64_t no_shows, returns;
};

void line_pace_read(const struct history *h, int64_t opens_at_ms, struct line_pace *pace);

/* Calls on_interval for each pair of neighbouring moments at which somebody was admitted. All whom
 * one tick admits share its moment; so these are the intervals of the ticks as long as each finds
 * somebody to admit. Nothing is called when memory runs out. */
void line_pace_ticks(const struct history *h,
                     void (*on_interval)(void *ctx, int64_t from_ms, int64_t interval_ms),
                     void *ctx);

#endif
