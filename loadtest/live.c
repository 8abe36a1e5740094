/* See the header: filling, and the plain line. Drawing is in live_draw.c. */
#include "loadtest/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void live_begin(struct live *l, const struct run *r)
{
    *l = (struct live){.doing = "under way",
                       .duration_s = r->options->duration_s,
                       .visitors = r->options->visitors};
    int a =
        snprintf(l->label, sizeof l->label, "%s", r->options->label ? r->options->label : r->event);
    int b = snprintf(l->event, sizeof l->event, "%s", r->event);
    if (a < 0 || b < 0)
        l->label[0] = l->event[0] = '\0';
}

static void take_rates(struct live *l, const struct timeline_point *p)
{
    static const enum timeline_count counts[LIVE_RATES] = {TIMELINE_JOINED, TIMELINE_ADMITTED,
                                                           TIMELINE_HOLDS,  TIMELINE_SEATS_SOLD,
                                                           TIMELINE_PUSHES, TIMELINE_ERRORS};
    for (int i = 0; i < LIVE_RATES; i++) {
        l->rates[i] = p->seconds > 0 ? (double)p->counts[counts[i]] / p->seconds : 0;
        memmove(l->spark[i], l->spark[i] + 1, sizeof l->spark[i] - sizeof l->spark[i][0]);
        l->spark[i][LIVE_SPARK - 1] = (float)l->rates[i];
    }
    if (l->sparks < LIVE_SPARK)
        l->sparks++;
}

void live_take(struct live *l, const struct recorder *r, const struct totals *now)
{
    l->totals = *now;
    l->seconds = r->last.at_s;
    take_rates(l, &r->last);
    for (int k = 0; k < LATENCY_COUNT; k++) {
        const struct histogram *h = &r->latency_now[k];
        l->latency[k] = (struct timeline_latency){
            (uint32_t)h->count, (uint32_t)histogram_quantile_us(h, 0.5),
            (uint32_t)histogram_quantile_us(h, 0.99), (uint32_t)h->us_max};
    }
    l->machine = r->last.machine;
    l->busiest = r->last.busiest;
    l->late_ms = r->last.late_ms;
}

/* Appends; what does not fit is cut. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t bytes_max,
                                                         const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + used, bytes_max - used, format, arguments);
    va_end(arguments);
}

static void append_errors(const struct totals *t, char *text, size_t bytes_max)
{
    bool is_first = true;
    for (uint32_t i = 0; i < run_error_count; i++) {
        if (t->errors[i] == 0)
            continue;
        append(text, bytes_max, "%s%s %llu", is_first ? "; errors: " : ", ", run_error_names[i],
               (unsigned long long)t->errors[i]);
        is_first = false;
    }
}

void live_line(const struct live *l, char *text, size_t text_bytes_max)
{
    const struct totals *t = &l->totals;
    text[0] = '\0';
    if (strcmp(l->label, l->event) != 0)
        append(text, text_bytes_max, "%-10s", l->label);
    append(text, text_bytes_max, "%5.0f s  connected %lld, waiting %lld, inside %lld", l->seconds,
           (long long)t->connected, (long long)t->by_state[VISITOR_WAITING], (long long)t->inside);
    append(text, text_bytes_max, ", holds %llu, confirmed %llu; %.0f joins/s, %.0f admitted/s",
           (unsigned long long)t->holds, (unsigned long long)t->confirmed, l->rates[LIVE_JOINED],
           l->rates[LIVE_ADMITTED]);
    append(text, text_bytes_max,
           "; bought %lld, left %lld, walked off %lld, expired %lld, sold out %lld, failed %lld",
           (long long)t->by_state[VISITOR_BOUGHT], (long long)t->by_state[VISITOR_LEFT],
           (long long)t->by_state[VISITOR_ABANDONED], (long long)t->by_state[VISITOR_EXPIRED],
           (long long)t->by_state[VISITOR_SOLD_OUT], (long long)t->by_state[VISITOR_FAILED]);
    if (t->reconnects > 0)
        append(text, text_bytes_max, "; came back %llu", (unsigned long long)t->reconnects);
    if (t->tabs_compared > 0)
        append(text, text_bytes_max, "; second tabs %llu", (unsigned long long)t->tabs_compared);
    if (l->latency[LATENCY_HOLD].count > 0)
        append(text, text_bytes_max, "; hold p99 %.1f ms",
               (double)l->latency[LATENCY_HOLD].p99_us / 1000);
    append_errors(t, text, text_bytes_max - 1);
    append(text, text_bytes_max, "\n");
}
