/* How long people take: pauses for thought and patience, as text and as one random length each.
 * Pure.
 *
 *   A..B         anywhere from A to B
 *   A            always A
 *   around M     log-normal: half of them take less than M, few take several times as long
 *   around M S   likewise with that spread; S is the deviation of the logarithm (0.6)
 *
 * In milliseconds. A log-normal length is cut at 20 times its median. */
#ifndef STAMPEDE_PAUSE_H
#define STAMPEDE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>
#include "loadtest/dice.h"

#define PAUSE_MS_MAX 3600000
#define PAUSE_SPREAD_MAX 3.0
#define PAUSE_SPREAD 0.6
#define PAUSE_TAIL 20

struct pause {
    double from_ms, to_ms;
    double median_ms, spread; /* log-normal when the spread is above 0 */
};

/* False when the text is none of the above or a number is out of range; *p is unchanged then. */
bool pause_parse(const char *text, struct pause *p);
/* In microseconds. */
int64_t pause_us(const struct pause *p, struct dice *dice);

#endif
