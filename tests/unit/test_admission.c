/* The admission arithmetic, by table and over many ticks. */
#include <criterion/criterion.h>
#include <math.h>

#include "queue/admission.h"
#include "server/base/limits.h"

struct row {
    int64_t rate, carry, cap, active, left, waiting;
    int64_t count, carry_after;
};

static const struct row rows[] = {
    {50000000, 0, 500, 0, 1000, 1000, 50, 0},    /* the rate decides */
    {50000000, 0, 500, 460, 1000, 1000, 40, 0},  /* the cap */
    {50000000, 0, 500, 500, 1000, 1000, 0, 0},   /* full */
    {50000000, 0, 500, 600, 1000, 1000, 0, 0},   /* cap lowered below those inside */
    {50000000, 0, 500, 0, 7, 1000, 7, 0},        /* stock */
    {50000000, 0, 500, 0, 1000, 3, 3, 0},        /* the line */
    {50000000, 0, 500, 0, 0, 1000, 0, 0},        /* nothing left */
    {300000, 0, 500, 0, 10, 10, 0, 300000},      /* a third of a visitor */
    {300000, 900000, 500, 0, 10, 10, 1, 200000}, /* the carry completes one */
    {1500000, 500000, 500, 500, 10, 10, 0, 0},   /* unused whole visitors are not saved up */
    {1700000, 0, 500, 500, 10, 10, 0, 700000},   /* the part below one is */
    {0, 999999, 500, 0, 10, 10, 0, 999999},      /* rate 0: stands still */
    {5000000000, 0, 9999, 0, 9999, 9999, TICK_ADMIT_MAX, 0},
    {-5, -5, -5, -5, -5, -5, 0, 0}, /* nonsense never goes below 0 */
};

Test(admission, table)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct admission_inputs inputs = {.rate_micro = row->rate,
                                          .carry_micro = row->carry,
                                          .cap = row->cap,
                                          .active = row->active,
                                          .left_to_sell = row->left,
                                          .waiting = row->waiting};
        struct admission decision = admission_decide(&inputs);
        cr_expect_eq(decision.admit_count, row->count, "row %zu", i);
        cr_expect_eq(decision.carry_micro, row->carry_after, "row %zu", i);
    }
}

static int64_t admitted_in(int64_t rate_micro, int ticks)
{
    struct admission_inputs inputs = {
        .rate_micro = rate_micro, .cap = 1000000, .left_to_sell = 1000000, .waiting = 1000000};
    int64_t total = 0;
    for (int i = 0; i < ticks; i++) {
        struct admission decision = admission_decide(&inputs);
        inputs.carry_micro = decision.carry_micro;
        total += decision.admit_count;
    }
    return total;
}

Test(admission, fractions_add_up_exactly)
{
    cr_assert_eq(admitted_in(admission_rate_micro(0.1), 10), 1);
    cr_assert_eq(admitted_in(admission_rate_micro(0.1), 1000), 100);
    cr_assert_eq(admitted_in(admission_rate_micro(2.5), 1000), 2500);
    cr_assert_eq(admitted_in(admission_rate_micro(0.333333), 3), 0);
    cr_assert_eq(admitted_in(admission_rate_micro(0.333333), 4), 1);
    cr_assert_eq(admitted_in(admission_rate_micro(1.000001), 1000000), 1000001);
}

Test(admission, rate_in_millionths)
{
    cr_assert_eq(admission_rate_micro(50), 50000000);
    cr_assert_eq(admission_rate_micro(0.3), 300000);
    cr_assert_eq(admission_rate_micro(-1), 0);
    cr_assert_eq(admission_rate_micro(NAN), 0);
    cr_assert_eq(admission_rate_micro(INFINITY), admission_rate_micro(1e9));
}
