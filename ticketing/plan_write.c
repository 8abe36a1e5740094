/* PLAN to JSON: a walk over the plan's arrays. */
#include "ticketing/plan_json.h"

#include <math.h>
#include <string.h>

const char *const plan_shape_kinds[PLAN_SHAPE_KIND_COUNT] = {"rectangle", "ellipse", "text"};

/* Whole numbers without ".0"; the others are multiples of PLAN_COORDINATE_STEP and so print
 * exactly. */
static json_t *coordinate_to_json(double value)
{
    double rounded = plan_round(value);
    return rounded == trunc(rounded) ? json_integer((json_int_t)rounded) : json_real(rounded);
}

/* Adds `item` to the array or object, taking it over; false without memory. */
static bool put(json_t *object, const char *key, json_t *item)
{
    return json_object_set_new(object, key, item) == 0;
}

static bool append(json_t *array, json_t *item)
{
    return json_array_append_new(array, item) == 0;
}

static bool put_box(json_t *object, double x, double y, double width, double height)
{
    return put(object, "x", coordinate_to_json(x)) && put(object, "y", coordinate_to_json(y)) &&
           put(object, "width", coordinate_to_json(width)) &&
           put(object, "height", coordinate_to_json(height));
}

json_t *plan_types_to_json(const struct plan_category *c)
{
    json_t *types = json_array();
    for (size_t i = 0; types != NULL && i < c->types_count; i++) {
        json_t *type = json_pack("{s:s, s:I}", "name", c->types[i].name, "price_minor",
                                 (json_int_t)c->types[i].price_minor);
        if (!append(types, type)) {
            json_decref(types);
            return NULL;
        }
    }
    return types;
}

static bool add_category(json_t *list, const struct plan_category *c)
{
    json_t *item = json_pack("{s:s, s:s, s:I, s:s}", "name", c->name, "color", c->color,
                             "price_minor", (json_int_t)c->price_minor, "currency", c->currency);
    bool is_done = item != NULL;
    if (is_done && c->types_count > 0)
        is_done = put(item, "types", plan_types_to_json(c));
    return append(list, item) && is_done;
}

static bool add_seat(json_t *list, const struct plan_seat *seat)
{
    json_t *item = json_array();
    bool is_done =
        item != NULL && append(item, json_string(seat->number)) &&
        append(item, coordinate_to_json(seat->x)) && append(item, coordinate_to_json(seat->y)) &&
        append(item, json_integer(seat->category)) && append(item, json_integer(seat->flags));
    return append(list, item) && is_done;
}

static bool add_row(json_t *list, const struct plan *plan, const struct plan_row *row)
{
    json_t *seats = json_array();
    bool is_done = seats != NULL;
    for (uint32_t i = 0; is_done && i < row->seats_count; i++)
        is_done = add_seat(seats, &plan->seats[row->first + i]);
    json_t *item = json_pack("{s:s, s:I, s:o}", "label", row->label, "first",
                             (json_int_t)row->first, "seats", seats);
    return append(list, item) && is_done;
}

static bool add_section(json_t *list, const struct plan *plan, const struct plan_section *section)
{
    json_t *rows = json_array();
    bool is_done = rows != NULL;
    for (uint32_t i = 0; is_done && i < section->rows_count; i++)
        is_done = add_row(rows, plan, &plan->rows[section->first_row + i]);
    json_t *item =
        json_pack("{s:s, s:s, s:o}", "name", section->name, "level", section->level, "rows", rows);
    return append(list, item) && is_done;
}

static bool add_area(json_t *list, const struct plan_area *area)
{
    json_t *item =
        json_pack("{s:s, s:i, s:I, s:I}", "name", area->name, "category", area->category, "first",
                  (json_int_t)area->first, "capacity", (json_int_t)area->capacity);
    bool is_done = item != NULL && put_box(item, area->x, area->y, area->width, area->height);
    return append(list, item) && is_done;
}

static bool add_shape(json_t *list, const struct plan_shape *shape)
{
    json_t *item = json_pack("{s:s, s:s, s:s}", "kind", plan_shape_kinds[shape->kind], "text",
                             shape->text, "color", shape->color);
    bool is_done = item != NULL && put_box(item, shape->x, shape->y, shape->width, shape->height) &&
                   put(item, "rotation", coordinate_to_json(shape->rotation));
    return append(list, item) && is_done;
}

static bool add_lists(json_t *root, const struct plan *plan)
{
    json_t *categories = json_array(), *sections = json_array(), *areas = json_array(),
           *shapes = json_array();
    bool is_done = true;
    for (size_t i = 0; is_done && i < plan->categories_count; i++)
        is_done = add_category(categories, &plan->categories[i]);
    for (size_t i = 0; is_done && i < plan->sections_count; i++)
        is_done = add_section(sections, plan, &plan->sections[i]);
    for (size_t i = 0; is_done && i < plan->areas_count; i++)
        is_done = add_area(areas, &plan->areas[i]);
    for (size_t i = 0; is_done && i < plan->shapes_count; i++)
        is_done = add_shape(shapes, &plan->shapes[i]);
    /* Each put takes its list over, also when it fails: all four must be tried. */
    bool has_categories = put(root, "categories", categories);
    bool has_sections = put(root, "sections", sections);
    bool has_areas = put(root, "areas", areas);
    bool has_shapes = put(root, "shapes", shapes);
    return is_done && has_categories && has_sections && has_areas && has_shapes;
}

json_t *plan_to_json(const struct plan *plan)
{
    json_t *root = json_object();
    if (root == NULL)
        return NULL;
    if (put(root, "version", json_integer(PLAN_VERSION)) &&
        put(root, "name", json_string(plan->name)) &&
        put(root, "width", coordinate_to_json(plan->width)) &&
        put(root, "height", coordinate_to_json(plan->height)) &&
        put(root, "seats_count", json_integer(plan->seats_count)) && add_lists(root, plan))
        return root;
    json_decref(root);
    return NULL;
}

char *plan_to_text(const struct plan *plan, size_t *bytes)
{
    json_t *root = plan_to_json(plan);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (text != NULL)
        *bytes = strlen(text);
    return text;
}
