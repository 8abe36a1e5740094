/* One walk over a house for the best window. See best_house.h. */
#include "ticketing/best_house.h"

#include <math.h>

#define NEAR_SLACK 1e-3 /* of a way's square: coordinates are rounded to floats */

static bool is_plain(const struct best_index *index, uint32_t slot)
{
    return (index->slots[slot].flags & BEST_SPECIAL) == 0;
}

/* Whether people might be offered this seat without asking for anything special. */
static bool is_plain_free(const struct best_index *index, uint32_t slot)
{
    return index->is_free[slot] && is_plain(index, slot);
}

/* Whether taking this window makes a neighbour a single one. Who sits beside a special seat was
 * one before. The end slot is never joined and never free, so looking one too far is safe. */
static bool leaves_single(const struct best_index *index, uint32_t first, uint32_t last)
{
    const struct best_slot *slots = index->slots;
    if (is_plain(index, first) && slots[first].is_joined && is_plain_free(index, first - 1) &&
        !(slots[first - 1].is_joined && is_plain_free(index, first - 2)))
        return true;
    uint32_t next = last + 1;
    return is_plain(index, last) && slots[next].is_joined && is_plain_free(index, next) &&
           !(slots[next + 1].is_joined && is_plain_free(index, next + 1));
}

static bool is_better(const struct best_window *a, const struct best_window *b)
{
    if (b->first == BEST_NOWHERE)
        return true;
    if (a->away2 != b->away2)
        return a->away2 < b->away2;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    if (a->restricted != b->restricted)
        return a->restricted < b->restricted;
    if (a->distance2 != b->distance2)
        return a->distance2 < b->distance2;
    return a->first < b->first;
}

/* The square of the way between the wish's point and the window's middle. */
static double way2(const struct best_index *index, const struct best_wish *wish, uint32_t first)
{
    const struct best_slot *a = &index->slots[first], *b = &index->slots[first + wish->count - 1];
    double dx = (a->x + b->x) / 2 - wish->x, dy = (a->y + b->y) / 2 - wish->y;
    return dx * dx + dy * dy;
}

bool best_is_offered(const struct best_wish *wish, uint8_t flags)
{
    return (flags & BEST_SPECIAL) == 0 || wish->accessible_count > 0 ||
           (wish->may_be_companion && (flags & PLAN_ACCESSIBLE) == 0);
}

static bool fits(const struct best_index *index, const struct best_wish *wish, uint32_t slot)
{
    const struct best_slot *s = &index->slots[slot];
    return index->is_free[slot] && best_is_offered(wish, s->flags) &&
           (wish->category < 0 || s->category == (uint16_t)wish->category);
}

/* Windows from slot `from` up to `end`; *best when one is better. */
static void walk_part(const struct best_index *index, const struct best_wish *wish, uint32_t from,
                      uint32_t end, struct best_window *best)
{
    uint32_t run = 0, accessible = 0, restricted = 0, k = wish->count;
    for (uint32_t i = from; i < end; i++) {
        const struct best_slot *slot = &index->slots[i];
        if (!fits(index, wish, i)) {
            run = 0;
            continue;
        }
        bool goes_on = run > 0 && slot->is_joined && slot->category == slot[-1].category;
        if (!goes_on)
            run = accessible = restricted = 0;
        run++;
        accessible += (slot->flags & PLAN_ACCESSIBLE) != 0;
        restricted += (slot->flags & PLAN_RESTRICTED_VIEW) != 0;
        if (run > k) { /* the window's tail moves on */
            accessible -= (index->slots[i - k].flags & PLAN_ACCESSIBLE) != 0;
            restricted -= (index->slots[i - k].flags & PLAN_RESTRICTED_VIEW) != 0;
        }
        if (run < k || accessible != wish->accessible_count)
            continue;
        uint32_t first = i + 1 - k;
        struct best_window window = {.first = first,
                                     .rank = index->rank[slot->category],
                                     .restricted = restricted,
                                     .distance2 = index->slots[i + 1].distance2 -
                                                  index->slots[first].distance2,
                                     .away2 = wish->is_near ? way2(index, wish, first) : 0};
        if (is_better(&window, best) &&
            (wish->behind == NULL || is_better(wish->behind, &window)) &&
            (wish->may_leave_single || !leaves_single(index, first, i)))
            *best = window;
    }
}

/* Windows that end in this block, unless all of them are farther away than the best one is. */
static void walk_block(const struct best_index *index, const struct best_wish *wish, uint32_t b,
                       struct best_window *best)
{
    const struct best_block *block = &index->blocks[b];
    double dx = fmax(fmax(block->x_min - wish->x, wish->x - block->x_max), 0);
    double dy = fmax(fmax(block->y_min - wish->y, wish->y - block->y_max), 0);
    if (best->first != BEST_NOWHERE &&
        dx * dx + dy * dy > best->away2 * (1 + NEAR_SLACK) + NEAR_SLACK)
        return;
    uint32_t start = b * BEST_BLOCK_SLOTS, end = start + BEST_BLOCK_SLOTS;
    uint32_t before = wish->count - 1 < start ? wish->count - 1 : start;
    walk_part(index, wish, start - before, end < index->slots_count ? end : index->slots_count,
              best);
}

/* What is near is looked for at home first, so that most of the other blocks need no look. */
struct best_window best_walk(const struct best_index *index, const struct best_wish *wish)
{
    struct best_window best = {.first = BEST_NOWHERE};
    uint32_t from = wish->category < 0 ? 0 : index->from[wish->category];
    uint32_t until = wish->category < 0 ? index->slots_count : index->until[wish->category];
    if (!wish->is_near) {
        walk_part(index, wish, from, until, &best);
        return best;
    }
    uint32_t home = wish->near_slot / BEST_BLOCK_SLOTS;
    walk_block(index, wish, home, &best);
    for (uint32_t b = from / BEST_BLOCK_SLOTS; b * BEST_BLOCK_SLOTS < until; b++)
        if (b != home)
            walk_block(index, wish, b, &best);
    return best;
}
