/* The end of a run: every check, every threshold, and the verdict. */
#ifndef STAMPEDE_JUDGE_H
#define STAMPEDE_JUDGE_H

#include "loadtest/report.h"

/* False when the user gave up the checks that need the ledger. */
bool judge_has_ledger(const struct stampede_options *o);
/* Whether the mode sells seats, so that orders and money are checked. */
bool judge_is_sale(const struct stampede_options *o);
/* Fills findings, verdict and reason. The report's run, watch and totals are there; cap < 0: not
 * known. Works out the intervals of the ticks first, so that thresholds can be about them. */
void judge(struct report *report, const struct history *h, int64_t cap);

#endif
