/* Seating plans in pretix's JSON (zones, rows, seats), with a few fields of our own
 * (docs/inventory.md). */
#ifndef STANCHION_IMPORT_PRETIX_H
#define STANCHION_IMPORT_PRETIX_H

#include "ticketing/import_builder.h"

struct pretix_head {
    const char *name; /* kept in the report */
    double width, height;
};

/* Reads the JSON text into the builder; faults go to the builder's report. */
void import_pretix(struct builder *b, const char *file, const char *text, size_t bytes,
                   struct pretix_head *head);

#endif
