/* A gateway's view of one line: who is how far from the head, without asking Redis.
 *
 * It starts from a struct line_state and follows the tick reports. Reports are numbered; pub/sub
 * may lose one, and then the departures in it are missing: the view says so (LINE_VIEW_GAP), keeps
 * its last known place for everyone, and accepts a state only when that is at least as new as the
 * newest report it has heard of. When a recovery ends, the line is read anew likewise.
 *
 *   UNKNOWN --state--> CURRENT --report n+1--> CURRENT
 *   CURRENT --report > n+1--> STALE --state with tick >= that report--> CURRENT
 */
#ifndef STANCHION_QUEUE_LINE_VIEW_H
#define STANCHION_QUEUE_LINE_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/departures.h"
#include "queue/estimate.h"
#include "queue/queue_store.h"

enum line_view_status {
    LINE_VIEW_OK = 0, /* the view is current */
    LINE_VIEW_OLD,    /* older than what the view knows: ignored */
    LINE_VIEW_GAP,    /* re-read needed: call queue_store.line and give the answer to
                         line_view_on_state */
    LINE_VIEW_STATUS_COUNT
};

/* Lifetime: that of its owner. Read the members, change them only by the functions below. */
struct line_view {
    bool is_known;   /* a state has arrived: the figures mean something */
    bool is_current; /* and no report is missing */
    int64_t tick, at_ms, seq, head, waiting, inside, free;
    int64_t holds, recovers_at_ms, rate_micro; /* as in struct tick_report */
    int64_t lag_ms;                            /* likewise; 0 until a report has come */
    enum line_draw draw;
    enum queue_phase phase;
    int64_t tick_heard; /* newest tick number heard of */
    bool is_timed;      /* timed_at_ms is that of a tick: the next one tells a rate */
    int64_t timed_at_ms, refilled_count; /* the last tick, and who was admitted since */
    int64_t left_count;                  /* who gave up since */
    int64_t moving_ms; /* for how long this line has been moving: a clock that stands still while it
                          is paused, recovered or drawn */
    struct departures departures;
    struct estimate estimate;
};

void line_view_init(struct line_view *view);
void line_view_release(struct line_view *view);
/* Back to unknown, as after an epoch change. Only the configured limits and moving_ms are kept. */
void line_view_clear(struct line_view *view);
/* LINE_VIEW_GAP also when memory is short: the view stays as it was and the next re-read may
 * succeed. */
enum line_view_status line_view_on_report(struct line_view *view, const struct tick_report *report);
enum line_view_status line_view_on_state(struct line_view *view, const struct line_state *state);
/* Visitors before `seq`: exact as of the view's tick. 0 at the head and for sequences the head has
 * passed. */
int64_t line_view_ahead(const struct line_view *view, int64_t seq);
/* The same for one after the other: `near` is 0 at first and then left alone
 * (departures_before_near). */
int64_t line_view_ahead_near(const struct line_view *view, int64_t seq, size_t *near);

#endif
