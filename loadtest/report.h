/* The end of a run: the figures and the verdict, for people on stdout and as JSON in a file. */
#ifndef STAMPEDE_REPORT_H
#define STAMPEDE_REPORT_H

#include <jansson.h>
#include "loadtest/checker.h"
#include "loadtest/line_pace.h"
#include "loadtest/monitor.h"
#include "loadtest/tester_load.h"
#include "loadtest/totals.h"

#define REPORT_FINDINGS_MAX 16

/* What a run ends with; also the exit code. */
enum verdict { VERDICT_GREEN = 0, VERDICT_BROKEN = 1, VERDICT_NOT_CARRIED_OUT = 3, VERDICT_MISSED };
/* Green 0, a broken promise or a missed threshold 1, not carried out 3. */
int verdict_exit_code(enum verdict verdict);
/* "green", "broken", "not_carried_out", "missed". */
const char *verdict_name(enum verdict verdict);

/* The quantiles that are told. */
#define REPORT_SHARES_COUNT 5
struct report_share {
    const char *name;
    double share;
};
extern const struct report_share report_shares[REPORT_SHARES_COUNT];

/* One threshold and what became of it. */
struct threshold {
    const char *text, *unit; /* unit: of the value, "" = none */
    double value;
    bool is_known, is_kept;
};

struct report {
    const struct run *run;
    const struct watch *watch;
    struct totals totals;
    struct finding findings[REPORT_FINDINGS_MAX];
    size_t findings_count;
    struct threshold thresholds[STAMPEDE_EXPECTATIONS_MAX];
    size_t thresholds_count;
    struct line_pace line;
    struct tester_load tester;
    enum verdict verdict;
    char reason[200]; /* why it was not carried out, or the threshold missed; empty otherwise */
};

void report_print(const struct report *r);
/* The report as JSON; the caller owns it. */
json_t *report_json(const struct report *r);
/* Of a report as JSON. False when the file cannot be written (said on stderr). */
bool report_write(const json_t *report, const char *path);

#endif
