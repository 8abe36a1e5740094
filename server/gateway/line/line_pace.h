/* Measuring how long holds take, and the adaptive rate of events that want one (queue/pace.h). */
#ifndef STANCHION_LINE_PACE_H
#define STANCHION_LINE_PACE_H

#include <stdint.h>

struct gateway;
struct event_entry;
struct ask;

/* A hold that was asked for with `ask` has been answered. */
void line_pace_on_hold(const struct ask *ask);
/* A tick was heard: says in the log when the ledger is so far behind that admission slows down, and
 * when it has caught up. */
void line_pace_on_report(struct event_entry *event);
/* Hands in what was measured, every PACE_INTERVAL_MS for each adaptive event. */
void line_pace_on_turn(struct gateway *gateway, int64_t now_ms);

#endif
