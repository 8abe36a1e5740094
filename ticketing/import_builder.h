/* A plan in the making: what all plan formats have in common.
 *
 * Importers add categories, sections, rows, seats and areas in the order of their file; the builder
 * finds what is there already, notices duplicates and limits, and in the end puts everything into
 * plan order, gives every category its price, lays out seats that have no position, and seals the
 * plan.
 */
#ifndef STANCHION_IMPORT_BUILDER_H
#define STANCHION_IMPORT_BUILDER_H

#include "ticketing/import_prices.h"
#include "ticketing/import_table.h"

#define BUILDER_NONE UINT32_MAX

struct builder_category {
    const char *name;
    struct import_source at; /* where it was first named */
    bool has_price;
    bool has_price_error; /* reported: nothing more is said about its price */
    int64_t price_minor;
    char currency[PLAN_CURRENCY_BYTES + 1];
    char color[PLAN_COLOR_BYTES + 1]; /* "" = none given */
    struct import_source price_at;
    uint32_t types_count; /* of the price file; 0 = one price for everybody */
    struct plan_type types[PLAN_TYPES_MAX];
    uint32_t seats_count;
};

struct builder_section {
    const char *name, *level;
    uint32_t rows_count;
    uint32_t category; /* from the price file, looked up at the first seat that needs it */
    bool is_category_known;
};

struct builder_row {
    const char *label;
    uint32_t section, seats_count;
};

/* Where a seat stood in the input: line and column, or zone, row and seat index. */
struct builder_origin {
    uint32_t at[3];
};

struct builder_seat {
    const char *number, *guid; /* copied by builder_add_seat */
    double x, y;               /* when the builder has_positions */
    uint32_t row, category;
    uint8_t flags;
    struct builder_origin origin;
};

struct builder_area {
    const char *name; /* copied */
    uint32_t category, capacity;
    bool has_position;
    double x, y, width, height;
    struct import_source at;
};

struct builder {
    struct import_report *report;
    struct price_list *prices;
    bool may_lack_prices; /* a category without one is not an error */
    bool has_positions;   /* seats come with coordinates */
    bool is_full;         /* a PLAN_*_MAX was reached and reported; the importer stops */
    uint32_t seats_total; /* numbered and standing */
    struct plan *text;    /* holds all strings until the plan takes them over */
    struct import_table categories_by_name, levels_by_name, sections_by_name, rows_by_label,
        seats_by_number, seats_by_guid, areas_by_name;
    struct builder_category *categories;
    struct builder_section *sections;
    struct builder_row *rows;
    struct builder_seat *seats;
    struct builder_area *areas;
    struct plan_shape *shapes;
    size_t categories_count, categories_capacity, sections_count, sections_capacity, rows_count,
        rows_capacity, seats_count, seats_capacity, areas_count, areas_capacity, shapes_count,
        shapes_capacity;
    uint32_t levels_count;
};

/* report and prices outlive the builder. */
void builder_init(struct builder *b, struct import_report *report, struct price_list *prices);
void builder_release(struct builder *b);

/* Each finds the thing or adds it; false when a limit was reached (reported) or memory ran out. */
bool builder_category(struct builder *b, struct import_source at, const char *name,
                      uint32_t *index);
bool builder_section(struct builder *b, struct import_source at, const char *level,
                     const char *name, uint32_t *index);
bool builder_row(struct builder *b, struct import_source at, uint32_t section, const char *label,
                 uint32_t *index);

/* Whether reading on is pointless: a limit of the plan, of errors or of memory was reached. */
bool builder_is_done(const struct builder *b);

/* Sets a category's price; a second one must be the same, otherwise an error. */
bool builder_price(struct builder *b, struct import_source at, uint32_t category,
                   int64_t price_minor, const char *currency);
/* The category that the price file gives to seats of this section, or BUILDER_NONE after one error
 * (at the first such seat) for the whole section. */
uint32_t builder_section_category(struct builder *b, struct import_source at, uint32_t section);
/* The same by name, for a standing area. */
uint32_t builder_area_category(struct builder *b, struct import_source at, const char *level,
                               const char *name);

enum builder_added {
    BUILDER_ADDED = 0,
    BUILDER_DUPLICATE_NUMBER, /* *other: the seat with the same number in the same row */
    BUILDER_DUPLICATE_GUID,   /* *other: the seat with the same guid */
    BUILDER_FAILED,           /* limit (reported) or memory */
    BUILDER_ADDED_COUNT
};

/* guid may be "". Duplicates are left out; the caller reports them, knowing how to name places. */
enum builder_added builder_add_seat(struct builder *b, struct import_source at,
                                    const struct builder_seat *seat, uint32_t *other);
/* Reports a second area of the same name itself. */
bool builder_add_area(struct builder *b, const struct builder_area *area);
/* Decoration; more than PLAN_SHAPES_MAX are left out (one warning). text is copied. */
bool builder_add_shape(struct builder *b, struct import_source at, const struct plan_shape *shape);

/* Ends the work: IMPORT_OK with a sealed plan, or IMPORT_REFUSED with errors in the report (also
 * when there were errors before). width and height may be 0 = as large as needed. `currency` is the
 * event's, or NULL. */
enum import_status builder_finish(struct builder *b, const char *file, const char *name,
                                  double width, double height, const char *currency,
                                  struct plan **out);

#endif
