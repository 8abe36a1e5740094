/* The clocks of a process. Rules never call these: time is their argument. */
#ifndef STANCHION_CLOCK_H
#define STANCHION_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* since the Unix epoch; for people and other machines */
int64_t clock_monotonic_ms(void); /* for durations */
int64_t clock_cpu_us(void);       /* processor time this process has had */

#endif
