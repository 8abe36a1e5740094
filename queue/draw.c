/* See the header. The order is made by sorting (rank, index) pairs, so that the places themselves
 * stay in the order of the tree. */
#include "queue/draw.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_BYTES_MAX (EVENT_ID_BYTES_MAX + VISITOR_ID_BYTES + 32)

struct ranked {
    struct merkle_hash rank;
    size_t index;
};

void draw_commitment(const unsigned char secret[DRAW_SECRET_BYTES], struct merkle_hash *out)
{
    crypto_hash_sha256(out->bytes, secret, DRAW_SECRET_BYTES);
}

void draw_leaf(const char *event, int64_t seq, const char *visitor, struct merkle_hash *out)
{
    char text[LEAF_BYTES_MAX];
    int bytes = snprintf(text, sizeof text, "%s %" PRId64 " %s", event, seq, visitor);
    assert(bytes > 0 && (size_t)bytes < sizeof text);
    merkle_leaf(text, (size_t)bytes, out);
}

void draw_seed(const unsigned char secret[DRAW_SECRET_BYTES], const struct merkle_hash *root,
               const char *beacon, struct merkle_hash *out)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, secret, DRAW_SECRET_BYTES);
    crypto_hash_sha256_update(&state, root->bytes, sizeof root->bytes);
    crypto_hash_sha256_update(&state, (const unsigned char *)beacon, strlen(beacon));
    crypto_hash_sha256_final(&state, out->bytes);
}

void draw_rank(const struct merkle_hash *seed, const char *visitor, struct merkle_hash *out)
{
    _Static_assert(crypto_auth_hmacsha256_KEYBYTES == sizeof seed->bytes, "the seed is the key");
    crypto_auth_hmacsha256(out->bytes, (const unsigned char *)visitor, strlen(visitor),
                           seed->bytes);
}

struct merkle_hash *draw_tree(const char *event, const struct draw_place *places, size_t count)
{
    struct merkle_hash *nodes = calloc(merkle_nodes_count(count), sizeof *nodes);
    if (!nodes)
        return NULL;
    for (size_t i = 0; i < count; i++)
        draw_leaf(event, places[i].seq, places[i].visitor.id, &nodes[i]);
    merkle_build(nodes, count);
    return nodes;
}

static int compare(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    return memcmp(left->rank.bytes, right->rank.bytes, sizeof left->rank.bytes);
}

enum draw_status draw_order(struct draw_place *places, size_t count, const struct merkle_hash *seed)
{
    struct ranked *ranked = calloc(count ? count : 1, sizeof *ranked);
    enum draw_status status = DRAW_OK;
    if (!ranked)
        return DRAW_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || places[i - 1].seq < places[i].seq);
        draw_rank(seed, places[i].visitor.id, &ranked[i].rank);
        ranked[i].index = i;
    }
    qsort(ranked, count, sizeof *ranked, compare);
    for (size_t k = 0; k < count; k++) {
        if (k > 0 && compare(&ranked[k - 1], &ranked[k]) == 0)
            status = DRAW_TWICE;
        places[ranked[k].index].new_seq = places[k].seq;
    }
    free(ranked);
    return status;
}
