/* Finishing: from what an importer has collected to a sealed plan.
 *
 * Checks that need the whole (every category in use has a price, one currency, something to sell)
 * come first; only a faultless collection is put into order. Sections keep the order of the file,
 * rows are gathered to their section and seats to their row by counting sort; a row whose seats
 * come in no order is sorted by number.
 */
#include "ticketing/import_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_layout.h"
#include "ticketing/import_ranges.h"

/* --- categories --- */

/* Distinguishable also by people who do not see red and green alike (after Okabe and Ito, and their
 * darker kin). */
static const char *const palette[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00",
                                      "#56b4e9", "#8a6d00", "#5e3c99", "#7f7f7f", "#a6761d"};

/* The strings become the plan's. */
static void take_types(struct builder *b, struct builder_category *c,
                       const struct price_entry *entry)
{
    c->types_count = entry->types_count;
    for (uint32_t i = 0; i < entry->types_count; i++) {
        const char *name = entry->types[i].name;
        c->types[i] = entry->types[i];
        c->types[i].name = plan_text(b->text, name, strlen(name));
        if (c->types[i].name == NULL)
            import_no_memory(b->report);
    }
}

static void warn_free_types(struct builder *b, const struct builder_category *c)
{
    struct import_quote quote, type_quote;
    for (uint32_t i = 1; i < c->types_count; i++)
        if (c->types[i].price_minor == 0)
            import_warning(b->report, c->price_at, "import.type_free",
                           "type \"%s\" of category \"%s\" is free of charge",
                           import_quote(&type_quote, c->types[i].name),
                           import_quote(&quote, c->name));
}

static void price_category(struct builder *b, struct builder_category *c)
{
    struct import_quote quote;
    struct price_entry *entry = prices_find(b->prices, c->name);
    uint32_t index = (uint32_t)(c - b->categories);
    if (entry != NULL) {
        entry->is_used = true;
        if (entry->color[0] != '\0')
            memcpy(c->color, entry->color, sizeof c->color);
        builder_price(b, entry->at, index, entry->price_minor, entry->currency);
        take_types(b, c, entry);
    }
    if (c->has_price || b->may_lack_prices)
        return;
    if (b->prices->file == NULL)
        import_error(b->report, c->at, "import.unpriced",
                     "category \"%s\" has no price: expected a price file with a line for it",
                     import_quote(&quote, c->name));
    else
        import_error(b->report, c->at, "import.unpriced_line",
                     "category \"%s\" has no price: expected a line for it in %s",
                     import_quote(&quote, c->name), import_file_name(b->prices->file));
}

static void check_currency(struct builder *b, const struct builder_category *c,
                           const char **currency)
{
    struct import_quote quote;
    if (*currency == NULL)
        *currency = c->currency;
    if (strcmp(*currency, c->currency) != 0)
        import_error(b->report, c->price_at, "import.currencies",
                     "category \"%s\" is in %s, but the event is in %s: one event has one currency",
                     import_quote(&quote, c->name), c->currency, *currency);
}

/* Categories that wait for their prices are in the currency of the others. */
static void mark_unpriced(struct builder *b, const char *currency)
{
    for (size_t i = 0; b->may_lack_prices && i < b->categories_count; i++) {
        struct builder_category *c = &b->categories[i];
        if (c->has_price || c->has_price_error)
            continue;
        c->price_minor = PLAN_PRICE_NONE;
        (void)snprintf(c->currency, sizeof c->currency, "%s", currency != NULL ? currency : "EUR");
    }
}

static void check_categories(struct builder *b, const char *currency, bool had_errors)
{
    struct import_quote quote;
    for (size_t i = 0; i < b->categories_count; i++) {
        struct builder_category *c = &b->categories[i];
        if (c->seats_count == 0) {
            if (!had_errors && prices_find(b->prices, c->name) == NULL)
                import_warning(b->report, c->at, "import.category_empty",
                               "category \"%s\" has no seats: left out",
                               import_quote(&quote, c->name));
            continue;
        }
        if (c->has_price_error)
            continue;
        price_category(b, c);
        if (!c->has_price)
            continue;
        check_currency(b, c, &currency);
        if (c->price_minor == 0)
            import_warning(b->report, c->price_at, "import.category_free",
                           "category \"%s\" is free of charge", import_quote(&quote, c->name));
        warn_free_types(b, c);
    }
    mark_unpriced(b, currency);
}

/* Copies the categories in use; new_index[old] is where each went. */
static size_t fill_categories(const struct builder *b, struct plan *plan, uint16_t *new_index)
{
    size_t count = 0;
    for (size_t i = 0; i < b->categories_count; i++) {
        const struct builder_category *from = &b->categories[i];
        if (from->seats_count == 0)
            continue;
        struct plan_category *to = &plan->categories[count];
        to->name = from->name;
        to->price_minor = from->price_minor;
        to->types_count = from->types_count;
        memcpy(to->types, from->types, sizeof to->types);
        memcpy(to->currency, from->currency, sizeof to->currency);
        memcpy(to->color,
               from->color[0] != '\0' ? from->color
                                      : palette[count % (sizeof palette / sizeof *palette)],
               sizeof to->color);
        new_index[i] = (uint16_t)count++;
    }
    return count;
}

/* --- order --- */

/* Puts rows behind their sections; new_index[old] is where each went. */
static void fill_rows(const struct builder *b, struct plan *plan, uint32_t *new_index)
{
    uint32_t next = 0;
    for (size_t i = 0; i < b->sections_count; i++) {
        plan->sections[i] = (struct plan_section){.name = b->sections[i].name,
                                                  .level = b->sections[i].level,
                                                  .rows_count = b->sections[i].rows_count,
                                                  .first_row = next};
        next += b->sections[i].rows_count;
    }
    uint32_t *filled = calloc(b->sections_count + 1, sizeof *filled);
    if (filled == NULL) {
        import_no_memory(b->report);
        return;
    }
    for (size_t i = 0; i < b->rows_count; i++) {
        const struct builder_row *from = &b->rows[i];
        uint32_t to = plan->sections[from->section].first_row + filled[from->section]++;
        plan->rows[to] = (struct plan_row){
            .label = from->label, .section = from->section, .seats_count = from->seats_count};
        new_index[i] = to;
    }
    free(filled);
    uint32_t first = 0;
    for (size_t i = 0; i < b->rows_count; i++) {
        plan->rows[i].first = first;
        first += plan->rows[i].seats_count;
    }
}

static void fill_seats(const struct builder *b, struct plan *plan, const uint32_t *row_index,
                       const uint16_t *category_index)
{
    uint32_t *filled = calloc(b->rows_count + 1, sizeof *filled);
    if (filled == NULL) {
        import_no_memory(b->report);
        return;
    }
    for (size_t i = 0; i < b->seats_count; i++) {
        const struct builder_seat *from = &b->seats[i];
        uint32_t row = row_index[from->row];
        plan->seats[plan->rows[row].first + filled[row]++] =
            (struct plan_seat){.number = from->number,
                               .guid = from->guid,
                               .x = from->x,
                               .y = from->y,
                               .row = row,
                               .category = category_index[from->category],
                               .flags = from->flags};
    }
    free(filled);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = 0, right = 0;
    const struct plan_seat *x = a, *y = b;
    /* sort_row has seen that both are whole. */
    if (import_whole(x->number, &left) && import_whole(y->number, &right) && left != right)
        return left < right ? -1 : 1;
    return strcmp(x->number, y->number); /* "1" and "01" are two seats */
}

/* Sorts a row of whole numbers that neither rises nor falls: it was put together from several
 * lines. */
static void sort_row(struct plan_seat *seats, uint32_t count)
{
    bool is_rising = true, is_falling = true;
    uint32_t value = 0, before = 0;
    for (uint32_t i = 0; i < count; i++, before = value) {
        if (!import_whole(seats[i].number, &value))
            return;
        is_rising = is_rising && (i == 0 || value >= before);
        is_falling = is_falling && (i == 0 || value <= before);
    }
    if (!is_rising && !is_falling)
        qsort(seats, count, sizeof *seats, compare_numbers);
}

static void fill_rest(const struct builder *b, struct plan *plan, const uint16_t *category_index)
{
    for (size_t i = 0; i < b->areas_count; i++) {
        const struct builder_area *from = &b->areas[i];
        plan->areas[i] = (struct plan_area){.name = from->name,
                                            .capacity = from->capacity,
                                            .category = category_index[from->category]};
        if (from->has_position) {
            plan->areas[i].x = from->x;
            plan->areas[i].y = from->y;
            plan->areas[i].width = from->width;
            plan->areas[i].height = from->height;
        }
    }
    if (b->shapes_count > 0)
        memcpy(plan->shapes, b->shapes, b->shapes_count * sizeof *plan->shapes);
}

static void warn_overlaps(const struct builder *b, const struct plan *plan, const char *file)
{
    struct import_quote section, row, number;
    uint32_t seat = 0, count = layout_overlaps(plan, &seat, b->report);
    if (count == 0)
        return;
    const struct plan_row *its_row = &plan->rows[plan->seats[seat].row];
    import_warning(
        b->report, (struct import_source){.file = file}, "import.seats_overlap",
        "%u seat(s) lie exactly on another one and cannot be told apart on the map, such "
        "as section \"%s\", row \"%s\", seat \"%s\"",
        count, import_quote(&section, plan->sections[its_row->section].name),
        import_quote(&row, its_row->label), import_quote(&number, plan->seats[seat].number));
}

static void lay_out(const struct builder *b, struct plan *plan, const char *file)
{
    if (!b->has_positions) {
        for (size_t i = 0; i < plan->rows_count; i++)
            sort_row(&plan->seats[plan->rows[i].first], plan->rows[i].seats_count);
        layout_generate(plan, b->report);
    } else {
        layout_place_areas(plan);
    }
    layout_frame(plan);
    if (b->has_positions)
        warn_overlaps(b, plan, file);
}

static bool fill(struct builder *b, struct plan *plan, const char *file)
{
    uint32_t *row_index = calloc(b->rows_count + 1, sizeof *row_index);
    uint16_t category_index[PLAN_CATEGORIES_MAX];
    if (row_index == NULL)
        return import_no_memory(b->report);
    plan->categories_count = fill_categories(b, plan, category_index);
    fill_rows(b, plan, row_index);
    if (!b->report->is_out_of_memory)
        fill_seats(b, plan, row_index, category_index);
    free(row_index);
    if (b->report->is_out_of_memory)
        return false;
    fill_rest(b, plan, category_index);
    lay_out(b, plan, file);
    return !b->report->is_out_of_memory;
}

static enum import_status build(struct builder *b, const char *file, const char *name, double width,
                                double height, struct plan **out)
{
    /* Without positions the layout adds a stage. */
    const struct plan_sizes sizes = {.categories = b->categories_count,
                                     .sections = b->sections_count,
                                     .rows = b->rows_count,
                                     .seats = b->seats_count,
                                     .areas = b->areas_count,
                                     .shapes = b->has_positions ? b->shapes_count : 1};
    char why[200] = "";
    struct plan *plan = plan_create(&sizes);
    if (plan == NULL)
        return IMPORT_NO_MEMORY;
    /* The strings change their owner. */
    plan->text = b->text->text;
    b->text->text = NULL;
    plan->name = plan_text(plan, name, strlen(name));
    plan->width = width;
    plan->height = height;
    if (plan->name == NULL || !fill(b, plan, file)) {
        plan_free(plan);
        return IMPORT_NO_MEMORY;
    }
    enum plan_status status = plan_seal(plan, why, sizeof why);
    if (status != PLAN_OK) {
        import_error(b->report, (struct import_source){.file = file}, "import.plan_refused", "%s",
                     why);
        plan_free(plan);
        return status == PLAN_NO_MEMORY ? IMPORT_NO_MEMORY : IMPORT_REFUSED;
    }
    *out = plan;
    return IMPORT_OK;
}

enum import_status builder_finish(struct builder *b, const char *file, const char *name,
                                  double width, double height, const char *currency,
                                  struct plan **out)
{
    if (b->report->is_out_of_memory)
        return IMPORT_NO_MEMORY;
    bool had_errors = b->report->errors.count > 0;
    if (b->seats_total == 0 && !had_errors)
        import_error(b->report, (struct import_source){.file = file}, "import.no_seats",
                     "the plan has no seats and no standing area");
    /* A price file that could not be read would make an error of every category. */
    if (!b->prices->is_faulty)
        check_categories(b, currency, had_errors);
    if (!had_errors)
        prices_warn_unused(b->prices, b->report);
    if (b->report->is_out_of_memory)
        return IMPORT_NO_MEMORY;
    if (b->report->errors.count > 0)
        return IMPORT_REFUSED;
    return build(b, file, name, width, height, out);
}
