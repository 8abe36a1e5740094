/* Whether a visitor's place is worth a push now.
 *
 * A push costs a system call (6 to 10 us), so a million of them every second are out of reach and
 * nobody needs them: the page counts on by itself. Near the head every change is told; further back
 * the time between two pushes grows with the distance, up to a bound. Never is the same place told
 * twice.
 *
 * With 1 million waiting and these figures: 200 a tick near the head, and about 1,000,000 / 30 s =
 * 33,000 pushes a second over all gateways.
 */
#ifndef STANCHION_QUEUE_PUSH_RULE_H
#define STANCHION_QUEUE_PUSH_RULE_H

#include <stdbool.h>
#include <stdint.h>

#define PUSH_NEAR_PLACES 200         /* fewer ahead: every change */
#define PUSH_INTERVAL_MS_PER_PLACE 5 /* beyond: 1,000 ahead = every 5 s */
#define PUSH_INTERVAL_MS_MAX 30000   /* from 6,000 ahead on */

/* What the visitor was last told. */
struct push_told {
    int64_t ahead; /* -1 = nothing yet */
    int64_t at_ms; /* monotonic */
};

bool push_is_due(const struct push_told *told, int64_t ahead, int64_t now_ms);
/* The least time between two pushes at this distance; 0 near the head. */
int64_t push_interval_ms(int64_t ahead);

#endif
