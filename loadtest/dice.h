/* Seeded chance (splitmix64). A visitor's dice depend on the run's seed and the visitor's number
 * only, so that a run can be repeated whatever the number of processes. */
#ifndef STAMPEDE_DICE_H
#define STAMPEDE_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_u64(struct dice *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline void dice_init(struct dice *d, uint64_t seed, uint64_t number)
{
    struct dice mix = {.state = seed};
    d->state = dice_u64(&mix) ^ (number * UINT64_C(0xd1342543de82ef95));
    (void)dice_u64(d);
}

/* 0 <= result < 1 */
static inline double dice_share(struct dice *d)
{
    return (double)(dice_u64(d) >> 11) * 0x1.0p-53;
}

static inline bool dice_hits(struct dice *d, double share)
{
    return dice_share(d) < share;
}

/* first <= result <= last */
static inline int64_t dice_between(struct dice *d, int64_t first, int64_t last)
{
    return last <= first ? first : first + (int64_t)(dice_u64(d) % (uint64_t)(last - first + 1));
}

#endif
