/* What visitors were foretold, and what became of it.
 *
 * The first estimate a visitor hears for a place is kept in the session; at the admission it is
 * compared with the time that has passed. Time in which the line stood still by intent (paused,
 * recovered, drawn) does not count: nobody could foretell that. Who was not connected from then
 * until the admission is not measured.
 */
#ifndef STANCHION_FORETOLD_H
#define STANCHION_FORETOLD_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/estimate.h"

struct session;

/* The estimate for a visitor with `ahead` before. False: there is nothing honest to say. */
bool foretold_ask(struct session *session, int64_t ahead, struct estimate_range *range);
/* The visitor is admitted now. */
void foretold_on_admitted(struct session *session);

#endif
