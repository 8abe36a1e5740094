/* Whether a child that gives signs of life still gives them.
 *
 * It is looked at every so often; a sign that is the same in WATCH_LOOKS looks in a row is silence.
 * What counts is looks and not time: when the whole machine has slept all signs are old, but nobody
 * has looked.
 */
#ifndef STANCHION_WATCH_H
#define STANCHION_WATCH_H

#include <stdbool.h>

#define WATCH_LOOKS 12

/* All zero is a child that has just been started. */
struct watch {
    double sign;
    unsigned unchanged; /* looks */
};

/* True when it is silent. */
bool watch_look(struct watch *watch, double sign);

#endif
