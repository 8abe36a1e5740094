/* See the header. */
#include "loadtest/timeline.h"

#include <assert.h>
#include <string.h>

static float averaged(float a, double a_s, float b, double b_s)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a_s + b_s > 0 ? (float)((a * a_s + b * b_s) / (a_s + b_s)) : a;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void put_latency(struct timeline_latency *a, const struct timeline_latency *b)
{
    uint64_t count = (uint64_t)a->count + b->count;
    if (count > 0)
        a->p50_us =
            (uint32_t)(((uint64_t)a->p50_us * a->count + (uint64_t)b->p50_us * b->count) / count);
    a->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    a->p99_us = larger(a->p99_us, b->p99_us);
    a->max_us = larger(a->max_us, b->max_us);
}

/* Puts b, the later one, to a. */
static void put(struct timeline_point *a, const struct timeline_point *b)
{
    for (int i = 0; i < TIMELINE_COUNTS; i++)
        a->counts[i] += b->counts[i];
    memcpy(a->levels, b->levels, sizeof a->levels);
    for (int i = 0; i < LATENCY_COUNT; i++)
        put_latency(&a->latency[i], &b->latency[i]);
    for (int i = 0; i < STAMPEDE_SERIES_MAX; i++)
        a->cpu[i] = averaged(a->cpu[i], a->seconds, b->cpu[i], b->seconds);
    memcpy(a->memory_kb, b->memory_kb, sizeof a->memory_kb);
    a->memory_used_kb = larger(a->memory_used_kb, b->memory_used_kb);
    a->machine = averaged(a->machine, a->seconds, b->machine, b->seconds);
    a->tester = averaged(a->tester, a->seconds, b->tester, b->seconds);
    a->busiest = averaged(a->busiest, a->seconds, b->busiest, b->seconds);
    a->late_ms = a->late_ms > b->late_ms ? a->late_ms : b->late_ms;
    a->seconds += b->seconds;
    a->at_s = b->at_s;
}

static void halve(struct timeline *t)
{
    for (uint32_t i = 0; i < STAMPEDE_POINTS_MAX / 2; i++) {
        t->points[i] = t->points[2 * i];
        put(&t->points[i], &t->points[2 * i + 1]);
    }
    t->count = STAMPEDE_POINTS_MAX / 2;
    t->each *= 2;
    t->last_each = t->each;
}

void timeline_add(struct timeline *t, const struct timeline_point *p)
{
    if (t->each == 0)
        t->each = 1;
    if (t->count > 0 && t->last_each < t->each) {
        put(&t->points[t->count - 1], p);
        t->last_each++;
        return;
    }
    if (t->count == STAMPEDE_POINTS_MAX)
        halve(t);
    t->points[t->count++] = *p;
    t->last_each = 1;
}

struct timeline_latency timeline_latency_between(const struct histogram *before,
                                                 const struct histogram *now)
{
    static struct histogram gained; /* of one thread; large */
    memset(&gained, 0, sizeof gained);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (now->buckets[i] <= before->buckets[i])
            continue;
        gained.buckets[i] = now->buckets[i] - before->buckets[i];
        gained.count += gained.buckets[i];
        gained.us_max = histogram_bucket_us_max(i);
    }
    if (gained.us_max > now->us_max)
        gained.us_max = now->us_max;
    const int64_t values[] = {histogram_quantile_us(&gained, 0.5),
                              histogram_quantile_us(&gained, 0.99), gained.us_max};
    uint32_t cut[3];
    for (int i = 0; i < 3; i++)
        cut[i] = values[i] < UINT32_MAX ? (uint32_t)values[i] : UINT32_MAX;
    return (struct timeline_latency){(uint32_t)gained.count, cut[0], cut[1], cut[2]};
}

const char *timeline_count_name(enum timeline_count count)
{
    static const char *const names[TIMELINE_COUNTS] = {"arrived",    "joined",    "admitted",
                                                       "holds",      "confirmed", "seats_sold",
                                                       "reconnects", "pushes",    "errors"};
    assert(count < TIMELINE_COUNTS);
    return names[count];
}

const char *timeline_level_name(enum timeline_level level)
{
    static const char *const names[TIMELINE_LEVELS] = {"connected", "waiting", "inside",
                                                       "server_waiting", "server_inside"};
    assert(level < TIMELINE_LEVELS);
    return names[level];
}
