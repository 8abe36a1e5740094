/* The latency histogram: exact where it promises to be, within 1.6 % elsewhere. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/dice.h"
#include "loadtest/histogram.h"

static struct histogram h;

static void clear(void)
{
    memset(&h, 0, sizeof h);
}

Test(histogram, empty, .init = clear)
{
    cr_expect_eq(histogram_quantile_us(&h, 0.5), 0);
    cr_expect_eq(histogram_quantile_us(&h, 1), 0);
}

Test(histogram, small_values_are_exact, .init = clear)
{
    for (int i = 0; i < 64; i++)
        histogram_record(&h, i);
    cr_expect_eq(histogram_quantile_us(&h, 0), 0);
    cr_expect_eq(histogram_quantile_us(&h, 0.5), 31);
    cr_expect_eq(histogram_quantile_us(&h, 1), 63);
}

Test(histogram, every_value_lies_in_its_bucket, .init = clear)
{
    for (int64_t us = 1; us < INT64_C(1) << 40; us = us * 9 / 8 + 1) {
        clear();
        histogram_record(&h, us);
        histogram_record(
            &h, INT64_C(1) << 41); /* so that the largest value does not hide the bucket's end */
        int64_t told = histogram_quantile_us(&h, 0.5);
        cr_assert_geq(told, us);
        cr_assert_leq((double)told, (double)us * 1.016 + 1, "%lld told as %lld", (long long)us,
                      (long long)told);
    }
}

Test(histogram, buckets_ascend_without_gaps)
{
    for (uint32_t i = 1; i < HISTOGRAM_BUCKETS; i++)
        cr_assert_gt(histogram_bucket_us_max(i), histogram_bucket_us_max(i - 1));
}

Test(histogram, extremes_are_kept, .init = clear)
{
    histogram_record(&h, -5);
    histogram_record(&h, INT64_MAX);
    cr_expect_eq(h.count, 2);
    cr_expect_eq(h.us_max, INT64_MAX);
    cr_expect_eq(histogram_quantile_us(&h, 0.5), 0);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(histogram, quantiles_match_sorted_values, .init = clear)
{
    enum { N = 10000 };
    static int64_t values[N];
    struct dice dice;
    dice_init(&dice, 42, 0);
    for (int i = 0; i < N; i++) {
        values[i] = dice_between(&dice, 0, INT64_C(1) << dice_between(&dice, 1, 30));
        histogram_record(&h, values[i]);
    }
    qsort(values, N, sizeof *values, ascending);
    static const double shares[] = {0.01, 0.5, 0.9, 0.99, 0.999, 1};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        int64_t exact = values[(int)(shares[i] * N + 0.5) - 1],
                told = histogram_quantile_us(&h, shares[i]);
        cr_expect_geq(told, exact);
        cr_expect_leq((double)told, (double)exact * 1.016 + 1, "%f: %lld for %lld", shares[i],
                      (long long)told, (long long)exact);
    }
}

Test(histogram, merging_is_adding, .init = clear)
{
    static struct histogram a, b;
    for (int i = 0; i < 1000; i++) {
        histogram_record(i % 3 ? &a : &b, i * 17);
        histogram_record(&h, i * 17);
    }
    histogram_merge(&a, &b);
    cr_expect_arr_eq(a.buckets, h.buckets, sizeof h.buckets);
    cr_expect_eq(a.count, h.count);
    cr_expect_eq(a.us_max, h.us_max);
}
