/* "Did you mean ...?": the known word closest to a mistyped one. */
#ifndef STANCHION_NEAREST_H
#define STANCHION_NEAREST_H

#include <stddef.h>

#define NEAREST_WORD_BYTES_MAX 63 /* longer words have no nearest one */

/* Number of single-character insertions, deletions, replacements and swaps of neighbours between
 * two words (optimal string alignment). Both at most NEAREST_WORD_BYTES_MAX bytes, otherwise a very
 * large number. */
size_t nearest_distance(const char *a, const char *b);
/* The closest of `words`, or NULL when none is close: at most a third of its letters, but at least
 * one and at most three, may be wrong; or the word typed is the beginning of exactly one. Points
 * into `words`. */
const char *nearest_word(const char *typed, const char *const *words, size_t words_count);

#endif
