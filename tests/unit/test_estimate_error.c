/* What the estimates are worth: how errors are counted, and how large they are in simulated sales.
 *
 * A sale is a line and a house: people join, some give up, each second a tick admits as the rule of
 * admission does, and whoever is inside stays for a time drawn from a distribution. Estimates are
 * asked for as a visitor would hear them: once after joining (`at first`), and from somewhere in
 * the line at any time (`on the way`); then the true time is known. The seed is fixed: figures in
 * docs/decisions/0011-estimates.md are of this test (ESTIMATE_PRINT=1 prints them). */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/estimate_error.h"

enum { PEOPLE_MAX = 40000, SECONDS_MAX = 6000, QUESTIONS_MAX = 200000 };
enum shape { EVEN, MEMORYLESS, SKEWED }; /* of the time of a turn */

struct sale {
    const char *name;
    int at_opening; /* people in line */
    double joins_s; /* and so many each second, for ten minutes */
    double rate;    /* admitted per second at most */
    int cap;
    enum shape shape;
    double turn_s;        /* mean; one in ten does not show up and costs 60 s */
    double give_up_s;     /* mean patience; 0 = all stay */
    double first_p90_max; /* what is asked of the estimates */
    double way_p90_max;
};

struct question {
    int person, at_s;
    bool is_first;
    struct estimate_range range;
};

struct play {
    const struct sale *sale;
    unsigned seed;
    struct estimate estimate;
    int head, seq, second, inside, left, admitted;
    double joins_carry, rate_carry;
    int gives_up_s[PEOPLE_MAX], admitted_s[PEOPLE_MAX];
    bool is_gone[PEOPLE_MAX];
    int ends[SECONDS_MAX * 2]; /* turns that end in a second */
    struct question questions[QUESTIONS_MAX];
    size_t questions_count;
};

static double chance(struct play *p)
{
    return (rand_r(&p->seed) + 0.5) / ((double)RAND_MAX + 1);
}

static double turn_of(struct play *p)
{
    double turn_s = p->sale->turn_s;
    if (chance(p) < 0.1)
        return 60;
    if (p->sale->shape == EVEN)
        return turn_s * (0.4 + 1.2 * chance(p));
    if (p->sale->shape == MEMORYLESS)
        return -log(chance(p)) * turn_s;
    double normal = sqrt(-2 * log(chance(p))) * cos(6.283185307 * chance(p));
    return turn_s * exp(0.6 * normal - 0.18);
}

static void add_person(struct play *p)
{
    double patience_s = p->sale->give_up_s;
    cr_assert(p->seq < PEOPLE_MAX);
    p->gives_up_s[p->seq] =
        patience_s > 0 ? p->second + 1 + (int)(-log(chance(p)) * patience_s) : SECONDS_MAX * 2;
    p->seq++;
}

static int in_line(const struct play *p, int from, int to)
{
    int count = 0;
    for (int i = from; i < to; i++)
        count += !p->is_gone[i];
    return count;
}

static void people_come_and_go(struct play *p)
{
    p->inside -= p->ends[p->second];
    p->left = 0;
    for (int i = p->head; i < p->seq; i++) {
        bool is_leaving = !p->is_gone[i] && p->gives_up_s[i] <= p->second;
        p->is_gone[i] |= is_leaving;
        p->left += is_leaving;
    }
    p->joins_carry += p->second <= 600 ? p->sale->joins_s : 0;
    int joins = (int)p->joins_carry;
    p->joins_carry -= joins;
    for (int i = 0; i < joins; i++)
        add_person(p);
}

static void admit(struct play *p)
{
    p->rate_carry = fmod(p->rate_carry, 1) + p->sale->rate;
    p->admitted = 0;
    for (; p->head < p->seq; p->head++) {
        if (p->is_gone[p->head])
            continue;
        if (p->admitted == (int)p->rate_carry || p->inside == p->sale->cap)
            break;
        int end_s = p->second + 1 + (int)turn_of(p);
        p->ends[end_s < SECONDS_MAX * 2 ? end_s : SECONDS_MAX * 2 - 1]++;
        p->admitted_s[p->head] = p->second;
        p->inside++;
        p->admitted++;
    }
}

static void ask(struct play *p, int person, bool is_first)
{
    struct question *q = &p->questions[p->questions_count];
    if (person < p->head || p->is_gone[person] || p->questions_count == QUESTIONS_MAX)
        return;
    *q = (struct question){.person = person, .at_s = p->second, .is_first = is_first};
    if (estimate_wait(&p->estimate, in_line(p, p->head, person), &q->range))
        p->questions_count++;
}

static void play(struct play *p)
{
    for (int i = 0; i < p->sale->at_opening; i++)
        add_person(p);
    for (p->second = 1; p->second < SECONDS_MAX; p->second++) {
        int before = p->seq;
        people_come_and_go(p);
        admit(p);
        estimate_on_tick(&p->estimate,
                         &(struct estimate_tick){.phase = PHASE_OPEN,
                                                 .elapsed_ms = p->second > 1 ? 1000 : 0,
                                                 .admitted = p->admitted,
                                                 .left = p->left,
                                                 .inside = p->inside,
                                                 .waiting = in_line(p, p->head, p->seq)});
        if (p->head == p->seq && p->second > 600)
            return;
        for (int i = before; i < p->seq; i++)
            ask(p, i, true);
        for (int i = p->head; p->second == 5 && i < p->seq; i += 7)
            ask(p, i, true);
        if (p->head < p->seq)
            ask(p, p->head + rand_r(&p->seed) % (p->seq - p->head), false);
    }
    cr_assert_fail("%s: the line does not end", p->sale->name);
}

static const struct sale sales[] = {
    {"50 each second", 10000, 20, 50, 100000, SKEWED, 240, 0, 0.15, 0.15},
    {"one each 2 s", 300, 0.2, 0.5, 100000, SKEWED, 240, 0, 0.15, 0.2},
    {"500 inside, even turns", 3000, 3, 50, 500, EVEN, 300, 0, 2.0, 0.3},
    {"500 inside, any turns", 3000, 3, 50, 500, MEMORYLESS, 200, 0, 1.5, 0.6},
    {"500 inside, skewed turns", 3000, 3, 50, 500, SKEWED, 240, 0, 1.5, 0.3},
    {"100 inside", 600, 0.5, 10, 100, SKEWED, 180, 0, 1.0, 0.5},
    {"slowly filling", 10000, 10, 20, 5000, SKEWED, 240, 0, 1.5, 0.5},
    {"500 inside, many give up", 3000, 3, 50, 500, SKEWED, 240, 2000, 1.5, 0.3},
};

static void judge(const struct sale *sale, const struct estimate_error *error, bool is_first)
{
    double p50 = estimate_error_quantile(error, 0.5), p90 = estimate_error_quantile(error, 0.9);
    double within = (double)error->within_count / (double)error->count;
    if (getenv("ESTIMATE_PRINT"))
        fprintf(stderr, "| %s, %s | %.0f %% | %.2f | %.2f |\n", sale->name,
                is_first ? "at first" : "on the way", within * 100, p50, p90);
    cr_expect_gt(error->count, 100, "%s: hardly anything was asked", sale->name);
    cr_expect_gt(within, 0.85, "%s: %.0f %% in the range", sale->name, within * 100);
    cr_expect_lt(p90, is_first ? sale->first_p90_max : sale->way_p90_max, "%s: p90 %.2f",
                 sale->name, p90);
}

Test(estimate_error, of_simulated_sales)
{
    for (size_t i = 0; i < sizeof sales / sizeof sales[0]; i++) {
        struct estimate_error first = {0}, way = {0};
        struct play *p = calloc(1, sizeof *p);
        cr_assert(p);
        p->sale = &sales[i];
        p->seed = 7;
        estimate_init(&p->estimate);
        estimate_set_limits(&p->estimate, &(struct estimate_limits){.admit_per_tick = sales[i].rate,
                                                                    .tick_ms = 1000,
                                                                    .cap = sales[i].cap,
                                                                    .turn_ms_max = 1080000});
        play(p);
        for (size_t q = 0; q < p->questions_count; q++) {
            const struct question *asked = &p->questions[q];
            if (!p->is_gone[asked->person])
                estimate_error_add(asked->is_first ? &first : &way, &asked->range,
                                   (int64_t)(p->admitted_s[asked->person] - asked->at_s) * 1000);
        }
        judge(p->sale, &first, true);
        judge(p->sale, &way, false);
        free(p);
    }
}

static void add(struct estimate_error *e, int64_t low_ms, int64_t high_ms, int64_t real_ms)
{
    estimate_error_add(e, &(struct estimate_range){low_ms, high_ms}, real_ms);
}

Test(estimate_error, is_a_factor_to_both_sides)
{
    struct estimate_error e = {0};
    cr_assert_eq(estimate_error_quantile(&e, 0.5), 0);
    add(&e, 99000, 99000, 99000);   /* right */
    add(&e, 99000, 99000, 199000);  /* half */
    add(&e, 199000, 199000, 99000); /* twice */
    cr_assert_float_eq(e.sum, 2.0, 1e-9);
    cr_assert_eq(e.count, 3);
    cr_assert_eq(e.within_count, 1);
    cr_assert_eq(e.buckets[0], 1);
    cr_assert_eq(e.buckets[5], 2, "0.5 to 1");
    cr_assert_float_eq(estimate_error_quantile(&e, 0.3), 0, 1e-9);
    cr_assert_float_eq(estimate_error_quantile(&e, 0.9), 1, 0.06);
}

Test(estimate_error, the_middle_of_a_range_is_wrong_by_the_same_factor_at_both_ends)
{
    struct estimate_error low = {0}, high = {0};
    add(&low, 24000, 399000, 24000);
    add(&high, 24000, 399000, 399000);
    cr_assert_float_eq(low.sum, 3.0, 1e-9);
    cr_assert_float_eq(high.sum, 3.0, 1e-9);
    cr_assert_eq(low.within_count + high.within_count, 2);
}

Test(estimate_error, a_second_near_the_head_is_no_factor)
{
    struct estimate_error e = {0};
    add(&e, 0, 1000, 0);
    add(&e, 0, 1000, 1000);
    cr_assert_lt(estimate_error_quantile(&e, 1), 0.55);
    add(&e, 0, 0, -50);
    cr_assert_eq(e.within_count, 3, "an admission may be noticed before its tick's time");
}

Test(estimate_error, the_worst_are_counted_too)
{
    struct estimate_error e = {0};
    for (int i = 0; i < 99; i++)
        add(&e, 60000, 60000, 60000);
    add(&e, 0, 0, INT64_C(86400000));
    cr_assert_eq(e.buckets[ESTIMATE_ERROR_BUCKETS - 1], 1);
    cr_assert_float_eq(estimate_error_quantile(&e, 0.9), 0, 1e-9);
    cr_assert_gt(estimate_error_quantile(&e, 1), 100);
    cr_assert(isinf(estimate_error_bounds[ESTIMATE_ERROR_BUCKETS - 1]));
}
