/* Levenshtein's distance with one row of his table: words are few and short. */
#include "loadtest/nearest.h"

#include <stdint.h>
#include <string.h>

#define LETTERS_MAX 40 /* longer words have no neighbours */

static size_t distance(const char *a, const char *b)
{
    size_t row[LETTERS_MAX + 1], a_letters = strlen(a), b_letters = strlen(b);
    if (a_letters > LETTERS_MAX || b_letters > LETTERS_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_letters; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_letters; i++) {
        size_t above_left = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_letters; j++) {
            size_t best = above_left + (a[i - 1] != b[j - 1]);
            above_left = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_letters];
}

const char *nearest_of(const char *typed, const char *const *words, size_t words_count)
{
    const char *found = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < words_count; i++) {
        size_t faults = distance(typed, words[i]);
        if (faults < least && faults * 3 <= strlen(words[i])) {
            least = faults;
            found = words[i];
        }
    }
    return found;
}
