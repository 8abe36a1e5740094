/* The load tester's clocks. */
#ifndef STAMPEDE_CLOCKS_H
#define STAMPEDE_CLOCKS_H

#include <stdint.h>
#include <time.h>

/* Monotonic, the same for all processes of this machine. */
static inline int64_t clocks_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Since the Unix epoch. */
static inline int64_t clocks_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
