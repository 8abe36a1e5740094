/* Whether processes of the server grow in the long run: what they use in the last tenth of a run
 * less what they used in the tenth after its middle, on average. By then what is set up once has
 * been set up. Pure. */
#ifndef STAMPEDE_MEMORY_GROWTH_H
#define STAMPEDE_MEMORY_GROWTH_H

#include <stdbool.h>
#include "loadtest/process_use.h"
#include "loadtest/timeline.h"

/* what: the name of a process, "gateways" for all of them together, "server" for everything. In MB,
 * negative when it shrank. False when there is none of that name, or too little was recorded. */
bool memory_growth_mb(const struct timeline *t, const struct process_use *use, const char *what,
                      double *mb);

#endif
