/* The place of one visitor over time, as it was told: moments in memory of a fixed size. When they
 * are used up every second one goes, and from then on only every second new one is kept. Plain
 * data, so that it can lie in shared memory; one writer. */
#ifndef STAMPEDE_TRACK_H
#define STAMPEDE_TRACK_H

#include <stdint.h>
#include "loadtest/limits.h"

struct track_moment {
    int64_t at_ms, ahead;
    int64_t eta_low_ms, eta_high_ms; /* HISTORY_NONE: nothing was estimated */
};

/* All zero is empty. */
struct track {
    uint32_t count, each, skipped;
    struct track_moment moments[STAMPEDE_TRACK_MOMENTS_MAX];
};

void track_add(struct track *t, const struct track_moment *m);
/* Which track a visitor of `visitors` has: STAMPEDE_TRACKS_MAX of them, spread evenly; or none,
 * STAMPEDE_TRACKS_MAX. */
uint32_t track_of(uint32_t visitor, uint32_t visitors);
/* The visitor of that track; UINT32_MAX when there are not so many. */
uint32_t track_visitor(uint32_t track, uint32_t visitors);

#endif
