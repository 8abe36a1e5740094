/* The two clocks of a process. Rules never call these: time is their argument. */
#ifndef STANCHION_CLOCK_H
#define STANCHION_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* since the Unix epoch; for people and other machines */
int64_t clock_monotonic_ms(void); /* for durations */

#endif
