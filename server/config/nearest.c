/* Nearest match by edit distance. The words are few and short (settings, subcommands), so three
 * rows of a table on the stack are all it needs. */
#include "server/config/nearest.h"

#include <stdint.h>
#include <string.h>

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t a_bytes = strlen(a), b_bytes = strlen(b);
    size_t rows[3][NEAREST_WORD_BYTES_MAX + 1];
    if (a_bytes > NEAREST_WORD_BYTES_MAX || b_bytes > NEAREST_WORD_BYTES_MAX)
        return SIZE_MAX;
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= b_bytes; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t replace = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_bytes];
}

static size_t distance_max(const char *word)
{
    size_t third = strlen(word) / 3;
    if (third < 1)
        return 1;
    return third > 3 ? 3 : third;
}

static const char *only_beginning(const char *typed, const char *const *words, size_t words_count)
{
    const char *found = NULL;
    size_t typed_bytes = strlen(typed);
    for (size_t i = 0; i < words_count && typed_bytes > 0; i++) {
        if (strncmp(typed, words[i], typed_bytes) != 0)
            continue;
        if (found)
            return NULL;
        found = words[i];
    }
    return found;
}

const char *nearest_word(const char *typed, const char *const *words, size_t words_count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < words_count; i++) {
        size_t distance = nearest_distance(typed, words[i]);
        if (distance <= distance_max(words[i]) && distance < best_distance) {
            best = words[i];
            best_distance = distance;
        }
    }
    return best ? best : only_beginning(typed, words, words_count);
}
