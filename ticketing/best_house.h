/* What the parts of the search for the best seats share (best_seats.h): the index of a house, and
 * one walk over it.
 *
 * A slot is a numbered seat in plan order; a window is a number of slots side by side. Everything
 * that does not change with the sale is worked out once (best_index.c); best_walk.c finds the best
 * window for a wish; best_seats.c decides what to wish for, one part of the group after the other.
 */
#ifndef STANCHION_BEST_HOUSE_H
#define STANCHION_BEST_HOUSE_H

#include "ticketing/best_seats.h"

#define BEST_SPECIAL (PLAN_ACCESSIBLE | PLAN_COMPANION)
#define BEST_NOWHERE UINT32_MAX
#define BEST_BLOCK_SLOTS 256 /* a search for what is near looks at blocks, not at each slot */

struct best_slot {
    int64_t distance2; /* to the focus, sum over all slots before this one: differences count */
    float x, y;
    uint16_t category;
    uint8_t flags;
    bool is_joined; /* side by side with the slot before */
};

/* Where windows lie that end in a block. */
struct best_block {
    float x_min, x_max, y_min, y_max;
};

struct best_index {
    uint32_t slots_count, blocks_count;
    struct best_block *blocks;
    size_t categories_count;
    uint16_t rank[PLAN_CATEGORIES_MAX];    /* of a category; 0 = the dearest */
    uint16_t by_rank[PLAN_CATEGORIES_MAX]; /* the category of a rank */
    /* Of a category: its slots are all in [from, until). */
    uint32_t from[PLAN_CATEGORIES_MAX], until[PLAN_CATEGORIES_MAX];
    uint8_t *is_free;         /* the question's, less what parts have taken */
    struct best_slot slots[]; /* slots_count + 1: the last one closes the sums */
};

struct best_window {
    uint32_t first; /* BEST_NOWHERE = none */
    uint32_t rank, restricted;
    int64_t distance2;
    double away2; /* from the wish's point */
};

/* What one part of a group asks for. */
struct best_wish {
    uint32_t count, accessible_count;
    int32_t category; /* -1 = any */
    bool may_leave_single, may_be_companion;
    bool is_near; /* x, y: as near as possible to there, before everything else */
    double x, y;
    uint32_t near_slot;               /* where that is */
    const struct best_window *behind; /* only windows worse than this one; NULL = all */
};

/* Whether a free seat is for sale to who has this wish: special ones only with accessible ones. */
bool best_is_offered(const struct best_wish *wish, uint8_t flags);

/* The best window, `first` BEST_NOWHERE when there is none. */
struct best_window best_walk(const struct best_index *index, const struct best_wish *wish);

#endif
