/* Where seats lie when nobody said so.
 *
 * Few sections make a hall: the stage on top, one band of sections per level below it, rows as
 * straight lines. Many make a bowl. Its shape is a rounded rectangle; moved outwards by a depth d
 * it stays one, only the corners' radius grows by d. So a point of any row is found by walking
 * along the outline at that row's depth:
 *
 *   piece 0: half of the top side, 1: a corner, 2: right side, 3: a corner, 4: bottom,
 *         5: a corner, 6: left, 7: a corner, 8: the other half of the top
 *
 * The top side is left to the stage. A section's middle is a piece and a fraction of it, the same
 * at every depth; its seats are counted off from there along the outline, so neighbours never come
 * closer behind than in front. The bowl is as large as its tightest level needs, and the floor
 * within has the standing areas.
 */
#include "ticketing/import_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_ranges.h"

#define ROW_PITCH 27.0
#define SECTION_GAP (2 * LAYOUT_SEAT)
#define LEVEL_GAP (3 * ROW_PITCH)
#define GAP_SLOTS_MAX 3     /* a missing number leaves a gap, a jump in numbering not a hole */
#define BOWL_SECTIONS_MIN 6 /* fewer make a hall */
#define AREAS_PER_COLUMN 4
#define PIECES 9

/* The bowl in units of its corner radius k. */
#define SIDE_X 0.9
#define SIDE_Y 1.1
#define BOWL_K_MIN (12 * LAYOUT_SEAT)

struct level {
    const char *name;
    double width; /* all its sections side by side */
    double depth; /* of its deepest section */
    double from;  /* depth at which it begins */
    uint32_t sections_count;
};

struct layout {
    struct plan *plan;
    uint32_t *slots;         /* of each seat within its row */
    double *section_width;   /* of the widest row */
    uint32_t *section_level; /* index into levels */
    struct level *levels;
    size_t levels_count;
    double k; /* the bowl's corner radius in front */
};

/* --- measuring --- */

/* Seats stand one slot apart; where the numbering has a gap, so has the
 * row. Returns the last slot. */
static uint32_t measure_row(const struct plan *plan, const struct plan_row *row, uint32_t *slots)
{
    const struct plan_seat *seats = &plan->seats[row->first];
    uint32_t step = UINT32_MAX, before = 0, value = 0, slot = 0;
    for (uint32_t i = 0; i < row->seats_count; i++, before = value) {
        if (!import_whole(seats[i].number, &value))
            step = 0;
        uint32_t distance = value > before ? value - before : before - value;
        if (i > 0 && distance < step && distance > 0)
            step = distance;
    }
    for (uint32_t i = 0; i < row->seats_count; i++, before = value) {
        uint32_t gap = 1;
        if (step > 0 && import_whole(seats[i].number, &value)) {
            uint32_t distance = value > before ? value - before : before - value;
            gap = distance / step < 1 ? 1 : distance / step;
        }
        if (i > 0)
            slot += gap > GAP_SLOTS_MAX ? GAP_SLOTS_MAX : gap;
        slots[i] = slot;
    }
    return slot;
}

static uint32_t level_of(struct layout *l, const char *name)
{
    for (uint32_t i = 0; i < l->levels_count; i++)
        if (strcmp(l->levels[i].name, name) == 0)
            return i;
    l->levels[l->levels_count].name = name;
    return (uint32_t)l->levels_count++;
}

static void measure(struct layout *l)
{
    const struct plan *plan = l->plan;
    for (size_t i = 0; i < plan->sections_count; i++) {
        const struct plan_section *section = &plan->sections[i];
        uint32_t slots = 0;
        for (uint32_t j = 0; j < section->rows_count; j++) {
            const struct plan_row *row = &plan->rows[section->first_row + j];
            uint32_t last = measure_row(plan, row, &l->slots[row->first]);
            slots = last > slots ? last : slots;
        }
        l->section_width[i] = (slots + 1) * LAYOUT_SEAT;
        l->section_level[i] = level_of(l, section->level);
        struct level *level = &l->levels[l->section_level[i]];
        level->width += l->section_width[i] + SECTION_GAP;
        level->depth = fmax(level->depth, section->rows_count * ROW_PITCH);
        level->sections_count++;
    }
}

static uint32_t row_slots(const struct layout *l, const struct plan_row *row)
{
    return row->seats_count == 0 ? 0 : l->slots[row->first + row->seats_count - 1];
}

/* --- standing areas and the stage --- */

/* Fills a box with the areas, the first ones on top. */
static void place_areas_in(struct plan *plan, double x, double y, double width, double height)
{
    size_t count = plan->areas_count, columns = (count + AREAS_PER_COLUMN - 1) / AREAS_PER_COLUMN;
    if (columns == 0)
        return;
    size_t lines = (count + columns - 1) / columns;
    double gap = LAYOUT_SEAT;
    for (size_t i = 0; i < count; i++) {
        struct plan_area *area = &plan->areas[i];
        size_t column = i % columns, line = i / columns;
        area->width = (width - gap * (double)(columns - 1)) / (double)columns;
        area->height = (height - gap * (double)(lines - 1)) / (double)lines;
        area->x = x + (double)column * (area->width + gap);
        area->y = y + (double)line * (area->height + gap);
    }
}

static void place_stage(struct plan *plan, double x, double y, double width, double height)
{
    plan->shapes[0] = (struct plan_shape){.kind = PLAN_RECTANGLE,
                                          .text = "",
                                          .color = "#444444",
                                          .x = x,
                                          .y = y,
                                          .width = width,
                                          .height = height};
}

/* --- the hall --- */

static void place_hall_section(struct layout *l, const struct plan_section *section, double middle,
                               double top)
{
    for (uint32_t i = 0; i < section->rows_count; i++) {
        const struct plan_row *row = &l->plan->rows[section->first_row + i];
        double left = middle - row_slots(l, row) * LAYOUT_SEAT / 2;
        for (uint32_t j = 0; j < row->seats_count; j++) {
            struct plan_seat *seat = &l->plan->seats[row->first + j];
            seat->x = left + l->slots[row->first + j] * LAYOUT_SEAT;
            seat->y = top + i * ROW_PITCH;
        }
    }
}

static void place_hall(struct layout *l)
{
    struct plan *plan = l->plan;
    double width = 20 * LAYOUT_SEAT, top = 8 * LAYOUT_SEAT;
    for (size_t i = 0; i < l->levels_count; i++)
        width = fmax(width, l->levels[i].width - SECTION_GAP);
    place_stage(plan, -width / 4, 0, width / 2, 5 * LAYOUT_SEAT);
    if (plan->areas_count > 0) {
        double height = width / 4;
        place_areas_in(plan, -width / 2, top, width, height);
        top += height + LEVEL_GAP;
    }
    for (uint32_t level = 0; level < l->levels_count; level++) {
        double left = -(l->levels[level].width - SECTION_GAP) / 2;
        for (size_t i = 0; i < plan->sections_count; i++) {
            if (l->section_level[i] != level)
                continue;
            place_hall_section(l, &plan->sections[i], left + l->section_width[i] / 2, top);
            left += l->section_width[i] + SECTION_GAP;
        }
        top += l->levels[level].depth + LEVEL_GAP;
    }
}

/* --- the bowl --- */

static double piece_length(const struct layout *l, int piece, double depth)
{
    if (piece == 0 || piece == PIECES - 1)
        return SIDE_X * l->k;
    if (piece % 2 == 1)
        return M_PI / 2 * (l->k + depth);
    return piece == 4 ? 2 * SIDE_X * l->k : 2 * SIDE_Y * l->k;
}

/* The point at `along` on the outline moved out by `depth`. The outline is closed: beyond its ends
 * it goes on along the top side. */
static void outline_point(const struct layout *l, double depth, double along, double *x, double *y)
{
    int piece = 0;
    while (piece < PIECES - 1 && along > piece_length(l, piece, depth))
        along -= piece_length(l, piece++, depth);
    double radius = l->k + depth, right = SIDE_X * l->k, bottom = SIDE_Y * l->k;
    double angle = along / radius; /* within a corner */
    switch (piece) {
    case 0:
        *x = along, *y = -bottom - radius;
        return;
    case 1:
        *x = right + radius * sin(angle), *y = -bottom - radius * cos(angle);
        return;
    case 2:
        *x = right + radius, *y = -bottom + along;
        return;
    case 3:
        *x = right + radius * cos(angle), *y = bottom + radius * sin(angle);
        return;
    case 4:
        *x = right - along, *y = bottom + radius;
        return;
    case 5:
        *x = -right - radius * sin(angle), *y = bottom + radius * cos(angle);
        return;
    case 6:
        *x = -right - radius, *y = bottom - along;
        return;
    case 7:
        *x = -right - radius * cos(angle), *y = -bottom - radius * sin(angle);
        return;
    default:
        *x = -right + along, *y = -bottom - radius;
    }
}

/* Where a point of the outline at depth `from` has moved to at depth `to`. */
static double moved_out(const struct layout *l, double along, double from, double to)
{
    int piece = 0;
    double start = 0;
    while (piece < PIECES - 1 && along > piece_length(l, piece, from)) {
        along -= piece_length(l, piece, from);
        start += piece_length(l, piece++, to);
    }
    return start + along / piece_length(l, piece, from) * piece_length(l, piece, to);
}

/* The outline without the top side, which is the stage's. */
static double usable_length(double k, double depth)
{
    return k * (2 * SIDE_X + 4 * SIDE_Y) + 2 * M_PI * (k + depth);
}

static void size_bowl(struct layout *l)
{
    double from = 0, k = BOWL_K_MIN;
    for (size_t i = 0; i < l->levels_count; i++) {
        struct level *level = &l->levels[i];
        level->from = from;
        k = fmax(k, (level->width - 2 * M_PI * from) / usable_length(1, 0));
        from += level->depth + LEVEL_GAP;
    }
    l->k = k;
}

static void place_bowl_section(struct layout *l, const struct plan_section *section, double middle,
                               double from)
{
    for (uint32_t i = 0; i < section->rows_count; i++) {
        const struct plan_row *row = &l->plan->rows[section->first_row + i];
        double depth = from + i * ROW_PITCH;
        double start = moved_out(l, middle, from, depth) - row_slots(l, row) * LAYOUT_SEAT / 2;
        for (uint32_t j = 0; j < row->seats_count; j++) {
            struct plan_seat *seat = &l->plan->seats[row->first + j];
            double along = start + l->slots[row->first + j] * LAYOUT_SEAT;
            outline_point(l, depth, along, &seat->x, &seat->y);
        }
    }
}

static void place_bowl_level(struct layout *l, uint32_t index)
{
    const struct level *level = &l->levels[index];
    double spare = usable_length(l->k, level->from) - level->width;
    double gap = SECTION_GAP + fmax(0, spare) / level->sections_count;
    double along = SIDE_X * l->k + gap / 2;
    for (size_t i = 0; i < l->plan->sections_count; i++) {
        if (l->section_level[i] != index)
            continue;
        place_bowl_section(l, &l->plan->sections[i], along + l->section_width[i] / 2, level->from);
        along += l->section_width[i] + gap;
    }
}

static void place_bowl(struct layout *l)
{
    size_bowl(l);
    for (uint32_t i = 0; i < l->levels_count; i++)
        place_bowl_level(l, i);
    double k = l->k, top = -(SIDE_Y + 1) * k, wide = 0.8 * (SIDE_X + 1) * k;
    place_stage(l->plan, -SIDE_X * k, top, 2 * SIDE_X * k, 0.5 * k);
    place_areas_in(l->plan, -wide, top + 0.7 * k, 2 * wide, (2 * (SIDE_Y + 1) - 1.0) * k);
}

bool layout_generate(struct plan *plan, struct import_report *report)
{
    struct layout l = {.plan = plan};
    l.slots = calloc(plan->seated_count + 1u, sizeof *l.slots);
    l.section_width = calloc(plan->sections_count + 1, sizeof *l.section_width);
    l.section_level = calloc(plan->sections_count + 1, sizeof *l.section_level);
    l.levels = calloc(plan->sections_count + 1, sizeof *l.levels);
    bool has_memory =
        l.slots != NULL && l.section_width != NULL && l.section_level != NULL && l.levels != NULL;
    if (has_memory) {
        measure(&l);
        if (plan->sections_count < BOWL_SECTIONS_MIN)
            place_hall(&l);
        else
            place_bowl(&l);
        const char *text = plan_text(plan, "Stage", 5);
        if (text != NULL)
            plan->shapes[0].text = text;
    }
    free(l.slots);
    free(l.section_width);
    free(l.section_level);
    free(l.levels);
    return has_memory ? true : import_no_memory(report);
}

/* --- the frame --- */

struct box {
    double left, top, right, bottom;
};

static void extend(struct box *box, double x, double y, double half_width, double half_height)
{
    box->left = fmin(box->left, x - half_width);
    box->right = fmax(box->right, x + half_width);
    box->top = fmin(box->top, y - half_height);
    box->bottom = fmax(box->bottom, y + half_height);
}

static struct box box_of(const struct plan *plan)
{
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < plan->seated_count; i++)
        extend(&box, plan->seats[i].x, plan->seats[i].y, LAYOUT_SEAT / 2, LAYOUT_SEAT / 2);
    for (size_t i = 0; i < plan->areas_count; i++) {
        const struct plan_area *a = &plan->areas[i];
        extend(&box, a->x + a->width / 2, a->y + a->height / 2, a->width / 2, a->height / 2);
    }
    for (size_t i = 0; i < plan->shapes_count; i++) {
        const struct plan_shape *s = &plan->shapes[i];
        double turn = s->rotation * M_PI / 180, across = fabs(cos(turn)), down = fabs(sin(turn));
        extend(&box, s->x + s->width / 2, s->y + s->height / 2,
               (s->width * across + s->height * down) / 2,
               (s->width * down + s->height * across) / 2);
    }
    return box;
}

void layout_place_areas(struct plan *plan)
{
    struct box box = {0, 0, 0, 0};
    if (plan->seated_count > 0 || plan->shapes_count > 0)
        box = box_of(plan);
    double left = box.left, size = fmax(10 * LAYOUT_SEAT, (box.right - box.left) / 8);
    for (size_t i = 0; i < plan->areas_count; i++) {
        struct plan_area *area = &plan->areas[i];
        if (area->width > 0)
            continue;
        area->x = left;
        area->y = box.bottom + 2 * LAYOUT_SEAT;
        area->width = size;
        area->height = size / 2;
        left += size + LAYOUT_SEAT;
    }
}

static void transform(struct plan *plan, double scale, double dx, double dy)
{
    for (uint32_t i = 0; i < plan->seated_count; i++) {
        plan->seats[i].x = plan_round(plan->seats[i].x * scale + dx);
        plan->seats[i].y = plan_round(plan->seats[i].y * scale + dy);
    }
    for (size_t i = 0; i < plan->areas_count; i++) {
        struct plan_area *a = &plan->areas[i];
        a->x = plan_round(a->x * scale + dx);
        a->y = plan_round(a->y * scale + dy);
        a->width = plan_round(a->width * scale);
        a->height = plan_round(a->height * scale);
    }
    for (size_t i = 0; i < plan->shapes_count; i++) {
        struct plan_shape *s = &plan->shapes[i];
        s->x = plan_round(s->x * scale + dx);
        s->y = plan_round(s->y * scale + dy);
        s->width = plan_round(s->width * scale);
        s->height = plan_round(s->height * scale);
    }
}

void layout_frame(struct plan *plan)
{
    struct box box = box_of(plan);
    double dx = box.left < 0 ? LAYOUT_MARGIN - box.left : 0;
    double dy = box.top < 0 ? LAYOUT_MARGIN - box.top : 0;
    if (box.right + dx > plan->width)
        plan->width = box.right + dx + LAYOUT_MARGIN;
    if (box.bottom + dy > plan->height)
        plan->height = box.bottom + dy + LAYOUT_MARGIN;
    double largest = fmax(plan->width, plan->height), scale = 1;
    if (largest > PLAN_SIZE_MAX)
        scale = PLAN_SIZE_MAX / largest;
    plan->width = floor(fmin(ceil(plan->width * scale), PLAN_SIZE_MAX));
    plan->height = floor(fmin(ceil(plan->height * scale), PLAN_SIZE_MAX));
    transform(plan, scale, dx * scale, dy * scale);
}

struct spot {
    double x, y;
    uint32_t seat;
};

static int compare_spots(const void *a, const void *b)
{
    const struct spot *left = a, *right = b;
    if (left->x != right->x)
        return left->x < right->x ? -1 : 1;
    if (left->y != right->y)
        return left->y < right->y ? -1 : 1;
    return left->seat < right->seat ? -1 : 1;
}

uint32_t layout_overlaps(const struct plan *plan, uint32_t *seat, struct import_report *report)
{
    struct spot *spots = calloc(plan->seated_count + 1u, sizeof *spots);
    uint32_t count = 0;
    if (spots == NULL)
        return import_no_memory(report), 0;
    for (uint32_t i = 0; i < plan->seated_count; i++)
        spots[i] = (struct spot){plan->seats[i].x, plan->seats[i].y, i};
    qsort(spots, plan->seated_count, sizeof *spots, compare_spots);
    for (uint32_t i = 1; i < plan->seated_count; i++)
        if (spots[i].x == spots[i - 1].x && spots[i].y == spots[i - 1].y) {
            *seat = spots[i].seat;
            count++;
        }
    free(spots);
    return count;
}
