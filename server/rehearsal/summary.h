/* The visitors' report (docs/stampede.md), made short for a person who
 * looks at the console. Pure. */
#ifndef STANCHION_REHEARSAL_SUMMARY_H
#define STANCHION_REHEARSAL_SUMMARY_H

#include <jansson.h>

/* {verdict, reason, seconds, arrived, joined, admitted, confirmed, seats_sold, checks: [{check,
 * state, text}], latency: {join|told|hold|confirm: {p50_ms, p99_ms, count}}, was_tester_limit} of a
 * report; a new object. `state` is ok, failed or not_checked. NULL: it is not a report. */
json_t *rehearsal_summary(const json_t *report);

#endif
