/* The figures as a page of text; as JSON they are in report_json.c. */
#include "loadtest/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNFINISHED_MAX 5

const struct report_share report_shares[REPORT_SHARES_COUNT] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

static void print_latencies(const struct run *r, const char *title, unsigned parts)
{
    static struct histogram h;
    printf("\n%-17s%9s", title, "count");
    for (size_t i = 0; i < REPORT_SHARES_COUNT; i++)
        printf("%9s", report_shares[i].name);
    printf("%9s\n", "max");
    for (int k = 0; k < LATENCY_COUNT; k++) {
        totals_latency(r, (enum latency_kind)k, parts, &h);
        if (h.count == 0)
            continue;
        printf("%-17s%9llu", totals_latency_name((enum latency_kind)k),
               (unsigned long long)h.count);
        for (size_t i = 0; i < REPORT_SHARES_COUNT; i++)
            printf("%9.2f", (double)histogram_quantile_us(&h, report_shares[i].share) / 1000);
        printf("%9.2f\n", (double)h.us_max / 1000);
    }
}

static void print_memory(const struct report *r)
{
    const struct watch *w = r->watch;
    bool is_wanted = r->run->options->mode == MODE_WAIT;
    if (w->measured_waiting == 0 || !is_wanted)
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
    printf("the tester itself was at most %.1f ms late (p99 %.1f ms); its busiest process used "
           "%.0f %% of a core in its busiest second\n",
           (double)t->loop_late_us_max / 1000, (double)r->tester.late_p99_us / 1000,
           r->tester.busiest_max * 100);
    if (r->tester.is_limit)
        printf("WARNING: %s\n", r->tester.why);
    if (r->watch->hold_seconds > 0)
        printf("%.0f holds per second (%llu in %.1f s)\n",
               (double)r->watch->holds_counted / r->watch->hold_seconds,
               (unsigned long long)r->watch->holds_counted, r->watch->hold_seconds);
    if (r->watch->orders_seconds > 0)
        printf("%.0f orders per second (%llu in %.2f s)\n",
               (double)r->watch->orders_counted / r->watch->orders_seconds,
               (unsigned long long)r->watch->orders_counted, r->watch->orders_seconds);
}

/* Digits enough to compare, and no exponents. */
static void print_value(const struct threshold *t)
{
    double size = fabs(t->value);
    int digits = size >= 100 || size == floor(size) ? 0 : size >= 1 ? 2 : 4;
    printf(" (%.*f%s%s)\n", digits, t->value, t->unit[0] ? " " : "", t->unit);
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
            print_value(t);
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
    print_memory(r);
    print_counts(r);
    print_verdict(r);
    fflush(stdout);
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
