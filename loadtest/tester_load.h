/* Was the tester itself the limit of a run? Judged from what each run measures: how busy its
 * processes were, how late its timers, how busy the machine that both share; and, when there is a
 * calibration (calibrate.h), how near the run came to what the tester can do at all. Pure. */
#ifndef STAMPEDE_TESTER_LOAD_H
#define STAMPEDE_TESTER_LOAD_H

#include <stdbool.h>
#include "loadtest/timeline.h"

struct tester_load {
    double busiest_max, busiest_mean; /* of the busiest process; 1 = one processor */
    double machine_max;               /* share of all processors */
    int64_t late_p99_us;
    bool is_limit;
    char why[240]; /* a sentence; empty when it was not */
};

/* `rates` may be NULL. `cores` of the machine. */
void tester_load_read(const struct timeline *t, const struct histogram *late, unsigned cores,
                      const struct tester_rates *rates, struct tester_load *load);

#endif
