/* Sums over the processes; names for the report. */
#include "loadtest/totals.h"

#include <string.h>

static void add_process(const struct run_stats *s, struct totals *t)
{
    for (int i = 0; i < VISITOR_STATE_COUNT; i++)
        t->by_state[i] += atomic_load_explicit(&s->by_state[i], memory_order_relaxed);
    for (uint32_t i = 0; i < run_error_count; i++) {
        uint64_t count = atomic_load_explicit(&s->errors[i], memory_order_relaxed);
        t->errors[i] += count;
        t->errors_count += count;
    }
    t->arrived += atomic_load_explicit(&s->arrived, memory_order_relaxed);
    t->joined += atomic_load_explicit(&s->joined, memory_order_relaxed);
    t->admitted += atomic_load_explicit(&s->admitted, memory_order_relaxed);
    t->seats_sold += atomic_load_explicit(&s->seats_sold, memory_order_relaxed);
    t->connected += atomic_load_explicit(&s->connected, memory_order_relaxed);
    t->holds += atomic_load_explicit(&s->holds, memory_order_relaxed);
    t->confirmed += atomic_load_explicit(&s->confirmed, memory_order_relaxed);
    t->declined += atomic_load_explicit(&s->declined, memory_order_relaxed);
    t->unsold += atomic_load_explicit(&s->unsold, memory_order_relaxed);
    t->reconnects += atomic_load_explicit(&s->reconnects, memory_order_relaxed);
    t->pushes += atomic_load_explicit(&s->pushes, memory_order_relaxed);
    t->tabs_compared += atomic_load_explicit(&s->tabs_compared, memory_order_relaxed);
    t->second_clicks += atomic_load_explicit(&s->second_clicks, memory_order_relaxed);
    t->instead_taken += atomic_load_explicit(&s->instead_taken, memory_order_relaxed);
    t->tickets_compared += atomic_load_explicit(&s->tickets_compared, memory_order_relaxed);
    uint64_t late = atomic_load_explicit(&s->loop_late_us_max, memory_order_relaxed);
    if (late > t->loop_late_us_max)
        t->loop_late_us_max = late;
}

void totals_read(const struct run *r, struct totals *t)
{
    *t = (struct totals){0};
    for (uint32_t i = 0; i < r->processes; i++)
        add_process(&r->stats[i], t);
    for (int i = VISITOR_ENTERING; i < VISITOR_BOUGHT; i++)
        t->inside += t->by_state[i];
    for (int i = VISITOR_BOUGHT; i < VISITOR_STATE_COUNT; i++)
        t->over += t->by_state[i];
    t->finished = t->over - t->by_state[VISITOR_SENT_HOME] - t->by_state[VISITOR_FAILED];
}

void totals_latency(const struct run *r, enum latency_kind kind, unsigned parts,
                    struct histogram *h)
{
    memset(h, 0, sizeof *h);
    for (uint32_t i = 0; i < r->processes; i++)
        for (unsigned part = 0; part < RUN_PARTS; part++)
            if (parts & 1u << part)
                histogram_merge(h, &r->stats[i].latency[part][kind]);
}

void totals_late(const struct run *r, struct histogram *h)
{
    memset(h, 0, sizeof *h);
    for (uint32_t i = 0; i < r->processes; i++)
        histogram_merge(h, &r->stats[i].late);
}

const char *totals_latency_name(enum latency_kind kind)
{
    static const char *const names[LATENCY_COUNT] = {
        "connect", "join", "return", "admission told", "hold", "pay to confirmed", "tick interval"};
    return names[kind];
}

const char *totals_latency_word(enum latency_kind kind)
{
    static const char *const words[LATENCY_COUNT] = {"connect", "join",    "return", "told",
                                                     "hold",    "confirm", "tick"};
    return words[kind];
}

const char *totals_state_name(enum visitor_state state)
{
    static const char *const names[VISITOR_STATE_COUNT] = {
        "away",      "connecting", "joining",  "waiting",   "entering", "choosing",
        "holding",   "held",       "checkout", "at_cash",   "paying",   "looking_up",
        "verifying", "leaving",    "ready",    "releasing", "bought",   "left",
        "expired",   "abandoned",  "sold_out", "sent_home", "failed"};
    return names[state];
}
