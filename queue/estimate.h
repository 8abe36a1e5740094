/* How long until my turn: an honest range, or nothing.
 *
 * Two exponentially weighted averages of the admission rate are kept, one that forgets in half a
 * minute and one in five; each tick adds what it admitted over the time since the one before,
 * whatever that time was, and both are corrected for having started from nothing. Where they
 * disagree the range is wide. Neither may claim more than the organizer's setting allows. There is
 * no estimate before a few ticks have been seen, none while the line does not move by intent
 * (paused, not open yet), and none that would say more than a day.
 */
#ifndef STANCHION_QUEUE_ESTIMATE_H
#define STANCHION_QUEUE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/queue_store.h"

#define ESTIMATE_FAST_MS 30000.0 /* time constants of the two averages */
#define ESTIMATE_SLOW_MS 300000.0
#define ESTIMATE_TICKS_MIN 3 /* seen in phase open before anything is said */
#define ESTIMATE_MARGIN 0.10 /* widens the range to both sides */
#define ESTIMATE_MS_MAX INT64_C(86400000)

struct estimate_average {
    double per_ms; /* biased towards 0 by `weight` */
    double weight; /* 0 at the start, towards 1 */
};

/* Lifetime: that of its owner. Members are private. */
struct estimate {
    struct estimate_average fast, slow;
    double allowed_per_ms; /* 0 = not known: no cap */
    int64_t tick_ms;       /* length of the last tick */
    uint32_t ticks_count;  /* ticks learnt from */
    bool is_moving;        /* the last tick was in phase open */
};

struct estimate_range {
    int64_t low_ms, high_ms; /* 0 <= low <= high <= ESTIMATE_MS_MAX */
};

void estimate_init(struct estimate *e);
/* The organizer's rate: admit_per_tick every tick_ms. Never is a faster one claimed. */
void estimate_set_allowed(struct estimate *e, double admit_per_tick, int64_t tick_ms);
/* A tick that came elapsed_ms after the one before and admitted so many. */
void estimate_on_tick(struct estimate *e, enum queue_phase phase, int64_t elapsed_ms,
                      int64_t admitted_count);
/* Sets *range and returns true when there is something honest to say to somebody with `ahead`
 * before. */
bool estimate_wait(const struct estimate *e, int64_t ahead, struct estimate_range *range);

#endif
