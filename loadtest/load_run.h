/* One crowd's run from beginning to end: the event is looked up, visitors come, promises are
 * checked, the report is printed and written. A scenario runs several of these at once, each in a
 * process of its own (scenario_run.c). */
#ifndef STAMPEDE_LOAD_RUN_H
#define STAMPEDE_LOAD_RUN_H

#include "loadtest/options.h"
#include "loadtest/run.h"

#define LOAD_RUN_USAGE 2

/* What a scenario gives each of its crowds. */
struct load_run_place {
    int64_t start_us; /* monotonic; the same for all crowds */
    struct run_network *network;
    struct live *live; /* gets the figures while the run goes on, instead of stdout; or NULL */
    int report_fd;     /* gets the report as JSON too; -1 = none */
};

/* Returns an exit code: an enum verdict, or LOAD_RUN_USAGE when the target is refused. `place` may
 * be NULL. What went wrong is said on stderr. */
int load_run(const struct stampede_options *o, const struct load_run_place *place);

#endif
