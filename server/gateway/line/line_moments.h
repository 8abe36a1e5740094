/* Asking for the tick of a scheduled moment exactly then.
 *
 * Ticks are asked for by the turn timer, every 50 ms: too coarse for an opening that says 10:00:00.
 * Around a moment of an event's schedule (prequeue, opening, closing) a finer timer runs, and only
 * then. What counts is the storage's clock: its distance from ours is asked every second. A
 * question that comes early is not due and is asked again MOMENT_STEP_MS later.
 */
#ifndef STANCHION_LINE_MOMENTS_H
#define STANCHION_LINE_MOMENTS_H

#include <stdint.h>

#define MOMENT_STEP_MS 5
#define MOMENT_BEFORE_MS 150 /* the fine timer runs from so long before a moment ... */
#define MOMENT_AFTER_MS 500  /* ... until a report at or after it has come, or until then */

struct gateway;
struct event_entry;

void line_moments_init(struct gateway *gateway);
void line_moments_release(struct gateway *gateway);
/* Starts or stops the fine timer; call it at every turn. */
void line_moments_on_turn(struct gateway *gateway, int64_t now_ms);
/* A report of at_ms (storage clock) has been heard. */
void line_moments_on_report(struct event_entry *event, int64_t at_ms);
/* Asks Redis what time it is; call it every second. */
void line_moments_ask_time(struct gateway *gateway);
/* Redis' clock at now_ms (monotonic); by our own wall clock until it is known. */
int64_t line_moments_storage_ms(const struct gateway *gateway, int64_t now_ms);

#endif
