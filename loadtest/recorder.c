/* See the header. Differences are taken against copies of what was there a second ago. */
#include "loadtest/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/clocks.h"

struct recorder *recorder_create(const struct run *run, const pid_t *own)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->run = run;
    r->last_us = run->start_us;
    process_use_init(&r->use, run->options, own, run->processes);
    return r;
}

void recorder_free(struct recorder *r)
{
    free(r);
}

static void take_counts(struct timeline_point *p, const struct totals *a, const struct totals *b)
{
    const uint64_t before[TIMELINE_COUNTS] = {a->arrived,    a->joined,    a->admitted,
                                              a->holds,      a->confirmed, a->seats_sold,
                                              a->reconnects, a->pushes,    a->errors_count};
    const uint64_t now[TIMELINE_COUNTS] = {b->arrived,    b->joined,    b->admitted,
                                           b->holds,      b->confirmed, b->seats_sold,
                                           b->reconnects, b->pushes,    b->errors_count};
    for (int i = 0; i < TIMELINE_COUNTS; i++)
        p->counts[i] = (int64_t)(now[i] - before[i]);
}

static void take_latencies(struct recorder *r, struct timeline_point *p)
{
    for (int k = 0; k < LATENCY_COUNT; k++) {
        totals_latency(r->run, (enum latency_kind)k, TOTALS_ALL, &r->latency_now[k]);
        p->latency[k] = timeline_latency_between(&r->latency_before[k], &r->latency_now[k]);
    }
    memcpy(r->latency_before, r->latency_now, sizeof r->latency_before);
}

static float late_ms(const struct recorder *r)
{
    uint64_t us = 0;
    for (uint32_t i = 0; i < r->run->processes; i++) {
        uint64_t late = atomic_exchange(&r->run->stats[i].late_us_lately, 0);
        us = late > us ? late : us;
    }
    return (float)us / 1000;
}

void recorder_take(struct recorder *r, const struct totals *now, int64_t server_waiting,
                   int64_t server_inside)
{
    int64_t now_us = clocks_us();
    struct timeline_point *p = &r->last;
    *p = (struct timeline_point){.seconds = (double)(now_us - r->last_us) / 1e6,
                                 .at_s = (double)(now_us - r->run->start_us) / 1e6,
                                 .late_ms = late_ms(r)};
    const int64_t levels[TIMELINE_LEVELS] = {now->connected, now->by_state[VISITOR_WAITING],
                                             now->inside, server_waiting, server_inside};
    memcpy(p->levels, levels, sizeof levels);
    take_counts(p, &r->before, now);
    take_latencies(r, p);
    process_use_look(&r->use, p);
    if (now->connected > r->connected_max)
        r->connected_max = now->connected;
    r->before = *now;
    r->last_us = now_us;
    timeline_add(&r->timeline, p);
}
