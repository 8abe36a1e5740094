/* Best available: which k seats to offer to people who want to sit together.
 *
 * A plan is turned once into an index: its rows cut into stretches of seats that really are side by
 * side (an aisle or a gap cuts), each seat with its distance from what everybody came to see. A
 * question is then one walk over the free seats:
 *
 *   1. k side by side, of one category: the best category first, then fewest seats with a
 *      restricted view, then the smallest sum of squared distances, then the lowest seat number
 *   2. none: split into parts, two before three, of the same size before uneven ones; the first
 *      part as in 1, each further one as near as possible to it. All accessible seats in the first
 *      part, or some in each when that cannot be
 *
 * Never is a single free seat left alone between taken ones (or a taken one and an end) unless the
 * caller says that the house is nearly full; a seat that was alone before may be sold. Accessible
 * and companion seats are offered only to who asks for accessible ones, and then as many as asked
 * for.
 *
 * Pure. Cost: about 3 ns for each seat of the house, and little for each further part, which looks
 * only at blocks of seats that are nearer than what it has; 100,000 seats well under a millisecond.
 * Splits that are tried in vain are bounded by slots looked at; then everybody is seated apart.
 */
#ifndef STANCHION_BEST_SEATS_H
#define STANCHION_BEST_SEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "ticketing/plan.h"

/* Seats farther apart than this many times the usual distance in their row are not neighbours. */
#define BEST_SEATS_GAP 1.6

/* A house with fewer free seats than this is nearly full. */
#define BEST_SEATS_FULL_PERCENT 5

struct best_index;

/* What is looked at: the middle of the stage, in plan units. */
struct best_focus {
    double x, y;
};

struct best_request {
    uint32_t count;            /* 1 to HOLD_SEATS_MAX, asserted */
    uint32_t accessible_count; /* 0 to count: so many accessible seats, the rest beside them */
    int32_t category;          /* index, or -1 = any */
    bool may_leave_single;     /* the house is nearly full */
};

struct best_answer {
    uint32_t count; /* 0 = there is nothing to offer */
    uint32_t parts; /* 1 = all side by side */
    uint32_t seats[HOLD_SEATS_MAX];
};

/* Whether a single seat may be left: nothing is to be kept whole any more. */
bool best_seats_is_nearly_full(uint32_t free_count, uint32_t seats_count);

/* The middle of the shape that is called stage, podium, field or screen (any case); without one the
 * middle of the plan's upper edge. */
struct best_focus best_focus_of(const struct plan *plan);

/* NULL without memory. Refers to nothing of the plan afterwards. Standing places are not in it. */
struct best_index *best_index_create(const struct plan *plan, struct best_focus focus);
void best_index_free(struct best_index *index);

/* `is_free` has one byte for each seat of the plan, not 0 = free. The same question gets the same
 * answer. Categories are ranked by price, dearest first. */
void best_seats_find(struct best_index *index, const uint8_t *is_free,
                     const struct best_request *request, struct best_answer *answer);

#endif
