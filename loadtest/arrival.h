/* When visitors come: the shape of a crowd's arrivals, as text and as one random moment each. Pure.
 *
 *   at-once             all at the same moment
 *   within S            anywhere in S seconds, as independent people do (a Poisson stream)
 *   even S              one after the other in S seconds, at equal distances
 *   ramp S              in S seconds, ever more of them: the rate grows from nothing
 *   steps S N           in S seconds of N equal steps, the k-th with k times the rate of the first
 *   poisson RATE        RATE a second on average, each independent of the others; how long it takes
 *                       follows from how many they are
 *   early SHARE S1 S2   SHARE of them anywhere in the first S1 seconds, the rest in S2 after that
 *
 * Each may be followed by `after S`: it begins S seconds later. */
#ifndef STAMPEDE_ARRIVAL_H
#define STAMPEDE_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>
#include "loadtest/dice.h"

enum arrival_kind {
    ARRIVAL_AT_ONCE,
    ARRIVAL_WITHIN,
    ARRIVAL_EVEN,
    ARRIVAL_RAMP,
    ARRIVAL_STEPS,
    ARRIVAL_EARLY,
    ARRIVAL_POISSON,
    ARRIVAL_COUNT
};

#define ARRIVAL_S_MAX 3600
#define ARRIVAL_STEPS_MAX 100
#define ARRIVAL_RATE_MAX 1000000

struct arrival {
    enum arrival_kind kind;
    uint32_t steps;
    double after_s, s;           /* s: of all of it but after_s */
    double share, early_s, rate; /* rate: a second */
};

/* False when the text is none of the above or a number is out of range; *a is unchanged then. */
bool arrival_parse(const char *text, struct arrival *a);
/* When visitor `number` of `count` comes, in microseconds after the run's start. Throws the dice
 * once or twice. */
int64_t arrival_us(const struct arrival *a, struct dice *dice, uint32_t number, uint32_t count);
/* When the last of `count` may come, in seconds after the start. */
double arrival_end_s(const struct arrival *a, uint32_t count);

#endif
