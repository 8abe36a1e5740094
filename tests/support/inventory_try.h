/* A directory of inventory files made for one test, and what loading it gave. */
#ifndef STANCHION_TESTS_INVENTORY_TRY_H
#define STANCHION_TESTS_INVENTORY_TRY_H

#include "ticketing/import.h"

struct inventory_try {
    char directory[64];
    struct import_report report;
    struct plan *plan; /* NULL unless status is IMPORT_OK */
    enum import_status status;
};

/* Makes an empty directory; everything is asserted to work. */
void inventory_try_init(struct inventory_try *t);
/* Removes the directory with its files and what the load has given. */
void inventory_try_release(struct inventory_try *t);
void inventory_try_file(struct inventory_try *t, const char *name, const char *text);
void inventory_try_bytes(struct inventory_try *t, const char *name, const char *bytes,
                         size_t count);
/* Loads the file of this name, or the directory for NULL; prices as the option. Earlier results are
 * dropped. */
void inventory_try_load(struct inventory_try *t, const char *name, const char *prices,
                        const struct import_map *maps, size_t maps_count);

/* Whether exactly this is listed: "seats.csv:3:5: " and words of the message.
 * A place of "" is any. */
bool inventory_try_has(const struct import_problems *problems, const char *place,
                       const char *words);
/* All problems as lines without the directory, errors first; the caller frees. */
char *inventory_try_lines(const struct inventory_try *t);

#endif
