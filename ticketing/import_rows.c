/* Tables to plans.
 *
 * Both kinds of table go the same way: a line says where (level, section, row), what (category,
 * price, flags) and which seats. A block row has a range or list in seat_from and seat_to, a seat
 * row one label in seat. A line with the flag `standing` is a standing area instead. A faulty line
 * is reported and left out; reading goes on until the end of the file or a limit of the plan.
 */
#include "ticketing/import_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_csv.h"
#include "ticketing/import_ranges.h"

enum {
    SECTION,
    LEVEL,
    ROW,
    SEAT,
    SEAT_FROM,
    SEAT_TO,
    STEP,
    CATEGORY,
    PRICE,
    CURRENCY,
    COLOR,
    FLAGS,
    CAPACITY,
    GUID,
    X,
    Y
};
static const char *const names[] = {
    "section",  "level", "row",   "seat",     "seat_from", "seat_to", "step", "category", "price",
    "currency", "color", "flags", "capacity", "guid",      "x",       "y",    NULL};

struct row_reader {
    struct builder *b;
    const char *currency;
    struct csv csv;
    struct csv_columns columns;
    struct builder_seat seat; /* what all seats of the current line have in common */
    const char *section, *row;
};

/* --- cells --- */

static bool cell(struct row_reader *r, int name, const char **text, struct import_source *at)
{
    return csv_cell(&r->csv, &r->columns, name, names[name], text, at);
}

static const struct {
    const char *word;
    uint8_t flag; /* 0 = standing */
} flag_words[] = {
    {"accessible", PLAN_ACCESSIBLE},           {"companion", PLAN_COMPANION},
    {"restricted_view", PLAN_RESTRICTED_VIEW}, {"aisle", PLAN_AISLE},
    {"not_for_sale", PLAN_NOT_FOR_SALE},       {"standing", 0},
};

static bool read_flag(const char *word, size_t bytes, uint8_t *flags, bool *is_standing)
{
    for (size_t i = 0; i < sizeof flag_words / sizeof *flag_words; i++) {
        if (strncmp(word, flag_words[i].word, bytes) != 0 || flag_words[i].word[bytes] != '\0')
            continue;
        if (flag_words[i].flag == 0 && is_standing == NULL)
            return false;
        if (flag_words[i].flag == 0)
            *is_standing = true;
        *flags |= flag_words[i].flag;
        return true;
    }
    return false;
}

bool import_flags(struct import_report *report, struct import_source at, const char *text,
                  uint8_t *flags, bool *is_standing)
{
    static const char separators[] = " ,;|+";
    struct import_quote quote;
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        size_t bytes = strcspn(text, separators);
        if (!read_flag(text, bytes, flags, is_standing)) {
            import_error(report, at, is_standing == NULL ? "import.flag_seat" : "import.flag",
                         "the flag \"%s\" is not known: expected accessible, companion, "
                         "restricted_view, aisle, not_for_sale%s, with spaces between them",
                         import_quote(&quote, text), is_standing == NULL ? "" : " or standing");
            return false;
        }
        text += bytes;
    }
    return true;
}

static bool read_step(struct row_reader *r, uint32_t *step)
{
    const char *text;
    struct import_source at;
    struct import_quote quote;
    *step = 1;
    if (!cell(r, STEP, &text, &at))
        return false;
    if (text[0] == '\0' || (import_whole(text, step) && *step > 0))
        return true;
    import_error(r->b->report, at, "import.step",
                 "the step \"%s\" is not one: expected a whole number from 1",
                 import_quote(&quote, text));
    return false;
}

static bool read_coordinate(struct row_reader *r, int name, double *out)
{
    const char *text;
    struct import_source at;
    struct import_quote quote;
    char *end;
    if (!cell(r, name, &text, &at))
        return false;
    double value = strtod(text, &end);
    bool is_plain = text[0] != '\0' && strspn(text, "0123456789.-") == strlen(text) && *end == '\0';
    if (is_plain && fabs(value) <= PLAN_SIZE_MAX) {
        *out = value;
        return true;
    }
    import_error(r->b->report, at, "import.number",
                 "%s is \"%s\": expected a number up to %.0f in every line", names[name],
                 import_quote(&quote, text), PLAN_SIZE_MAX);
    return false;
}

/* --- category and price --- */

static bool read_color(struct row_reader *r, struct builder_category *category)
{
    const char *color;
    struct import_source at;
    struct import_quote quote;
    if (!cell(r, COLOR, &color, &at))
        return false;
    if (color[0] == '\0' || color_parse(color, category->color))
        return true;
    import_error(r->b->report, at, "import.color", "the color \"%s\" is not one: expected #rrggbb",
                 import_quote(&quote, color));
    return false;
}

/* A price in the line must be right and the same for the whole category; an empty one is left to
 * the price file. */
static bool read_price(struct row_reader *r, uint32_t index)
{
    const char *price, *currency;
    struct import_source price_at, currency_at;
    char code[PLAN_CURRENCY_BYTES + 1];
    int64_t minor;
    struct builder_category *category = &r->b->categories[index];
    if (!cell(r, PRICE, &price, &price_at) || !cell(r, CURRENCY, &currency, &currency_at))
        return false;
    if (price[0] == '\0')
        return true;
    if (currency_parse(r->b->report, currency_at, currency, r->currency, code) &&
        price_parse(r->b->report, price_at, price, code, &minor) &&
        builder_price(r->b, price_at, index, minor, code))
        return true;
    category->has_price_error = true;
    return false;
}

/* The category of the line: its own, or that of its section in the price file. */
static bool read_category(struct row_reader *r, const char *level, bool is_standing,
                          uint32_t section, uint32_t *index)
{
    const char *name;
    struct import_source at;
    if (!cell(r, CATEGORY, &name, &at))
        return false;
    if (name[0] != '\0') {
        if (!builder_category(r->b, at, name, index))
            return false;
    } else {
        *index = is_standing ? builder_area_category(r->b, at, level, r->section)
                             : builder_section_category(r->b, at, section);
        if (*index == BUILDER_NONE)
            return false;
    }
    /* Both, so that both are reported. */
    bool has_color = read_color(r, &r->b->categories[*index]);
    return read_price(r, *index) && has_color;
}

/* --- standing areas --- */

static bool read_capacity(struct row_reader *r, uint32_t *capacity)
{
    const char *text, *from, *to;
    struct import_source at, from_at, to_at;
    struct import_quote quote;
    uint32_t first, last;
    if (!cell(r, CAPACITY, &text, &at) || !cell(r, SEAT_FROM, &from, &from_at) ||
        !cell(r, SEAT_TO, &to, &to_at))
        return false;
    if (text[0] == '\0' && import_whole(from, &first) && import_whole(to, &last) && first <= last) {
        *capacity = last - first + 1;
        return true;
    }
    if (import_whole(text, capacity) && *capacity > 0)
        return true;
    import_error(r->b->report, at, "import.capacity",
                 "the capacity of a standing area is \"%s\": expected a whole number from 1",
                 import_quote(&quote, text));
    return false;
}

static void read_standing(struct row_reader *r, const char *level, struct import_source at)
{
    struct builder_area area = {.name = r->section, .at = at};
    if (r->row[0] != '\0') {
        import_error(r->b->report, at, "import.area_row",
                     "a standing area has no rows: expected an empty row");
        return;
    }
    bool has_capacity = read_capacity(r, &area.capacity);
    if (read_category(r, level, true, BUILDER_NONE, &area.category) && has_capacity)
        builder_add_area(r->b, &area);
}

/* --- seats --- */

static bool add_seat(void *ctx, struct import_source at, const char *label)
{
    struct row_reader *r = ctx;
    struct import_quote number, row, section;
    uint32_t other;
    const char *text = label;
    size_t bytes = strlen(label);
    if (!import_label(r->b->report, at, "seat", &text, &bytes))
        return false;
    r->seat.number = label;
    switch (builder_add_seat(r->b, at, &r->seat, &other)) {
    case BUILDER_ADDED:
        return true;
    case BUILDER_DUPLICATE_NUMBER:
        import_error(r->b->report, at, "import.seat_twice",
                     "seat \"%s\" in row \"%s\" of section \"%s\" is already in line %u",
                     import_quote(&number, label), import_quote(&row, r->row),
                     import_quote(&section, r->section), r->b->seats[other].origin.at[0]);
        return !builder_is_done(r->b);
    case BUILDER_DUPLICATE_GUID:
        import_error(r->b->report, at, "import.guid_twice_line",
                     "the guid \"%s\" is already in line %u", import_quote(&number, r->seat.guid),
                     r->b->seats[other].origin.at[0]);
        return true;
    default:
        return false;
    }
}

static void read_seats(struct row_reader *r)
{
    const char *seat, *to;
    struct import_source at, to_at;
    uint32_t step;
    if (r->columns.at[SEAT] >= 0) {
        if (!cell(r, SEAT, &seat, &at))
            return;
        if (seat[0] == '\0')
            import_error(r->b->report, at, "import.seat_missing", "the seat is missing");
        else
            add_seat(r, at, seat);
        return;
    }
    /* A list may be longer than a label. */
    const struct csv_field *list = csv_column(&r->csv, &r->columns, SEAT_FROM);
    at = csv_source(&r->csv, list);
    if (!read_step(r, &step) || !cell(r, SEAT_TO, &to, &to_at))
        return;
    if (list->bytes == 0)
        import_error(r->b->report, at, "import.seat_from_missing",
                     "seat_from is missing: expected the first seat, or a list such as 1-10,12-16");
    else if (to[0] == '\0')
        import_ranges(r->b->report, at, list->text, step, add_seat, r);
    else if (cell(r, SEAT_FROM, &seat, &at))
        import_range(r->b->report, at, seat, to, step, add_seat, r);
}

static void read_seated(struct row_reader *r, const char *level, struct import_source section_at,
                        struct import_source row_at)
{
    struct import_source guid_at;
    uint32_t section;
    if (r->row[0] == '\0') {
        import_error(r->b->report, row_at, "import.row_missing",
                     "the row is missing (only a line with the flag standing has none)");
        return;
    }
    if (!builder_section(r->b, section_at, level, r->section, &section) ||
        !builder_row(r->b, row_at, section, r->row, &r->seat.row) ||
        !read_category(r, level, false, section, &r->seat.category) ||
        !cell(r, GUID, &r->seat.guid, &guid_at))
        return;
    if (r->b->has_positions &&
        (!read_coordinate(r, X, &r->seat.x) || !read_coordinate(r, Y, &r->seat.y)))
        return;
    read_seats(r);
}

static void read_line(struct row_reader *r)
{
    const char *level, *flags;
    struct import_source section_at, level_at, row_at, flags_at;
    bool is_standing = false;
    r->seat = (struct builder_seat){.origin.at = {r->csv.fields[0].line}};
    if (!csv_record_fits(&r->csv, &r->columns))
        return;
    /* All of them, so that each is reported. */
    bool has_section = cell(r, SECTION, &r->section, &section_at);
    bool has_level = cell(r, LEVEL, &level, &level_at);
    bool has_row = cell(r, ROW, &r->row, &row_at);
    bool has_flags = cell(r, FLAGS, &flags, &flags_at) &&
                     import_flags(r->b->report, flags_at, flags, &r->seat.flags, &is_standing);
    if (!has_section || !has_level || !has_row || !has_flags)
        return;
    if (r->section[0] == '\0')
        import_error(r->b->report, section_at, "import.section_missing", "the section is missing");
    else if (is_standing)
        read_standing(r, level, section_at);
    else
        read_seated(r, level, section_at, row_at);
}

/* --- the header --- */

static bool has_columns(struct row_reader *r)
{
    struct import_report *report = r->b->report;
    const int *at = r->columns.at;
    size_t errors = report->errors.count;
    static const int required[] = {SECTION, ROW};
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (at[required[i]] < 0)
            import_error(report, r->columns.header, "import.column_missing",
                         "there is no column \"%s\"; if it has another name: --map %s=NAME",
                         names[required[i]], names[required[i]]);
    if (at[SEAT] < 0 && at[SEAT_FROM] < 0)
        import_error(report, r->columns.header, "import.seat_column",
                     "there is no column \"seat\" (one row per seat) nor \"seat_from\" (blocks of "
                     "seats); if it has another name: --map seat=NAME");
    if (at[SEAT] >= 0 && at[SEAT_FROM] >= 0)
        import_error(
            report, r->columns.header, "import.seat_columns",
            "both \"seat\" and \"seat_from\": expected one row per seat or blocks, not both");
    if ((at[X] >= 0) != (at[Y] >= 0))
        import_error(report, r->columns.header, "import.x_y",
                     "x and y: expected both columns or none");
    if (at[SEAT_FROM] >= 0 && (at[X] >= 0 || at[GUID] >= 0))
        import_error(report, r->columns.header, "import.x_y_guid",
                     "x, y and guid belong to one seat: not possible with blocks of seats");
    return report->errors.count == errors;
}

void import_rows(struct builder *b, const char *file, char *text,
                 const struct import_options *options, const char *currency)
{
    struct row_reader r = {.b = b, .currency = currency};
    csv_init(&r.csv, b->report, file, text);
    if (csv_next(&r.csv) != CSV_RECORD ||
        !csv_columns_read(&r.csv, names, options->maps, options->maps_count, &r.columns) ||
        !has_columns(&r))
        return;
    b->has_positions = r.columns.at[X] >= 0;
    for (enum csv_status next; !builder_is_done(b) && (next = csv_next(&r.csv)) != CSV_END;)
        if (next == CSV_RECORD)
            read_line(&r);
}
