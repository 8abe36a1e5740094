/* See the header. One walk over the old plan: some nanoseconds a seat. */
#include "ticketing/plan_change.h"

#include <stdlib.h>
#include <string.h>

static bool are_same_places(const struct plan_place *a, uint32_t seat_a, const struct plan_place *b,
                            uint32_t seat_b)
{
    if (a->area == NULL || b->area == NULL)
        return a->area == NULL && b->area == NULL;
    return seat_a - a->area->first == seat_b - b->area->first;
}

/* Whether the index is the same seat in both: place, labels and category. A title has the level in
 * it only where that is needed, so level and name are what is compared. */
static bool is_same_seat(const struct plan *old_plan, const struct plan *new_plan, uint32_t seat)
{
    struct plan_place before, after;
    if (plan_place(old_plan, seat, &before) != PLAN_OK ||
        plan_place(new_plan, seat, &after) != PLAN_OK ||
        before.category_index != after.category_index ||
        !are_same_places(&before, seat, &after, seat) || strcmp(before.row, after.row) != 0 ||
        strcmp(before.number, after.number) != 0)
        return false;
    if (before.area != NULL)
        return strcmp(before.area->name, after.area->name) == 0;
    const struct plan_section *from =
        &old_plan->sections[old_plan->rows[old_plan->seats[seat].row].section];
    const struct plan_section *to =
        &new_plan->sections[new_plan->rows[new_plan->seats[seat].row].section];
    return strcmp(from->name, to->name) == 0 && strcmp(from->level, to->level) == 0;
}

static enum seat_change change_of(const struct plan *old_plan, const struct plan *new_plan,
                                  uint32_t seat)
{
    if (seat >= plan_seats_count(new_plan))
        return SEAT_GOES;
    if (!is_same_seat(old_plan, new_plan, seat))
        return SEAT_MOVES;
    return plan_is_for_sale(old_plan, seat) && !plan_is_for_sale(new_plan, seat) ? SEAT_GOES
                                                                                 : SEAT_STAYS;
}

bool plan_change_init(struct plan_change *change, const struct plan *old_plan,
                      const struct plan *new_plan)
{
    *change = (struct plan_change){.seats_count = plan_seats_count(old_plan)};
    change->of_seat = malloc(change->seats_count + 1);
    if (change->of_seat == NULL)
        return false;
    change->is_stock_changed = plan_seats_count(new_plan) != change->seats_count;
    for (uint32_t seat = 0; seat < change->seats_count; seat++) {
        enum seat_change is = change_of(old_plan, new_plan, seat);
        change->of_seat[seat] = (uint8_t)is;
        change->counts[is]++;
        if (plan_is_for_sale(old_plan, seat) != plan_is_for_sale(new_plan, seat))
            change->is_stock_changed = true;
    }
    return true;
}

void plan_change_release(struct plan_change *change)
{
    free(change->of_seat);
    *change = (struct plan_change){0};
}
