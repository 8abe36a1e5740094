/* Whether a visitor's place is worth a push now, and how wide returning browsers are spread.
 *
 * A push costs a system call (6 to 10 us), so a million of them every second are out of reach and
 * nobody needs them: the page counts on by itself. Near the head every change is told at the tick
 * that made it. Further back a place is told
 *   - when it has changed by `change_percent`, but not before the floor of its distance is over,
 *     which grows by `floor_ms_per_1000` for each 1,000 visitors ahead;
 *   - or when interval_ms_max is over and there is anything new: the place, or what everyone in the
 *     line is told alike (what is left in each category, the phase, a recovery): the `news`.
 * Never is the same said twice. docs/decisions/0010-pushes.md has the arithmetic.
 */
#ifndef STANCHION_QUEUE_PUSH_RULE_H
#define STANCHION_QUEUE_PUSH_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* Lifetime: that of its owner, const. The figures are configuration keys (push.*). */
struct push_rule {
    int64_t near_places;       /* fewer ahead: every change */
    int64_t change_percent;    /* of the place told last */
    int64_t floor_ms_per_1000; /* least time between two pushes, per 1,000 ahead */
    int64_t interval_ms_max;   /* also the greatest floor */
};

/* What the visitor was last told. */
struct push_told {
    int64_t ahead; /* -1 = nothing yet */
    int64_t at_ms; /* monotonic */
    uint32_t news; /* number of the news it carried */
};

bool push_is_due(const struct push_rule *rule, const struct push_told *told, int64_t ahead,
                 uint32_t news, int64_t now_ms);
/* From when the interval counts of one who is told now. Far back that is up to a quarter of it
 * earlier, by lot (`salt`): those who were all told at once, as at the opening, are not all due at
 * once again. */
int64_t push_told_ms(const struct push_rule *rule, int64_t ahead, uint64_t salt, int64_t now_ms);
/* The least time between two pushes at this distance; 0 near the head. */
int64_t push_floor_ms(const struct push_rule *rule, int64_t ahead);

/* Browsers whose connection broke come back after a random time up to this, so that `visitors` of
 * them arrive at no more than per_s a second: never below SPREAD_MS_MIN, never above SPREAD_MS_MAX.
 * per_s > 0. */
#define SPREAD_MS_MIN 500
#define SPREAD_MS_MAX 60000
int64_t push_spread_ms(int64_t visitors, int64_t per_s);

#endif
