/* Text from outside, character by character. Pure. */
#ifndef STANCHION_UTF8_H
#define STANCHION_UTF8_H

#include <stddef.h>

/* Bytes of the first character of `utf8` when it is well-formed (RFC 3629) and no control character
 * (C0, DEL, C1); 0 otherwise, at the NUL too. */
size_t utf8_printable(const char *utf8);

#endif
