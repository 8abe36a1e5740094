/* See the header. */
#include "queue/line_view.h"

#include <assert.h>

#include "queue/phase.h"

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
    struct estimate_limits limits = view->estimate.limits;
    int64_t moving_ms = view->moving_ms;
    line_view_release(view);
    view->moving_ms = moving_ms;
    estimate_set_limits(&view->estimate, &limits);
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

/* The phase as far as the pace is concerned. */
static enum queue_phase pace_of(enum queue_phase phase, int64_t recovers_at_ms, enum line_draw draw)
{
    return recovers_at_ms != 0 || draw == DRAW_PENDING ? PHASE_PAUSED : phase;
}

/* Lets the moving clock run up to what is heard now; before the figures are taken over. */
static void run_clock(struct line_view *view, int64_t at_ms)
{
    bool is_moving = queue_phase_admits(pace_of(view->phase, view->recovers_at_ms, view->draw));
    if (view->is_known && is_moving && at_ms > view->at_ms)
        view->moving_ms += at_ms - view->at_ms;
}

/* Who is admitted between two ticks counts as admitted by the next. */
static void learn_rate(struct line_view *view, const struct tick_report *report)
{
    view->refilled_count += (int64_t)report->admitted_count;
    view->left_count += (int64_t)report->gone_count;
    if (report->is_refill)
        return;
    struct estimate_tick tick = {
        .phase = pace_of(report->phase, report->recovers_at_ms, report->draw),
        .elapsed_ms = view->is_timed ? report->at_ms - view->timed_at_ms : 0,
        .admitted = view->refilled_count,
        .left = view->left_count,
        .inside = report->inside,
        .waiting = report->waiting};
    estimate_on_tick(&view->estimate, &tick);
    view->is_timed = true;
    view->timed_at_ms = report->at_ms;
    view->refilled_count = view->left_count = 0;
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
    run_clock(view, report->at_ms);
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
    view->lag_ms = report->lag_ms;
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
    run_clock(view, state->at_ms);
    estimate_set_phase(&view->estimate, pace_of(state->phase, state->recovers_at_ms, state->draw));
    view->is_known = true;
    view->is_timed = false;
    view->refilled_count = view->left_count = 0;
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

static int64_t ahead_of(const struct line_view *view, int64_t seq, size_t departed)
{
    int64_t ahead = seq - view->head - 1 - (int64_t)departed;
    assert(ahead >= 0);
    return ahead;
}

int64_t line_view_ahead(const struct line_view *view, int64_t seq)
{
    return seq <= view->head ? 0 : ahead_of(view, seq, departures_before(&view->departures, seq));
}

int64_t line_view_ahead_near(const struct line_view *view, int64_t seq, size_t *near)
{
    return seq <= view->head
               ? 0
               : ahead_of(view, seq, departures_before_near(&view->departures, seq, near));
}
