/* How long until my turn: an honest range, or nothing.
 *
 * Two things bound a line: how many each tick may admit, and how many may be inside at once. At the
 * start the first one counts, and as soon as the house is full the second: then somebody is
 * admitted when somebody leaves, and the pace is the cap divided by the time of a turn. An average
 * of past admissions knows nothing of this change, so the estimate is a small model of both:
 *
 *   rate      admissions per ms in ticks that had room and people: two exponentially weighted
 *             averages, of half a minute and of five; where they disagree the range is wide.
 *             Before there are any, what the organizer allows; never more than that.
 *   turn      the mean time of a turn, between two bounds. Below: the mean age of those inside, as
 *             if whoever leaves were of mean age; it can only have been seen too short. Above:
 *             time spent inside over turns ended (Little's law), which counts turns that have not
 *             ended yet; and never more than the deadlines of a turn add up to. With a steady house
 *             both become the same.
 *   wait      at `rate` until the house is full, then at cap / turn: low with the fast rate and the
 *             short turn, high with the others, plus a margin; shortened by those who give up, at
 *             the share of the line that did so lately.
 *
 * There is no estimate before a few ticks have been seen, none while the line does not move by
 * intent (paused, not open yet), and none that would say more than a day. What it is worth is
 * measured by tests/unit/test_estimate_error.c, and in service by queue/estimate_error.h.
 */
#ifndef STANCHION_QUEUE_ESTIMATE_H
#define STANCHION_QUEUE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/queue_store.h"

#define ESTIMATE_FAST_MS 30000.0 /* time constants of the averages */
#define ESTIMATE_SLOW_MS 300000.0
#define ESTIMATE_TICKS_MIN 3 /* seen in phase open before anything is said */
#define ESTIMATE_MARGIN 0.10 /* widens the range to both sides */
#define ESTIMATE_MS_MAX INT64_C(86400000)

/* The organizer's settings, as far as they bound a line. 0 = not known: no bound. */
struct estimate_limits {
    double admit_per_tick;
    int64_t tick_ms;
    int64_t cap;         /* most visitors inside */
    int64_t turn_ms_max; /* claim, selection and payment time together */
};

/* What a tick did. */
struct estimate_tick {
    enum queue_phase phase;
    int64_t elapsed_ms; /* since the one before; 0 = not known */
    int64_t admitted;
    int64_t left;            /* who gave up their place in line */
    int64_t inside, waiting; /* after it */
};

struct estimate_average {
    double per_ms; /* biased towards 0 by `weight` */
    double weight; /* 0 at the start, towards 1 */
};

/* Lifetime: that of its owner. Members are private. */
struct estimate {
    struct estimate_limits limits;
    struct estimate_average fast, slow; /* admissions per ms */
    struct estimate_average giving_up;  /* share of the line per ms */
    double inside_ms, ended;            /* time inside and turns ended, both fading out slowly */
    double age_ms;                      /* mean age of those inside */
    int64_t inside;                     /* after the last tick */
    int64_t tick_ms;                    /* length of the last tick */
    uint32_t ticks_count;               /* ticks learnt from */
    bool is_moving;                     /* the last tick was in phase open */
};

struct estimate_range {
    int64_t low_ms, high_ms; /* 0 <= low <= high <= ESTIMATE_MS_MAX */
};

void estimate_init(struct estimate *e);
/* Counts from the next question on; what was learnt stays. */
void estimate_set_limits(struct estimate *e, const struct estimate_limits *limits);
/* The phase was heard otherwise than by a tick. */
void estimate_set_phase(struct estimate *e, enum queue_phase phase);
void estimate_on_tick(struct estimate *e, const struct estimate_tick *tick);
/* Sets *range and returns true when there is something honest to say to somebody with `ahead`
 * before. */
bool estimate_wait(const struct estimate *e, int64_t ahead, struct estimate_range *range);

#endif
