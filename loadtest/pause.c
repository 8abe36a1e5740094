/* See the header. The normal deviate comes from two uniform ones (Box and Muller). */
#include "loadtest/pause.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool take(const char **text, double max, double *number)
{
    char *end;
    *text += strspn(*text, " ");
    errno = 0;
    *number = strtod(*text, &end);
    bool is_good =
        end != *text && errno == 0 && isfinite(*number) && *number >= 0 && *number <= max;
    /* strtod takes "1." of "1..3" as a number. */
    if (end > *text && end[-1] == '.' && end[0] == '.')
        end--;
    *text = end;
    return is_good;
}

static bool is_over(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

static bool parse_around(const char *text, struct pause *p)
{
    struct pause read = {.spread = PAUSE_SPREAD};
    if (!take(&text, PAUSE_MS_MAX, &read.median_ms))
        return false;
    if (!is_over(text) && !take(&text, PAUSE_SPREAD_MAX, &read.spread))
        return false;
    if (!is_over(text) || read.median_ms <= 0 || read.spread <= 0)
        return false;
    *p = read;
    return true;
}

bool pause_parse(const char *text, struct pause *p)
{
    struct pause read = {0};
    text += strspn(text, " ");
    if (strncmp(text, "around ", 7) == 0)
        return parse_around(text + 7, p);
    if (!take(&text, PAUSE_MS_MAX, &read.from_ms))
        return false;
    read.to_ms = read.from_ms;
    if (strncmp(text, "..", 2) == 0) {
        text += 2;
        if (!take(&text, PAUSE_MS_MAX, &read.to_ms))
            return false;
    }
    if (!is_over(text) || read.from_ms > read.to_ms)
        return false;
    *p = read;
    return true;
}

int64_t pause_us(const struct pause *p, struct dice *dice)
{
    if (p->spread <= 0)
        return dice_between(dice, (int64_t)(p->from_ms * 1000), (int64_t)(p->to_ms * 1000));
    double normal =
        sqrt(-2 * log(1 - dice_share(dice))) * cos(2 * 3.14159265358979323846 * dice_share(dice));
    double ms = p->median_ms * exp(p->spread * normal), most = p->median_ms * PAUSE_TAIL;
    return (int64_t)((ms < most ? ms : most) * 1000);
}
