/* A figure is a way to get numbers out of one crowd's report: one number for the run, and, where
 * there is a timeline, one per period. Periods in which nothing of the kind happened have none. */
#include "loadtest/compare_figures.h"

#include <stdio.h>
#include <string.h>

#define PERIOD_S_MIN 0.5 /* the rest of a second at the end tells no rate */

/* Adds what a report has to tell. */
struct figure_kind {
    const char *name, *unit;
    bool is_more_better;
    const char *path[3]; /* of the number for the run, or the timeline's column */
    double factor;
    enum figure_source {
        OF_LATENCY,
        OF_RATE,
        OF_LINE,
        OF_SERVER_CPU,
        OF_SERVER_MEMORY,
        OF_ERRORS
    } of;
};

static const struct figure_kind kinds[] = {
    {"connect p50", "ms", false, {"connect", "p50_us"}, 0.001, OF_LATENCY},
    {"connect p99", "ms", false, {"connect", "p99_us"}, 0.001, OF_LATENCY},
    {"join p50", "ms", false, {"join", "p50_us"}, 0.001, OF_LATENCY},
    {"join p99", "ms", false, {"join", "p99_us"}, 0.001, OF_LATENCY},
    {"return p99", "ms", false, {"return", "p99_us"}, 0.001, OF_LATENCY},
    {"admission told p50", "ms", false, {"admission told", "p50_us"}, 0.001, OF_LATENCY},
    {"admission told p99", "ms", false, {"admission told", "p99_us"}, 0.001, OF_LATENCY},
    {"hold p50", "ms", false, {"hold", "p50_us"}, 0.001, OF_LATENCY},
    {"hold p99", "ms", false, {"hold", "p99_us"}, 0.001, OF_LATENCY},
    {"pay to confirmed p50", "ms", false, {"pay to confirmed", "p50_us"}, 0.001, OF_LATENCY},
    {"pay to confirmed p99", "ms", false, {"pay to confirmed", "p99_us"}, 0.001, OF_LATENCY},
    {"joins", "1/s", true, {"joined"}, 1, OF_RATE},
    {"admissions", "1/s", true, {"admitted"}, 1, OF_RATE},
    {"holds", "1/s", true, {"holds"}, 1, OF_RATE},
    {"confirmed", "1/s", true, {"confirmed"}, 1, OF_RATE},
    {"joins, middle eight tenths", "1/s", true, {"line", "joins_per_s"}, 1, OF_LINE},
    {"holds, mode hold", "1/s", true, {"run", "holds_per_s"}, 1, OF_LINE},
    {"orders, mode buy", "1/s", true, {"run", "orders_per_s"}, 1, OF_LINE},
    {"server processor per visitor", "ms", false, {NULL}, 1, OF_SERVER_CPU},
    {"server memory, most", "MB", false, {NULL}, 1, OF_SERVER_MEMORY},
    {"errors per visitor", "", false, {NULL}, 1, OF_ERRORS},
};
#define KINDS_COUNT (sizeof kinds / sizeof *kinds)

static void add(struct compare_samples *s, double value)
{
    if (s->count < COMPARE_SAMPLES_MAX)
        s->values[s->count++] = value;
}

static double seconds_at(const json_t *line, size_t i)
{
    return json_number_value(json_array_get(json_object_get(line, "seconds"), i));
}

static double visitors_of(const json_t *report)
{
    double visitors =
        json_number_value(json_object_get(json_object_get(report, "run"), "visitors"));
    return visitors > 0 ? visitors : 1;
}

static void add_latency(const json_t *report, const struct figure_kind *k, bool is_by_runs,
                        struct compare_samples *s)
{
    const json_t *latencies =
        json_object_get(is_by_runs ? report : json_object_get(report, "timeline"), "latency");
    const json_t *one = json_object_get(latencies, k->path[0]);
    const json_t *values = json_object_get(one, k->path[1]);
    if (is_by_runs && json_integer_value(json_object_get(one, "count")) > 0)
        add(s, json_number_value(values) * k->factor);
    for (size_t i = 0; !is_by_runs && i < json_array_size(values); i++)
        if (json_is_number(json_array_get(values, i)))
            add(s, json_number_value(json_array_get(values, i)) * k->factor);
}

/* Per second, while there is anything to do. */
static void add_rate(const json_t *report, const struct figure_kind *k, bool is_by_runs,
                     struct compare_samples *s)
{
    const json_t *line = json_object_get(report, "timeline");
    const json_t *values = json_object_get(json_object_get(line, "counts"), k->path[0]);
    double count = 0, seconds = 0;
    for (size_t i = 0; i < json_array_size(values); i++) {
        double here = json_number_value(json_array_get(values, i)), length = seconds_at(line, i);
        if (here <= 0)
            continue;
        count += here;
        seconds += length;
        if (!is_by_runs && length >= PERIOD_S_MIN)
            add(s, here / length);
    }
    if (is_by_runs && seconds > 0)
        add(s, count / seconds);
}

static void add_cpu(const json_t *report, struct compare_samples *s)
{
    const json_t *line = json_object_get(report, "timeline");
    const json_t *processes = json_object_get(line, "processes");
    double used_s = 0;
    for (size_t p = 0; p < json_array_size(processes); p++) {
        const json_t *cpu = json_object_get(json_array_get(processes, p), "cpu");
        for (size_t i = 0; i < json_array_size(cpu); i++)
            used_s += json_number_value(json_array_get(cpu, i)) * seconds_at(line, i);
    }
    if (used_s > 0)
        add(s, used_s * 1000 / visitors_of(report));
}

static void add_memory(const json_t *report, struct compare_samples *s)
{
    const json_t *line = json_object_get(report, "timeline");
    const json_t *processes = json_object_get(line, "processes");
    size_t periods = json_array_size(json_object_get(line, "at_s"));
    double most_kb = 0;
    for (size_t i = 0; i < periods; i++) {
        double kb = 0;
        for (size_t p = 0; p < json_array_size(processes); p++)
            kb += json_number_value(
                json_array_get(json_object_get(json_array_get(processes, p), "memory_kb"), i));
        most_kb = kb > most_kb ? kb : most_kb;
    }
    if (most_kb > 0)
        add(s, most_kb / 1024);
}

static void add_errors(const json_t *report, struct compare_samples *s)
{
    json_t *errors = json_object_get(json_object_get(report, "counts"), "errors"), *count;
    const char *name;
    double all = 0;
    json_object_foreach(errors, name, count)
        all += json_number_value(count);
    if (errors)
        add(s, all / visitors_of(report));
}

static void add_samples(const json_t *report, const struct figure_kind *k, bool is_by_runs,
                        struct compare_samples *s)
{
    const json_t *value;
    switch (k->of) {
    case OF_LATENCY:
        add_latency(report, k, is_by_runs, s);
        break;
    case OF_RATE:
        add_rate(report, k, is_by_runs, s);
        break;
    case OF_LINE:
        value = json_object_get(json_object_get(report, k->path[0]), k->path[1]);
        if (json_number_value(value) > 0)
            add(s, json_number_value(value));
        break;
    case OF_SERVER_CPU:
        add_cpu(report, s);
        break;
    case OF_SERVER_MEMORY:
        add_memory(report, s);
        break;
    default:
        add_errors(report, s);
    }
}

/* The report of that crowd; `crowd` NULL: of a run without a scenario. */
static const json_t *crowd_of(const json_t *report, const char *crowd)
{
    return crowd ? json_object_get(json_object_get(report, "crowds"), crowd) : report;
}

static void gather(json_t *const *reports, size_t count, const char *crowd,
                   const struct figure_kind *k, bool is_by_runs, struct compare_samples *s)
{
    s->count = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *report = crowd_of(reports[i], crowd);
        if (json_is_object(report))
            add_samples(report, k, is_by_runs, s);
    }
}

static void compare_crowd(json_t *const *a, json_t *const *b, const char *crowd, struct compare *c)
{
    static struct compare_samples left, right; /* large */
    for (size_t i = 0; i < KINDS_COUNT; i++) {
        gather(a, c->a_runs, crowd, &kinds[i], c->is_by_runs, &left);
        gather(b, c->b_runs, crowd, &kinds[i], c->is_by_runs, &right);
        if (left.count == 0 && right.count == 0)
            continue;
        if (c->count == COMPARE_FIGURES_MAX) {
            c->not_told++;
            continue;
        }
        struct compare_figure *f = &c->figures[c->count++];
        *f = (struct compare_figure){.is_more_better = kinds[i].is_more_better};
        int n =
            snprintf(f->name, sizeof f->name, "%s%s%s%s%s", crowd ? crowd : "", crowd ? ": " : "",
                     kinds[i].name, kinds[i].unit[0] ? " " : "", kinds[i].unit);
        if (n < 0)
            f->name[0] = '\0';
        compare_judge(&left, &right, c->is_by_runs, f);
    }
}

/* From good to bad. */
static const char *const verdicts[] = {"green", "missed", "not_carried_out", "broken"};

static size_t worst_verdict(json_t *const *reports, size_t count)
{
    size_t worst = 0;
    for (size_t i = 0; i < count; i++) {
        const char *verdict = json_string_value(json_object_get(reports[i], "verdict"));
        for (size_t k = 0; verdict && k < sizeof verdicts / sizeof *verdicts; k++)
            if (strcmp(verdict, verdicts[k]) == 0 && k > worst)
                worst = k;
    }
    return worst;
}

void compare_reports(json_t *const *a, size_t a_count, json_t *const *b, size_t b_count,
                     struct compare *c)
{
    size_t a_worst = worst_verdict(a, a_count), b_worst = worst_verdict(b, b_count);
    *c = (struct compare){.a_runs = a_count,
                          .b_runs = b_count,
                          .is_by_runs = a_count >= COMPARE_RUNS_MIN && b_count >= COMPARE_RUNS_MIN,
                          .is_verdict_worse = b_worst > a_worst,
                          .a_verdict = verdicts[a_worst],
                          .b_verdict = verdicts[b_worst]};
    json_t *crowds = json_object_get(a[0], "crowds"), *ignored;
    const char *name;
    if (!crowds)
        compare_crowd(a, b, NULL, c);
    json_object_foreach(crowds, name, ignored)
        compare_crowd(a, b, name, c);
}
