/* SHA-1, for one purpose: RFC 6455 wants it in the WebSocket handshake. Not for secrets. */
#ifndef STAMPEDE_SHA1_H
#define STAMPEDE_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20
#define SHA1_INPUT_BYTES_MAX 119 /* two blocks with padding */

/* Digest of at most SHA1_INPUT_BYTES_MAX bytes (asserted). */
void stampede_sha1(const uint8_t *data, size_t bytes, uint8_t digest[SHA1_BYTES]);

#endif
