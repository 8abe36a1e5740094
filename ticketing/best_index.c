/* The index of a house: who sits beside whom, how far everybody is from the stage, where each
 * category lies. See best_house.h. */
#include "ticketing/best_house.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define UNITS_PER_STEP 4 /* coordinates are multiples of a quarter: whole numbers after this */

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

static void find_categories(struct best_index *index, const struct plan *plan)
{
    for (size_t i = 0; i < PLAN_CATEGORIES_MAX; i++)
        index->from[i] = index->until[i] = 0;
    for (uint32_t i = plan->seated_count; i-- > 0;) {
        uint16_t category = plan->seats[i].category;
        index->from[category] = i;
        if (index->until[category] == 0)
            index->until[category] = i + 1;
    }
}

static void fill_slots(struct best_index *index, const struct plan *plan, struct best_focus focus)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < plan->seated_count; i++) {
        const struct plan_seat *seat = &plan->seats[i];
        int64_t dx = llround((seat->x - focus.x) * UNITS_PER_STEP);
        int64_t dy = llround((seat->y - focus.y) * UNITS_PER_STEP);
        index->slots[i] = (struct best_slot){.distance2 = sum,
                                             .x = (float)seat->x,
                                             .y = (float)seat->y,
                                             .category = seat->category,
                                             .flags = seat->flags};
        sum += dx * dx + dy * dy;
    }
    index->slots[plan->seated_count] = (struct best_slot){.distance2 = sum};
}

static void fill_blocks(struct best_index *index)
{
    for (uint32_t b = 0; b < index->blocks_count; b++) {
        uint32_t start = b * BEST_BLOCK_SLOTS, end = start + BEST_BLOCK_SLOTS;
        uint32_t from = start < HOLD_SEATS_MAX ? 0 : start - HOLD_SEATS_MAX + 1;
        end = end < index->slots_count ? end : index->slots_count;
        const struct best_slot *first = &index->slots[from];
        struct best_block block = {first->x, first->x, first->y, first->y};
        for (uint32_t i = from; i < end; i++) {
            const struct best_slot *slot = &index->slots[i];
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
    uint32_t blocks_count = (count + BEST_BLOCK_SLOTS - 1) / BEST_BLOCK_SLOTS;
    struct best_block *blocks = calloc(blocks_count + 1, sizeof *blocks);
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
    find_categories(index, plan);
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
