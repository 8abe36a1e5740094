/* The same figures twice: as a page of text and as JSON (docs/stampede.md describes the fields). */
#include "loadtest/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const double shares[] = {0.5, 0.9, 0.99, 0.999};
static const char *const share_names[] = {"p50", "p90", "p99", "p99.9"};
#define UNFINISHED_MAX 5
#define SHARES_COUNT (sizeof shares / sizeof *shares)

static void print_latencies(const struct run *r, const char *title, unsigned parts)
{
    static struct histogram h;
    printf("\n%-18s%9s%11s%11s%11s%11s%11s\n", title, "count", "p50", "p90", "p99", "p99.9", "max");
    for (int k = 0; k < LATENCY_COUNT; k++) {
        totals_latency(r, (enum latency_kind)k, parts, &h);
        if (h.count == 0)
            continue;
        printf("%-18s%9llu", totals_latency_name((enum latency_kind)k),
               (unsigned long long)h.count);
        for (size_t i = 0; i < SHARES_COUNT; i++)
            printf("%11.2f", (double)histogram_quantile_us(&h, shares[i]) / 1000);
        printf("%11.2f\n", (double)h.us_max / 1000);
    }
}

static void print_memory(const struct watch *w)
{
    if (w->measured_waiting == 0)
        return;
    if (w->memory.count > 0)
        printf("\n%-24s%8s%14s%14s%20s\n", "memory (RSS)", "pid", "before kB", "after kB",
               "bytes per waiting");
    for (uint32_t i = 0; i < w->memory.count; i++) {
        const struct memory_process *p = &w->memory.processes[i];
        double each = w->measured_waiting
                          ? (double)(p->after_kb - p->before_kb) * 1024 / w->measured_waiting
                          : 0;
        printf("%-24s%8d%14lld%14lld%20.0f\n", p->name, (int)p->pid, (long long)p->before_kb,
               (long long)p->after_kb, each);
    }
}

/* The order of that visitor that is neither sold nor declined, or NULL. The run's orders have been
 * moved together, so they are looked through. */
static const struct history_order *open_order(const struct run *r, uint32_t visitor)
{
    size_t count = (size_t)r->options->visitors * STAMPEDE_ORDERS_PER_VISITOR;
    for (const struct history_order *o = r->orders; o < r->orders + count && o->id[0]; o++)
        if (o->visitor == visitor && o->state <= HISTORY_ORDER_PAY_SENT)
            return o;
    return NULL;
}

/* Who was somewhere inside when the run ended: the first few by name, to be looked up in the
 * server's log. */
static void print_unfinished(const struct run *r)
{
    int left = UNFINISHED_MAX;
    for (uint32_t i = 0; i < r->options->visitors && left > 0; i++) {
        const struct history_visitor *v = &r->visitors[i];
        if (v->state <= VISITOR_WAITING || v->state >= VISITOR_BOUGHT)
            continue;
        left--;
        const struct history_order *o = open_order(r, i);
        printf("  unfinished: visitor %s (%u), %s%s%s%s\n", v->id, i,
               totals_state_name((enum visitor_state)v->state), o ? ", order " : "", o ? o->id : "",
               o && o->state == HISTORY_ORDER_PAY_SENT ? ", asked to pay" : "");
    }
}

static void print_counts(const struct report *r)
{
    const struct totals *t = &r->totals;
    printf("\n%u visitors in %.1f s:", r->run->options->visitors, r->watch->seconds);
    for (int i = 0; i < VISITOR_STATE_COUNT; i++)
        if (t->by_state[i] != 0)
            printf(" %s %lld", totals_state_name((enum visitor_state)i), (long long)t->by_state[i]);
    printf("\n%llu holds, %llu confirmed, %llu declined, %llu unsold, %llu reconnects, %llu pushed "
           "places,"
           " %llu second tabs, %llu tickets compared\n",
           (unsigned long long)t->holds, (unsigned long long)t->confirmed,
           (unsigned long long)t->declined, (unsigned long long)t->unsold,
           (unsigned long long)t->reconnects, (unsigned long long)t->pushes,
           (unsigned long long)t->tabs_compared, (unsigned long long)t->tickets_compared);
    for (uint32_t i = 0; i < run_error_count; i++)
        if (t->errors[i] > 0)
            printf("  error %-22s %llu\n", run_error_names[i], (unsigned long long)t->errors[i]);
    print_unfinished(r->run);
    printf("the tester itself was at most %.1f ms late\n", (double)t->loop_late_us_max / 1000);
    if (r->watch->hold_seconds > 0)
        printf("%.0f holds per second (%llu in %.1f s)\n",
               (double)r->watch->holds_counted / r->watch->hold_seconds,
               (unsigned long long)r->watch->holds_counted, r->watch->hold_seconds);
    if (r->watch->orders_seconds > 0)
        printf("%.0f orders per second (%llu in %.2f s)\n",
               (double)r->watch->orders_counted / r->watch->orders_seconds,
               (unsigned long long)r->watch->orders_counted, r->watch->orders_seconds);
}

static void print_verdict(const struct report *r)
{
    static const char *const words[] = {"every check is green", "A PROMISE WAS BROKEN", "",
                                        "not carried out", "A THRESHOLD WAS MISSED"};
    printf("\n");
    for (size_t i = 0; i < r->findings_count; i++)
        printf("%-12s%s: %s\n", finding_state_name(r->findings[i].state), r->findings[i].name,
               r->findings[i].text);
    for (size_t i = 0; i < r->thresholds_count; i++) {
        const struct threshold *t = &r->thresholds[i];
        printf("%-12s%s", t->is_kept ? "ok" : "MISSED", t->text);
        if (t->is_known)
            printf(" (%.3g)\n", t->value);
        else
            printf(" (there is no such figure in this run)\n");
    }
    printf("verdict: %s%s%s%s\n", words[r->verdict], r->reason[0] ? ": " : "", r->reason,
           r->watch->was_interrupted ? " (partial: interrupted)" : "");
}

void report_print(const struct report *r)
{
    if (r->run->options->label)
        printf("\n---- crowd %s ----\n", r->run->options->label);
    print_latencies(r->run, "latency in ms", TOTALS_ALL);
    if (r->run->options->split_at_s > 0) {
        print_latencies(r->run, "before the split", TOTALS_BEFORE);
        print_latencies(r->run, "after the split", TOTALS_AFTER);
    }
    print_memory(r->watch);
    print_counts(r);
    print_verdict(r);
    fflush(stdout);
}

/* Buckets as [us, count, us, count, ...]: enough to draw and to merge. */
static json_t *json_of_histogram(const struct histogram *h)
{
    json_t *o = json_object(), *buckets = json_array();
    json_object_set_new(o, "count", json_integer((json_int_t)h->count));
    for (size_t i = 0; i < SHARES_COUNT; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "%s_us", share_names[i]);
        if (n > 0)
            json_object_set_new(o, name, json_integer(histogram_quantile_us(h, shares[i])));
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
    json_object_set_new(o, "holds", json_integer((json_int_t)t->holds));
    json_object_set_new(o, "confirmed", json_integer((json_int_t)t->confirmed));
    json_object_set_new(o, "declined", json_integer((json_int_t)t->declined));
    json_object_set_new(o, "unsold", json_integer((json_int_t)t->unsold));
    json_object_set_new(o, "reconnects", json_integer((json_int_t)t->reconnects));
    json_object_set_new(o, "pushed_places", json_integer((json_int_t)t->pushes));
    json_object_set_new(o, "second_tabs", json_integer((json_int_t)t->tabs_compared));
    json_object_set_new(o, "tickets_compared", json_integer((json_int_t)t->tickets_compared));
    json_object_set_new(o, "tester_late_us_max", json_integer((json_int_t)t->loop_late_us_max));
    return o;
}

static json_t *json_of_run(const struct report *r)
{
    const struct stampede_options *p = r->run->options;
    struct utsname machine;
    json_t *o = json_object();
    json_object_set_new(o, "url", json_string(r->run->target.base));
    json_object_set_new(o, "event", json_string(r->run->event));
    json_object_set_new(o, "mode", json_string(stampede_mode_name(p->mode)));
    json_object_set_new(o, "visitors", json_integer(p->visitors));
    json_object_set_new(o, "processes", json_integer(r->run->processes));
    json_object_set_new(o, "arrive_within_s", json_real(arrival_end_s(&p->arrival)));
    json_object_set_new(o, "duration_s", json_real(p->duration_s));
    if (p->split_at_s > 0)
        json_object_set_new(o, "split_at_s", json_real(p->split_at_s));
    json_object_set_new(o, "seconds", json_real(r->watch->seconds));
    json_object_set_new(o, "seed", json_sprintf("%llu", (unsigned long long)p->seed));
    json_object_set_new(o, "was_interrupted", json_boolean(r->watch->was_interrupted));
    json_object_set_new(o, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    if (uname(&machine) == 0)
        json_object_set_new(o, "kernel", json_string(machine.release));
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
        json_array_append_new(array,
                              json_pack("{s:s, s:b, s:o}", "expect", t->text, "kept", t->is_kept,
                                        "value", t->is_known ? json_real(t->value) : json_null()));
    }
    return array;
}

/* HISTORY_NONE is left out. */
static void set_known(json_t *o, const char *name, int64_t value)
{
    if (value != HISTORY_NONE)
        json_object_set_new(o, name, json_integer(value));
}

static json_t *json_of_line(const struct line_pace *line)
{
    json_t *o = json_object();
    json_object_set_new(o, "joins_per_s", json_real(line->joins_per_s));
    json_object_set_new(o, "returns", json_integer((json_int_t)line->returns));
    json_object_set_new(o, "no_shows", json_integer((json_int_t)line->no_shows));
    set_known(o, "no_show_late_ms_max", line->no_show_late_ms_max);
    set_known(o, "first_admission_ms", line->first_admission_ms);
    return o;
}

int verdict_exit_code(enum verdict verdict)
{
    return verdict == VERDICT_MISSED ? 1 : (int)verdict;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"green", "broken", "", "not_carried_out", "missed"};
    return names[verdict];
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
    json_object_set_new(o, "line", json_of_line(&r->line));
    json_object_set_new(o, "latency", json_of_latencies(r, TOTALS_ALL));
    if (r->run->options->split_at_s > 0) {
        json_object_set_new(o, "latency_before", json_of_latencies(r, TOTALS_BEFORE));
        json_object_set_new(o, "latency_after", json_of_latencies(r, TOTALS_AFTER));
    }
    return json_of_watch(r, o);
}

bool report_write(const struct report *r, const char *path)
{
    json_t *o = report_json(r);
    int failed = json_dump_file(o, path, JSON_INDENT(1) | JSON_COMPACT);
    json_decref(o);
    if (failed)
        fprintf(stderr, "stampede: the report %s cannot be written\n", path);
    return !failed;
}
