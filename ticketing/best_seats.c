/* See the header. A slot is a numbered seat in plan order; a window is a number of slots side by
 * side. Everything that does not change with the sale is worked out once. */
#include "ticketing/best_seats.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_PER_STEP 4 /* coordinates are multiples of a quarter: whole numbers after this */
#define SPECIAL (PLAN_ACCESSIBLE | PLAN_COMPANION)
#define NOWHERE UINT32_MAX
#define NEAR_SLACK 1e-3 /* of a way's square: coordinates are rounded to floats */
#define BLOCK_SLOTS 256 /* a search for what is near looks at blocks, not at each slot */

struct slot {
    int64_t distance2; /* to the focus, sum over all slots before this one: differences count */
    float x, y;
    uint16_t category;
    uint8_t flags;
    bool is_joined; /* side by side with the slot before */
};

/* Where windows lie that end in a block. */
struct block {
    float x_min, x_max, y_min, y_max;
};

/* What there is of a category, as the question finds it. */
struct supply {
    uint32_t free_count, longest; /* longest: the most side by side */
};

struct best_index {
    uint32_t slots_count, blocks_count;
    struct block *blocks;
    struct supply supply[PLAN_CATEGORIES_MAX];
    size_t categories_count;
    uint16_t rank[PLAN_CATEGORIES_MAX];    /* of a category; 0 = the dearest */
    uint16_t by_rank[PLAN_CATEGORIES_MAX]; /* the category of a rank */
    uint8_t *is_free;                      /* the question's, less what parts have taken */
    struct slot slots[];                   /* slots_count + 1: the last one closes the sums */
};

/* --- the focus --- */

static bool is_called(const char *text, const char *name)
{
    size_t i = 0;
    while (name[i] != '\0' && tolower((unsigned char)text[i]) == name[i])
        i++;
    return name[i] == '\0' && text[i] == '\0';
}

struct best_focus best_focus_of(const struct plan *plan)
{
    static const char *const names[] = {"stage", "podium", "field", "screen"};
    for (size_t i = 0; i < plan->shapes_count; i++) {
        const struct plan_shape *shape = &plan->shapes[i];
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            if (is_called(shape->text, names[n]))
                return (struct best_focus){shape->x + shape->width / 2,
                                           shape->y + shape->height / 2};
    }
    return (struct best_focus){plan->width / 2, 0};
}

/* --- the index --- */

static double between(const struct plan_seat *a, const struct plan_seat *b)
{
    return hypot(a->x - b->x, a->y - b->y);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The distances between neighbours of a row, ascending. */
static uint32_t row_steps(const struct plan *plan, const struct plan_row *row, double *steps)
{
    uint32_t count = row->seats_count < 2 ? 0 : row->seats_count - 1;
    for (uint32_t i = 0; i < count; i++)
        steps[i] = between(&plan->seats[row->first + i], &plan->seats[row->first + i + 1]);
    qsort(steps, count, sizeof steps[0], by_size);
    return count;
}

/* What is usual in the house: the lowest tenth, since gaps only make a step longer. */
static double house_step(const struct plan *plan, double *steps)
{
    uint32_t count = 0;
    for (size_t i = 0; i < plan->rows_count; i++)
        count += row_steps(plan, &plan->rows[i], steps + count);
    qsort(steps, count, sizeof steps[0], by_size);
    return count > 0 ? steps[count / 10] : 0;
}

/* A row has a step of its own (boxes, wide seats), unless it is mostly gaps. */
static void join_row(struct best_index *index, const struct plan *plan, const struct plan_row *row,
                     double usual, double *steps)
{
    uint32_t count = row_steps(plan, row, steps);
    double own = count > 0 ? steps[count / 4] : 0;
    double step_max = BEST_SEATS_GAP * (own > BEST_SEATS_GAP * usual ? usual : own);
    for (uint32_t i = row->first + 1; i < row->first + row->seats_count; i++)
        index->slots[i].is_joined = between(&plan->seats[i - 1], &plan->seats[i]) <= step_max;
}

static void rank_categories(struct best_index *index, const struct plan *plan)
{
    for (size_t i = 0; i < plan->categories_count; i++) {
        uint16_t rank = 0;
        for (size_t k = 0; k < plan->categories_count; k++) {
            int64_t own = plan->categories[i].price_minor, other = plan->categories[k].price_minor;
            rank += other > own || (other == own && k < i);
        }
        index->rank[i] = rank;
        index->by_rank[rank] = (uint16_t)i;
    }
}

static void fill_slots(struct best_index *index, const struct plan *plan, struct best_focus focus)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < plan->seated_count; i++) {
        const struct plan_seat *seat = &plan->seats[i];
        int64_t dx = llround((seat->x - focus.x) * UNITS_PER_STEP);
        int64_t dy = llround((seat->y - focus.y) * UNITS_PER_STEP);
        index->slots[i] = (struct slot){.distance2 = sum,
                                        .x = (float)seat->x,
                                        .y = (float)seat->y,
                                        .category = seat->category,
                                        .flags = seat->flags};
        sum += dx * dx + dy * dy;
    }
    index->slots[plan->seated_count] = (struct slot){.distance2 = sum};
}

static void fill_blocks(struct best_index *index)
{
    for (uint32_t b = 0; b < index->blocks_count; b++) {
        uint32_t start = b * BLOCK_SLOTS, end = start + BLOCK_SLOTS;
        uint32_t from = start < HOLD_SEATS_MAX ? 0 : start - HOLD_SEATS_MAX + 1;
        end = end < index->slots_count ? end : index->slots_count;
        const struct slot *first = &index->slots[from];
        struct block block = {first->x, first->x, first->y, first->y};
        for (uint32_t i = from; i < end; i++) {
            const struct slot *slot = &index->slots[i];
            block.x_min = fminf(block.x_min, slot->x);
            block.x_max = fmaxf(block.x_max, slot->x);
            block.y_min = fminf(block.y_min, slot->y);
            block.y_max = fmaxf(block.y_max, slot->y);
        }
        index->blocks[b] = block;
    }
}

struct best_index *best_index_create(const struct plan *plan, struct best_focus focus)
{
    uint32_t count = plan->seated_count;
    struct best_index *index = malloc(sizeof *index + (count + 1) * sizeof index->slots[0]);
    uint8_t *is_free = calloc(count + 1, 1); /* never empty, and the end is never free */
    double *steps = malloc((count + 1) * sizeof *steps);
    uint32_t blocks_count = (count + BLOCK_SLOTS - 1) / BLOCK_SLOTS;
    struct block *blocks = calloc(blocks_count + 1, sizeof *blocks);
    if (index == NULL || is_free == NULL || steps == NULL || blocks == NULL) {
        free(index);
        free(is_free);
        free(steps);
        free(blocks);
        return NULL;
    }
    index->slots_count = count;
    index->blocks_count = blocks_count;
    index->blocks = blocks;
    index->categories_count = plan->categories_count;
    index->is_free = is_free;
    rank_categories(index, plan);
    fill_slots(index, plan, focus);
    fill_blocks(index);
    double usual = house_step(plan, steps);
    for (size_t i = 0; i < plan->rows_count; i++)
        join_row(index, plan, &plan->rows[i], usual, steps);
    free(steps);
    return index;
}

void best_index_free(struct best_index *index)
{
    if (index == NULL)
        return;
    free(index->is_free);
    free(index->blocks);
    free(index);
}

/* --- one walk --- */

struct wish {
    uint32_t count, accessible_count;
    int32_t category;
    bool may_leave_single, may_be_companion;
    bool is_near; /* x, y: as near as possible to there, before everything else */
    double x, y;
    uint32_t near_slot; /* where that is */
};

struct window {
    uint32_t first; /* NOWHERE = none */
    uint32_t rank, restricted;
    int64_t distance2;
    double away2; /* from the wish's point */
};

static bool is_plain(const struct best_index *index, uint32_t slot)
{
    return (index->slots[slot].flags & SPECIAL) == 0;
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
    const struct slot *slots = index->slots;
    if (is_plain(index, first) && slots[first].is_joined && is_plain_free(index, first - 1) &&
        !(slots[first - 1].is_joined && is_plain_free(index, first - 2)))
        return true;
    uint32_t next = last + 1;
    return is_plain(index, last) && slots[next].is_joined && is_plain_free(index, next) &&
           !(slots[next + 1].is_joined && is_plain_free(index, next + 1));
}

static bool is_better(const struct window *a, const struct window *b)
{
    if (b->first == NOWHERE)
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
static double way2(const struct best_index *index, const struct wish *wish, uint32_t first)
{
    const struct slot *a = &index->slots[first], *b = &index->slots[first + wish->count - 1];
    double dx = (a->x + b->x) / 2 - wish->x, dy = (a->y + b->y) / 2 - wish->y;
    return dx * dx + dy * dy;
}

static bool fits(const struct best_index *index, const struct wish *wish, uint32_t slot)
{
    const struct slot *s = &index->slots[slot];
    bool is_offered = (s->flags & SPECIAL) == 0 || wish->accessible_count > 0 ||
                      (wish->may_be_companion && (s->flags & PLAN_ACCESSIBLE) == 0);
    return index->is_free[slot] && is_offered &&
           (wish->category < 0 || s->category == (uint16_t)wish->category);
}

/* Windows from slot `from` up to `end`; *best when one is better. */
static void walk_part(const struct best_index *index, const struct wish *wish, uint32_t from,
                      uint32_t end, struct window *best)
{
    uint32_t run = 0, accessible = 0, restricted = 0, k = wish->count;
    for (uint32_t i = from; i < end; i++) {
        const struct slot *slot = &index->slots[i];
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
        struct window window = {.first = first,
                                .rank = index->rank[slot->category],
                                .restricted = restricted,
                                .distance2 =
                                    index->slots[i + 1].distance2 - index->slots[first].distance2,
                                .away2 = wish->is_near ? way2(index, wish, first) : 0};
        if (is_better(&window, best) && (wish->may_leave_single || !leaves_single(index, first, i)))
            *best = window;
    }
}

/* Windows that end in this block, unless all of them are farther away than the best one is. */
static void walk_block(const struct best_index *index, const struct wish *wish, uint32_t b,
                       struct window *best)
{
    const struct block *block = &index->blocks[b];
    double dx = fmax(fmax(block->x_min - wish->x, wish->x - block->x_max), 0);
    double dy = fmax(fmax(block->y_min - wish->y, wish->y - block->y_max), 0);
    if (best->first != NOWHERE && dx * dx + dy * dy > best->away2 * (1 + NEAR_SLACK) + NEAR_SLACK)
        return;
    uint32_t start = b * BLOCK_SLOTS, end = start + BLOCK_SLOTS;
    uint32_t before = wish->count - 1 < start ? wish->count - 1 : start;
    walk_part(index, wish, start - before, end < index->slots_count ? end : index->slots_count,
              best);
}

/* The best window, `first` NOWHERE when there is none. What is near is looked for at home first, so
 * that most of the other blocks need no look. */
static struct window walk(const struct best_index *index, const struct wish *wish)
{
    struct window best = {.first = NOWHERE};
    if (!wish->is_near) {
        walk_part(index, wish, 0, index->slots_count, &best);
        return best;
    }
    uint32_t home = wish->near_slot / BLOCK_SLOTS;
    walk_block(index, wish, home, &best);
    for (uint32_t b = 0; b < index->blocks_count; b++)
        if (b != home)
            walk_block(index, wish, b, &best);
    return best;
}

/* --- the answer --- */

static void take(struct best_index *index, const struct window *window, uint32_t count,
                 struct best_answer *answer)
{
    for (uint32_t i = 0; i < count; i++) {
        index->is_free[window->first + i] = 0;
        answer->seats[answer->count++] = window->first + i;
    }
    answer->parts++;
}

static void give_back(struct best_index *index, struct best_answer *answer)
{
    for (uint32_t i = 0; i < answer->count; i++)
        index->is_free[answer->seats[i]] = 1;
    *answer = (struct best_answer){0};
}

/* Sizes of the parts, the accessible seats all in the first one. */
struct split {
    uint32_t parts, sizes[HOLD_SEATS_MAX];
};

/* All parts of one category, or nothing. */
static bool try_split(struct best_index *index, const struct best_request *request,
                      const struct split *split, int32_t category, struct best_answer *answer)
{
    struct wish wish = {.category = category,
                        .may_leave_single = request->may_leave_single,
                        .accessible_count = request->accessible_count};
    for (uint32_t i = 0; i < split->parts; i++) {
        wish.count = split->sizes[i];
        struct window window = walk(index, &wish);
        if (window.first == NOWHERE) {
            give_back(index, answer);
            return false;
        }
        take(index, &window, wish.count, answer);
        if (i == 0) {
            const struct slot *a = &index->slots[window.first], *b = a + wish.count - 1;
            wish.is_near = true;
            wish.near_slot = window.first;
            wish.x = (a->x + b->x) / 2;
            wish.y = (a->y + b->y) / 2;
            wish.may_be_companion = request->accessible_count > 0;
            wish.accessible_count = 0;
        }
    }
    return true;
}

/* Category by category, dearest first; then mixed. */
static bool try_everywhere(struct best_index *index, const struct best_request *request,
                           const struct split *split, struct best_answer *answer)
{
    if (split->sizes[0] < request->accessible_count)
        return false;
    if (request->category >= 0)
        return try_split(index, request, split, request->category, answer);
    for (size_t rank = 0; split->parts > 1 && rank < index->categories_count; rank++) {
        const struct supply *supply = &index->supply[index->by_rank[rank]];
        if (supply->free_count >= request->count && supply->longest >= split->sizes[0] &&
            try_split(index, request, split, index->by_rank[rank], answer))
            return true;
    }
    return try_split(index, request, split, -1, answer);
}

/* As even as possible, larger parts first. */
static struct split even_split(uint32_t count, uint32_t parts)
{
    struct split split = {.parts = parts};
    for (uint32_t i = 0; i < parts; i++)
        split.sizes[i] = count / parts + (i < count % parts);
    return split;
}

/* What there is, whatever else is asked; returns the most seats side by side. */
static uint32_t look_over(struct best_index *index)
{
    uint32_t run = 0, longest = 0;
    memset(index->supply, 0, sizeof index->supply);
    for (uint32_t i = 0; i < index->slots_count; i++) {
        const struct slot *slot = &index->slots[i];
        struct supply *supply = &index->supply[slot->category];
        bool goes_on = run > 0 && slot->is_joined && slot->category == slot[-1].category;
        run = index->is_free[i] ? (goes_on ? run + 1 : 1) : 0;
        supply->free_count += index->is_free[i];
        supply->longest = run > supply->longest ? run : supply->longest;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static bool find_split(struct best_index *index, const struct best_request *request,
                       struct best_answer *answer)
{
    uint32_t count = request->count, longest = look_over(index);
    for (uint32_t parts = 2; parts <= count && longest > 0; parts++) {
        struct split split = even_split(count, parts);
        if (split.sizes[0] > longest)
            continue;
        if (try_everywhere(index, request, &split, answer))
            return true;
        for (uint32_t less = split.sizes[1] - 1; parts == 2 && less >= 1; less--) {
            struct split uneven = {.parts = 2, .sizes = {count - less, less}};
            if (uneven.sizes[0] > longest)
                break;
            if (try_everywhere(index, request, &uneven, answer))
                return true;
        }
    }
    return false;
}

void best_seats_find(struct best_index *index, const uint8_t *is_free,
                     const struct best_request *request, struct best_answer *answer)
{
    assert(request->count >= 1 && request->count <= HOLD_SEATS_MAX);
    assert(request->accessible_count <= request->count);
    assert(request->category < (int32_t)index->categories_count);
    *answer = (struct best_answer){0};
    for (uint32_t i = 0; i < index->slots_count; i++)
        index->is_free[i] = is_free[i] != 0 && (index->slots[i].flags & PLAN_NOT_FOR_SALE) == 0;
    struct split together = {.parts = 1, .sizes = {request->count}};
    if (!try_everywhere(index, request, &together, answer))
        (void)find_split(index, request, answer);
}
