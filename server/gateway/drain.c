#include "server/gateway/drain.h"
#include <signal.h>
#include <stdio.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/wire.h"

#define DRAIN_STEP_MS 50
#define DRAIN_LAST_MS 500 /* what is left of drain_ms for closing handshakes */

/* Visitors, or requests that wait: for the office, for a password, for other gateways. */
static bool is_anybody_here(const struct gateway *gateway)
{
    return session_count(&gateway->sessions) > 0 || gateway->office.count > 0 ||
           gateway->accounts.signing_out != NULL || gateway->uploads.count > 0 ||
           gateway->accounts.signing_count > 0 || hash_pool_jobs_count(gateway->accounts.pool) > 0;
}

static void on_drain_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct gateway *gateway = timer->data;
    bool was_empty = gateway->is_empty; /* a step ago: the last answer is out by now */
    gateway->is_empty = !is_anybody_here(gateway);
    gateway->drain_left_ms -= DRAIN_STEP_MS;
    if (gateway->drain_left_ms > DRAIN_LAST_MS && !(gateway->is_empty && was_empty))
        return;
    for (size_t i = 0; i < gateway->book.count; i++)
        for (struct session *s = gateway->book.entries[i]->sessions; s != NULL; s = s->event_next)
            wire_close(s, 1001);
    if (gateway->drain_left_ms <= 0 || !is_anybody_here(gateway))
        ev_break(loop, EVBREAK_ALL);
}

/* Each visitor gets a moment of their own, so that the other gateways meet no herd. */
static void tell_to_reconnect(struct gateway *gateway)
{
    uint32_t spread_ms =
        gateway->options->drain_ms > DRAIN_LAST_MS ? gateway->options->drain_ms - DRAIN_LAST_MS : 1;
    uint32_t in_ms = 0;
    for (size_t i = 0; i < gateway->book.count; i++) {
        for (struct session *s = gateway->book.entries[i]->sessions; s != NULL; s = s->event_next) {
            char text[64];
            in_ms = (in_ms + 7919) % spread_ms;
            int bytes = snprintf(text, sizeof text, "{\"type\":\"reconnect\",\"in_ms\":%u}", in_ms);
            wire_send_text(gateway, s, text, (size_t)bytes);
        }
    }
}

static void on_stop(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)events;
    struct gateway *gateway = watcher->data;
    if (gateway->is_draining)
        return;
    log_info("draining %u visitors", session_count(&gateway->sessions));
    gateway->is_draining = true;
    gateway->drain_left_ms = gateway->options->drain_ms;
    listener_release(&gateway->listener);
    tell_to_reconnect(gateway);
    ev_timer_start(loop, &gateway->drain_timer);
}

void drain_init(struct gateway *gateway)
{
    ev_timer_init(&gateway->drain_timer, on_drain_step, DRAIN_STEP_MS / 1e3, DRAIN_STEP_MS / 1e3);
    ev_signal_init(&gateway->on_term, on_stop, SIGTERM);
    ev_signal_init(&gateway->on_int, on_stop, SIGINT);
    gateway->drain_timer.data = gateway->on_term.data = gateway->on_int.data = gateway;
    ev_signal_start(gateway->loop, &gateway->on_term);
    ev_signal_start(gateway->loop, &gateway->on_int);
}

void drain_release(struct gateway *gateway)
{
    ev_timer_stop(gateway->loop, &gateway->drain_timer);
    ev_signal_stop(gateway->loop, &gateway->on_term);
    ev_signal_stop(gateway->loop, &gateway->on_int);
}
