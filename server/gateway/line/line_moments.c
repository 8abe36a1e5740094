#include "server/gateway/line/line_moments.h"
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_ticks.h"

/* --- the storage's clock --- */

int64_t line_moments_storage_ms(const struct gateway *gateway, int64_t now_ms)
{
    int64_t ahead_ms = gateway->storage_ahead_ms != 0 ? gateway->storage_ahead_ms
                                                      : clock_wall_ms() - clock_monotonic_ms();
    return now_ms + ahead_ms;
}

/* The answer was true about half a round trip ago. One that took much longer than the best says
 * little; the best is forgotten bit by bit, because clocks drift and are set. */
static void on_time(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return;
    int64_t now_ms = clock_monotonic_ms(), trip_ms = now_ms - gateway->time_asked_ms;
    int64_t time_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                      strtoll(reply->element[1]->str, NULL, 10) / 1000;
    gateway->storage_told_ms = time_ms;
    gateway->time_trip_ms += 1;
    if (gateway->storage_ahead_ms == 0 || trip_ms <= gateway->time_trip_ms) {
        gateway->time_trip_ms = trip_ms;
        gateway->storage_ahead_ms = time_ms + trip_ms / 2 - now_ms;
    }
}

void line_moments_ask_time(struct gateway *gateway)
{
    gateway->time_asked_ms = clock_monotonic_ms();
    redis_link_call(gateway->commands, on_time, gateway, "TIME", NULL);
}

void line_moments_on_report(struct event_entry *event, int64_t at_ms)
{
    event->report_at_ms = at_ms;
}

/* --- moments --- */

/* The moment of the schedule around storage_ms that no report has reached yet; 0 when there is
 * none. */
static int64_t moment_near(const struct event_entry *event, int64_t storage_ms)
{
    const int64_t moments[] = {event->prequeue_at_ms, event->opens_at_ms, event->closes_at_ms};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        bool is_near = storage_ms >= moments[i] - MOMENT_BEFORE_MS &&
                       storage_ms <= moments[i] + MOMENT_AFTER_MS;
        if (moments[i] > 0 && is_near && event->report_at_ms < moments[i])
            return moments[i];
    }
    return 0;
}

/* Returns whether a moment is near; asks for the tick of those that have come. */
static bool step(struct gateway *gateway, int64_t now_ms)
{
    bool is_any_near = false;
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        int64_t storage_ms = line_moments_storage_ms(gateway, now_ms);
        int64_t moment_ms = event->is_listed ? moment_near(event, storage_ms) : 0;
        is_any_near = is_any_near || moment_ms != 0;
        if (moment_ms != 0 && storage_ms >= moment_ms - MOMENT_STEP_MS)
            line_ticks_ask(event, now_ms);
    }
    return is_any_near;
}

static void on_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct gateway *gateway = timer->data;
    if (!step(gateway, clock_monotonic_ms()))
        ev_timer_stop(loop, timer);
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
