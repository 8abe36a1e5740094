/* See the header. */
#include "server/gateway/line/farewell.h"

#include "server/gateway/app.h"
#include "server/gateway/wire/wire.h"

/* Every session has a moment of its own in the spread; ids count up, so this scatters them. */
static int64_t moment_of(const struct session *session, int64_t spread_ms)
{
    uint64_t mixed = session->id * UINT64_C(0x9E3779B97F4A7C15);
    return (int64_t)((mixed >> 33) % (uint64_t)spread_ms);
}

/* Nobody who waits will be admitted any more. */
static bool is_over(const struct event_entry *event)
{
    enum queue_phase phase = event_phase(event);
    return phase == PHASE_CLOSED || (phase == PHASE_SOLD_OUT && !event->is_standby);
}

static void say_goodbye(struct event_entry *event, int64_t now_ms)
{
    int64_t per_s = event->gateway->options->reconnects_per_s;
    int64_t spread_ms = push_spread_ms(event->line.waiting, per_s);
    for (struct session *session = event->sessions; session != NULL;
         session = session->event_next) {
        int64_t since_ms =
            session->told.at_ms > event->over_ms ? session->told.at_ms : event->over_ms;
        if (session->stage == STAGE_WAITING &&
            now_ms - since_ms >= FAREWELL_MS_MIN + moment_of(session, spread_ms))
            wire_close(session, 1000);
    }
}

void farewell_on_turn(struct gateway *gateway, int64_t now_ms)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        if (!is_over(event)) {
            event->over_ms = 0;
        } else if (event->over_ms == 0) {
            event->over_ms = event->farewell_ms = now_ms;
        } else if (now_ms - event->farewell_ms >= FAREWELL_INTERVAL_MS) {
            event->farewell_ms = now_ms;
            say_goodbye(event, now_ms);
        }
    }
}
