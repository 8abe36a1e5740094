/* The figures of a run by name, for thresholds: "hold.p99", "ratio.tick.p90", "visitors.bought".
 * docs/stampede.md lists them. Times are in milliseconds. */
#ifndef STAMPEDE_METRICS_H
#define STAMPEDE_METRICS_H

#include "loadtest/report.h"

/* Works out what is not counted while running: intervals of the ticks (into the run's latencies)
 * and the figures of report->line. Once, after the processes have ended. */
void metrics_prepare(struct report *report, const struct history *h);
/* False when there is no such figure, or nothing to take it from (no value was recorded). */
bool metrics_value(const struct report *report, const char *name, double *value);
/* Whether any run could have such a figure. Pure. */
bool metrics_is_name(const char *name);

/* "ms", "MB" or "" of a figure; of an unknown one "". */
const char *metrics_unit(const char *name);

#endif
