/* The plan's memory and arithmetic.
 *
 * Strings go into a chain of blocks that only grows, so a plan of 100,000 seats is a dozen
 * allocations and is freed as quickly. plan_seal is the one place where a plan becomes valid:
 * importers and the JSON reader both end there, so an accessor never needs to doubt an index.
 */
#include "ticketing/plan.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BLOCK_BYTES_MIN 2048 /* the first; each further one is twice as large, up to */
#define TEXT_BLOCK_BYTES_MAX 65536

struct plan_text_block {
    struct plan_text_block *next;
    size_t used, size;
    char bytes[];
};

static void *zeroed(size_t count, size_t bytes)
{
    return calloc(count == 0 ? 1 : count, bytes);
}

struct plan *plan_create(const struct plan_sizes *sizes)
{
    assert(sizes->categories <= PLAN_CATEGORIES_MAX && sizes->sections <= PLAN_SECTIONS_MAX);
    assert(sizes->rows <= PLAN_ROWS_MAX && sizes->seats <= PLAN_SEATS_MAX);
    assert(sizes->areas <= PLAN_AREAS_MAX && sizes->shapes <= PLAN_SHAPES_MAX);
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return NULL;
    plan->name = "";
    plan->categories_count = sizes->categories;
    plan->sections_count = sizes->sections;
    plan->rows_count = sizes->rows;
    plan->seated_count = (uint32_t)sizes->seats;
    plan->areas_count = sizes->areas;
    plan->shapes_count = sizes->shapes;
    plan->categories = zeroed(sizes->categories, sizeof *plan->categories);
    plan->sections = zeroed(sizes->sections, sizeof *plan->sections);
    plan->rows = zeroed(sizes->rows, sizeof *plan->rows);
    plan->seats = zeroed(sizes->seats, sizeof *plan->seats);
    plan->areas = zeroed(sizes->areas, sizeof *plan->areas);
    plan->shapes = zeroed(sizes->shapes, sizeof *plan->shapes);
    if (plan->categories == NULL || plan->sections == NULL || plan->rows == NULL ||
        plan->seats == NULL || plan->areas == NULL || plan->shapes == NULL) {
        plan_free(plan);
        return NULL;
    }
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    for (struct plan_text_block *block = plan->text; block != NULL;) {
        struct plan_text_block *next = block->next;
        free(block);
        block = next;
    }
    free(plan->categories);
    free(plan->sections);
    free(plan->rows);
    free(plan->seats);
    free(plan->areas);
    free(plan->shapes);
    free(plan);
}

const char *plan_text(struct plan *plan, const char *text, size_t bytes)
{
    struct plan_text_block *block = plan->text;
    if (bytes == 0)
        return "";
    if (block == NULL || block->size - block->used <= bytes) {
        size_t size = block == NULL ? TEXT_BLOCK_BYTES_MIN : 2 * block->size;
        size = size > TEXT_BLOCK_BYTES_MAX ? TEXT_BLOCK_BYTES_MAX : size;
        size = size > bytes ? size : bytes + 1;
        block = malloc(sizeof *block + size);
        if (block == NULL)
            return NULL;
        block->used = 0;
        block->size = size;
        block->next = plan->text;
        plan->text = block;
    }
    char *copy = block->bytes + block->used;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    block->used += bytes + 1;
    return copy;
}

double plan_round(double coordinate)
{
    return round(coordinate / PLAN_COORDINATE_STEP) * PLAN_COORDINATE_STEP;
}

/* --- sealing --- */

static enum plan_status broken(char *why, size_t why_bytes_max, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum plan_status broken(char *why, size_t why_bytes_max, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (why_bytes_max > 0 && vsnprintf(why, why_bytes_max, format, arguments) < 0)
        why[0] = '\0';
    va_end(arguments);
    return PLAN_BROKEN;
}

static bool is_coordinate(double value)
{
    return isfinite(value) && fabs(value) <= PLAN_SIZE_MAX;
}

static bool is_size(double value)
{
    return is_coordinate(value) && value >= 0;
}

static bool is_color(const char *color)
{
    return strlen(color) == PLAN_COLOR_BYTES && color[0] == '#' &&
           strspn(color + 1, "0123456789abcdefABCDEF") == PLAN_COLOR_BYTES - 1;
}

static bool is_currency(const char *currency)
{
    return strlen(currency) == PLAN_CURRENCY_BYTES &&
           strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == PLAN_CURRENCY_BYTES;
}

static enum plan_status seal_types(const struct plan_category *c, size_t index, char *why,
                                   size_t max)
{
    if (c->types_count > PLAN_TYPES_MAX)
        return broken(why, max, "categories[%zu]: more than %d types", index, PLAN_TYPES_MAX);
    for (size_t i = 0; i < c->types_count; i++) {
        const struct plan_type *type = &c->types[i];
        if (type->name == NULL || type->name[0] == '\0')
            return broken(why, max, "categories[%zu].types[%zu]: the name is empty", index, i);
        if (type->price_minor < 0 || type->price_minor > PRICE_MINOR_MAX)
            return broken(why, max, "categories[%zu].types[%zu]: the price is out of range", index,
                          i);
        for (size_t before = 0; before < i; before++)
            if (strcmp(c->types[before].name, type->name) == 0)
                return broken(why, max, "categories[%zu].types[%zu]: the name comes twice", index,
                              i);
    }
    if (c->types_count > 0 && c->types[0].price_minor != c->price_minor)
        return broken(why, max, "categories[%zu]: the price is not that of its first type", index);
    return PLAN_OK;
}

static enum plan_status seal_categories(const struct plan *plan, char *why, size_t max)
{
    for (size_t i = 0; i < plan->categories_count; i++) {
        const struct plan_category *c = &plan->categories[i];
        if (c->name == NULL || c->name[0] == '\0')
            return broken(why, max, "categories[%zu]: the name is empty", i);
        bool is_unpriced = c->price_minor == PLAN_PRICE_NONE && c->types_count == 0;
        if (!is_unpriced && (c->price_minor < 0 || c->price_minor > PRICE_MINOR_MAX))
            return broken(why, max, "categories[%zu]: the price is out of range", i);
        if (!is_color(c->color) || !is_currency(c->currency))
            return broken(why, max, "categories[%zu]: not a color #rrggbb or not a currency", i);
        enum plan_status status = seal_types(c, i, why, max);
        if (status != PLAN_OK)
            return status;
    }
    return PLAN_OK;
}

/* Gives each section its rows' indices; rows come in section order. */
static enum plan_status seal_sections(struct plan *plan, char *why, size_t max)
{
    uint32_t row = 0;
    for (size_t i = 0; i < plan->sections_count; i++) {
        struct plan_section *section = &plan->sections[i];
        section->first_row = row;
        if (section->rows_count > plan->rows_count - row)
            return broken(why, max, "sections[%zu]: more rows than the plan has", i);
        for (uint32_t end = row + section->rows_count; row < end; row++)
            plan->rows[row].section = (uint32_t)i;
        if (section->name == NULL || section->level == NULL)
            return broken(why, max, "sections[%zu]: without a name", i);
    }
    if (row != plan->rows_count)
        return broken(why, max, "%zu rows belong to no section", plan->rows_count - row);
    return PLAN_OK;
}

static enum plan_status seal_seat(struct plan *plan, uint32_t row, uint32_t index, char *why,
                                  size_t max)
{
    struct plan_seat *seat = &plan->seats[index];
    seat->row = row;
    if (seat->guid == NULL)
        seat->guid = "";
    if (seat->number == NULL || seat->number[0] == '\0')
        return broken(why, max, "seat %u: the number is empty", index);
    if (seat->category >= plan->categories_count)
        return broken(why, max, "seat %u: category %u does not exist", index, seat->category);
    if ((seat->flags & ~PLAN_FLAGS_ALL) != 0)
        return broken(why, max, "seat %u: unknown flags", index);
    if (!is_coordinate(seat->x) || !is_coordinate(seat->y))
        return broken(why, max, "seat %u: the position is out of range", index);
    return PLAN_OK;
}

static enum plan_status seal_rows(struct plan *plan, char *why, size_t max)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < plan->rows_count; i++) {
        struct plan_row *row = &plan->rows[i];
        row->first = first;
        if (row->label == NULL)
            return broken(why, max, "row %u: without a label", i);
        if (row->seats_count > plan->seated_count - first)
            return broken(why, max, "row %u: more seats than the plan has", i);
        for (uint32_t end = first + row->seats_count; first < end; first++) {
            enum plan_status status = seal_seat(plan, i, first, why, max);
            if (status != PLAN_OK)
                return status;
        }
    }
    if (first != plan->seated_count)
        return broken(why, max, "%u seats belong to no row", plan->seated_count - first);
    return PLAN_OK;
}

static enum plan_status seal_areas(struct plan *plan, char *why, size_t max)
{
    uint32_t first = plan->seated_count;
    for (size_t i = 0; i < plan->areas_count; i++) {
        struct plan_area *area = &plan->areas[i];
        area->first = first;
        if (area->name == NULL || area->name[0] == '\0')
            return broken(why, max, "areas[%zu]: the name is empty", i);
        if (area->capacity == 0 || area->capacity > PLAN_SEATS_MAX - first)
            return broken(why, max,
                          "areas[%zu]: the capacity must be 1 or more, the plan at most %d", i,
                          PLAN_SEATS_MAX);
        if (area->category >= plan->categories_count)
            return broken(why, max, "areas[%zu]: category %u does not exist", i, area->category);
        if (!is_coordinate(area->x) || !is_coordinate(area->y) || !is_size(area->width) ||
            !is_size(area->height))
            return broken(why, max, "areas[%zu]: the position is out of range", i);
        first += area->capacity;
    }
    plan->seats_count = first;
    return first == 0 ? broken(why, max, "the plan has no seats") : PLAN_OK;
}

static enum plan_status seal_shapes(const struct plan *plan, char *why, size_t max)
{
    for (size_t i = 0; i < plan->shapes_count; i++) {
        const struct plan_shape *s = &plan->shapes[i];
        if (s->text == NULL || s->kind >= PLAN_SHAPE_KIND_COUNT || !is_color(s->color) ||
            !is_coordinate(s->x) || !is_coordinate(s->y) || !is_size(s->width) ||
            !is_size(s->height) || !is_coordinate(s->rotation))
            return broken(why, max, "shapes[%zu]: a field is out of range", i);
    }
    return PLAN_OK;
}

/* Sections that share their name with another one need the level in front of it. */
static bool is_name_shared(const struct plan *plan, size_t index)
{
    for (size_t i = 0; i < plan->sections_count; i++)
        if (i != index && strcmp(plan->sections[i].name, plan->sections[index].name) == 0)
            return true;
    return false;
}

static enum plan_status seal_titles(struct plan *plan)
{
    for (size_t i = 0; i < plan->sections_count; i++) {
        struct plan_section *section = &plan->sections[i];
        section->title = section->name;
        if (section->level[0] == '\0' || !is_name_shared(plan, i))
            continue;
        size_t bytes = strlen(section->level) + 1 + strlen(section->name);
        char *title = malloc(bytes + 1);
        if (title == NULL)
            return PLAN_NO_MEMORY;
        bool is_written =
            snprintf(title, bytes + 1, "%s %s", section->level, section->name) == (int)bytes;
        const char *copy = is_written ? plan_text(plan, title, bytes) : NULL;
        free(title);
        if (copy == NULL)
            return PLAN_NO_MEMORY;
        section->title = copy;
    }
    return PLAN_OK;
}

enum plan_status plan_seal(struct plan *plan, char *why, size_t why_bytes_max)
{
    if (!is_size(plan->width) || !is_size(plan->height))
        return broken(why, why_bytes_max, "width and height must be 0 to %.0f", PLAN_SIZE_MAX);
    enum plan_status status = seal_categories(plan, why, why_bytes_max);
    if (status == PLAN_OK)
        status = seal_sections(plan, why, why_bytes_max);
    if (status == PLAN_OK)
        status = seal_rows(plan, why, why_bytes_max);
    if (status == PLAN_OK)
        status = seal_areas(plan, why, why_bytes_max);
    if (status == PLAN_OK)
        status = seal_shapes(plan, why, why_bytes_max);
    return status == PLAN_OK ? seal_titles(plan) : status;
}

/* --- looking up --- */

uint32_t plan_seats_count(const struct plan *plan)
{
    return plan->seats_count;
}

bool plan_type_of(const struct plan_category *category, uint32_t type, struct plan_type *out)
{
    if (type == 0 && category->types_count == 0) {
        *out = (struct plan_type){"", category->price_minor};
        return true;
    }
    if (type >= category->types_count)
        return false;
    *out = category->types[type];
    return true;
}

const struct plan_area *plan_area(const struct plan *plan, uint32_t index)
{
    return index < plan->areas_count ? &plan->areas[index] : NULL;
}

const struct plan_area *plan_area_of(const struct plan *plan, uint32_t seat)
{
    for (size_t i = 0; i < plan->areas_count; i++)
        if (seat >= plan->areas[i].first && seat - plan->areas[i].first < plan->areas[i].capacity)
            return &plan->areas[i];
    return NULL;
}

uint16_t plan_seat_category(const struct plan *plan, uint32_t seat)
{
    assert(seat < plan->seats_count);
    if (seat < plan->seated_count)
        return plan->seats[seat].category;
    const struct plan_area *area = plan_area_of(plan, seat);
    assert(area != NULL);
    return area == NULL ? 0 : area->category;
}

bool plan_is_for_sale(const struct plan *plan, uint32_t seat)
{
    if (seat >= plan->seats_count)
        return false;
    return seat >= plan->seated_count || (plan->seats[seat].flags & PLAN_NOT_FOR_SALE) == 0;
}

enum plan_status plan_place(const struct plan *plan, uint32_t seat, struct plan_place *out)
{
    if (seat >= plan->seats_count)
        return PLAN_NO_SUCH_SEAT;
    memset(out, 0, sizeof *out);
    out->category_index = plan_seat_category(plan, seat);
    out->category = &plan->categories[out->category_index];
    const struct plan_area *area = plan_area_of(plan, seat);
    if (area != NULL) {
        out->area = area;
        out->section = area->name;
        out->row = "";
        out->number = "";
        return PLAN_OK;
    }
    const struct plan_row *row = &plan->rows[plan->seats[seat].row];
    out->section = plan->sections[row->section].title;
    out->row = row->label;
    out->number = plan->seats[seat].number;
    out->flags = plan->seats[seat].flags;
    return PLAN_OK;
}

enum plan_status plan_seats_total(const struct plan *plan, const uint32_t *seats, size_t count,
                                  int64_t *total_minor)
{
    int64_t total = 0;
    const char *currency = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!plan_is_for_sale(plan, seats[i]))
            return PLAN_NO_SUCH_SEAT;
        const struct plan_category *category =
            &plan->categories[plan_seat_category(plan, seats[i])];
        if (currency != NULL && strcmp(currency, category->currency) != 0)
            return PLAN_CURRENCY_MIXED;
        currency = category->currency;
        if (category->price_minor < 0 ||
            __builtin_add_overflow(total, category->price_minor, &total))
            return PLAN_OVERFLOW;
    }
    *total_minor = total;
    return PLAN_OK;
}

const struct plan_category *plan_unpriced(const struct plan *plan)
{
    for (size_t i = 0; i < plan->categories_count; i++)
        if (plan->categories[i].price_minor == PLAN_PRICE_NONE)
            return &plan->categories[i];
    return NULL;
}
