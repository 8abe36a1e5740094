/* What stands against publishing an event, and what deserves a look before (docs/organizer.md,
 * FINDING). Pure rules over the plan, the settings and the time. */
#ifndef STANCHION_EVENT_CHECK_H
#define STANCHION_EVENT_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "ticketing/plan.h"

/* An array of findings, errors first; empty when all is well. `settings` are complete. */
json_t *event_check(const struct plan *plan, const json_t *settings, int64_t now_ms);
/* Whether none of the findings is an error. */
bool event_check_is_ready(const json_t *findings);

#endif
