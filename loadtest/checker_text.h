/* How the checks write their findings. Private to checker*.c. */
#ifndef STAMPEDE_CHECKER_TEXT_H
#define STAMPEDE_CHECKER_TEXT_H

#include "loadtest/checker.h"

#define FINDING_EXAMPLES_MAX 3 /* violations told in words; the rest is counted */

/* Starts a finding as OK with no violations. */
void finding_begin(struct finding *f, const char *name);
/* Notes one violation; the first few are kept in words. */
void finding_violation(struct finding *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends it: puts the figures before the violations. */
void finding_end(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory ran out: the finding says so and is not green. */
void finding_no_memory(struct finding *f);

#endif
