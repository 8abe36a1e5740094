/* `stampede compare`: reads the reports, prints the table. */
#include "loadtest/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/load_run.h"

#define BUSY_APART 0.05

static const char *const words[COMPARE_OUTCOME_COUNT] = {"same", "better", "WORSE", "too little"};

/* Lifetime: one call. */
struct sides {
    json_t *reports[2][COMPARE_REPORTS_MAX];
    size_t counts[2];
};

static bool read_one(struct sides *s, int side, const char *path)
{
    json_error_t error;
    if (s->counts[side] == COMPARE_REPORTS_MAX) {
        fprintf(stderr, "stampede: more than %d reports on one side\n", COMPARE_REPORTS_MAX);
        return false;
    }
    json_t *report = json_load_file(path, 0, &error);
    if (!json_object_get(report, "verdict")) {
        fprintf(stderr, "stampede: %s is no report of stampede%s%s\n", path, report ? "" : ": ",
                report ? "" : error.text);
        json_decref(report);
        return false;
    }
    s->reports[side][s->counts[side]++] = report;
    return true;
}

/* Both of one crowd, or both of scenarios that have a crowd in common. */
static bool can_be_compared(const struct sides *s)
{
    json_t *a = json_object_get(s->reports[0][0], "crowds"), *ignored;
    json_t *b = json_object_get(s->reports[1][0], "crowds");
    const char *name;
    if (!a && !b)
        return true;
    json_object_foreach(a, name, ignored)
        if (json_object_get(b, name))
            return true;
    fprintf(stderr, "stampede: these are not reports of the same crowds\n");
    return false;
}

/* NAN: there is none. */
static void print_value(double value)
{
    if (isnan(value))
        printf("%11s", "-");
    else
        printf("%11.4g", value);
}

static void print_change(const struct compare_figure *f)
{
    double change = f->a > 0 ? (f->b / f->a - 1) * 100 : NAN;
    if (isnan(change))
        printf("%9s", "-");
    else
        printf("%+8.1f%%", change);
    if (f->outcome == COMPARE_UNKNOWN || !isfinite(f->low) || !isfinite(f->high))
        printf("%18s", "");
    else
        printf("  %+6.1f to %+6.1f", f->low * 100, f->high * 100);
}

static void print_table(const struct compare *c)
{
    printf("%-44s%11s%11s%9s%18s  %s\n", "", "A", "B", "change",
           c->is_by_runs ? "between runs" : "99 % of resamples", "");
    for (size_t i = 0; i < c->count; i++) {
        const struct compare_figure *f = &c->figures[i];
        printf("%-44s", f->name);
        print_value(f->a);
        print_value(f->b);
        print_change(f);
        printf("  %s\n", words[f->outcome]);
    }
    if (c->not_told > 0)
        printf("%zu more figures are not told\n", c->not_told);
    printf("\nverdict: %s, %s%s\n", c->a_verdict, c->b_verdict,
           c->is_verdict_worse ? ": WORSE" : "");
    if (c->is_by_runs)
        printf(
            "noise: %zu and %zu runs; a change counts when the ranks of the runs give it less than "
            "%.0f %% and it is more than %.0f %%\n",
            c->a_runs, c->b_runs, COMPARE_CHANCE * 100, COMPARE_RUNS_CHANGE * 100);
    else
        printf(
            "noise: the seconds within %zu and %zu runs; a change counts when 99 %% of the "
            "resamples agree and it is more than %.0f %%.\nWhat differs from run to run is not in "
            "that: %d or more runs on each side see it.\n",
            c->a_runs, c->b_runs, COMPARE_PERIODS_CHANGE * 100, COMPARE_RUNS_MIN);
}

/* Share of the time that the machine was busy with all it had to do; NAN: it does not say. */
static double busy_share(json_t *const *reports, size_t count)
{
    double sum = 0;
    size_t periods = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *crowds = json_object_get(reports[i], "crowds");
        json_t *crowd = crowds ? json_object_iter_value(json_object_iter(crowds)) : reports[i];
        json_t *tester = json_object_get(json_object_get(crowd, "timeline"), "tester");
        json_t *shares = json_object_get(tester, "machine");
        for (size_t k = 0; k < json_array_size(shares); k++) {
            sum += json_number_value(json_array_get(shares, k));
            periods += json_is_number(json_array_get(shares, k));
        }
    }
    return periods > 0 ? sum / (double)periods : NAN;
}

/* Latencies depend on what else the machine has to do, and the figures alone do not tell that. */
static void print_machine(const struct sides *s)
{
    double a = busy_share(s->reports[0], s->counts[0]), b = busy_share(s->reports[1], s->counts[1]);
    if (isfinite(a) && isfinite(b))
        printf("the machine was busy for %.0f %% of A and %.0f %% of B%s\n", a * 100, b * 100,
               fabs(a - b) > BUSY_APART ? ": these are not the same conditions" : "");
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(const struct compare *c)
{
    static const char *const names[COMPARE_OUTCOME_COUNT] = {"same", "better", "worse", "unknown"};
    json_t *figures = json_array();
    for (size_t i = 0; i < c->count; i++) {
        const struct compare_figure *f = &c->figures[i];
        bool has_bounds = f->outcome != COMPARE_UNKNOWN && isfinite(f->low) && isfinite(f->high);
        json_array_append_new(figures,
                              json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "figure", f->name, "a",
                                        number(f->a), "b", number(f->b), "change_low",
                                        has_bounds ? json_real(f->low) : json_null(), "change_high",
                                        has_bounds ? json_real(f->high) : json_null(), "outcome",
                                        names[f->outcome]));
    }
    json_t *o =
        json_pack("{s:o, s:s, s:[s,s], s:[i,i], s:b}", "figures", figures, "noise",
                  c->is_by_runs ? "runs" : "periods", "verdicts", c->a_verdict, c->b_verdict,
                  "runs", (int)c->a_runs, (int)c->b_runs, "is_worse", compare_exit_code(c));
    json_dumpf(o, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(o);
}

static bool read_all(struct sides *s, int argc, char **argv, bool *is_json)
{
    bool has_gap = false;
    int side = 0;
    for (int i = 1; i < argc; i++)
        has_gap |= strcmp(argv[i], "--") == 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            *is_json = true;
        } else if (strcmp(argv[i], "--") == 0) {
            side = 1;
        } else if (argv[i][0] == '-') {
            return false;
        } else {
            if (!has_gap && s->counts[0] > 0)
                side = 1;
            if (!has_gap && s->counts[1] > 0)
                return false;
            if (!read_one(s, side, argv[i]))
                return false;
        }
    }
    return s->counts[0] > 0 && s->counts[1] > 0;
}

int compare_command(int argc, char **argv)
{
    static struct compare c; /* large */
    struct sides s = {0};
    bool is_json = false;
    int code = LOAD_RUN_USAGE;
    if (!read_all(&s, argc, argv, &is_json)) {
        fprintf(stderr, "usage: stampede compare A.json B.json [--json]\n"
                        "       stampede compare A1.json A2.json ... -- B1.json B2.json ...\n");
    } else if (can_be_compared(&s)) {
        compare_reports(s.reports[0], s.counts[0], s.reports[1], s.counts[1], &c);
        if (is_json) {
            print_json(&c);
        } else {
            print_table(&c);
            print_machine(&s);
        }
        code = compare_exit_code(&c);
    }
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < s.counts[side]; i++)
            json_decref(s.reports[side][i]);
    return code;
}
