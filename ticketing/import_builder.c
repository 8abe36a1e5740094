/* Collecting: the half of the builder that importers call for every line. import_finish.c has the
 * other. */
#include "ticketing/import_builder.h"

#include <stdlib.h>
#include <string.h>

void builder_init(struct builder *b, struct import_report *report, struct price_list *prices)
{
    *b = (struct builder){.report = report, .prices = prices};
    b->text = plan_create(&(struct plan_sizes){0});
    if (b->text == NULL)
        import_no_memory(report);
}

void builder_release(struct builder *b)
{
    import_table_release(&b->categories_by_name);
    import_table_release(&b->levels_by_name);
    import_table_release(&b->sections_by_name);
    import_table_release(&b->rows_by_label);
    import_table_release(&b->seats_by_number);
    import_table_release(&b->seats_by_guid);
    import_table_release(&b->areas_by_name);
    free(b->categories);
    free(b->sections);
    free(b->rows);
    free(b->seats);
    free(b->areas);
    free(b->shapes);
    plan_free(b->text);
    *b = (struct builder){0};
}

bool builder_is_done(const struct builder *b)
{
    return b->is_full || b->report->is_out_of_memory ||
           b->report->errors.count >= IMPORT_ERRORS_COUNT_MAX;
}

static const char *keep(struct builder *b, const char *text)
{
    const char *copy = b->text == NULL ? NULL : plan_text(b->text, text, strlen(text));
    if (copy == NULL)
        import_no_memory(b->report);
    return copy;
}

static bool full(struct builder *b, struct import_source at, const char *code, const char *what,
                 size_t max)
{
    b->is_full = true;
    import_error(b->report, at, code, "more than %zu %s: a plan cannot be larger", max, what);
    return false;
}

/* Registers a new key, which is known not to be there. */
static bool enter(struct builder *b, struct import_table *table, uint32_t scope, const char *key,
                  uint32_t value)
{
    bool is_stored;
    import_table_put(table, scope, key, value, &is_stored);
    return is_stored ? true : import_no_memory(b->report);
}

bool builder_category(struct builder *b, struct import_source at, const char *name, uint32_t *index)
{
    *index = import_table_get(&b->categories_by_name, 0, name);
    if (*index != IMPORT_TABLE_NONE)
        return true;
    if (b->categories_count == PLAN_CATEGORIES_MAX)
        return full(b, at, "import.too_many_categories", "categories", PLAN_CATEGORIES_MAX);
    const char *copy = keep(b, name);
    if (copy == NULL ||
        !import_grow(b->report, (void **)&b->categories, &b->categories_capacity,
                     b->categories_count + 1, sizeof *b->categories) ||
        !enter(b, &b->categories_by_name, 0, copy, (uint32_t)b->categories_count))
        return false;
    *index = (uint32_t)b->categories_count++;
    b->categories[*index] = (struct builder_category){.name = copy, .at = at};
    return true;
}

/* Levels are only a scope for section names: numbers are enough. */
static bool level_of(struct builder *b, const char *name, uint32_t *level, const char **copy)
{
    *level = import_table_get(&b->levels_by_name, 0, name);
    if (*level == IMPORT_TABLE_NONE) {
        *copy = keep(b, name);
        *level = b->levels_count++;
        return *copy != NULL && enter(b, &b->levels_by_name, 0, *copy, *level);
    }
    *copy = NULL;
    return true;
}

bool builder_section(struct builder *b, struct import_source at, const char *level,
                     const char *name, uint32_t *index)
{
    uint32_t scope;
    const char *level_copy, *copy;
    if (!level_of(b, level, &scope, &level_copy))
        return false;
    *index = import_table_get(&b->sections_by_name, scope, name);
    if (*index != IMPORT_TABLE_NONE)
        return true;
    if (b->sections_count == PLAN_SECTIONS_MAX)
        return full(b, at, "import.too_many_sections", "sections", PLAN_SECTIONS_MAX);
    if (level_copy == NULL)
        level_copy = keep(b, level);
    copy = keep(b, name);
    if (copy == NULL || level_copy == NULL ||
        !import_grow(b->report, (void **)&b->sections, &b->sections_capacity, b->sections_count + 1,
                     sizeof *b->sections) ||
        !enter(b, &b->sections_by_name, scope, copy, (uint32_t)b->sections_count))
        return false;
    *index = (uint32_t)b->sections_count++;
    b->sections[*index] = (struct builder_section){.name = copy, .level = level_copy};
    return true;
}

bool builder_row(struct builder *b, struct import_source at, uint32_t section, const char *label,
                 uint32_t *index)
{
    *index = import_table_get(&b->rows_by_label, section, label);
    if (*index != IMPORT_TABLE_NONE)
        return true;
    if (b->rows_count == PLAN_ROWS_MAX)
        return full(b, at, "import.too_many_rows", "rows", PLAN_ROWS_MAX);
    const char *copy = keep(b, label);
    if (copy == NULL ||
        !import_grow(b->report, (void **)&b->rows, &b->rows_capacity, b->rows_count + 1,
                     sizeof *b->rows) ||
        !enter(b, &b->rows_by_label, section, copy, (uint32_t)b->rows_count))
        return false;
    *index = (uint32_t)b->rows_count++;
    b->rows[*index] = (struct builder_row){.label = copy, .section = section};
    b->sections[section].rows_count++;
    return true;
}

bool builder_price(struct builder *b, struct import_source at, uint32_t category,
                   int64_t price_minor, const char *currency)
{
    struct builder_category *c = &b->categories[category];
    struct import_quote quote;
    if (!c->has_price) {
        c->has_price = true;
        c->price_minor = price_minor;
        memcpy(c->currency, currency, sizeof c->currency);
        c->price_at = at;
        return true;
    }
    if (c->price_minor == price_minor && strcmp(c->currency, currency) == 0)
        return true;
    bool is_same_file = strcmp(c->price_at.file, at.file) == 0;
    import_error(
        b->report, at, is_same_file ? "import.price_twice_here" : "import.price_twice_there",
        "category \"%s\" has another price in %s%sline %u: one category has one price",
        import_quote(&quote, c->name), is_same_file ? "" : import_file_name(c->price_at.file),
        is_same_file ? "" : " ", c->price_at.line);
    return false;
}

static uint32_t category_by_rule(struct builder *b, struct import_source at, const char *level,
                                 const char *name, const char *what)
{
    struct import_quote quote, level_quote;
    uint32_t index;
    const char *category = prices_category_of(b->prices, level, name);
    if (category != NULL)
        return builder_category(b, at, category, &index) ? index : BUILDER_NONE;
    if (b->prices->is_faulty)
        return BUILDER_NONE; /* the faulty line may be the one that is missing here */
    if (b->prices->file == NULL)
        import_error(b->report, at, "import.no_category",
                     "no category for %s \"%s\": expected a category here, or a price file", what,
                     import_quote(&quote, name));
    else
        import_error(
            b->report, at,
            level[0] == '\0' ? "import.no_category_line" : "import.no_category_level",
            "no category for %s \"%s\"%s%s: expected one here, or a line for this section in %s",
            what, import_quote(&quote, name), level[0] == '\0' ? "" : ", level ",
            import_quote(&level_quote, level), import_file_name(b->prices->file));
    return BUILDER_NONE;
}

uint32_t builder_section_category(struct builder *b, struct import_source at, uint32_t section)
{
    struct builder_section *s = &b->sections[section];
    if (!s->is_category_known) {
        s->is_category_known = true;
        s->category = category_by_rule(b, at, s->level, s->name, "section");
    }
    return s->category;
}

uint32_t builder_area_category(struct builder *b, struct import_source at, const char *level,
                               const char *name)
{
    return category_by_rule(b, at, level, name, "standing area");
}

enum builder_added builder_add_seat(struct builder *b, struct import_source at,
                                    const struct builder_seat *seat, uint32_t *other)
{
    *other = import_table_get(&b->seats_by_number, seat->row, seat->number);
    /* The guid first: it is what the file calls the seat's identity. */
    uint32_t same_guid = seat->guid[0] == '\0' ? IMPORT_TABLE_NONE
                                               : import_table_get(&b->seats_by_guid, 0, seat->guid);
    if (same_guid != IMPORT_TABLE_NONE) {
        *other = same_guid;
        return BUILDER_DUPLICATE_GUID;
    }
    if (*other != IMPORT_TABLE_NONE)
        return BUILDER_DUPLICATE_NUMBER;
    if (b->seats_total == PLAN_SEATS_MAX)
        return full(b, at, "import.too_many_seats", "seats", PLAN_SEATS_MAX), BUILDER_FAILED;
    uint32_t index = (uint32_t)b->seats_count;
    const char *number = keep(b, seat->number), *guid = keep(b, seat->guid);
    if (number == NULL || guid == NULL ||
        !import_grow(b->report, (void **)&b->seats, &b->seats_capacity, b->seats_count + 1,
                     sizeof *b->seats) ||
        !enter(b, &b->seats_by_number, seat->row, number, index) ||
        (guid[0] != '\0' && !enter(b, &b->seats_by_guid, 0, guid, index)))
        return BUILDER_FAILED;
    b->seats[index] = *seat;
    b->seats[index].number = number;
    b->seats[index].guid = guid;
    b->seats_count++;
    b->seats_total++;
    b->rows[seat->row].seats_count++;
    b->categories[seat->category].seats_count++;
    return BUILDER_ADDED;
}

bool builder_add_area(struct builder *b, const struct builder_area *area)
{
    struct import_quote quote;
    uint32_t other = import_table_get(&b->areas_by_name, 0, area->name);
    if (other != IMPORT_TABLE_NONE) {
        import_error(b->report, area->at, "import.area_twice",
                     "there is a second standing area \"%s\": names must differ",
                     import_quote(&quote, area->name));
        return false;
    }
    if (b->areas_count == PLAN_AREAS_MAX)
        return full(b, area->at, "import.too_many_areas", "standing areas", PLAN_AREAS_MAX);
    if (area->capacity > PLAN_SEATS_MAX - b->seats_total)
        return full(b, area->at, "import.too_many_seats", "seats and standing places",
                    PLAN_SEATS_MAX);
    const char *name = keep(b, area->name);
    if (name == NULL ||
        !import_grow(b->report, (void **)&b->areas, &b->areas_capacity, b->areas_count + 1,
                     sizeof *b->areas) ||
        !enter(b, &b->areas_by_name, 0, name, (uint32_t)b->areas_count))
        return false;
    b->areas[b->areas_count] = *area;
    b->areas[b->areas_count++].name = name;
    b->seats_total += area->capacity;
    b->categories[area->category].seats_count += area->capacity;
    return true;
}

bool builder_add_shape(struct builder *b, struct import_source at, const struct plan_shape *shape)
{
    if (b->shapes_count == PLAN_SHAPES_MAX) {
        import_warning(b->report, at, "import.too_many_shapes",
                       "more than %d shapes: this and the further ones are not drawn",
                       PLAN_SHAPES_MAX);
        return false;
    }
    const char *text = keep(b, shape->text);
    if (text == NULL || !import_grow(b->report, (void **)&b->shapes, &b->shapes_capacity,
                                     b->shapes_count + 1, sizeof *b->shapes))
        return false;
    b->shapes[b->shapes_count] = *shape;
    b->shapes[b->shapes_count++].text = text;
    return true;
}
