/* Which figures of reports are compared, and their samples. Between compare*.c. */
#ifndef STAMPEDE_COMPARE_FIGURES_H
#define STAMPEDE_COMPARE_FIGURES_H

#include "loadtest/compare.h"

/* Fills in medians, bounds and outcome of a figure whose name and direction are set. */
void compare_judge(const struct compare_samples *a, const struct compare_samples *b,
                   bool is_by_runs, struct compare_figure *f);

#endif
