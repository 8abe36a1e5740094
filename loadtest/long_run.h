/* What shows in the long run: processes of the server that grow, or that need more and more
 * processor time for the same. Pure. */
#ifndef STAMPEDE_LONG_RUN_H
#define STAMPEDE_LONG_RUN_H

#include <stdbool.h>
#include "loadtest/process_use.h"
#include "loadtest/timeline.h"

/* What processes use in the last tenth of a run less what they used in the tenth after its middle,
 * on average; by then what is set up once has been set up. what: the name of one, "gateways" for
 * all of these together, "server" for everything. In MB, negative when they shrank. False when
 * there is none of that name, or too little was recorded. */
bool long_run_growth_mb(const struct timeline *t, const struct process_use *use, const char *what,
                        double *mb);

/* Processor time of all processes of the server for each visitor who was admitted, after split_s
 * over before it: unlike latencies it says little about other work of the machine. False when
 * nobody was admitted before or after, or no process is known. */
bool long_run_cpu_ratio(const struct timeline *t, const struct process_use *use, double split_s,
                        double *ratio);

#endif
