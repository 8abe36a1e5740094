/* See the header: the statistics, and what becomes of two lists of reports. Which figures there are
 * is in compare_figures.c, the command and its table in compare_command.c. */
#include "loadtest/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/compare_figures.h"
#include "loadtest/dice.h"

#define EXACT_MAX 10
#define LOWEST 0.005 /* the middle 99 % */
#define SEED 20250101

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double median_of(const struct compare_samples *s)
{
    static double copy[COMPARE_SAMPLES_MAX];
    memcpy(copy, s->values, s->count * sizeof *copy);
    return s->count > 0 ? median(copy, s->count) : 0;
}

/* Twice the number of pairs in which b is above a, ties counting half. */
static size_t twice_wins(const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t wins = 0;
    for (size_t i = 0; i < a_count; i++)
        for (size_t k = 0; k < b_count; k++)
            wins += b[k] > a[i] ? 2 : b[k] == a[i];
    return wins;
}

/* How many of the orders of m and n samples have u wins, for every u: the recurrence of Mann and
 * Whitney. */
static double exact_chance(size_t m, size_t n, double wins)
{
    static double ways[EXACT_MAX + 1][EXACT_MAX + 1][EXACT_MAX * EXACT_MAX + 1];
    memset(ways, 0, sizeof ways);
    for (size_t i = 0; i <= m; i++)
        for (size_t k = 0; k <= n; k++)
            for (size_t u = 0; u <= i * k; u++)
                if (i == 0 || k == 0)
                    ways[i][k][u] = u == 0;
                else
                    ways[i][k][u] = (u >= k ? ways[i - 1][k][u - k] : 0) + ways[i][k - 1][u];
    double all = 0, extreme = 0, far = fabs(wins - (double)(m * n) / 2);
    for (size_t u = 0; u <= m * n; u++) {
        all += ways[m][n][u];
        if (fabs((double)u - (double)(m * n) / 2) >= far - 1e-9)
            extreme += ways[m][n][u];
    }
    return extreme / all;
}

double compare_rank_chance(const double *a, size_t a_count, const double *b, size_t b_count)
{
    double wins = (double)twice_wins(a, a_count, b, b_count) / 2;
    double m = (double)a_count, n = (double)b_count;
    if (a_count == 0 || b_count == 0)
        return 1;
    if (a_count <= EXACT_MAX && b_count <= EXACT_MAX)
        return exact_chance(a_count, b_count, wins);
    double deviations = fabs(wins - m * n / 2) / sqrt(m * n * (m + n + 1) / 12);
    return erfc(deviations / sqrt(2));
}

/* The median of one resample: blocks that begin anywhere and go round at the end. */
static double resample(const struct compare_samples *s, struct dice *dice)
{
    static double drawn[COMPARE_SAMPLES_MAX];
    size_t block = s->count < (size_t)COMPARE_BLOCK * 4 ? 1 : COMPARE_BLOCK;
    for (size_t i = 0; i < s->count; i += block) {
        size_t from = (size_t)dice_between(dice, 0, (int64_t)s->count - 1);
        for (size_t k = 0; k < block && i + k < s->count; k++)
            drawn[i + k] = s->values[(from + k) % s->count];
    }
    return median(drawn, s->count);
}

void compare_bootstrap(const struct compare_samples *a, const struct compare_samples *b,
                       double *low, double *high)
{
    static double changes[COMPARE_RESAMPLES];
    struct dice dice;
    dice_init(&dice, SEED, a->count * 31 + b->count);
    for (int i = 0; i < COMPARE_RESAMPLES; i++) {
        double x = resample(a, &dice), y = resample(b, &dice);
        changes[i] = x > 0 ? y / x - 1 : y > 0 ? INFINITY : 0;
    }
    qsort(changes, COMPARE_RESAMPLES, sizeof *changes, ascending);
    *low = changes[(size_t)(LOWEST * COMPARE_RESAMPLES)];
    *high = changes[(size_t)((1 - LOWEST) * COMPARE_RESAMPLES)];
}

static enum compare_outcome outcome_of(const struct compare_figure *f, double change)
{
    return (change > 0) == f->is_more_better ? COMPARE_BETTER : COMPARE_WORSE;
}

/* How far apart the runs of both sides can be: the bounds told in the table. */
static void spread(const struct compare_samples *a, const struct compare_samples *b,
                   struct compare_figure *f)
{
    double a_low = a->values[0], a_high = a_low, b_low = b->values[0], b_high = b_low;
    for (size_t i = 1; i < a->count; i++)
        a_low = fmin(a_low, a->values[i]), a_high = fmax(a_high, a->values[i]);
    for (size_t i = 1; i < b->count; i++)
        b_low = fmin(b_low, b->values[i]), b_high = fmax(b_high, b->values[i]);
    f->low = a_high > 0 ? b_low / a_high - 1 : 0;
    f->high = a_low > 0 ? b_high / a_low - 1 : 0;
}

void compare_judge(const struct compare_samples *a, const struct compare_samples *b,
                   bool is_by_runs, struct compare_figure *f)
{
    f->a = a->count > 0 ? median_of(a) : NAN;
    f->b = b->count > 0 ? median_of(b) : NAN;
    f->outcome = COMPARE_UNKNOWN;
    double change = f->a > 0 ? f->b / f->a - 1 : f->b > 0 ? INFINITY : 0;
    size_t least = is_by_runs ? COMPARE_RUNS_MIN : COMPARE_PERIODS_MIN;
    if (a->count < least || b->count < least)
        return;
    f->outcome = COMPARE_SAME;
    if (is_by_runs) {
        spread(a, b, f);
        double chance = compare_rank_chance(a->values, a->count, b->values, b->count);
        if (chance < COMPARE_CHANCE && fabs(change) > COMPARE_RUNS_CHANGE)
            f->outcome = outcome_of(f, change);
    } else {
        compare_bootstrap(a, b, &f->low, &f->high);
        if ((f->low > 0 || f->high < 0) && fabs(change) > COMPARE_PERIODS_CHANGE)
            f->outcome = outcome_of(f, change);
    }
}

int compare_exit_code(const struct compare *c)
{
    bool is_worse = c->is_verdict_worse;
    for (size_t i = 0; i < c->count; i++)
        is_worse |= c->figures[i].outcome == COMPARE_WORSE;
    return is_worse ? 1 : 0;
}
