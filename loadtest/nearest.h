/* What somebody may have meant who typed a word that there is not. */
#ifndef STAMPEDE_NEAREST_H
#define STAMPEDE_NEAREST_H

#include <stddef.h>

/* The word that takes the fewest letters put in, left out or exchanged, at most one in three of
 * its letters; NULL when there is none. Points into `words`. */
const char *nearest_of(const char *typed, const char *const *words, size_t words_count);

#endif
