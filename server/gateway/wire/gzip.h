/* Compressing what is sent to many. */
#ifndef STANCHION_GATEWAY_GZIP_H
#define STANCHION_GATEWAY_GZIP_H

#include <stddef.h>

/* The text as gzip, no larger than it needs to be; the caller frees it. NULL when there is no
 * memory: then it is sent as it is. */
unsigned char *gzip_text(const char *text, size_t bytes, size_t *gzip_bytes);

#endif
