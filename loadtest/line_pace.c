/* Sorts copies of moments; O(n log n). */
#include "loadtest/line_pace.h"

#include <stdlib.h>

#define TENTHS 10 /* joins at either end that do not count: a crowd does not start evenly */

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorted; NULL when memory runs out. */
static int64_t *moments(const struct history *h, int64_t (*of)(const struct history_visitor *v),
                        uint32_t *count)
{
    int64_t *all = malloc(((size_t)h->visitors_count + 1) * sizeof *all);
    *count = 0;
    for (uint32_t i = 0; all && i < h->visitors_count; i++) {
        int64_t at_ms = of(&h->visitors[i]);
        if (at_ms != HISTORY_NONE)
            all[(*count)++] = at_ms;
    }
    if (all)
        qsort(all, *count, sizeof *all, ascending);
    return all;
}

static int64_t ticked_at(const struct history_visitor *v)
{
    return v->tick_ms;
}

static int64_t joined_at(const struct history_visitor *v)
{
    return v->told_ms;
}

void line_pace_ticks(const struct history *h,
                     void (*on_interval)(void *ctx, int64_t from_ms, int64_t interval_ms),
                     void *ctx)
{
    uint32_t count;
    int64_t *all = moments(h, ticked_at, &count);
    for (uint32_t i = 1; all && i < count; i++)
        if (all[i] != all[i - 1])
            on_interval(ctx, all[i - 1], all[i] - all[i - 1]);
    free(all);
}

static double joins_per_s(const struct history *h)
{
    uint32_t count;
    double rate = 0;
    int64_t *all = moments(h, joined_at, &count);
    if (all && count >= TENTHS) {
        uint32_t first = count / TENTHS, last = count - 1 - count / TENTHS;
        if (all[last] > all[first])
            rate = (last - first) * 1000.0 / (double)(all[last] - all[first]);
    }
    free(all);
    return rate;
}

void line_pace_read(const struct history *h, int64_t opens_at_ms, struct line_pace *pace)
{
    int64_t first_ms = INT64_MAX;
    *pace = (struct line_pace){.joins_per_s = joins_per_s(h),
                               .first_admission_ms = HISTORY_NONE,
                               .last_told_ms = HISTORY_NONE,
                               .no_show_late_ms_max = HISTORY_NONE};
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        pace->returns += v->returns;
        if (v->told_ms > pace->last_told_ms)
            pace->last_told_ms = v->told_ms;
        if (v->admitted_ms != HISTORY_NONE && v->admitted_ms < first_ms)
            first_ms = v->admitted_ms;
        if (v->expiry != HISTORY_EXPIRY_NO_SHOW)
            continue;
        pace->no_shows++;
        int64_t late_ms = v->expired_ms - v->claim_until_ms;
        if (late_ms > pace->no_show_late_ms_max)
            pace->no_show_late_ms_max = late_ms > 0 ? late_ms : 0;
    }
    if (opens_at_ms > 0 && first_ms != INT64_MAX)
        pace->first_admission_ms = first_ms - opens_at_ms;
}
