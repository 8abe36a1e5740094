/* Columns rather than rows: {"at_s": [...], "counts": {"joined": [...]}, ...}. They are smaller,
 * and what draws them wants them so. Figures are rounded to what they are worth. */
#include "loadtest/report_series.h"

#include <math.h>
#include <stdio.h>

static json_t *rounded(double value, double steps)
{
    return json_real(round(value * steps) / steps);
}

/* One column: of(point, index) for each point. */
static json_t *column(const struct timeline *t, int index,
                      json_t *(*of)(const struct timeline_point *p, int index))
{
    json_t *values = json_array();
    for (uint32_t i = 0; i < t->count; i++)
        json_array_append_new(values, of(&t->points[i], index));
    return values;
}

static json_t *at_of(const struct timeline_point *p, int index)
{
    (void)index;
    return rounded(p->at_s, 100);
}

static json_t *seconds_of(const struct timeline_point *p, int index)
{
    (void)index;
    return rounded(p->seconds, 100);
}

static json_t *count_of(const struct timeline_point *p, int index)
{
    return json_integer(p->counts[index]);
}

static json_t *level_of(const struct timeline_point *p, int index)
{
    return p->levels[index] == HISTORY_NONE ? json_null() : json_integer(p->levels[index]);
}

static json_t *cpu_of(const struct timeline_point *p, int index)
{
    return p->cpu[index] < 0 ? json_null() : rounded((double)p->cpu[index], 1000);
}

static json_t *memory_of(const struct timeline_point *p, int index)
{
    return p->memory_kb[index] ? json_integer(p->memory_kb[index]) : json_null();
}

static json_t *memory_used_of(const struct timeline_point *p, int index)
{
    (void)index;
    return p->memory_used_kb ? json_integer(p->memory_used_kb) : json_null();
}

static json_t *tester_of(const struct timeline_point *p, int index)
{
    const float values[] = {p->tester, p->busiest, p->machine, p->late_ms};
    return values[index] < 0 ? json_null() : rounded((double)values[index], 1000);
}

static json_t *latency_count_of(const struct timeline_point *p, int index)
{
    return json_integer(p->latency[index].count);
}

static json_t *p50_of(const struct timeline_point *p, int index)
{
    return p->latency[index].count ? json_integer(p->latency[index].p50_us) : json_null();
}

static json_t *p99_of(const struct timeline_point *p, int index)
{
    return p->latency[index].count ? json_integer(p->latency[index].p99_us) : json_null();
}

static json_t *max_of(const struct timeline_point *p, int index)
{
    return p->latency[index].count ? json_integer(p->latency[index].max_us) : json_null();
}

static json_t *json_of_latencies(const struct timeline *t)
{
    json_t *o = json_object();
    for (int k = 0; k < LATENCY_TICK; k++)
        json_object_set_new(o, totals_latency_name((enum latency_kind)k),
                            json_pack("{s:o, s:o, s:o, s:o}", "count",
                                      column(t, k, latency_count_of), "p50_us",
                                      column(t, k, p50_of), "p99_us", column(t, k, p99_of),
                                      "max_us", column(t, k, max_of)));
    return o;
}

static json_t *json_of_processes(const struct recorder *r)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < r->use.server_count; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:o, s:o}", "name", r->use.server[i].name, "cpu",
                                        column(&r->timeline, (int)i, cpu_of), "memory_kb",
                                        column(&r->timeline, (int)i, memory_of)));
    return array;
}

static json_t *json_of_timeline(const struct recorder *r)
{
    const struct timeline *t = &r->timeline;
    static const char *const tester_names[] = {"cpu", "busiest", "machine", "late_ms"};
    json_t *counts = json_object(), *levels = json_object(), *tester = json_object();
    for (int i = 0; i < TIMELINE_COUNTS; i++)
        json_object_set_new(counts, timeline_count_name((enum timeline_count)i),
                            column(t, i, count_of));
    for (int i = 0; i < TIMELINE_LEVELS; i++)
        json_object_set_new(levels, timeline_level_name((enum timeline_level)i),
                            column(t, i, level_of));
    for (int i = 0; i < 4; i++)
        json_object_set_new(tester, tester_names[i], column(t, i, tester_of));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at_s", column(t, 0, at_of),
                     "seconds", column(t, 0, seconds_of), "counts", counts, "levels", levels,
                     "latency", json_of_latencies(t), "tester", tester, "memory_used_kb",
                     column(t, 0, memory_used_of), "processes", json_of_processes(r));
}

/* Seconds since the run's start; null when it is not known. */
static json_t *since_start(const struct report *r, int64_t at_ms)
{
    return at_ms == HISTORY_NONE ? json_null()
                                 : rounded((double)(at_ms - r->watch->start_ms) / 1000, 100);
}

static json_t *json_of_track(const struct report *r, uint32_t visitor, const struct track *track)
{
    const struct history_visitor *v = &r->run->visitors[visitor];
    json_t *moments = json_array();
    for (uint32_t i = 0; i < track->count; i++)
        json_array_append_new(moments, json_pack("[o, I]", since_start(r, track->moments[i].at_ms),
                                                 (json_int_t)track->moments[i].ahead));
    return json_pack("{s:i, s:o, s:o}", "visitor", (int)visitor, "admitted_s",
                     since_start(r, v->admitted_ms), "ahead", moments);
}

static json_t *json_of_places(const struct report *r)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < STAMPEDE_TRACKS_MAX; i++) {
        uint32_t visitor = track_visitor(i, r->run->options->visitors);
        if (visitor != UINT32_MAX && r->run->tracks[i].count > 0)
            json_array_append_new(array, json_of_track(r, visitor, &r->run->tracks[i]));
    }
    return array;
}

/* Who was told an estimate while waiting and was admitted later. */
static bool has_truth(const struct history_visitor *v)
{
    return v->eta_at_ms != HISTORY_NONE && v->admitted_ms > v->eta_at_ms;
}

/* [estimate from, to, what it was], in seconds; of so many visitors, spread evenly. */
static json_t *json_of_estimates(const struct report *r)
{
    uint32_t count = 0, kept = 0, early = 0, late = 0, seen = 0;
    json_t *points = json_array();
    for (uint32_t i = 0; i < r->run->options->visitors; i++)
        count += has_truth(&r->run->visitors[i]);
    uint32_t each = count / STAMPEDE_ESTIMATES_MAX + 1;
    for (uint32_t i = 0; i < r->run->options->visitors; i++) {
        const struct history_visitor *v = &r->run->visitors[i];
        if (!has_truth(v))
            continue;
        int64_t wait_ms = v->admitted_ms - v->eta_at_ms;
        early += wait_ms < v->eta_low_ms;
        late += wait_ms > v->eta_high_ms;
        kept += wait_ms >= v->eta_low_ms && wait_ms <= v->eta_high_ms;
        if (seen++ % each == 0)
            json_array_append_new(points,
                                  json_pack("[o, o, o]", rounded((double)v->eta_low_ms / 1000, 10),
                                            rounded((double)v->eta_high_ms / 1000, 10),
                                            rounded((double)wait_ms / 1000, 10)));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "visitors", (json_int_t)count, "within",
                     (json_int_t)kept, "sooner", (json_int_t)early, "later", (json_int_t)late,
                     "points", points);
}

void report_series_add(const struct report *r, json_t *o)
{
    if (r->watch->recorder)
        json_object_set_new(o, "timeline", json_of_timeline(r->watch->recorder));
    json_object_set_new(o, "places", json_of_places(r));
    json_object_set_new(o, "estimates", json_of_estimates(r));
}
