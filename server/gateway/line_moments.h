/* Asking for the tick of a scheduled moment exactly then.
 *
 * Ticks are asked for by the turn timer, every 50 ms: too coarse for an opening that says 10:00:00.
 * Around a moment of an event's schedule (prequeue, opening, closing) a finer timer runs, and only
 * then. What counts is the storage's clock: its distance from ours is learnt from the reports, by
 * the fastest of them, so the question comes a little late rather than early; early ones are not
 * due and are asked again MOMENT_STEP_MS later.
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
/* A report of at_ms (storage clock) has been heard at now_ms (monotonic). */
void line_moments_on_report(struct event_entry *event, int64_t at_ms, int64_t now_ms);

#endif
