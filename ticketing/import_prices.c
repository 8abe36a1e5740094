/* Reading prices.
 *
 * A line gives a category its price, or one of its ticket types; a line with something in `section`
 * also says that the seats of that section belong to the category. A category may come again for
 * more sections, then without a price or with the same.
 */
#include "ticketing/import_prices.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_csv.h"
#include "ticketing/import_money.h"

enum { CATEGORY, PRICE, CURRENCY, COLOR, SECTION, LEVEL, TYPE };
static const char *const names[] = {"category", "price", "currency", "color",
                                    "section",  "level", "type",     NULL};

bool color_parse(const char *text, char out[PLAN_COLOR_BYTES + 1])
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t length = text[0] == '#' ? strspn(text + 1, digits) : 0;
    if ((length != 3 && length != 6) || text[1 + length] != '\0')
        return false;
    out[0] = '#';
    for (size_t i = 0; i < 6; i++)
        out[1 + i] = (char)tolower((unsigned char)text[1 + (length == 6 ? i : i / 2)]);
    out[PLAN_COLOR_BYTES] = '\0';
    return true;
}

bool currency_parse(struct import_report *report, struct import_source at, const char *text,
                    const char *otherwise, char out[PLAN_CURRENCY_BYTES + 1])
{
    struct import_quote quote;
    if (text[0] == '\0' && otherwise != NULL)
        text = otherwise;
    if (text[0] == '\0') {
        import_error(report, at, "import.currency_missing",
                     "the currency is missing: expected an ISO 4217 code such as EUR");
        return false;
    }
    if (money_exponent(text) < 0) {
        import_error(report, at, "import.currency_unknown",
                     "the currency \"%s\" is not known: expected an ISO 4217 code such as EUR",
                     import_quote(&quote, text));
        return false;
    }
    memcpy(out, text, PLAN_CURRENCY_BYTES + 1);
    return true;
}

bool price_parse(struct import_report *report, struct import_source at, const char *text,
                 const char *currency, int64_t *price_minor)
{
    static const char *const codes[MONEY_STATUS_COUNT] = {
        [MONEY_EMPTY] = "import.price_empty",          [MONEY_NEGATIVE] = "import.price_negative",
        [MONEY_EXPONENT] = "import.price_exponent",    [MONEY_COMMA] = "import.price_comma",
        [MONEY_NOT_NUMBER] = "import.price_no_number", [MONEY_TOO_LARGE] = "import.price_too_large",
    };
    struct import_quote quote;
    int exponent = money_exponent(currency);
    enum money_status status = money_parse(text, exponent, price_minor);
    if (status == MONEY_OK)
        return true;
    if (status == MONEY_DECIMALS)
        import_error(report, at, "import.price_decimals",
                     "the price \"%s\" has too many decimals: %s has %d",
                     import_quote(&quote, text), currency, exponent);
    else
        import_error(report, at, codes[status], "the price \"%s\" %s", import_quote(&quote, text),
                     money_status_text(status));
    return false;
}

/* --- the file --- */

struct price_reader {
    struct import_report *report;
    struct price_list *list;
    const char *currency;
    struct csv csv;
    struct csv_columns columns;
};

/* The trimmed cell, kept ("" when there is no such column), and where it is. */
static bool cell(struct price_reader *r, int name, const char **text, struct import_source *at)
{
    if (!csv_cell(&r->csv, &r->columns, name, names[name], text, at))
        return false;
    *text = import_text(r->report, *text, strlen(*text));
    return true;
}

/* Reads price, currency and color of the current line. */
static bool read_entry(struct price_reader *r, struct price_entry *entry)
{
    const char *price, *currency, *color;
    struct import_source price_at, currency_at, color_at;
    struct import_quote quote;
    if (!cell(r, PRICE, &price, &price_at) || !cell(r, CURRENCY, &currency, &currency_at) ||
        !cell(r, COLOR, &color, &color_at))
        return false;
    bool is_good = currency_parse(r->report, currency_at, currency, r->currency, entry->currency) &&
                   price_parse(r->report, price_at, price, entry->currency, &entry->price_minor);
    if (color[0] != '\0' && !color_parse(color, entry->color)) {
        import_error(r->report, color_at, "import.color",
                     "the color \"%s\" is not one: expected #rrggbb", import_quote(&quote, color));
        is_good = false;
    }
    return is_good;
}

static bool add_entry(struct price_reader *r, const struct price_entry *entry)
{
    struct price_list *list = r->list;
    if (!import_grow(r->report, (void **)&list->entries, &list->entries_capacity,
                     list->entries_count + 1, sizeof *list->entries))
        return false;
    list->entries[list->entries_count++] = *entry;
    return true;
}

static bool same_rule(const struct price_rule *a, const struct price_rule *b)
{
    bool same_level = a->level == NULL || b->level == NULL ? a->level == b->level
                                                           : strcmp(a->level, b->level) == 0;
    bool same_section = a->section == NULL || b->section == NULL
                            ? a->section == b->section
                            : strcmp(a->section, b->section) == 0;
    return same_level && same_section;
}

static bool add_rule(struct price_reader *r, const struct price_rule *rule)
{
    struct price_list *list = r->list;
    struct import_quote quote;
    if (list->rules_count == PRICE_RULES_MAX) {
        import_error(r->report, rule->at, "import.too_many_sections", "more than %d sections",
                     PRICE_RULES_MAX);
        return false;
    }
    for (size_t i = 0; i < list->rules_count; i++)
        if (same_rule(&list->rules[i], rule) && list->rules[i].entry != rule->entry) {
            import_error(r->report, rule->at, "import.section_twice",
                         "section \"%s\" was given to another category in line %u",
                         import_quote(&quote, rule->section == NULL ? "*" : rule->section),
                         list->rules[i].at.line);
            return false;
        }
    if (!import_grow(r->report, (void **)&list->rules, &list->rules_capacity, list->rules_count + 1,
                     sizeof *list->rules))
        return false;
    list->rules[list->rules_count++] = *rule;
    return true;
}

/* "101|102|103", or "*" for all. */
static bool read_rules(struct price_reader *r, uint32_t entry)
{
    const char *sections, *level;
    struct price_rule rule = {.entry = entry};
    struct import_source level_at;
    if (!cell(r, SECTION, &sections, &rule.at) || !cell(r, LEVEL, &level, &level_at))
        return false;
    if (level[0] != '\0' && strcmp(level, "*") != 0)
        rule.level = level;
    if (sections[0] == '\0' && level[0] == '\0')
        return true;
    if (sections[0] == '\0') {
        import_error(r->report, level_at, "import.level_alone",
                     "a level without a section: write * for all its sections");
        return false;
    }
    if (strcmp(sections, "*") == 0)
        return add_rule(r, &rule);
    for (const char *next = sections;;) {
        size_t bytes = strcspn(next, "|");
        const char *section = next;
        size_t section_bytes = bytes;
        if (!import_label(r->report, rule.at, "section", &section, &section_bytes))
            return false;
        rule.section = import_text(r->report, section, section_bytes);
        if (!add_rule(r, &rule))
            return false;
        if (next[bytes] == '\0')
            return true;
        next += bytes + 1;
    }
}

static uint32_t find_entry(const struct price_list *list, const char *category)
{
    for (uint32_t i = 0; i < list->entries_count; i++)
        if (strcmp(list->entries[i].category, category) == 0)
            return i;
    return UINT32_MAX;
}

/* The label in `type`, or ""; false when it is none. */
static bool read_type(struct price_reader *r, const char **type, struct import_source *at)
{
    if (!cell(r, TYPE, type, at))
        return false;
    size_t bytes = strlen(*type);
    return bytes == 0 || import_label(r->report, *at, "type", type, &bytes);
}

static struct plan_type *find_type(struct price_entry *entry, const char *name)
{
    for (uint32_t i = 0; i < entry->types_count; i++)
        if (strcmp(entry->types[i].name, name) == 0)
            return &entry->types[i];
    return NULL;
}

/* A category's first line: has it types or one price for everybody? */
static bool read_first(struct price_reader *r, struct price_entry *entry)
{
    const char *type;
    struct import_source at;
    bool is_good = read_entry(r, entry) && read_type(r, &type, &at);
    if (is_good && type[0] != '\0')
        entry->types[entry->types_count++] = (struct plan_type){type, entry->price_minor};
    return is_good;
}

/* Where the line's price belongs in a category that is known; NULL after an error. */
static int64_t *price_place(struct price_reader *r, struct price_entry *entry, const char *type,
                            struct import_source at, const struct price_entry *again)
{
    struct import_quote quote;
    struct plan_type *known = find_type(entry, type);
    if (known != NULL)
        return &known->price_minor;
    if (type[0] == '\0' && entry->types_count == 0)
        return &entry->price_minor;
    if (type[0] == '\0' || entry->types_count == 0) {
        import_error(r->report, at, type[0] == '\0' ? "import.type_missing" : "import.type_mixed",
                     "category \"%s\" has %s in line %u: either each of its prices has a type, or "
                     "there is one price",
                     import_quote(&quote, entry->category),
                     type[0] == '\0' ? "ticket types" : "a price without a type", entry->at.line);
        return NULL;
    }
    if (entry->types_count == PLAN_TYPES_MAX) {
        import_error(r->report, at, "import.too_many_types",
                     "more than %d types of category \"%s\"", PLAN_TYPES_MAX,
                     import_quote(&quote, entry->category));
        return NULL;
    }
    struct plan_type *fresh = &entry->types[entry->types_count++];
    *fresh = (struct plan_type){type, again->price_minor};
    return &fresh->price_minor;
}

/* The category again: another type of it, or the same price, or none. */
static bool read_again(struct price_reader *r, uint32_t known)
{
    struct price_entry again = {0}, *entry = &r->list->entries[known];
    struct import_quote quote, type_quote;
    const char *price, *type;
    struct import_source at, type_at;
    if (!cell(r, PRICE, &price, &at) || !read_type(r, &type, &type_at))
        return false;
    if (price[0] == '\0' && (type[0] == '\0' || find_type(entry, type) != NULL))
        return true;
    if (!read_entry(r, &again))
        return false;
    int64_t *place = price_place(r, entry, type, type_at, &again);
    if (place == NULL)
        return false;
    if (again.price_minor == *place && strcmp(again.currency, entry->currency) == 0)
        return true;
    if (type[0] == '\0')
        import_error(r->report, at, "import.price_twice",
                     "category \"%s\" has another price in line %u: one category has one price",
                     import_quote(&quote, entry->category), entry->at.line);
    else
        import_error(r->report, at, "import.type_price_twice",
                     "type \"%s\" of category \"%s\" has another price or currency in an earlier "
                     "line (from line %u)",
                     import_quote(&type_quote, type), import_quote(&quote, entry->category),
                     entry->at.line);
    return false;
}

static void read_line(struct price_reader *r)
{
    struct price_entry entry = {0};
    if (!csv_record_fits(&r->csv, &r->columns) || !cell(r, CATEGORY, &entry.category, &entry.at))
        return;
    if (entry.category[0] == '\0') {
        import_error(r->report, entry.at, "import.category_missing", "the category is missing");
        return;
    }
    uint32_t known = find_entry(r->list, entry.category);
    if (known == UINT32_MAX && r->list->entries_count == PLAN_CATEGORIES_MAX) {
        import_error(r->report, entry.at, "import.too_many_categories", "more than %d categories",
                     PLAN_CATEGORIES_MAX);
        return;
    }
    if (known != UINT32_MAX) {
        if (!read_again(r, known))
            return;
    } else {
        bool is_good = read_first(r, &entry);
        known = (uint32_t)r->list->entries_count;
        /* Kept even when faulty, so that the plan does not complain of an
         * unknown category as well. */
        if (!add_entry(r, &entry) || !is_good)
            return;
    }
    read_rules(r, known);
}

static bool read_header(struct price_reader *r)
{
    size_t errors = r->report->errors.count;
    if (csv_next(&r->csv) != CSV_RECORD || !csv_columns_read(&r->csv, names, NULL, 0, &r->columns))
        return false;
    for (int i = CATEGORY; i <= PRICE; i++)
        if (r->columns.at[i] < 0)
            import_error(r->report, r->columns.header, "import.price_column",
                         "there is no column \"%s\": expected category,price,currency and, if "
                         "wanted, type,color,section,level",
                         names[i]);
    if (r->columns.at[CURRENCY] < 0 && r->currency == NULL)
        import_error(r->report, r->columns.header, "import.currency_column",
                     "there is no column \"currency\", and no currency in event.ini");
    return r->report->errors.count == errors;
}

enum import_status prices_read(struct import_report *report, const char *path, const char *currency,
                               struct price_list *list)
{
    char *memory = NULL, *text;
    size_t bytes, errors = report->errors.count;
    list->file = path;
    list->is_faulty = true; /* until it has been read to its end */
    enum import_status status = import_read(report, path, &memory, &text, &bytes);
    if (status != IMPORT_OK)
        return status;
    struct price_reader r = {.report = report, .list = list, .currency = currency};
    csv_init(&r.csv, report, path, text);
    if (read_header(&r)) {
        for (enum csv_status next; (next = csv_next(&r.csv)) != CSV_END;)
            if (next == CSV_RECORD)
                read_line(&r);
        if (list->entries_count == 0 && report->errors.count == errors)
            import_error(report, r.columns.header, "import.prices_empty",
                         "no category follows the header");
    }
    free(memory);
    list->is_faulty = report->errors.count > errors;
    return report->errors.count == errors ? IMPORT_OK : IMPORT_REFUSED;
}

void prices_release(struct price_list *list)
{
    free(list->entries);
    free(list->rules);
    *list = (struct price_list){0};
}

struct price_entry *prices_find(const struct price_list *list, const char *category)
{
    uint32_t index = find_entry(list, category);
    return index == UINT32_MAX ? NULL : &list->entries[index];
}

/* How closely the rule names the section; 0 = not at all. */
static int closeness(const struct price_rule *rule, const char *level, const char *section)
{
    if ((rule->level != NULL && strcmp(rule->level, level) != 0) ||
        (rule->section != NULL && strcmp(rule->section, section) != 0))
        return 0;
    return 1 + (rule->level != NULL) + 2 * (rule->section != NULL);
}

const char *prices_category_of(struct price_list *list, const char *level, const char *section)
{
    struct price_rule *best = NULL;
    int best_closeness = 0;
    for (size_t i = 0; i < list->rules_count; i++) {
        int close = closeness(&list->rules[i], level, section);
        if (close > best_closeness) {
            best = &list->rules[i];
            best_closeness = close;
        }
    }
    if (best == NULL)
        return NULL;
    best->is_used = true;
    return list->entries[best->entry].category;
}

void prices_warn_unused(const struct price_list *list, struct import_report *report)
{
    struct import_quote quote;
    for (size_t i = 0; i < list->entries_count; i++)
        if (!list->entries[i].is_used)
            import_warning(report, list->entries[i].at, "import.category_unused",
                           "category \"%s\" has no seats in the plan",
                           import_quote(&quote, list->entries[i].category));
    for (size_t i = 0; i < list->rules_count; i++)
        if (!list->rules[i].is_used && list->rules[i].section != NULL)
            import_warning(report, list->rules[i].at, "import.section_unused",
                           "no seat needs a category from section \"%s\" of this line",
                           import_quote(&quote, list->rules[i].section));
}
