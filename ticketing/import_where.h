/* Line and column of the parts of a seating plan in JSON, for messages: the JSON library does not
 * keep them. */
#ifndef STANCHION_IMPORT_WHERE_H
#define STANCHION_IMPORT_WHERE_H

#include "ticketing/import_report.h"

#define WHERE_NONE UINT32_MAX

/* A part: zones[zone].rows[row].seats[seat], the later ones WHERE_NONE for a whole row or zone.
 * Areas and categories are named by `list`. */
enum where_list { WHERE_ZONES, WHERE_AREAS, WHERE_CATEGORIES, WHERE_LIST_COUNT };

struct where_part {
    enum where_list list;
    uint32_t zone; /* of zones and areas; index of a category */
    uint32_t row;  /* or index of an area */
    uint32_t seat;
};

struct where_entry;

struct where {
    struct import_report *report;
    const char *file, *text;
    struct where_entry *entries; /* made at the first question */
    size_t entries_count, entries_capacity;
    bool is_indexed, is_counting;
    size_t last_offset; /* questions mostly come in order: counted on from here */
    uint32_t last_line, last_column;
};

/* The text is valid JSON, NUL-terminated, and outlives this. */
void where_init(struct where *where, struct import_report *report, const char *file,
                const char *text);
void where_release(struct where *where);
/* Line and column of the part, both 0 when it is not found (a key written with escapes). */
struct import_source where_of(struct where *where, const struct where_part *part);

#endif
