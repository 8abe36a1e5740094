/* See the header. */
#include "loadtest/long_run.h"

#include <string.h>

#define POINTS_MIN 20 /* of a run: two in each tenth */

static bool is_meant(const char *name, const char *what)
{
    if (strcmp(what, "server") == 0)
        return true;
    if (strcmp(what, "gateways") == 0)
        return strncmp(name, "gateway ", strlen("gateway ")) == 0;
    return strcmp(name, what) == 0;
}

/* The mean of one process from one moment to another; false when it was not there. */
static bool read_mean(const struct timeline *t, uint32_t series, double from_s, double to_s,
                      double *mean_kb)
{
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct timeline_point *p = &t->points[i];
        if (p->at_s <= from_s || p->at_s > to_s || p->cpu[series] < 0 || p->memory_kb[series] == 0)
            continue;
        sum += p->memory_kb[series];
        count++;
    }
    *mean_kb = count > 0 ? sum / count : 0;
    return count > 0;
}

bool long_run_growth_mb(const struct timeline *t, const struct process_use *use, const char *what,
                        double *mb)
{
    bool is_known = false;
    double grown_kb = 0;
    if (t->count < POINTS_MIN)
        return false;
    double end_s = t->points[t->count - 1].at_s;
    for (uint32_t i = 0; i < use->server_count; i++) {
        double middle_kb, last_kb;
        if (!is_meant(use->server[i].name, what) ||
            !read_mean(t, i, 0.5 * end_s, 0.6 * end_s, &middle_kb) ||
            !read_mean(t, i, 0.9 * end_s, end_s, &last_kb))
            continue;
        is_known = true;
        grown_kb += last_kb - middle_kb;
    }
    if (is_known)
        *mb = grown_kb / 1024;
    return is_known;
}

static double cpu_s(const struct timeline_point *p, uint32_t series_count)
{
    double sum = 0;
    for (uint32_t i = 0; i < series_count; i++)
        if (p->cpu[i] > 0)
            sum += p->cpu[i] * p->seconds;
    return sum;
}

bool long_run_cpu_ratio(const struct timeline *t, const struct process_use *use, double split_s,
                        double *ratio)
{
    double used_s[2] = {0}, admitted[2] = {0};
    for (uint32_t i = 0; i < t->count; i++) {
        int part = t->points[i].at_s > split_s;
        used_s[part] += cpu_s(&t->points[i], use->server_count);
        admitted[part] += (double)t->points[i].counts[TIMELINE_ADMITTED];
    }
    if (used_s[0] <= 0 || admitted[0] <= 0 || admitted[1] <= 0)
        return false;
    *ratio = used_s[1] / admitted[1] / (used_s[0] / admitted[0]);
    return true;
}
