/* What got better or worse between two sides of reports, beyond noise. Pure: JSON in, a table out.
 *
 * Each figure (a latency's median and p99, a rate, processor time, memory) has samples on both
 * sides:
 *   - with COMPARE_RUNS_MIN or more runs on each side, one sample per run. A change counts when an
 *     exact test of the ranks (Mann and Whitney) gives it less than COMPARE_CHANCE, and it is more
 *     than COMPARE_RUNS_CHANGE;
 *   - with fewer, one per period of the timeline, of all runs of the side. A change counts when the
 *     middle 99 % of COMPARE_RESAMPLES bootstrap resamples (of blocks of COMPARE_BLOCK neighbouring
 *     periods, as what is near in time is alike) leave out "no change", and it is more than
 *     COMPARE_PERIODS_CHANGE: what differs from run to run cannot be seen inside one.
 * Figures without periods (processor time per visitor, memory) need runs.
 *
 * A verdict that got worse is worse whatever the figures say. */
#ifndef STAMPEDE_COMPARE_H
#define STAMPEDE_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define COMPARE_REPORTS_MAX 32 /* a side; more are refused */
#define COMPARE_FIGURES_MAX 256
#define COMPARE_SAMPLES_MAX 20000
#define COMPARE_RUNS_MIN 4
#define COMPARE_RUNS_CHANGE 0.03
#define COMPARE_PERIODS_CHANGE 0.10
#define COMPARE_CHANCE 0.05
#define COMPARE_RESAMPLES 2000
#define COMPARE_BLOCK 5
#define COMPARE_PERIODS_MIN 5 /* with fewer on a side nothing is said */

enum compare_outcome {
    COMPARE_SAME,
    COMPARE_BETTER,
    COMPARE_WORSE,
    COMPARE_UNKNOWN, /* too little to tell */
    COMPARE_OUTCOME_COUNT
};

/* One figure. `low` and `high` bound the change B / A - 1; without a meaning when unknown. */
struct compare_figure {
    char name[96];          /* "crowd: hold p99 ms" */
    double a, b, low, high; /* a, b: NAN when a side has none */
    bool is_more_better;
    enum compare_outcome outcome;
};

/* The samples of one figure on one side. */
struct compare_samples {
    double values[COMPARE_SAMPLES_MAX];
    size_t count;
};

/* The chance that ranks like these, or more uneven ones, come about when nothing differs; exact for
 * up to 10 samples a side, otherwise by the normal approximation. */
double compare_rank_chance(const double *a, size_t a_count, const double *b, size_t b_count);
/* Bounds of the change of the medians by block bootstrap. Seeded: the same for the same samples. */
void compare_bootstrap(const struct compare_samples *a, const struct compare_samples *b,
                       double *low, double *high);

struct compare {
    struct compare_figure figures[COMPARE_FIGURES_MAX];
    size_t count, not_told; /* not_told: figures beyond the most */
    size_t a_runs, b_runs;
    bool is_by_runs, is_verdict_worse;
    const char *a_verdict, *b_verdict; /* the worst of each side; static */
};

/* Compares all of side A with all of side B: reports of one crowd each, or of scenarios, whose
 * crowds are compared by name. */
void compare_reports(json_t *const *a, size_t a_count, json_t *const *b, size_t b_count,
                     struct compare *c);
/* 1 when anything is worse, otherwise 0. */
int compare_exit_code(const struct compare *c);
/* `stampede compare A.json B.json` or `A.json ... -- B.json ...`, [--json]. Returns an exit code:
 * 0 nothing is worse, 1 something is, 2 wrong usage or not a report. */
int compare_command(int argc, char **argv);

#endif
