/* The hash chain of a line's history, and the signed heads that pin it. Pure; docs/history.md.
 *
 * A history is a text file. Its first line is "stanchion-history 1 <event>"; each further line is
 *
 *   <nr> <text> <hash>      nr from 1 without gaps; hash = SHA-256(hash before | "<nr> <text>")
 *
 * and the hash before the first is SHA-256 of the first line. So a head (number and hash of one
 * line) fixes every byte before it. A head is published as
 *
 *   stanchion-head 1 <event> <nr> <hash> <at_ms> <signature>
 *
 * with an Ed25519 signature over what stands before the last space. Digests, keys and signatures
 * are lower-case hexadecimal.
 */
#ifndef STANCHION_QUEUE_CHAIN_H
#define STANCHION_QUEUE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/merkle.h"
#include "server/base/limits.h"

#define CHAIN_LINE_BYTES_MAX 262144 /* with the newline: the longest note of a tick fits */
#define CHAIN_OVERHEAD_BYTES 100    /* of a line, beyond its text */
#define CHAIN_HEAD_BYTES_MAX 384    /* with the NUL */
#define CHAIN_KEY_BYTES 32          /* public */
#define CHAIN_SIGN_KEY_BYTES 64     /* secret */

enum chain_status {
    CHAIN_OK = 0,
    CHAIN_BAD_FORM,      /* not a line (or head) of this kind */
    CHAIN_BAD_NUMBER,    /* a line is missing, inserted or in another order */
    CHAIN_BAD_HASH,      /* a line was changed, or one before it */
    CHAIN_BAD_SIGNATURE, /* of a head */
    CHAIN_STATUS_COUNT
};

/* How far a chain has come. Embedded; no resources. */
struct chain {
    char event[EVENT_ID_BYTES_MAX + 1];
    int64_t nr; /* of the last line; 0 = only the first line so far */
    struct merkle_hash hash;
};

struct chain_head {
    char event[EVENT_ID_BYTES_MAX + 1];
    int64_t nr;
    struct merkle_hash hash;
    int64_t at_ms; /* wall clock of who signed */
};

/* A new chain. Writes the file's first line with its newline; returns its length. */
size_t chain_start(struct chain *chain, const char *event, char out[CHAIN_LINE_BYTES_MAX]);
/* Reads the first line of a file (without its newline). */
enum chain_status chain_open(struct chain *chain, const char *line, size_t bytes);
/* Appends a text of one line: writes the line with its newline and returns its length. The text has
 * at least one byte, no newline, and at most CHAIN_LINE_BYTES_MAX - CHAIN_OVERHEAD_BYTES bytes. */
size_t chain_append(struct chain *chain, const char *text, size_t text_bytes,
                    char out[CHAIN_LINE_BYTES_MAX]);
/* Takes the next line of a file (without its newline). With CHAIN_OK, *text points to its text
 * within `line`. Otherwise the chain stays as it was. */
enum chain_status chain_take(struct chain *chain, const char *line, size_t bytes, const char **text,
                             size_t *text_bytes);

/* Signs where the chain is. NUL-terminated. */
void chain_head_sign(const struct chain *chain, int64_t at_ms,
                     const unsigned char key[CHAIN_SIGN_KEY_BYTES], char out[CHAIN_HEAD_BYTES_MAX]);
/* Reads a head (surrounding white space is ignored) and checks its signature; key NULL = any key,
 * the signature is not checked. */
enum chain_status chain_head_read(const char *text, const unsigned char key[CHAIN_KEY_BYTES],
                                  struct chain_head *head);
/* A short English clause: "a line was changed". */
const char *chain_status_text(enum chain_status status);

#endif
