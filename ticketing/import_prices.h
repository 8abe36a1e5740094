/* The price file: what each category costs, and which sections belong to it when the plan does not
 * say. */
#ifndef STANCHION_IMPORT_PRICES_H
#define STANCHION_IMPORT_PRICES_H

#include "ticketing/import_report.h"

#define PRICE_RULES_MAX 4000 /* lines that give sections a category; more are refused */

struct price_entry {
    const char *category;
    struct import_source at;
    int64_t price_minor; /* of types[0], or of everybody's */
    uint32_t types_count;
    struct plan_type types[PLAN_TYPES_MAX];
    char currency[PLAN_CURRENCY_BYTES + 1];
    char color[PLAN_COLOR_BYTES + 1]; /* "" = none given */
    bool is_used;
};

/* Seats of this section without a category of their own belong to entries[entry]. */
struct price_rule {
    const char *level, *section; /* NULL = any */
    uint32_t entry;
    struct import_source at;
    bool is_used;
};

struct price_list {
    const char *file; /* NULL = there is no price file */
    bool is_faulty;   /* it has errors */
    struct price_entry *entries;
    struct price_rule *rules;
    size_t entries_count, entries_capacity, rules_count, rules_capacity;
};

/* Reads a price file; faults go to the report. `currency` stands in for an empty cell; NULL = none.
 * The strings belong to the report. */
enum import_status prices_read(struct import_report *report, const char *path, const char *currency,
                               struct price_list *list);
void prices_release(struct price_list *list);

/* NULL when the list does not have the category. */
struct price_entry *prices_find(const struct price_list *list, const char *category);
/* The category of a section: its own rule first, then one for its level, then one for all; NULL =
 * none. Marks the rule as used. */
const char *prices_category_of(struct price_list *list, const char *level, const char *section);
/* Warns of entries and rules that nothing in the plan has used. */
void prices_warn_unused(const struct price_list *list, struct import_report *report);

/* The parts of a price, for the plan formats that carry prices themselves. Errors are reported:
 * false. */
bool price_parse(struct import_report *report, struct import_source at, const char *text,
                 const char *currency, int64_t *price_minor);
bool currency_parse(struct import_report *report, struct import_source at, const char *text,
                    const char *otherwise, char out[PLAN_CURRENCY_BYTES + 1]);
bool color_parse(const char *text, char out[PLAN_COLOR_BYTES + 1]);

#endif
