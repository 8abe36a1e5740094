/* Reads from left to right; the longer operators are tried first. */
#include "loadtest/expect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const operators[EXPECT_OPERATOR_COUNT] = {[EXPECT_LESS] = "<",
                                                             [EXPECT_LESS_OR_EQUAL] = "<=",
                                                             [EXPECT_MORE] = ">",
                                                             [EXPECT_MORE_OR_EQUAL] = ">=",
                                                             [EXPECT_EQUAL] = "="};

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

static bool take_operator(const char **text, enum expect_operator *comparison)
{
    size_t longest = 0;
    for (int i = 0; i < EXPECT_OPERATOR_COUNT; i++) {
        size_t bytes = strlen(operators[i]);
        if (bytes > longest && strncmp(*text, operators[i], bytes) == 0) {
            longest = bytes;
            *comparison = (enum expect_operator)i;
        }
    }
    *text += longest;
    return longest > 0;
}

/* Factor to milliseconds; 0 when the unit is unknown. */
static double unit_factor(const char *unit)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"us", 0.001}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].factor;
    return 0;
}

bool expect_parse(const char *text, struct expectation *e)
{
    struct expectation read = {0};
    text = skip_spaces(text);
    size_t bytes = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._");
    if (bytes == 0 || bytes > EXPECT_METRIC_BYTES_MAX)
        return false;
    memcpy(read.metric, text, bytes);
    text = skip_spaces(text + bytes);
    if (!take_operator(&text, &read.comparison))
        return false;
    char *end;
    text = skip_spaces(text);
    errno = 0;
    read.limit = strtod(text, &end);
    if (end == text || errno != 0 || !isfinite(read.limit))
        return false;
    const char *unit = skip_spaces(end);
    double factor = unit_factor(unit);
    if (factor == 0)
        return false;
    read.limit *= factor;
    read.is_time = *unit != '\0';
    *e = read;
    return true;
}

bool expect_holds(const struct expectation *e, double value)
{
    switch (e->comparison) {
    case EXPECT_LESS:
        return value < e->limit;
    case EXPECT_LESS_OR_EQUAL:
        return value <= e->limit;
    case EXPECT_MORE:
        return value > e->limit;
    case EXPECT_MORE_OR_EQUAL:
        return value >= e->limit;
    default:
        return value == e->limit;
    }
}
