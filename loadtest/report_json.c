/* The report as JSON (docs/stampede.md describes the fields). */
#include "loadtest/report.h"

#include <stdio.h>
#include <string.h>

#include "loadtest/environment.h"
#include "loadtest/report_series.h"

/* Buckets as [us, count, us, count, ...]: enough to draw and to merge. */
static json_t *json_of_histogram(const struct histogram *h)
{
    json_t *o = json_object(), *buckets = json_array();
    json_object_set_new(o, "count", json_integer((json_int_t)h->count));
    for (size_t i = 0; i < REPORT_SHARES_COUNT; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "%s_us", report_shares[i].name);
        if (n > 0)
            json_object_set_new(o, name,
                                json_integer(histogram_quantile_us(h, report_shares[i].share)));
    }
    json_object_set_new(o, "max_us", json_integer(h->us_max));
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] == 0)
            continue;
        json_array_append_new(buckets, json_integer(histogram_bucket_us_max(i)));
        json_array_append_new(buckets, json_integer((json_int_t)h->buckets[i]));
    }
    json_object_set_new(o, "buckets", buckets);
    return o;
}

static json_t *json_of_counts(const struct report *r)
{
    const struct totals *t = &r->totals;
    json_t *o = json_object(), *errors = json_object(), *states = json_object();
    for (int i = 0; i < VISITOR_STATE_COUNT; i++)
        if (t->by_state[i] != 0)
            json_object_set_new(states, totals_state_name((enum visitor_state)i),
                                json_integer(t->by_state[i]));
    for (uint32_t i = 0; i < run_error_count; i++)
        if (t->errors[i] > 0)
            json_object_set_new(errors, run_error_names[i], json_integer((json_int_t)t->errors[i]));
    json_object_set_new(o, "visitors", states);
    json_object_set_new(o, "errors", errors);
    if (r->watch->recorder)
        json_object_set_new(o, "connected_max", json_integer(r->watch->recorder->connected_max));
    json_object_set_new(o, "arrived", json_integer((json_int_t)t->arrived));
    json_object_set_new(o, "joined", json_integer((json_int_t)t->joined));
    json_object_set_new(o, "admitted", json_integer((json_int_t)t->admitted));
    json_object_set_new(o, "holds", json_integer((json_int_t)t->holds));
    json_object_set_new(o, "seats_sold", json_integer((json_int_t)t->seats_sold));
    json_object_set_new(o, "confirmed", json_integer((json_int_t)t->confirmed));
    json_object_set_new(o, "declined", json_integer((json_int_t)t->declined));
    json_object_set_new(o, "unsold", json_integer((json_int_t)t->unsold));
    json_object_set_new(o, "reconnects", json_integer((json_int_t)t->reconnects));
    json_object_set_new(o, "pushed_places", json_integer((json_int_t)t->pushes));
    json_object_set_new(o, "second_tabs", json_integer((json_int_t)t->tabs_compared));
    json_object_set_new(o, "second_clicks", json_integer((json_int_t)t->second_clicks));
    json_object_set_new(o, "instead_taken", json_integer((json_int_t)t->instead_taken));
    json_object_set_new(o, "tickets_compared", json_integer((json_int_t)t->tickets_compared));
    json_object_set_new(o, "tester_late_us_max", json_integer((json_int_t)t->loop_late_us_max));
    return o;
}

static json_t *json_of_run(const struct report *r)
{
    const struct stampede_options *p = r->run->options;
    json_t *o = json_object();
    json_object_set_new(o, "url", json_string(r->run->target.base));
    json_object_set_new(o, "event", json_string(r->run->event));
    json_object_set_new(o, "mode", json_string(stampede_mode_name(p->mode)));
    json_object_set_new(o, "visitors", json_integer(p->visitors));
    json_object_set_new(o, "processes", json_integer(r->run->processes));
    json_object_set_new(o, "arrive_within_s", json_real(arrival_end_s(&p->arrival, p->visitors)));
    json_object_set_new(o, "duration_s", json_real(p->duration_s));
    if (p->split_at_s > 0)
        json_object_set_new(o, "split_at_s", json_real(p->split_at_s));
    json_object_set_new(o, "seconds", json_real(r->watch->seconds));
    json_object_set_new(o, "seed", json_sprintf("%llu", (unsigned long long)p->seed));
    json_object_set_new(o, "was_interrupted", json_boolean(r->watch->was_interrupted));
    if (r->watch->hold_seconds > 0) {
        json_object_set_new(o, "hold_seconds", json_real(r->watch->hold_seconds));
        json_object_set_new(o, "holds_per_s",
                            json_real((double)r->watch->holds_counted / r->watch->hold_seconds));
    }
    if (r->watch->orders_seconds > 0) {
        json_object_set_new(o, "orders_from_ms", json_integer(r->watch->orders_from_ms));
        json_object_set_new(o, "orders_seconds", json_real(r->watch->orders_seconds));
        json_object_set_new(o, "orders_per_s",
                            json_real((double)r->watch->orders_counted / r->watch->orders_seconds));
    }
    return o;
}

static json_t *json_of_findings(const struct report *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->findings_count; i++) {
        const struct finding *f = &r->findings[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:s}", "check", f->name, "state",
                                               finding_state_name(f->state), "violations",
                                               (json_int_t)f->violations, "text", f->text));
    }
    return array;
}

static json_t *json_of_watch(const struct report *r, json_t *o)
{
    json_t *samples = json_array(), *memory = json_array();
    for (size_t i = 0; i < r->watch->samples_count; i++)
        json_array_append_new(samples, json_pack("[I,I]", (json_int_t)r->watch->samples[i].at_ms,
                                                 (json_int_t)r->watch->samples[i].inside));
    for (uint32_t i = 0; i < r->watch->memory.count; i++) {
        const struct memory_process *p = &r->watch->memory.processes[i];
        json_array_append_new(memory, json_pack("{s:s, s:i, s:I, s:I}", "name", p->name, "pid",
                                                (int)p->pid, "before_kb", (json_int_t)p->before_kb,
                                                "after_kb", (json_int_t)p->after_kb));
    }
    json_object_set_new(o, "inside_samples", samples);
    json_object_set_new(o, "memory", memory);
    json_object_set_new(o, "waiting_when_measured", json_integer(r->watch->measured_waiting));
    return o;
}

static json_t *json_of_latencies(const struct report *r, unsigned parts)
{
    static struct histogram h;
    json_t *o = json_object();
    for (int k = 0; k < LATENCY_COUNT; k++) {
        totals_latency(r->run, (enum latency_kind)k, parts, &h);
        json_object_set_new(o, totals_latency_name((enum latency_kind)k), json_of_histogram(&h));
    }
    return o;
}

static json_t *json_of_thresholds(const struct report *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->thresholds_count; i++) {
        const struct threshold *t = &r->thresholds[i];
        json_array_append_new(array, json_pack("{s:s, s:b, s:s, s:o}", "expect", t->text, "kept",
                                               t->is_kept, "unit", t->unit, "value",
                                               t->is_known ? json_real(t->value) : json_null()));
    }
    return array;
}

/* HISTORY_NONE is left out. */
static void set_known(json_t *o, const char *name, int64_t value)
{
    if (value != HISTORY_NONE)
        json_object_set_new(o, name, json_integer(value));
}

static json_t *json_of_line(const struct line_pace *line, int64_t start_ms)
{
    json_t *o = json_object();
    json_object_set_new(o, "joins_per_s", json_real(line->joins_per_s));
    json_object_set_new(o, "returns", json_integer((json_int_t)line->returns));
    json_object_set_new(o, "no_shows", json_integer((json_int_t)line->no_shows));
    set_known(o, "no_show_late_ms_max", line->no_show_late_ms_max);
    set_known(o, "first_admission_ms", line->first_admission_ms);
    if (line->last_told_ms != HISTORY_NONE)
        set_known(o, "last_join_ms", line->last_told_ms - start_ms);
    return o;
}

static json_t *json_of_tester(const struct tester_load *t)
{
    return json_pack("{s:f, s:f, s:f, s:I, s:b, s:s}", "busiest_max", t->busiest_max,
                     "busiest_mean", t->busiest_mean, "machine_max", t->machine_max, "late_p99_us",
                     (json_int_t)t->late_p99_us, "is_limit", t->is_limit, "why", t->why);
}

json_t *report_json(const struct report *r)
{
    json_t *o = json_object();
    json_object_set_new(o, "verdict", json_string(verdict_name(r->verdict)));
    json_object_set_new(o, "reason", json_string(r->reason));
    json_object_set_new(o, "checks", json_of_findings(r));
    json_object_set_new(o, "thresholds", json_of_thresholds(r));
    json_object_set_new(o, "run", json_of_run(r));
    json_object_set_new(o, "counts", json_of_counts(r));
    json_object_set_new(o, "line", json_of_line(&r->line, r->watch->start_ms));
    json_object_set_new(o, "tester", json_of_tester(&r->tester));
    json_object_set_new(o, "environment", environment_json(r->run->options));
    report_series_add(r, o);
    json_object_set_new(o, "latency", json_of_latencies(r, TOTALS_ALL));
    if (r->run->options->split_at_s > 0) {
        json_object_set_new(o, "latency_before", json_of_latencies(r, TOTALS_BEFORE));
        json_object_set_new(o, "latency_after", json_of_latencies(r, TOTALS_AFTER));
    }
    return json_of_watch(r, o);
}

bool report_write(const json_t *report, const char *path)
{
    int failed = json_dump_file(report, path, JSON_INDENT(1) | JSON_COMPACT);
    if (failed)
        fprintf(stderr, "stampede: the report %s cannot be written\n", path);
    return !failed;
}
