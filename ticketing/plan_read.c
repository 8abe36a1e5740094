/* PLAN from JSON, in two passes: the first counts (and checks that the containers are what they
 * should be, and no larger than the limits), the second fills a plan of exactly that size;
 * plan_seal has the last word. The reader keeps the place it is at as text, so that the one error
 * it reports says where.
 */
#include "ticketing/plan_json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct plan *plan;
    struct plan_sizes sizes; /* while counting; then: filled so far */
    char place[96];          /* where we are, e.g. "sections[3].rows[0]" */
    char *why;
    size_t why_bytes_max;
    enum plan_status status; /* the first fault; nothing is read after it */
};

static bool fail(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct reader *r, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    if (r->why_bytes_max > 0 && snprintf(r->why, r->why_bytes_max, "%s%s%s", r->place,
                                         r->place[0] == '\0' ? "" : ": ", text) < 0)
        r->why[0] = '\0';
    r->status = PLAN_BROKEN;
    return false;
}

static bool fail_memory(struct reader *r)
{
    r->status = PLAN_NO_MEMORY;
    return false;
}

/* Callers pass at most three indices, each within a PLAN_*_MAX: the buffer is large enough. */
static void at(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void at(struct reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(r->place, sizeof r->place, format, arguments) < 0)
        r->place[0] = '\0';
    va_end(arguments);
}

static bool read_label(struct reader *r, const json_t *value, const char *name, const char **out)
{
    if (!json_is_string(value))
        return fail(r, "%s must be text", name);
    size_t bytes = json_string_length(value);
    if (bytes > PLAN_LABEL_BYTES_MAX)
        return fail(r, "%s is longer than %d bytes", name, PLAN_LABEL_BYTES_MAX);
    *out = plan_text(r->plan, json_string_value(value), bytes);
    return *out == NULL ? fail_memory(r) : true;
}

static bool read_whole(struct reader *r, const json_t *value, const char *name, int64_t max,
                       int64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return fail(r, "%s must be a whole number from 0 to %lld", name, (long long)max);
    *out = json_integer_value(value);
    return true;
}

static bool read_number(struct reader *r, const json_t *value, const char *name, double min,
                        double *out)
{
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(number >= min && number <= PLAN_SIZE_MAX))
        return fail(r, "%s must be a number from %.0f to %.0f", name, min, PLAN_SIZE_MAX);
    *out = number;
    return true;
}

static bool read_short(struct reader *r, const json_t *value, const char *name, size_t bytes,
                       char *out)
{
    if (!json_is_string(value) || json_string_length(value) != bytes)
        return fail(r, "%s must be text of %zu characters", name, bytes);
    memcpy(out, json_string_value(value), bytes + 1);
    return true;
}

static bool read_category_index(struct reader *r, const json_t *value, uint16_t *out)
{
    int64_t index = 0;
    if (!read_whole(r, value, "category", PLAN_CATEGORIES_MAX, &index))
        return false;
    if ((size_t)index >= r->plan->categories_count)
        return fail(r, "category %lld does not exist", (long long)index);
    *out = (uint16_t)index;
    return true;
}

static bool read_box(struct reader *r, const json_t *item, double *x, double *y, double *width,
                     double *height)
{
    return read_number(r, json_object_get(item, "x"), "x", -PLAN_SIZE_MAX, x) &&
           read_number(r, json_object_get(item, "y"), "y", -PLAN_SIZE_MAX, y) &&
           read_number(r, json_object_get(item, "width"), "width", 0, width) &&
           read_number(r, json_object_get(item, "height"), "height", 0, height);
}

static bool read_types(struct reader *r, const json_t *types, struct plan_category *category,
                       size_t index)
{
    if (types == NULL)
        return true;
    if (!json_is_array(types) || json_array_size(types) == 0 ||
        json_array_size(types) > PLAN_TYPES_MAX)
        return fail(r, "types must be a list of 1 to %d", PLAN_TYPES_MAX);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        at(r, "categories[%zu].types[%zu]", index, i);
        if (!read_label(r, json_object_get(type, "name"), "name", &category->types[i].name) ||
            !read_whole(r, json_object_get(type, "price_minor"), "price_minor", PRICE_MINOR_MAX,
                        &category->types[i].price_minor))
            return false;
    }
    category->types_count = (uint32_t)json_array_size(types);
    return true;
}

static bool read_category_price(struct reader *r, const json_t *value,
                                struct plan_category *category)
{
    category->price_minor = PLAN_PRICE_NONE;
    return (json_is_integer(value) && json_integer_value(value) == PLAN_PRICE_NONE) ||
           read_whole(r, value, "price_minor", PRICE_MINOR_MAX, &category->price_minor);
}

static bool read_category(struct reader *r, const json_t *item, size_t index)
{
    struct plan_category *category = &r->plan->categories[index];
    at(r, "categories[%zu]", index);
    return read_label(r, json_object_get(item, "name"), "name", &category->name) &&
           read_short(r, json_object_get(item, "color"), "color", PLAN_COLOR_BYTES,
                      category->color) &&
           read_category_price(r, json_object_get(item, "price_minor"), category) &&
           read_short(r, json_object_get(item, "currency"), "currency", PLAN_CURRENCY_BYTES,
                      category->currency) &&
           read_types(r, json_object_get(item, "types"), category, index);
}

static bool read_seat(struct reader *r, const json_t *item)
{
    struct plan_seat *seat = &r->plan->seats[r->sizes.seats++];
    int64_t flags = 0;
    if (!json_is_array(item) || json_array_size(item) < 5)
        return fail(r, "a seat must be [number, x, y, category, flags]");
    if (!read_label(r, json_array_get(item, 0), "number", &seat->number) ||
        !read_number(r, json_array_get(item, 1), "x", -PLAN_SIZE_MAX, &seat->x) ||
        !read_number(r, json_array_get(item, 2), "y", -PLAN_SIZE_MAX, &seat->y) ||
        !read_category_index(r, json_array_get(item, 3), &seat->category) ||
        !read_whole(r, json_array_get(item, 4), "flags", PLAN_FLAGS_ALL, &flags))
        return false;
    seat->flags = (uint8_t)flags;
    return true;
}

static bool read_row(struct reader *r, const json_t *item, size_t section, size_t index)
{
    struct plan_row *row = &r->plan->rows[r->sizes.rows++];
    const json_t *seats = json_object_get(item, "seats");
    int64_t first = 0;
    at(r, "sections[%zu].rows[%zu]", section, index);
    if (!read_label(r, json_object_get(item, "label"), "label", &row->label) ||
        !read_whole(r, json_object_get(item, "first"), "first", PLAN_SEATS_MAX, &first))
        return false;
    if ((size_t)first != r->sizes.seats)
        return fail(r, "first must be %zu, the seats before this row", r->sizes.seats);
    row->seats_count = (uint32_t)json_array_size(seats);
    for (size_t i = 0; i < row->seats_count; i++) {
        at(r, "sections[%zu].rows[%zu].seats[%zu]", section, index, i);
        if (!read_seat(r, json_array_get(seats, i)))
            return false;
    }
    return true;
}

static bool read_section(struct reader *r, const json_t *item, size_t index)
{
    struct plan_section *section = &r->plan->sections[index];
    const json_t *rows = json_object_get(item, "rows");
    const json_t *level = json_object_get(item, "level");
    at(r, "sections[%zu]", index);
    section->level = "";
    section->rows_count = (uint32_t)json_array_size(rows);
    if (!read_label(r, json_object_get(item, "name"), "name", &section->name) ||
        (level != NULL && !read_label(r, level, "level", &section->level)))
        return false;
    for (size_t i = 0; i < section->rows_count; i++)
        if (!read_row(r, json_array_get(rows, i), index, i))
            return false;
    return true;
}

static bool read_area(struct reader *r, const json_t *item, size_t index)
{
    struct plan_area *area = &r->plan->areas[index];
    int64_t first = 0, capacity = 0;
    at(r, "areas[%zu]", index);
    if (!read_label(r, json_object_get(item, "name"), "name", &area->name) ||
        !read_category_index(r, json_object_get(item, "category"), &area->category) ||
        !read_whole(r, json_object_get(item, "first"), "first", PLAN_SEATS_MAX, &first) ||
        !read_whole(r, json_object_get(item, "capacity"), "capacity", PLAN_SEATS_MAX, &capacity) ||
        !read_box(r, item, &area->x, &area->y, &area->width, &area->height))
        return false;
    if ((size_t)first != r->sizes.seats)
        return fail(r, "first must be %zu, the seats before this area", r->sizes.seats);
    area->capacity = (uint32_t)capacity;
    r->sizes.seats += (size_t)capacity;
    return true;
}

static bool read_shape(struct reader *r, const json_t *item, size_t index)
{
    struct plan_shape *shape = &r->plan->shapes[index];
    const char *kind = json_string_value(json_object_get(item, "kind"));
    at(r, "shapes[%zu]", index);
    shape->kind = PLAN_SHAPE_KIND_COUNT;
    for (int i = 0; kind != NULL && i < PLAN_SHAPE_KIND_COUNT; i++)
        if (strcmp(kind, plan_shape_kinds[i]) == 0)
            shape->kind = (enum plan_shape_kind)i;
    if (shape->kind == PLAN_SHAPE_KIND_COUNT)
        return fail(r, "kind must be rectangle, ellipse or text");
    return read_label(r, json_object_get(item, "text"), "text", &shape->text) &&
           read_short(r, json_object_get(item, "color"), "color", PLAN_COLOR_BYTES, shape->color) &&
           read_box(r, item, &shape->x, &shape->y, &shape->width, &shape->height) &&
           read_number(r, json_object_get(item, "rotation"), "rotation", -PLAN_SIZE_MAX,
                       &shape->rotation);
}

/* Adds the length of an array that must be there to *total. */
static bool count_array(struct reader *r, const json_t *object, const char *key, size_t max,
                        size_t *total)
{
    const json_t *array = json_object_get(object, key);
    if (!json_is_array(array))
        return fail(r, "%s must be a list", key);
    if (json_array_size(array) > max - *total)
        return fail(r, "more than %zu %s", max, key);
    *total += json_array_size(array);
    return true;
}

static bool count_all(struct reader *r, const json_t *root)
{
    struct plan_sizes *n = &r->sizes;
    if (!count_array(r, root, "categories", PLAN_CATEGORIES_MAX, &n->categories) ||
        !count_array(r, root, "sections", PLAN_SECTIONS_MAX, &n->sections) ||
        !count_array(r, root, "areas", PLAN_AREAS_MAX, &n->areas))
        return false;
    if (json_object_get(root, "shapes") != NULL &&
        !count_array(r, root, "shapes", PLAN_SHAPES_MAX, &n->shapes))
        return false;
    size_t i, j;
    const json_t *section, *row;
    json_array_foreach(json_object_get(root, "sections"), i, section) {
        at(r, "sections[%zu]", i);
        if (!count_array(r, section, "rows", PLAN_ROWS_MAX, &n->rows))
            return false;
        json_array_foreach(json_object_get(section, "rows"), j, row) {
            at(r, "sections[%zu].rows[%zu]", i, j);
            if (!count_array(r, row, "seats", PLAN_SEATS_MAX, &n->seats))
                return false;
        }
    }
    return true;
}

static bool read_head(struct reader *r, const json_t *root)
{
    int64_t version = 0;
    at(r, "%s", "");
    if (!read_whole(r, json_object_get(root, "version"), "version", INT32_MAX, &version))
        return false;
    if (version != PLAN_VERSION)
        return fail(r, "version %lld is not known here", (long long)version);
    return read_label(r, json_object_get(root, "name"), "name", &r->plan->name) &&
           read_number(r, json_object_get(root, "width"), "width", 0, &r->plan->width) &&
           read_number(r, json_object_get(root, "height"), "height", 0, &r->plan->height);
}

typedef bool read_item_fn(struct reader *r, const json_t *item, size_t index);

static bool read_list(struct reader *r, const json_t *root, const char *key, read_item_fn *read)
{
    const json_t *list = json_object_get(root, key);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read(r, json_array_get(list, i), i))
            return false;
    return true;
}

static bool read_plan(struct reader *r, const json_t *root)
{
    int64_t seats_count = 0;
    if (!json_is_object(root))
        return fail(r, "a plan must be an object");
    if (!count_all(r, root))
        return false;
    r->plan = plan_create(&r->sizes);
    if (r->plan == NULL)
        return fail_memory(r);
    r->sizes = (struct plan_sizes){0};
    if (!read_head(r, root) || !read_list(r, root, "categories", read_category) ||
        !read_list(r, root, "sections", read_section) || !read_list(r, root, "areas", read_area) ||
        !read_list(r, root, "shapes", read_shape))
        return false;
    at(r, "%s", "");
    r->status = plan_seal(r->plan, r->why, r->why_bytes_max);
    if (r->status != PLAN_OK)
        return false;
    if (!read_whole(r, json_object_get(root, "seats_count"), "seats_count", PLAN_SEATS_MAX,
                    &seats_count))
        return false;
    return seats_count == r->plan->seats_count ||
           fail(r, "seats_count must be %u, the seats and places listed", r->plan->seats_count);
}

enum plan_status plan_from_json(const json_t *root, struct plan **out, char *why,
                                size_t why_bytes_max)
{
    struct reader r = {.why = why, .why_bytes_max = why_bytes_max};
    if (why_bytes_max > 0)
        why[0] = '\0';
    if (read_plan(&r, root)) {
        *out = r.plan;
        return PLAN_OK;
    }
    plan_free(r.plan);
    return r.status;
}

enum plan_status plan_from_text(const char *text, size_t bytes, struct plan **out, char *why,
                                size_t why_bytes_max)
{
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        struct reader r = {.why = why, .why_bytes_max = why_bytes_max};
        fail(&r, "not JSON: line %d, column %d: %s", error.line, error.column, error.text);
        return PLAN_BROKEN;
    }
    enum plan_status status = plan_from_json(root, out, why, why_bytes_max);
    json_decref(root);
    return status;
}
