/* Which check runs when, what decides, and in which order reasons count: a broken promise, then a
 * run that was not carried out, then a missed threshold. */
#include "loadtest/judge.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loadtest/checker_line.h"
#include "loadtest/clocks.h"
#include "loadtest/ledger_read.h"
#include "loadtest/metrics.h"

bool judge_has_ledger(const struct stampede_options *o)
{
    return strcmp(o->ledger, "none") != 0;
}

bool judge_is_sale(const struct stampede_options *o)
{
    return o->mode == MODE_JOURNEY || o->mode == MODE_BUY;
}

static struct finding *next_finding(struct report *report)
{
    return &report->findings[report->findings_count++];
}

/* False when nobody has the provider's book: a provider of one's own, or `none`. */
static bool find_provider(const struct stampede_options *o, char *path, size_t path_bytes_max)
{
    const char *slash = strrchr(o->ledger, '/');
    int folder_bytes = slash ? (int)(slash + 1 - o->ledger) : 0;
    int n = o->provider ? snprintf(path, path_bytes_max, "%s", o->provider)
                        : snprintf(path, path_bytes_max, "%.*ssandbox.db", folder_bytes, o->ledger);
    return n > 0 && (size_t)n < path_bytes_max && strcmp(path, "none") != 0 &&
           (o->provider || access(path, F_OK) == 0);
}

static void not_checked(struct report *report, const char *name, const char *why)
{
    struct finding *f = next_finding(report);
    *f = (struct finding){.name = name, .state = FINDING_NOT_CHECKED};
    (void)snprintf(f->text, sizeof f->text, "%s", why);
}

/* `before` was read before the ledger. */
static void check_provider(struct report *report, const struct history *h, const struct ledger *l,
                           const struct provider *before, const char *path)
{
    struct provider after;
    char why[300];
    if (!ledger_read_provider(path, &after, why, sizeof why)) {
        not_checked(report, "money taken exactly for the orders", why);
        return;
    }
    checker_money_taken(h, l, before, &after, next_finding(report));
    ledger_release_provider(&after);
}

static void check_ledger(struct report *report, const struct history *h)
{
    const struct run *r = report->run;
    struct ledger ledger;
    struct provider before = {0};
    char why[160], provider[4096], provider_why[300];
    if (!judge_has_ledger(r->options))
        return;
    bool has_provider = find_provider(r->options, provider, sizeof provider);
    if (has_provider)
        (void)ledger_read_provider(provider, &before, provider_why, sizeof provider_why);
    if (!ledger_read(r->options->ledger, r->event, &ledger, why, sizeof why)) {
        not_checked(report, "ledger", why);
        ledger_release_provider(&before);
        return;
    }
    checker_seats_sold_once(&ledger, next_finding(report));
    checker_confirmed_have_rows(h, &ledger, next_finding(report));
    checker_money(h, &ledger, next_finding(report));
    if (has_provider)
        check_provider(report, h, &ledger, &before, provider);
    ledger_release_provider(&before);
    ledger_release(&ledger);
}

/* What is only there in some runs. */
static void check_scenario(struct report *report, const struct history *h)
{
    const struct run *r = report->run;
    if (r->options->no_show > 0)
        checker_no_shows(h, report->watch->end_ms, next_finding(report));
    if (r->opens_at_ms > report->watch->start_ms)
        checker_opening(h, r->opens_at_ms, next_finding(report));
    if (h->lost_ms > 0)
        checker_recovery(h, next_finding(report));
    if (atomic_load(&r->shared->has_draw))
        checker_draw(h, r->opens_at_ms, next_finding(report));
}

static void check(struct report *report, const struct history *h, int64_t cap)
{
    const struct run *r = report->run;
    if (judge_is_sale(r->options)) {
        checker_seats_told_once(h, next_finding(report));
        check_ledger(report, h);
        checker_holds(h, next_finding(report));
    }
    if (r->options->mode == MODE_BAD)
        return; /* these are not visitors */
    if (r->options->mode != MODE_WAIT)
        checker_holds_apart(r->shared->clashes, atomic_load(&r->shared->clashes_count),
                            next_finding(report));
    checker_order_of_admission(h, next_finding(report));
    checker_one_place(h, next_finding(report));
    checker_places_kept(h, next_finding(report));
    checker_cap(h, report->watch->samples, report->watch->samples_count, cap, next_finding(report));
    check_scenario(report, h);
}

static void say_too_few(struct report *report)
{
    const struct stampede_options *o = report->run->options;
    int64_t got = judge_is_sale(o)       ? report->totals.finished
                  : o->mode == MODE_WAIT ? (int64_t)report->watch->measured_waiting
                  : o->mode == MODE_BAD  ? (int64_t)report->totals.joined
                  : report->totals.holds ? (int64_t)o->visitors
                                         : 0;
    static const char *const goals[MODE_COUNT] = {"came to an end of their own",
                                                  "got into the line", "could hold seats",
                                                  "came to an end of their own", "could misbehave"};
    if (report->watch->has_process_died)
        (void)snprintf(report->reason, sizeof report->reason,
                       "a process of stampede itself ended early");
    else if ((double)got < o->finish_min * o->visitors)
        (void)snprintf(report->reason, sizeof report->reason,
                       "only %lld of %u visitors %s (--finish-min, --duration-s)", (long long)got,
                       o->visitors, goals[o->mode]);
}

static void judge_promises(struct report *report)
{
    say_too_few(report);
    report->verdict = report->reason[0] ? VERDICT_NOT_CARRIED_OUT : VERDICT_GREEN;
    /* Without a ledger some checks are given up knowingly. */
    bool is_wanted = judge_is_sale(report->run->options) && judge_has_ledger(report->run->options);
    for (size_t i = 0; i < report->findings_count; i++) {
        const struct finding *f = &report->findings[i];
        if (f->state == FINDING_FAILED)
            report->verdict = VERDICT_BROKEN;
        else if (f->state == FINDING_NOT_CHECKED && report->verdict == VERDICT_GREEN && is_wanted) {
            report->verdict = VERDICT_NOT_CARRIED_OUT;
            (void)snprintf(report->reason, sizeof report->reason, "\"%s\" could not be checked",
                           f->name);
        }
    }
}

/* A threshold on what this run has no figure for is missed: it must not pass unseen. */
static void judge_thresholds(struct report *report)
{
    const struct stampede_options *o = report->run->options;
    for (size_t i = 0; i < o->expectations_count; i++) {
        const struct expectation *e = &o->expectations[i];
        struct threshold *t = &report->thresholds[report->thresholds_count++];
        t->text = o->expectation_texts[i];
        t->unit = metrics_unit(e->metric);
        t->is_known = metrics_value(report, e->metric, &t->value);
        t->is_kept = t->is_known && expect_holds(e, t->value);
        if (t->is_kept || o->is_lenient || report->verdict != VERDICT_GREEN)
            continue;
        report->verdict = VERDICT_MISSED;
        (void)snprintf(report->reason, sizeof report->reason, "%.150s", t->text);
    }
}

void judge(struct report *report, const struct history *h, int64_t cap)
{
    metrics_prepare(report, h);
    check(report, h, cap);
    judge_promises(report);
    judge_thresholds(report);
}
