/* pretix's seating plan.
 *
 * Positions add up: a seat's is relative to its row, the row's to its zone. A zone becomes a
 * section. What pretix has no word for stands in fields that it does not know: `level` in a zone,
 * `flags` in a seat, `standing` in an area; an area without it is drawn and not sold. Source:
 * pretix's seating-plan.schema.json and files written by its seating plan editor, which have more
 * fields than the schema; unknown fields are ignored.
 *
 * Every message says where in two ways, line and column for an editor and the path for the
 * JSON-minded.
 */
#include "ticketing/import_pretix.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ticketing/import_rows.h"
#include "ticketing/import_where.h"

#define SHAPE_COLOR "#cccccc"

struct pretix {
    struct builder *b;
    struct import_report *report;
    struct where where;
    struct where_part part;      /* where we are */
    const char *zone, *level;    /* names of the present zone */
    const char *row;             /* label of the present row */
    uint32_t section, row_index; /* in the builder; BUILDER_NONE until the zone has a seat */
    uint32_t drawn_count, undrawn_count; /* areas that are not sold; shapes we cannot draw */
};

/* --- saying where --- */

struct path {
    char text[80];
};

static const char *path_of(const struct where_part *part, struct path *path)
{
    int written;
    if (part->list == WHERE_CATEGORIES)
        written = snprintf(path->text, sizeof path->text, "categories[%u]", part->zone);
    else if (part->zone == WHERE_NONE)
        written = snprintf(path->text, sizeof path->text, "the plan");
    else if (part->list == WHERE_AREAS)
        written =
            snprintf(path->text, sizeof path->text, "zones[%u].areas[%u]", part->zone, part->row);
    else if (part->row == WHERE_NONE)
        written = snprintf(path->text, sizeof path->text, "zones[%u]", part->zone);
    else if (part->seat == WHERE_NONE)
        written =
            snprintf(path->text, sizeof path->text, "zones[%u].rows[%u]", part->zone, part->row);
    else
        written = snprintf(path->text, sizeof path->text, "zones[%u].rows[%u].seats[%u]",
                           part->zone, part->row, part->seat);
    if (written < 0)
        path->text[0] = '\0';
    return path->text;
}

static struct import_source here(struct pretix *p)
{
    if (p->part.zone == WHERE_NONE)
        return (struct import_source){.file = p->where.file};
    return where_of(&p->where, &p->part);
}

static bool expected(struct pretix *p, const char *code, const char *key, const char *what)
{
    struct path path;
    import_error(p->report, here(p), code, "%s: %s: expected %s", path_of(&p->part, &path), key,
                 what);
    return false;
}

/* --- fields --- */

/* A label, kept in the report; an absent one is "" unless it is required. */
static bool read_label(struct pretix *p, const json_t *object, const char *key, bool is_required,
                       const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = "";
    if ((value == NULL || json_is_null(value)) && !is_required)
        return true;
    if (!json_is_string(value))
        return expected(p, "import.need_text", key, "text in quotes");
    size_t bytes = json_string_length(value);
    const char *text = import_trim(json_string_value(value), &bytes);
    /* Finding the place costs a search: only when there is an error. */
    if (!import_is_label(text, bytes) && !import_label(p->report, here(p), key, &text, &bytes))
        return false;
    *out = import_text(p->report, text, bytes);
    return bytes > 0 || !is_required
               ? true
               : expected(p, "import.need_more_text", key, "text that is not empty");
}

static bool read_number(struct pretix *p, const json_t *object, const char *key, double min,
                        double *out)
{
    const json_t *value = json_object_get(object, key);
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (number >= min && number <= PLAN_SIZE_MAX)
        *out = number;
    else
        return expected(p, min < 0 ? "import.need_number" : "import.need_size", key,
                        min < 0 ? "a number from -100000 to 100000" : "a number from 0 to 100000");
    return true;
}

static bool read_position(struct pretix *p, const json_t *object, bool is_required, double *x,
                          double *y)
{
    const json_t *position = json_object_get(object, "position");
    *x = *y = 0;
    if (position == NULL && !is_required)
        return true;
    if (!json_is_object(position))
        return expected(p, "import.need_position", "position", "an object with x and y");
    return read_number(p, position, "x", -PLAN_SIZE_MAX, x) &&
           read_number(p, position, "y", -PLAN_SIZE_MAX, y);
}

/* The list under a key; one that is missing is empty unless it is required. */
static const json_t *read_list(struct pretix *p, const json_t *object, const char *key,
                               bool is_required)
{
    const json_t *list = json_object_get(object, key);
    if (!json_is_array(list) && (list != NULL || is_required))
        expected(p, "import.need_list", key, "a list");
    return list;
}

/* Whether this element of a list is an object. */
static bool is_object(struct pretix *p, const json_t *value)
{
    struct path path;
    if (json_is_object(value))
        return true;
    import_error(p->report, here(p), "import.expected_object", "%s: expected an object",
                 path_of(&p->part, &path));
    return false;
}

/* --- categories --- */

static void unknown_category(struct pretix *p, const char *name)
{
    char known[240] = "";
    size_t used = 0;
    struct import_quote quote;
    struct path path;
    for (size_t i = 0; i < p->b->categories_count; i++) {
        int written = snprintf(known + used, sizeof known - used, "%s\"%s\"", i == 0 ? "" : ", ",
                               import_quote(&quote, p->b->categories[i].name));
        if (written < 0 || (size_t)written >= sizeof known - used) {
            known[used] = '\0';
            break;
        }
        used += (size_t)written;
    }
    import_error(p->report, here(p), "import.category_unknown",
                 "%s: the category \"%s\" is not in categories: expected one of %s",
                 path_of(&p->part, &path), import_quote(&quote, name), known);
}

static void read_category(struct pretix *p, const json_t *item)
{
    const char *name, *color = json_string_value(json_object_get(item, "color"));
    struct import_quote quote;
    struct path path;
    uint32_t index;
    size_t before = p->b->categories_count;
    if (!is_object(p, item) || !read_label(p, item, "name", true, &name) ||
        !builder_category(p->b, here(p), name, &index))
        return;
    if (p->b->categories_count == before)
        import_error(p->report, here(p), "import.category_twice",
                     "%s: there is a second category \"%s\"", path_of(&p->part, &path),
                     import_quote(&quote, name));
    else if (color != NULL && !color_parse(color, p->b->categories[index].color))
        import_warning(p->report, here(p), "import.color_ignored",
                       "%s: the color \"%s\" is not #rrggbb: another one is used",
                       path_of(&p->part, &path), import_quote(&quote, color));
}

/* The category named by a seat or area, or the one the price file gives to the zone. */
static bool find_category(struct pretix *p, const json_t *object, uint32_t section, uint32_t *index)
{
    const char *name;
    if (!read_label(p, object, "category", false, &name))
        return false;
    if (name[0] != '\0') {
        *index = import_table_get(&p->b->categories_by_name, 0, name);
        if (*index == IMPORT_TABLE_NONE)
            unknown_category(p, name);
        return *index != IMPORT_TABLE_NONE;
    }
    if (section == BUILDER_NONE)
        return expected(p, "import.need_category", "category", "the name of a category");
    *index = builder_section_category(p->b, here(p), section);
    return *index != BUILDER_NONE;
}

/* --- seats --- */

/* Names the place for a person: the zone, row and number of a seat that is in the plan already. */
static void duplicate(struct pretix *p, const struct builder_seat *seat, uint32_t other_index,
                      bool is_guid)
{
    const struct builder_seat *other = &p->b->seats[other_index];
    const struct builder_row *row = &p->b->rows[other->row];
    const struct where_part other_part = {WHERE_ZONES, other->origin.at[0], other->origin.at[1],
                                          other->origin.at[2]};
    struct path path, other_path;
    struct import_quote guid, zone, label, number, other_zone, other_label, other_number;
    path_of(&p->part, &path);
    path_of(&other_part, &other_path);
    import_quote(&guid, seat->guid);
    import_quote(&zone, p->zone);
    import_quote(&label, p->row);
    import_quote(&number, seat->number);
    import_quote(&other_zone, p->b->sections[row->section].name);
    import_quote(&other_label, row->label);
    import_quote(&other_number, other->number);
    if (is_guid)
        import_error(p->report, here(p), "import.guid_twice",
                     "%s (zone \"%s\", row \"%s\", seat \"%s\"): the seat_guid \"%s\" is already "
                     "that of %s (zone \"%s\", row \"%s\", seat \"%s\"): expected one of its own",
                     path.text, zone.text, label.text, number.text, guid.text, other_path.text,
                     other_zone.text, other_label.text, other_number.text);
    else
        import_error(p->report, here(p), "import.seat_twice_plan",
                     "%s: a second seat \"%s\" in row \"%s\" of zone \"%s\"; the first is %s",
                     path.text, number.text, label.text, zone.text, other_path.text);
}

static bool read_flags(struct pretix *p, const json_t *seat, uint8_t *flags)
{
    const json_t *list = json_object_get(seat, "flags");
    if (list == NULL)
        return true;
    if (!json_is_array(list))
        return expected(p, "import.need_flags", "flags", "a list such as [\"accessible\"]");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (word == NULL)
            return expected(p, "import.need_words", "flags", "words in quotes");
        if (!import_flags(p->report, here(p), word, flags, NULL))
            return false;
    }
    return true;
}

/* The zone becomes a section, and the row a row, with their first seat. */
static bool enter_row(struct pretix *p)
{
    const struct import_source at = {.file = p->where.file};
    if (p->section == BUILDER_NONE && !builder_section(p->b, at, p->level, p->zone, &p->section))
        return false;
    return p->row_index != BUILDER_NONE || builder_row(p->b, at, p->section, p->row, &p->row_index);
}

static void read_seat(struct pretix *p, const json_t *item, double x, double y)
{
    const struct where_part *part = &p->part;
    struct builder_seat seat = {.origin.at = {part->zone, part->row, part->seat}};
    uint32_t other;
    if (!is_object(p, item) || !enter_row(p))
        return;
    /* All of them, so that each is reported. */
    bool has_number = read_label(p, item, "seat_number", true, &seat.number);
    bool has_guid = read_label(p, item, "seat_guid", true, &seat.guid);
    bool has_position = read_position(p, item, true, &seat.x, &seat.y);
    bool has_flags = read_flags(p, item, &seat.flags);
    bool has_category = find_category(p, item, p->section, &seat.category);
    if (!has_number || !has_guid || !has_position || !has_flags || !has_category)
        return;
    seat.row = p->row_index;
    seat.x += x;
    seat.y += y;
    if (fabs(seat.x) > PLAN_SIZE_MAX || fabs(seat.y) > PLAN_SIZE_MAX) {
        expected(p, "import.need_near", "position",
                 "x and y from -100000 to 100000, zone and row added");
        return;
    }
    switch (builder_add_seat(p->b, (struct import_source){.file = p->where.file}, &seat, &other)) {
    case BUILDER_DUPLICATE_GUID:
        duplicate(p, &seat, other, true);
        return;
    case BUILDER_DUPLICATE_NUMBER:
        duplicate(p, &seat, other, false);
        return;
    default:
        return;
    }
}

static void read_row(struct pretix *p, const json_t *item, double zone_x, double zone_y)
{
    double x, y;
    if (!is_object(p, item) || !read_label(p, item, "row_number", false, &p->row) ||
        !read_position(p, item, false, &x, &y))
        return;
    const json_t *seats = read_list(p, item, "seats", true);
    p->row_index = BUILDER_NONE;
    for (size_t i = 0; i < json_array_size(seats) && !builder_is_done(p->b); i++) {
        p->part.seat = (uint32_t)i;
        read_seat(p, json_array_get(seats, i), zone_x + x, zone_y + y);
    }
    p->part.seat = WHERE_NONE;
}

/* --- areas --- */

/* Decoration is not worth an error: what cannot be a label is left out. */
static const char *area_text(struct pretix *p, const json_t *area)
{
    const json_t *value = json_object_get(json_object_get(area, "text"), "text");
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    size_t bytes = strlen(text);
    if (bytes > PLAN_LABEL_BYTES_MAX)
        return "";
    return import_text(p->report, text, bytes);
}

/* Fills the box of an area as pretix draws it: rectangles from a corner, round shapes about their
 * centre. */
static bool read_shape(struct pretix *p, const json_t *area, struct plan_shape *shape)
{
    const char *kind = json_string_value(json_object_get(area, "shape"));
    const char *color = json_string_value(json_object_get(area, "color"));
    const json_t *box = kind == NULL ? NULL : json_object_get(area, kind);
    double x, y, rotation = 0;
    if (!read_position(p, area, true, &x, &y))
        return false;
    if (json_object_get(area, "rotation") != NULL &&
        !read_number(p, area, "rotation", -PLAN_SIZE_MAX, &rotation))
        return false;
    *shape = (struct plan_shape){.kind = PLAN_RECTANGLE, .rotation = rotation};
    shape->text = area_text(p, area);
    if (color == NULL || !color_parse(color, shape->color))
        memcpy(shape->color, SHAPE_COLOR, sizeof shape->color);
    if (kind == NULL || strcmp(kind, "rectangle") == 0) {
        /* The schema has width and height in the area itself, the editor in `rectangle`. */
        const json_t *from = json_is_object(box) ? box : area;
        if (!read_number(p, from, "width", 0, &shape->width) ||
            !read_number(p, from, "height", 0, &shape->height))
            return false;
        double turn = rotation * M_PI / 180, w = shape->width / 2, h = shape->height / 2;
        shape->x = x + w * cos(turn) - h * sin(turn) - w;
        shape->y = y + w * sin(turn) + h * cos(turn) - h;
        return true;
    }
    shape->x = x;
    shape->y = y;
    if (strcmp(kind, "text") == 0) {
        shape->kind = PLAN_TEXT;
        return true;
    }
    const json_t *radius = json_object_get(box, "radius");
    double radius_x, radius_y;
    shape->kind = PLAN_ELLIPSE;
    if (strcmp(kind, "circle") == 0 && read_number(p, box, "radius", 0, &radius_x))
        radius_y = radius_x;
    else if (strcmp(kind, "ellipse") != 0 || !read_number(p, radius, "x", 0, &radius_x) ||
             !read_number(p, radius, "y", 0, &radius_y))
        return false;
    shape->x -= radius_x;
    shape->y -= radius_y;
    shape->width = 2 * radius_x;
    shape->height = 2 * radius_y;
    return true;
}

static bool is_drawable(const json_t *area)
{
    static const char *const kinds[] = {"rectangle", "circle", "ellipse", "text"};
    const char *kind = json_string_value(json_object_get(area, "shape"));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kind == NULL || strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static void read_standing(struct pretix *p, const json_t *standing, const struct plan_shape *shape)
{
    struct builder_area area = {.has_position = shape->width > 0 && shape->height > 0,
                                .x = shape->x,
                                .y = shape->y,
                                .width = shape->width,
                                .height = shape->height,
                                .at = here(p)};
    const json_t *capacity = json_object_get(standing, "capacity");
    const char *name;
    if (!json_is_integer(capacity) || json_integer_value(capacity) < 1 ||
        json_integer_value(capacity) > PLAN_SEATS_MAX) {
        expected(p, "import.need_capacity", "standing.capacity", "a whole number from 1 to 100000");
        return;
    }
    area.capacity = (uint32_t)json_integer_value(capacity);
    if (!read_label(p, standing, "name", false, &name))
        return;
    if (name[0] == '\0')
        name = shape->text[0] != '\0' ? shape->text : p->zone;
    area.name = name;
    if (name[0] == '\0')
        expected(p, "import.need_name", "standing.name",
                 "a name, as neither area nor zone has one");
    else if (find_category(p, standing, BUILDER_NONE, &area.category))
        builder_add_area(p->b, &area);
}

static void read_area(struct pretix *p, const json_t *item, double zone_x, double zone_y)
{
    struct plan_shape shape;
    const json_t *standing = json_object_get(item, "standing");
    if (!is_object(p, item))
        return;
    if (standing == NULL)
        p->drawn_count++;
    if (!is_drawable(item) && !json_is_object(standing)) {
        p->undrawn_count++;
        return;
    }
    if (!is_drawable(item)) {
        /* Sold all the same; without a box it gets a place below the plan. */
        read_standing(p, standing, &(struct plan_shape){.text = area_text(p, item)});
        return;
    }
    if (!read_shape(p, item, &shape))
        return;
    shape.x += zone_x;
    shape.y += zone_y;
    if (fabs(shape.x) > PLAN_SIZE_MAX || fabs(shape.y) > PLAN_SIZE_MAX)
        expected(p, "import.need_near", "position", "x and y from -100000 to 100000, zone added");
    else if (json_is_object(standing))
        read_standing(p, standing, &shape);
    else if (standing != NULL && !json_is_false(standing))
        expected(p, "import.need_standing", "standing",
                 "an object with capacity and category, or false");
    else
        builder_add_shape(p->b, here(p), &shape);
}

/* --- zones and the plan --- */

static void read_zone(struct pretix *p, const json_t *item)
{
    double x, y;
    if (!is_object(p, item) || !read_label(p, item, "name", false, &p->zone) ||
        !read_label(p, item, "level", false, &p->level) || !read_position(p, item, false, &x, &y))
        return;
    p->section = BUILDER_NONE;
    const json_t *rows = read_list(p, item, "rows", true);
    for (size_t i = 0; i < json_array_size(rows) && !builder_is_done(p->b); i++) {
        p->part.row = (uint32_t)i;
        read_row(p, json_array_get(rows, i), x, y);
    }
    p->part.row = WHERE_NONE;
    const json_t *areas = read_list(p, item, "areas", false);
    for (size_t i = 0; i < json_array_size(areas) && !builder_is_done(p->b); i++) {
        p->part.list = WHERE_AREAS;
        p->part.row = (uint32_t)i;
        read_area(p, json_array_get(areas, i), x, y);
    }
    p->part.list = WHERE_ZONES;
    p->part.row = WHERE_NONE;
}

static void read_head(struct pretix *p, const json_t *root, struct pretix_head *head)
{
    const json_t *size = json_object_get(root, "size");
    *head = (struct pretix_head){.name = ""};
    read_label(p, root, "name", false, &head->name);
    if (json_is_object(size)) {
        read_number(p, size, "width", 0, &head->width);
        read_number(p, size, "height", 0, &head->height);
    } else if (size != NULL) {
        expected(p, "import.need_sides", "size", "an object with width and height");
    }
}

static void read_plan(struct pretix *p, const json_t *root, struct pretix_head *head)
{
    read_head(p, root, head);
    const json_t *categories = read_list(p, root, "categories", true);
    const json_t *zones = read_list(p, root, "zones", true);
    p->part.list = WHERE_CATEGORIES;
    for (size_t i = 0; i < json_array_size(categories) && !builder_is_done(p->b); i++) {
        p->part.zone = (uint32_t)i;
        read_category(p, json_array_get(categories, i));
    }
    p->part.list = WHERE_ZONES;
    for (size_t i = 0; i < json_array_size(zones) && !builder_is_done(p->b); i++) {
        p->part.zone = (uint32_t)i;
        read_zone(p, json_array_get(zones, i));
    }
    p->part.zone = WHERE_NONE;
    if (p->drawn_count > 0)
        import_warning(p->report, here(p), "import.areas_drawn",
                       "%u area(s) without \"standing\" are drawn, not sold", p->drawn_count);
    if (p->undrawn_count > 0)
        import_warning(p->report, here(p), "import.areas_left_out",
                       "%u area(s) are neither rectangle, circle, ellipse nor text: left out",
                       p->undrawn_count);
}

/* Commas and opening brackets outside of strings: never less than half the number of values. */
static size_t count_values(const char *text)
{
    size_t count = 0;
    bool is_quoted = false;
    for (; *text != '\0'; text++)
        if (*text == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && *text == '\\' && text[1] != '\0')
            text++;
        else if (!is_quoted)
            count += *text == ',' || *text == '[' || *text == '{';
    return count;
}

void import_pretix(struct builder *b, const char *file, const char *text, size_t bytes,
                   struct pretix_head *head)
{
    struct pretix p = {
        .b = b, .report = b->report, .part = {WHERE_ZONES, WHERE_NONE, WHERE_NONE, WHERE_NONE}};
    json_error_t error;
    *head = (struct pretix_head){.name = ""};
    /* A value can take the library fifty times the memory of its text. */
    if (count_values(text) > IMPORT_JSON_VALUES_MAX) {
        import_error(b->report, (struct import_source){.file = file}, "import.json_large",
                     "more than %d values: a plan of %d seats has fewer", IMPORT_JSON_VALUES_MAX,
                     PLAN_SEATS_MAX);
        return;
    }
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        struct import_source at = {file, error.line > 0 ? (uint32_t)error.line : 0,
                                   error.column > 0 ? (uint32_t)error.column : 0};
        import_error(b->report, at, "import.json_bad", "not valid JSON: %s", error.text);
        return;
    }
    where_init(&p.where, b->report, file, text);
    b->has_positions = true;
    if (json_is_object(root))
        read_plan(&p, root, head);
    else
        import_error(b->report, (struct import_source){file, 1, 1}, "import.json_no_object",
                     "expected an object with name, categories and zones");
    where_release(&p.where);
    json_decref(root);
}
