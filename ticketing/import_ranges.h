/* Lists of seat numbers: "1-10,12-16", "A,B,C", "20-1". */
#ifndef STANCHION_IMPORT_RANGES_H
#define STANCHION_IMPORT_RANGES_H

#include "ticketing/import_report.h"

/* Called for each label in order; false ends the list (the callee has reported why). */
typedef bool import_label_fn(void *ctx, struct import_source at, const char *label);

/* Every label of a list separated by commas or semicolons: a range of whole numbers with the given
 * step (> 0; ranges may run downwards), or a label as it stands. "01-10" keeps its zeros. A faulty
 * list is reported (at is where it begins) and nothing more is called: false. */
bool import_ranges(struct import_report *report, struct import_source at, const char *list,
                   uint32_t step, import_label_fn *on_label, void *ctx);
/* One range from its two ends. */
bool import_range(struct import_report *report, struct import_source at, const char *from,
                  const char *to, uint32_t step, import_label_fn *on_label, void *ctx);
/* Digits only, no more than nine of them; false otherwise. */
bool import_whole(const char *text, uint32_t *value);

#endif
