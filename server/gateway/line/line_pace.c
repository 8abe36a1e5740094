#include "server/gateway/line/line_pace.h"
#include "queue/admission.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/organizer/pulse.h"

void line_pace_on_hold(const struct ask *ask)
{
    int64_t took_ms = clock_monotonic_ms() - ask->asked_ms;
    pace_note(&ask->event->holds_paced, took_ms);
    pulse_on_hold(ask->event, took_ms);
}

/* The gateway whose call decided says so; all hear the new rate with the next tick. */
static void on_pace(void *ctx, enum queue_status status, bool was_decided,
                    const struct pace_decision *decision)
{
    const struct event_entry *event = ctx;
    if (status != QUEUE_OK || !was_decided ||
        (decision->reason != PACE_FASTER && decision->reason != PACE_SLOWER))
        return;
    log_info("event %s: admission rate %.3f -> %.3f per tick, because the p99 of %lld holds is "
             "%lld ms (target %lld ms)",
             event->id, (double)decision->rate_before_micro / (double)ADMISSION_MICRO,
             (double)decision->rate_micro / (double)ADMISSION_MICRO,
             (long long)decision->samples_count, (long long)decision->p99_ms,
             (long long)event->adapt_target_ms);
}

void line_pace_on_report(struct event_entry *event)
{
    const struct line_view *line = &event->line;
    bool is_slowed =
        event->is_slowed ? line->lag_ms > ADMISSION_LAG_MS / 2 : line->lag_ms > ADMISSION_LAG_MS;
    if (is_slowed == event->is_slowed)
        return;
    event->is_slowed = is_slowed;
    if (is_slowed) {
        log_warning("event %s: the ledger is %.1f s behind, admission slows down: %.3f per tick",
                    event->id, (double)line->lag_ms / 1e3,
                    (double)line->rate_micro / (double)ADMISSION_MICRO);
    } else {
        log_info("event %s: the ledger has caught up, admission is at %.3f per tick again",
                 event->id, (double)line->rate_micro / (double)ADMISSION_MICRO);
    }
}

void line_pace_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct queue_store *queue = gateway->queue;
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        if (now_ms - event->paced_ms < PACE_INTERVAL_MS)
            continue;
        event->paced_ms = now_ms;
        if (event->is_adaptive && event->is_listed && gateway->epoch != 0)
            queue->pace(queue, event->id, &event->holds_paced, on_pace, event);
        event->holds_paced = (struct pace_histogram){0};
    }
}
