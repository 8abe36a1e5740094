/* A table of words with the numbers that follow them; the moments by inverting each shape's share
 * of visitors that have come by a time. */
#include "loadtest/arrival.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX 3

/* max: of each number that follows the word; 0 = there is none. */
static const struct {
    const char *word;
    double max[NUMBERS_MAX];
} shapes[ARRIVAL_COUNT] = {
    [ARRIVAL_AT_ONCE] = {"at-once", {0}},
    [ARRIVAL_WITHIN] = {"within", {ARRIVAL_S_MAX}},
    [ARRIVAL_EVEN] = {"even", {ARRIVAL_S_MAX}},
    [ARRIVAL_RAMP] = {"ramp", {ARRIVAL_S_MAX}},
    [ARRIVAL_STEPS] = {"steps", {ARRIVAL_S_MAX, ARRIVAL_STEPS_MAX}},
    [ARRIVAL_EARLY] = {"early", {1, ARRIVAL_S_MAX, ARRIVAL_S_MAX}},
    [ARRIVAL_POISSON] = {"poisson", {ARRIVAL_RATE_MAX}},
};

/* Skips the word when it stands at *text, followed by a space or the end. */
static bool take_word(const char **text, const char *word)
{
    size_t bytes = strlen(word);
    bool is_there =
        strncmp(*text, word, bytes) == 0 && ((*text)[bytes] == '\0' || (*text)[bytes] == ' ');
    if (is_there) {
        *text += bytes;
        *text += strspn(*text, " ");
    }
    return is_there;
}

static bool take_number(const char **text, double max, double *number)
{
    char *end;
    errno = 0;
    *number = strtod(*text, &end);
    bool is_good = end != *text && errno == 0 && isfinite(*number) && *number >= 0 &&
                   *number <= max && (*end == '\0' || *end == ' ');
    *text = end + strspn(end, " ");
    return is_good;
}

static bool settle(struct arrival *a, const double *numbers)
{
    switch (a->kind) {
    case ARRIVAL_AT_ONCE:
        return true;
    case ARRIVAL_STEPS:
        a->s = numbers[0];
        a->steps = (uint32_t)numbers[1];
        return a->steps >= 1 && a->steps == numbers[1];
    case ARRIVAL_POISSON:
        a->rate = numbers[0];
        return a->rate > 0;
    case ARRIVAL_EARLY:
        a->share = numbers[0];
        a->early_s = numbers[1];
        a->s = numbers[1] + numbers[2];
        return true;
    default:
        a->s = numbers[0];
        return true;
    }
}

bool arrival_parse(const char *text, struct arrival *a)
{
    struct arrival read = {0};
    double numbers[NUMBERS_MAX] = {0};
    text += strspn(text, " ");
    int kind = 0;
    while (kind < ARRIVAL_COUNT && !take_word(&text, shapes[kind].word))
        kind++;
    if (kind == ARRIVAL_COUNT)
        return false;
    read.kind = (enum arrival_kind)kind;
    for (int i = 0; i < NUMBERS_MAX && shapes[kind].max[i] > 0; i++)
        if (!take_number(&text, shapes[kind].max[i], &numbers[i]))
            return false;
    if (take_word(&text, "after") && !take_number(&text, ARRIVAL_S_MAX, &read.after_s))
        return false;
    if (*text != '\0' || !settle(&read, numbers))
        return false;
    *a = read;
    return true;
}

/* Step k of N comes with k parts of N (N + 1) / 2. */
static double in_steps(struct dice *dice, uint32_t steps)
{
    double part = dice_share(dice) * steps * (steps + 1) / 2;
    uint32_t k = 1;
    while (k < steps && part >= k)
        part -= k++;
    return (k - 1 + part / k) / steps;
}

static double moment_s(const struct arrival *a, struct dice *dice, uint32_t number, uint32_t count)
{
    switch (a->kind) {
    case ARRIVAL_WITHIN:
        return a->s * dice_share(dice);
    case ARRIVAL_EVEN:
        return a->s * number / count;
    case ARRIVAL_RAMP:
        return a->s * sqrt(dice_share(dice));
    case ARRIVAL_STEPS:
        return a->s * in_steps(dice, a->steps);
    case ARRIVAL_POISSON: /* given that so many come in a time, each comes anywhere in it */
        return count / a->rate * dice_share(dice);
    case ARRIVAL_EARLY:
        return dice_hits(dice, a->share) ? a->early_s * dice_share(dice)
                                         : a->early_s + (a->s - a->early_s) * dice_share(dice);
    default:
        return 0;
    }
}

int64_t arrival_us(const struct arrival *a, struct dice *dice, uint32_t number, uint32_t count)
{
    return (int64_t)((a->after_s + moment_s(a, dice, number, count)) * 1e6);
}

double arrival_end_s(const struct arrival *a, uint32_t count)
{
    return a->after_s + (a->kind == ARRIVAL_POISSON ? count / a->rate : a->s);
}
