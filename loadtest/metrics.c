/* A latency is looked up by its first word, then by its quantile; everything else is a counter. */
#include "loadtest/metrics.h"

#include <string.h>

#include "loadtest/environment.h"
#include "loadtest/line_pace.h"
#include "loadtest/long_run.h"

struct tick_sink {
    const struct run *run;
    int64_t split_ms;
};

static void on_interval(void *ctx, int64_t from_ms, int64_t interval_ms)
{
    const struct tick_sink *sink = ctx;
    int part = from_ms >= sink->split_ms;
    histogram_record(&sink->run->stats[0].latency[part][LATENCY_TICK], interval_ms * 1000);
}

void metrics_prepare(struct report *report, const struct history *h)
{
    const struct run *r = report->run;
    struct tick_sink sink = {r, INT64_MAX};
    static struct histogram late; /* large */
    if (r->options->split_at_s > 0)
        sink.split_ms = report->watch->start_ms + (int64_t)(r->options->split_at_s * 1000);
    line_pace_ticks(h, on_interval, &sink);
    line_pace_read(h, r->opens_at_ms, &report->line);
    totals_late(r, &late);
    if (report->watch->recorder)
        tester_load_read(&report->watch->recorder->timeline, &late, environment_cores(),
                         &r->options->rates, &report->tester);
}

/* What follows "prefix." in name, or NULL. */
static const char *behind(const char *name, const char *prefix)
{
    size_t bytes = strlen(prefix);
    return strncmp(name, prefix, bytes) == 0 && name[bytes] == '.' ? name + bytes + 1 : NULL;
}

static bool read_quantile(const struct histogram *h, const char *name, double *value)
{
    if (strcmp(name, "count") == 0) {
        *value = (double)h->count;
        return true;
    }
    if (h->count == 0)
        return false;
    if (strcmp(name, "max") == 0) {
        *value = (double)h->us_max / 1000;
        return true;
    }
    for (size_t i = 0; i < REPORT_SHARES_COUNT; i++)
        if (strcmp(name, report_shares[i].name) == 0) {
            *value = (double)histogram_quantile_us(h, report_shares[i].share) / 1000;
            return true;
        }
    return false;
}

static bool read_latency(const struct report *r, const char *name, unsigned parts, double *value)
{
    static struct histogram h;
    for (int k = 0; k < LATENCY_COUNT; k++) {
        const char *quantile = behind(name, totals_latency_word((enum latency_kind)k));
        if (!quantile)
            continue;
        totals_latency(r->run, (enum latency_kind)k, parts, &h);
        return read_quantile(&h, quantile, value);
    }
    return false;
}

static bool read_cpu_ratio(const struct report *r, double *value)
{
    const struct recorder *recorder = r->watch->recorder;
    double split_s = r->run->options->split_at_s;
    return recorder && split_s > 0 &&
           long_run_cpu_ratio(&recorder->timeline, &recorder->use, split_s, value);
}

static bool read_ratio(const struct report *r, const char *name, double *value)
{
    double before, after;
    if (strcmp(name, "cpu") == 0)
        return read_cpu_ratio(r, value);
    if (!read_latency(r, name, TOTALS_BEFORE, &before) ||
        !read_latency(r, name, TOTALS_AFTER, &after) || before <= 0)
        return false;
    *value = after / before;
    return true;
}

static bool read_state(const struct report *r, const char *name, double *value)
{
    for (int i = 0; i < VISITOR_STATE_COUNT; i++)
        if (strcmp(name, totals_state_name((enum visitor_state)i)) == 0) {
            *value = (double)r->totals.by_state[i];
            return true;
        }
    return false;
}

static bool read_error(const struct report *r, const char *name, double *value)
{
    uint32_t index = run_error_index(name);
    if (strcmp(name, run_error_names[index]) != 0)
        return false;
    *value = (double)r->totals.errors[index];
    return true;
}

/* 0 = not known. */
static double most_memory_mb(const struct report *r)
{
    const struct recorder *recorder = r->watch->recorder;
    uint32_t kb = 0;
    for (uint32_t i = 0; recorder && i < recorder->timeline.count; i++)
        if (recorder->timeline.points[i].memory_used_kb > kb)
            kb = recorder->timeline.points[i].memory_used_kb;
    return kb / 1024.0;
}

/* Figures with a name of their own, in the order of read_counter's values. */
static const char *const counter_names[] = {
    "holds",        "arrived",     "joined",        "admitted",       "seats_sold",
    "confirmed",    "reconnects",  "pushes",        "returns_each",   "no_shows_each",
    "joins_per_s",  "joined.last", "memory.max",    "connected_each", "opening.first",
    "no_show.late", "tester.late", "tester.busiest"};
#define COUNTERS_COUNT (sizeof counter_names / sizeof *counter_names)

static bool read_growth(const struct report *r, const char *name, double *value)
{
    const struct recorder *recorder = r->watch->recorder;
    return recorder && long_run_growth_mb(&recorder->timeline, &recorder->use, name, value);
}

static bool read_counter(const struct report *r, const char *name, double *value)
{
    const double visitors = r->run->options->visitors;
    const struct recorder *recorder = r->watch->recorder;
    const struct {
        double value;
        bool is_known;
    } counters[] = {
        {(double)r->totals.holds, true},
        {(double)r->totals.arrived, true},
        {(double)r->totals.joined, true},
        {(double)r->totals.admitted, true},
        {(double)r->totals.seats_sold, true},
        {(double)r->totals.confirmed, true},
        {(double)r->totals.reconnects, true},
        {(double)r->totals.pushes, true},
        {(double)r->line.returns / visitors, true},
        {(double)r->line.no_shows / visitors, true},
        {r->line.joins_per_s, r->line.joins_per_s > 0},
        {(double)(r->line.last_told_ms - r->watch->start_ms), r->line.last_told_ms != HISTORY_NONE},
        {most_memory_mb(r), most_memory_mb(r) > 0},
        {recorder ? (double)recorder->connected_max / visitors : 0, recorder != NULL},
        {(double)r->line.first_admission_ms, r->line.first_admission_ms != HISTORY_NONE},
        {(double)r->line.no_show_late_ms_max, r->line.no_show_late_ms_max != HISTORY_NONE},
        {(double)r->totals.loop_late_us_max / 1000, true},
        {r->tester.busiest_max, recorder != NULL},
    };
    _Static_assert(sizeof counters / sizeof *counters == COUNTERS_COUNT, "a value for each name");
    for (size_t i = 0; i < COUNTERS_COUNT; i++)
        if (strcmp(name, counter_names[i]) == 0) {
            *value = counters[i].value;
            return counters[i].is_known;
        }
    return false;
}

/* --- which there are --- */

static bool is_quantile(const char *name)
{
    bool is_one = strcmp(name, "count") == 0 || strcmp(name, "max") == 0;
    for (size_t i = 0; i < REPORT_SHARES_COUNT; i++)
        is_one |= strcmp(report_shares[i].name, name) == 0;
    return is_one;
}

static bool is_latency(const char *name)
{
    for (int k = 0; k < LATENCY_COUNT; k++) {
        const char *quantile = behind(name, totals_latency_word((enum latency_kind)k));
        if (quantile)
            return is_quantile(quantile);
    }
    return false;
}

static bool is_counter(const char *name)
{
    for (size_t i = 0; i < COUNTERS_COUNT; i++)
        if (strcmp(name, counter_names[i]) == 0)
            return true;
    return false;
}

static bool is_state(const char *name)
{
    for (int i = 0; i < VISITOR_STATE_COUNT; i++)
        if (strcmp(name, totals_state_name((enum visitor_state)i)) == 0)
            return true;
    return false;
}

static bool is_growth(const char *name)
{
    static const char *const names[] = {"gateways", "redis",     "ledger", "registrar",
                                        "sandbox",  "rehearser", "server"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

bool metrics_is_name(const char *name)
{
    static const char *const parts[] = {"ratio", "before", "after"};
    const char *rest;
    if (strcmp(name, "ratio.cpu") == 0)
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if ((rest = behind(name, parts[i])))
            return is_latency(rest);
    if ((rest = behind(name, "visitors")))
        return is_state(rest);
    if ((rest = behind(name, "errors")))
        return strcmp(rest, run_error_names[run_error_index(rest)]) == 0;
    if ((rest = behind(name, "growth")))
        return is_growth(rest);
    return is_latency(name) || is_counter(name);
}

bool metrics_value(const struct report *r, const char *name, double *value)
{
    const char *rest;
    if ((rest = behind(name, "ratio")))
        return read_ratio(r, rest, value);
    if ((rest = behind(name, "before")))
        return read_latency(r, rest, TOTALS_BEFORE, value);
    if ((rest = behind(name, "after")))
        return read_latency(r, rest, TOTALS_AFTER, value);
    if ((rest = behind(name, "visitors")))
        return read_state(r, rest, value);
    if ((rest = behind(name, "errors")))
        return read_error(r, rest, value);
    if ((rest = behind(name, "growth")))
        return read_growth(r, rest, value);
    return read_latency(r, name, TOTALS_ALL, value) || read_counter(r, name, value);
}

const char *metrics_unit(const char *name)
{
    static const char *const times[] = {"joined.last", "opening.first", "no_show.late",
                                        "tester.late"};
    const char *rest = behind(name, "before");
    rest = rest ? rest : behind(name, "after");
    rest = rest ? rest : name;
    if (is_latency(rest) && !strstr(rest, ".count"))
        return "ms";
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (strcmp(name, times[i]) == 0)
            return "ms";
    return strcmp(name, "memory.max") == 0 || behind(name, "growth") ? "MB" : "";
}
