/* Bytes as lower-case hexadecimal text, the form in which digests are published. */
#ifndef STANCHION_QUEUE_HEX_H
#define STANCHION_QUEUE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Writes 2 * bytes_count characters and a NUL. */
void hex_write(const unsigned char *bytes, size_t bytes_count, char *out);
/* Reads exactly 2 * bytes_count characters of [0-9a-f] at text (what follows is not looked at).
 * False for anything else; *out is then undefined. */
bool hex_read(const char *text, unsigned char *out, size_t bytes_count);

#endif
