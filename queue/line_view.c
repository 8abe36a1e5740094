/* See the header. */
#include "queue/line_view.h"

#include <assert.h>

void line_view_init(struct line_view *view)
{
    *view = (struct line_view){.phase = PHASE_DRAFT};
    departures_init(&view->departures);
    estimate_init(&view->estimate);
}

void line_view_release(struct line_view *view)
{
    departures_release(&view->departures);
    line_view_init(view);
}

void line_view_clear(struct line_view *view)
{
    double allowed_per_ms = view->estimate.allowed_per_ms;
    line_view_release(view);
    view->estimate.allowed_per_ms = allowed_per_ms;
}

static void hear_of(struct line_view *view, int64_t tick)
{
    if (tick > view->tick_heard)
        view->tick_heard = tick;
}

static enum line_view_status become_stale(struct line_view *view)
{
    view->is_current = false;
    return LINE_VIEW_GAP;
}

/* Who is admitted between two ticks counts as admitted by the next. */
static void learn_rate(struct line_view *view, const struct tick_report *report)
{
    view->refilled_count += (int64_t)report->admitted_count;
    if (report->is_refill)
        return;
    int64_t elapsed_ms = view->is_timed ? report->at_ms - view->timed_at_ms : 0;
    estimate_on_tick(&view->estimate, report->phase, elapsed_ms, view->refilled_count);
    view->is_timed = true;
    view->timed_at_ms = report->at_ms;
    view->refilled_count = 0;
}

enum line_view_status line_view_on_report(struct line_view *view, const struct tick_report *report)
{
    if (view->is_known && report->tick <= view->tick)
        return LINE_VIEW_OLD;
    hear_of(view, report->tick);
    if (!view->is_current || report->tick != view->tick + 1)
        return become_stale(view);
    if (view->recovers_at_ms > 0 && report->recovers_at_ms == 0)
        return become_stale(view); /* who did not come back is gone: too many to be in a report */
    if (departures_merge(&view->departures, report->gone, report->gone_count) != DEPARTURES_OK)
        return become_stale(view);
    departures_drop_through(&view->departures, report->head);
    learn_rate(view, report);
    view->tick = report->tick;
    view->at_ms = report->at_ms;
    view->seq = report->seq;
    view->head = report->head;
    view->waiting = report->waiting;
    view->inside = report->inside;
    view->free = report->free;
    view->holds = report->holds;
    view->recovers_at_ms = report->recovers_at_ms;
    view->rate_micro = report->rate_micro;
    view->draw = report->draw;
    view->phase = report->phase;
    return LINE_VIEW_OK;
}

enum line_view_status line_view_on_state(struct line_view *view, const struct line_state *state)
{
    if (view->is_known && state->tick < view->tick)
        return LINE_VIEW_OLD;
    hear_of(view, state->tick);
    departures_clear(&view->departures);
    if (departures_merge(&view->departures, state->gone, state->gone_count) != DEPARTURES_OK)
        return become_stale(view);
    departures_drop_through(&view->departures, state->head);
    view->is_known = true;
    view->is_timed = false;
    view->refilled_count = 0;
    view->tick = state->tick;
    view->at_ms = state->at_ms;
    view->seq = state->seq;
    view->head = state->head;
    view->waiting = state->waiting;
    view->inside = state->inside;
    view->free = state->free;
    view->holds = state->holds;
    view->recovers_at_ms = state->recovers_at_ms;
    view->rate_micro = state->rate_micro;
    view->draw = state->draw;
    view->phase = state->phase;
    view->is_current = state->tick >= view->tick_heard;
    return view->is_current ? LINE_VIEW_OK : LINE_VIEW_GAP;
}

int64_t line_view_ahead(const struct line_view *view, int64_t seq)
{
    if (seq <= view->head)
        return 0;
    int64_t departed = (int64_t)departures_before(&view->departures, seq);
    int64_t ahead = seq - view->head - 1 - departed;
    assert(ahead >= 0);
    return ahead;
}
