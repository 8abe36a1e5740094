/* Where a run took place: machine, versions, commit. */
#ifndef STAMPEDE_ENVIRONMENT_H
#define STAMPEDE_ENVIRONMENT_H

#include <jansson.h>
#include "loadtest/options.h"

/* {"time", "kernel", "processor", "cores", "memory_mb", "commit", "server", "redis"}; what cannot
 * be found out is left out. The versions of server and Redis are those of the processes that run
 * (--children, --stanchion). The caller owns it. */
json_t *environment_json(const struct stampede_options *o);
unsigned environment_cores(void);

#endif
