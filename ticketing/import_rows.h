/* Plans as tables: block rows ("section,row,seat_from,seat_to,...") and one row per seat. */
#ifndef STANCHION_IMPORT_ROWS_H
#define STANCHION_IMPORT_ROWS_H

#include "ticketing/import_builder.h"

/* Reads all lines of the CSV text (changed on the way) into the builder; faults go to the builder's
 * report. `currency` is the event's, or NULL. */
void import_rows(struct builder *b, const char *file, char *text,
                 const struct import_options *options, const char *currency);

/* "accessible companion": adds the bits to *flags; `is_standing` (may be NULL: then "standing" is
 * unknown) is set by the word standing. False after an error. */
bool import_flags(struct import_report *report, struct import_source at, const char *text,
                  uint8_t *flags, bool *is_standing);

#endif
