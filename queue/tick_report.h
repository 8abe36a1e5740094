/* Reading what a tick tells everyone by pub/sub on tick:{E} (docs/redis.md). */
#ifndef STANCHION_QUEUE_TICK_REPORT_H
#define STANCHION_QUEUE_TICK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "queue/queue_store.h"

/* Parses the text (need not end in NUL). On true *report owns its arrays: release it. On false, for
 * text that is not such a report or without memory, nothing is owned; treat it as a missed tick. */
bool tick_report_parse(const char *text, size_t bytes, struct tick_report *report);
/* Frees the arrays and empties the report. A report that is all zero is fine. */
void tick_report_release(struct tick_report *report);

#endif
