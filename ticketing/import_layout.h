/* Positions for seats that have none, so that a map can always be drawn. */
#ifndef STANCHION_IMPORT_LAYOUT_H
#define STANCHION_IMPORT_LAYOUT_H

#include "ticketing/import_report.h"

#define LAYOUT_SEAT 25.0   /* from seat to seat */
#define LAYOUT_MARGIN 40.0 /* around everything */

/* Places every seat and standing area and the stage. The plan has sections, rows and seats in plan
 * order with rows_count, seats_count and first filled in, and one shape to spare (shapes[0]) for
 * the stage. Few sections become a hall, many a bowl around the floor; levels lie behind each
 * other. False without memory. */
bool layout_generate(struct plan *plan, struct import_report *report);
/* Areas without a size (width 0) are put in a strip below everything else. */
void layout_place_areas(struct plan *plan);
/* Moves everything so that it lies within the margin from 0,0 and makes width and height large
 * enough. */
void layout_frame(struct plan *plan);
/* How many seats lie exactly on another one, so that a map cannot show them apart; *seat is one of
 * them. */
uint32_t layout_overlaps(const struct plan *plan, uint32_t *seat, struct import_report *report);

#endif
