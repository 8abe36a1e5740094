#include "server/gateway/line_moments.h"
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line_ticks.h"

#define CLOCK_STEP_MS 1000 /* a report this much behind: the storage's clock was set */

static int64_t storage_now_ms(const struct event_entry *event, int64_t now_ms)
{
    int64_t ahead_ms = event->storage_ahead_ms != 0 ? event->storage_ahead_ms
                                                    : clock_wall_ms() - clock_monotonic_ms();
    return now_ms + ahead_ms;
}

void line_moments_on_report(struct event_entry *event, int64_t at_ms, int64_t now_ms)
{
    int64_t ahead_ms = at_ms - now_ms, known_ms = event->storage_ahead_ms;
    bool is_unusable = known_ms == 0 || ahead_ms < known_ms - CLOCK_STEP_MS;
    /* One millisecond is forgotten with each report: clocks drift. */
    event->storage_ahead_ms = is_unusable || ahead_ms > known_ms - 1 ? ahead_ms : known_ms - 1;
}

/* The moment of the schedule around storage_ms that no report has reached yet; 0 when there is
 * none. */
static int64_t moment_near(const struct event_entry *event, int64_t storage_ms)
{
    const int64_t moments[] = {event->prequeue_at_ms, event->opens_at_ms, event->closes_at_ms};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        bool is_near = storage_ms >= moments[i] - MOMENT_BEFORE_MS &&
                       storage_ms <= moments[i] + MOMENT_AFTER_MS;
        if (moments[i] > 0 && is_near && event->line.at_ms < moments[i]) {
            return moments[i];
        }
    }
    return 0;
}

/* Returns whether a moment is near; asks for the tick of those that have come. */
static bool step(struct gateway *gateway, int64_t now_ms)
{
    bool is_any_near = false;
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        int64_t storage_ms = storage_now_ms(event, now_ms);
        int64_t moment_ms = event->is_listed ? moment_near(event, storage_ms) : 0;
        is_any_near = is_any_near || moment_ms != 0;
        if (moment_ms != 0 && storage_ms >= moment_ms) {
            line_ticks_ask(event, now_ms);
        }
    }
    return is_any_near;
}

static void on_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct gateway *gateway = timer->data;
    if (!step(gateway, clock_monotonic_ms())) {
        ev_timer_stop(loop, timer);
    }
}

void line_moments_on_turn(struct gateway *gateway, int64_t now_ms)
{
    if (!ev_is_active(&gateway->moment_timer) && step(gateway, now_ms)) {
        ev_timer_set(&gateway->moment_timer, MOMENT_STEP_MS / 1e3, MOMENT_STEP_MS / 1e3);
        ev_timer_start(gateway->loop, &gateway->moment_timer);
    }
}

void line_moments_init(struct gateway *gateway)
{
    ev_timer_init(&gateway->moment_timer, on_step, 0, 0);
    gateway->moment_timer.data = gateway;
}

void line_moments_release(struct gateway *gateway)
{
    ev_timer_stop(gateway->loop, &gateway->moment_timer);
}
