/* Halls drawn as text for tests of the best seats: one row for each line. '.' free, 'x' taken, ' '
 * a gap, 'w' wheelchair place, 'c' companion, 'r' restricted view, all of category 0; ',' is a free
 * seat of category 1, 'W' and 'C' are special ones of it. */
#ifndef STANCHION_TESTS_BEST_HALL_H
#define STANCHION_TESTS_BEST_HALL_H

#include <stdint.h>
#include "ticketing/best_seats.h"

#define BEST_HALL_SEATS_MAX 80
#define BEST_HALL_STEP 25.0 /* between neighbours */
#define BEST_HALL_FOCUS_X 100.0

struct best_hall {
    struct plan *plan;
    struct best_index *index;
    uint8_t is_free[BEST_HALL_SEATS_MAX];
};

/* Fails the test when the drawing is too large. */
void best_hall_init(struct best_hall *hall, const char *drawing);
void best_hall_release(struct best_hall *hall);

/* The next number of a seeded sequence, 0 to sides - 1. */
uint32_t best_hall_dice(uint64_t *state, uint32_t sides);

#endif
