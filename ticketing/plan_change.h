/* What a new plan would do to the seats of the plan in force: a comparison, nothing else.
 *
 * Sold orders, holds and open maps name a seat by its index. So a plan that is published while
 * seats are sold or held has to begin with the same seats, in the same order and categories; what
 * is printed and shown (prices, colours, names of categories and types, flags, positions) is free
 * to change, and further seats may follow at the end.
 */
#ifndef STANCHION_PLAN_CHANGE_H
#define STANCHION_PLAN_CHANGE_H

#include "ticketing/plan.h"

enum seat_change {
    SEAT_STAYS,
    SEAT_GOES,  /* it is not in the new plan, or not for sale there: fine while nobody has it */
    SEAT_MOVES, /* its index is another seat's, or its category another: never fine */
    SEAT_CHANGE_COUNT
};

struct plan_change {
    uint8_t *of_seat; /* enum seat_change, for each seat of the old plan */
    uint32_t seats_count;
    uint32_t counts[SEAT_CHANGE_COUNT];
    bool is_stock_changed; /* what is for sale is not the same */
};

/* False without memory. */
bool plan_change_init(struct plan_change *change, const struct plan *old_plan,
                      const struct plan *new_plan);
void plan_change_release(struct plan_change *change);

#endif
