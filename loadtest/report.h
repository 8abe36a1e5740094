/* The end of a run: the figures and the verdict, for people on stdout and as JSON in a file. */
#ifndef STAMPEDE_REPORT_H
#define STAMPEDE_REPORT_H

#include "loadtest/checker.h"
#include "loadtest/monitor.h"
#include "loadtest/totals.h"

#define REPORT_FINDINGS_MAX 16

/* What a run ends with; also the exit code. */
enum verdict { VERDICT_GREEN = 0, VERDICT_BROKEN = 1, VERDICT_NOT_CARRIED_OUT = 3 };

struct report {
    const struct run *run;
    const struct watch *watch;
    struct totals totals;
    struct finding findings[REPORT_FINDINGS_MAX];
    size_t findings_count;
    enum verdict verdict;
    char reason[200]; /* why it was not carried out; empty otherwise */
};

void report_print(const struct report *r);
/* False when the file cannot be written (said on stderr). */
bool report_write(const struct report *r, const char *path);

#endif
