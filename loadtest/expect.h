/* Thresholds: "hold.p99 < 20ms" as text, and whether a value keeps it. Pure.
 *
 *   EXPRESSION = METRIC OPERATOR NUMBER [ms|s]
 *   OPERATOR   = < | <= | > | >= | =
 *
 * A metric is a name of lower-case letters, digits, dots and underscores; docs/stampede.md lists
 * those there are. Figures in time are milliseconds; a number without a unit is taken as it is. */
#ifndef STAMPEDE_EXPECT_H
#define STAMPEDE_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#define EXPECT_METRIC_BYTES_MAX 63

enum expect_operator {
    EXPECT_LESS,
    EXPECT_LESS_OR_EQUAL,
    EXPECT_MORE,
    EXPECT_MORE_OR_EQUAL,
    EXPECT_EQUAL,
    EXPECT_OPERATOR_COUNT
};

struct expectation {
    char metric[EXPECT_METRIC_BYTES_MAX + 1];
    enum expect_operator comparison;
    double limit;
    bool is_time; /* the limit had a unit; it is in milliseconds */
};

/* False when the text is no such expression. */
bool expect_parse(const char *text, struct expectation *e);
bool expect_holds(const struct expectation *e, double value);
#endif
