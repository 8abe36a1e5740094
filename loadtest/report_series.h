/* What a report tells over time: the timeline, the places of the followed visitors, estimates
 * against what came. */
#ifndef STAMPEDE_REPORT_SERIES_H
#define STAMPEDE_REPORT_SERIES_H

#include <jansson.h>
#include "loadtest/report.h"

/* Adds "timeline", "places" and "estimates" to `o`. */
void report_series_add(const struct report *r, json_t *o);

#endif
