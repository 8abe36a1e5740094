/* What one process of the load tester believes about the seats: the plan, and which seats are free
 * as far as its visitors were told. Choices are made from it, so they are sometimes stale: as with
 * people. */
#ifndef STAMPEDE_SEAT_PICTURE_H
#define STAMPEDE_SEAT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loadtest/dice.h"

#define SEAT_PICTURE_AREAS_MAX 256

enum picture_state { PICTURE_FREE, PICTURE_HELD, PICTURE_SOLD, PICTURE_NOT_FOR_SALE };

struct picture_area {
    uint32_t first, capacity;
    bool is_full; /* as told by area_full */
};

struct seat_picture {
    uint32_t seats_count, areas_count;
    uint32_t numbered_count; /* seats that are not places of an area and are for sale */
    uint8_t *states;         /* enum picture_state */
    bool *is_area;           /* place of a standing area: asked for by count, not by number */
    uint32_t *row_ends;      /* per seat of a row: the number behind its last one; otherwise 0 */
    struct picture_area areas[SEAT_PICTURE_AREAS_MAX];
    int64_t asked_us,
        heard_us; /* when a map was last asked for, when the picture last became newer; 0 = never */
};

/* Reads PLAN (docs/protocol.md section 6). On false, `why` names what is wrong and nothing is
 * owned. */
bool seat_picture_init(struct seat_picture *p, const char *plan, size_t bytes, const char **why);
void seat_picture_release(struct seat_picture *p);
/* Takes over `states` of a map message (base64). False when it is not one for this plan. */
bool seat_picture_load(struct seat_picture *p, const char *states, size_t bytes);
/* One seat changed; an index outside the plan is ignored. */
void seat_picture_set(struct seat_picture *p, uint32_t seat, enum picture_state state);
/* True when any place looks free. */
bool seat_picture_has_free(const struct seat_picture *p);
/* Chooses up to `wanted` numbered seats that look free, near each other from a random one on.
 * Returns how many. */
uint32_t seat_picture_choose(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                             uint32_t *seats);
/* Up to `wanted` numbered seats that look free, as far in front in the plan as there are any; of
 * those in the first row that has one, at random. */
uint32_t seat_picture_choose_front(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                                   uint32_t *seats);
/* Likewise of those that look held or sold: what people in a hurry click on. */
uint32_t seat_picture_choose_taken(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                                   uint32_t *seats);
/* Chooses, with the probability that fits their share of all places, an area that is not known as
 * full. */
bool seat_picture_choose_area(const struct seat_picture *p, struct dice *dice, uint32_t *area);

#endif
