/* The verifiable draw: how the places of the pre-queue get their order. Pure; docs/draw.md says
 * what it proves and what it does not.
 *
 *   commitment = SHA-256(secret)                          published before the pre-queue opens
 *   leaf       = SHA-256(0x00 | "event seq visitor")      one for each place, by ascending sequence
 *   root       = Merkle root over the leaves (merkle.h)   published before the secret
 *   seed       = SHA-256(secret | root | beacon)
 *   order      = ascending HMAC-SHA-256(seed, visitor)
 *
 * The k-th in this order gets the k-th smallest of the sequences that take part: a permutation, so
 * no sequence appears or disappears and everybody behind stays where they are.
 */
#ifndef STANCHION_QUEUE_DRAW_H
#define STANCHION_QUEUE_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/merkle.h"
#include "queue/queue_store.h"

#define DRAW_SECRET_BYTES 32
#define DRAW_BEACON_BYTES_MAX 280

struct draw_place {
    struct queue_visitor visitor;
    int64_t seq;     /* before the draw */
    int64_t new_seq; /* after it; set by draw_order */
};

void draw_commitment(const unsigned char secret[DRAW_SECRET_BYTES], struct merkle_hash *out);
void draw_leaf(const char *event, int64_t seq, const char *visitor, struct merkle_hash *out);
/* beacon: the text as it stands, "" for none. */
void draw_seed(const unsigned char secret[DRAW_SECRET_BYTES], const struct merkle_hash *root,
               const char *beacon, struct merkle_hash *out);
/* The rank of a visitor; smaller comes first. */
void draw_rank(const struct merkle_hash *seed, const char *visitor, struct merkle_hash *out);

/* A new array of merkle_nodes_count(count) nodes over places in ascending order of seq; the caller
 * frees it. NULL without memory. */
struct merkle_hash *draw_tree(const char *event, const struct draw_place *places, size_t count);

enum draw_status {
    DRAW_OK = 0,
    DRAW_NO_MEMORY,
    DRAW_TWICE, /* a visitor stands in the array twice: places are left half done */
    DRAW_STATUS_COUNT
};
/* Sets new_seq of all; `places` are in ascending order of seq. About 1.5 us each. */
enum draw_status draw_order(struct draw_place *places, size_t count,
                            const struct merkle_hash *seed);

#endif
