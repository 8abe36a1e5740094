/* What a browser needs of a file that people read: everything but the comments that fill whole
 * lines, and empty lines. The text that is executed is untouched, so a file runs the same from
 * either; an eighth of the waiting page's bytes is saved (docs/decisions/0070-words.md).
 */
#ifndef STANCHION_WEB_PLAIN_SOURCE_H
#define STANCHION_WEB_PLAIN_SOURCE_H

#include <stddef.h>

enum plain_kind {
    PLAIN_AS_IT_IS,
    PLAIN_SCRIPT, /* lines that begin with two slashes are left out */
    PLAIN_STYLE,  /* comments that begin a line, and all until they end */
    PLAIN_KIND_COUNT
};

/* The caller frees the result, which has a NUL behind its *out_count bytes; NULL without memory. */
unsigned char *plain_source(const unsigned char *bytes, size_t count, enum plain_kind kind,
                            size_t *out_count);

#endif
