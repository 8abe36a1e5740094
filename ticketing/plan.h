/* A seating plan in memory: what an event sells and where it lies on the map.
 *
 * A plan is built once (by an importer or from its JSON), sealed, and never changed afterwards; any
 * number of readers may share it. Everything that can be sold has an index: the numbered seats come
 * first, 0 to seated_count - 1 in plan order (section by section, row by row, seat by seat), then
 * the places of the standing areas, area by area. Sections, rows and seats are flat arrays that
 * point at each other by index, so a lookup by seat index is one array access.
 *
 * All text belongs to the plan and lives as long as it. Labels are text, never numbers: "01" is not
 * "1". Coordinates are in plan units (about 25 to a seat), x to the right, y downwards, multiples
 * of PLAN_COORDINATE_STEP so that their JSON is short and exact.
 */
#ifndef STANCHION_PLAN_H
#define STANCHION_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"

/* Width, height, coordinates; beyond: PLAN_BROKEN, a file is refused. */
#define PLAN_SIZE_MAX 100000.0
#define PLAN_COORDINATE_STEP 0.25 /* exact in binary, a hundredth of a seat */
#define PLAN_COLOR_BYTES 7        /* "#rrggbb" */
#define PLAN_CURRENCY_BYTES 3
#define PLAN_SHAPES_MAX 500 /* stage, walls, texts; more are left out with a warning */

/* Bits of plan_seat.flags, as in PLAN (docs/protocol.md section 6). */
enum plan_flag {
    PLAN_ACCESSIBLE = 1,
    PLAN_COMPANION = 2,
    PLAN_RESTRICTED_VIEW = 4,
    PLAN_AISLE = 8,
    PLAN_NOT_FOR_SALE = 16,
    PLAN_FLAGS_ALL = 31
};

enum plan_status {
    PLAN_OK = 0,
    PLAN_NO_SUCH_SEAT,   /* an index outside the plan, or a seat that is not for sale */
    PLAN_OVERFLOW,       /* the total does not fit int64 */
    PLAN_CURRENCY_MIXED, /* seats of different currencies have no total */
    PLAN_BROKEN,         /* not a valid plan; the reason is given as text */
    PLAN_NO_MEMORY,
    PLAN_STATUS_COUNT
};

/* Adult, reduced, ...: one price of a category. */
struct plan_type {
    const char *name;    /* "" when the category has one price for everybody */
    int64_t price_minor; /* 0 to PRICE_MINOR_MAX */
};

/* Of a category of a draft that has no price yet, and no types. */
#define PLAN_PRICE_NONE INT64_C(-1)

struct plan_category {
    const char *name;
    int64_t price_minor; /* of types[0], which who says nothing gets; or PLAN_PRICE_NONE */
    char color[PLAN_COLOR_BYTES + 1];
    char currency[PLAN_CURRENCY_BYTES + 1];
    uint32_t types_count;                   /* 0 = one price for everybody */
    struct plan_type types[PLAN_TYPES_MAX]; /* names differ, none is empty */
};

struct plan_seat {
    const char *number;
    const char *guid; /* the importer's identifier; "" when there was none. Not part of PLAN */
    double x, y;      /* its centre */
    uint32_t row;
    uint16_t category;
    uint8_t flags; /* enum plan_flag */
};

struct plan_row {
    const char *label;
    uint32_t section;
    uint32_t first; /* index of its first seat */
    uint32_t seats_count;
};

struct plan_section {
    const char *name;
    const char *level; /* "" when the venue has none */
    const char *
        title; /* what a ticket says: the name, with the level when the name stands on two levels */
    uint32_t first_row;
    uint32_t rows_count;
};

struct plan_area {
    const char *name;
    uint32_t first; /* index of its first place */
    uint32_t capacity;
    uint16_t category;
    double x, y, width, height; /* x, y: top left corner */
};

/* Decoration: nothing to sell. */
enum plan_shape_kind { PLAN_RECTANGLE, PLAN_ELLIPSE, PLAN_TEXT, PLAN_SHAPE_KIND_COUNT };

struct plan_shape {
    enum plan_shape_kind kind;
    const char *text; /* may be "" */
    char color[PLAN_COLOR_BYTES + 1];
    double x, y, width, height; /* of the unrotated box; x, y: top left corner */
    double rotation;            /* degrees clockwise about the centre */
};

struct plan_text_block;

struct plan {
    const char *name;
    double width, height;
    size_t categories_count, sections_count, rows_count, areas_count, shapes_count;
    uint32_t seated_count; /* numbered seats */
    uint32_t seats_count;  /* numbered seats and standing places: what the event sells at most */
    struct plan_category *categories;
    struct plan_section *sections;
    struct plan_row *rows;
    struct plan_seat *seats; /* seated_count of them */
    struct plan_area *areas;
    struct plan_shape *shapes;
    struct plan_text_block *text; /* all strings */
};

/* How many of each the plan will have. */
struct plan_sizes {
    size_t categories, sections, rows, seats, areas, shapes;
};

/* What a ticket, a basket or a log line needs to know of one seat; pointers into the plan. */
struct plan_place {
    const char *section; /* the section's title, or the standing area's name */
    const char *row;     /* "" in a standing area */
    const char *number;  /* "" in a standing area */
    const struct plan_category *category;
    uint16_t category_index;
    uint8_t flags;
    const struct plan_area *area; /* NULL for a numbered seat */
};

/* An empty, zeroed plan with arrays of the given sizes, for filling in; NULL without memory. Sizes
 * beyond the PLAN_*_MAX limits are a programmer's error. The caller owns it until plan_free. */
struct plan *plan_create(const struct plan_sizes *sizes);
void plan_free(struct plan *plan);

/* Copies text into the plan; NULL without memory. */
const char *plan_text(struct plan *plan, const char *text, size_t bytes);

/* Checks a filled plan and works out what follows from it (row of each seat, indices, titles,
 * totals): rows are numbered through by their seats_count in order, areas after them. PLAN_BROKEN:
 * `why` names the first fault. Called once, by whoever filled the plan. */
enum plan_status plan_seal(struct plan *plan, char *why, size_t why_bytes_max);

/* Numbered seats and standing places together. */
uint32_t plan_seats_count(const struct plan *plan);

/* Fills *out for a seat's index; PLAN_NO_SUCH_SEAT beyond the plan. Seats not for sale are found
 * too. */
enum plan_status plan_place(const struct plan *plan, uint32_t seat, struct plan_place *out);

/* The category of a seat that exists (asserted). */
uint16_t plan_seat_category(const struct plan *plan, uint32_t seat);
/* Whether the seat exists and may be sold. */
bool plan_is_for_sale(const struct plan *plan, uint32_t seat);

/* The ticket type of a category by its index, also type 0 of one without types; false when there is
 * none. */
bool plan_type_of(const struct plan_category *category, uint32_t type, struct plan_type *out);

/* The area with this index, or NULL. */
const struct plan_area *plan_area(const struct plan *plan, uint32_t index);
/* The area a place belongs to, or NULL for a numbered seat. */
const struct plan_area *plan_area_of(const struct plan *plan, uint32_t seat);

/* Sum of the prices of type 0. The seats are taken as they come: naming one twice counts twice.
 * *total_minor is set on PLAN_OK only; PLAN_NO_SUCH_SEAT also for a seat that is not for sale. No
 * seats: 0. */
enum plan_status plan_seats_total(const struct plan *plan, const uint32_t *seats, size_t count,
                                  int64_t *total_minor);

/* The nearest multiple of PLAN_COORDINATE_STEP. */
double plan_round(double coordinate);

/* The first category without a price, or NULL. */
const struct plan_category *plan_unpriced(const struct plan *plan);

#endif
