/* A short name for a text: the same for the same text, in every process. Not a secret. */
#ifndef STANCHION_DIGEST_H
#define STANCHION_DIGEST_H

#include <stddef.h>

#define DIGEST_CHARS 16

/* BLAKE2b, 8 bytes in hexadecimal digits. */
void digest_text(const char *text, size_t bytes, char out[DIGEST_CHARS + 1]);

#endif
