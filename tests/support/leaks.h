/* Leaks in a forked child of a test program. */
#ifndef STANCHION_TEST_LEAKS_H
#define STANCHION_TEST_LEAKS_H

#include <stdbool.h>

/* Whether this process has lost memory so far; what, stands in a file "leaks" in the directory.
 * False without AddressSanitizer. */
bool child_has_leaks(const char *directory);

#endif
