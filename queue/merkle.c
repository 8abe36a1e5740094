/* See the header. */
#include "queue/merkle.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(crypto_hash_sha256_BYTES == sizeof(struct merkle_hash), "the digest is SHA-256");

void merkle_leaf(const void *data, size_t bytes, struct merkle_hash *out)
{
    static const unsigned char prefix = 0;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, data, bytes);
    crypto_hash_sha256_final(&state, out->bytes);
}

static void hash_node(const struct merkle_hash *left, const struct merkle_hash *right,
                      struct merkle_hash *out)
{
    static const unsigned char prefix = 1;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, left->bytes, sizeof left->bytes);
    crypto_hash_sha256_update(&state, right->bytes, sizeof right->bytes);
    crypto_hash_sha256_final(&state, out->bytes);
}

size_t merkle_nodes_count(size_t leaves_count)
{
    size_t total = leaves_count;
    for (size_t level = leaves_count; level > 1; total += level)
        level = level / 2 + level % 2;
    return total > 0 ? total : 1;
}

void merkle_build(struct merkle_hash *nodes, size_t leaves_count)
{
    if (leaves_count == 0)
        crypto_hash_sha256(nodes[0].bytes, NULL, 0);
    const struct merkle_hash *below = nodes;
    for (size_t level = leaves_count; level > 1; level = level / 2 + level % 2) {
        struct merkle_hash *above = nodes + (below - nodes) + level;
        for (size_t i = 0; i + 1 < level; i += 2)
            hash_node(&below[i], &below[i + 1], &above[i / 2]);
        if (level % 2 == 1)
            above[level / 2] = below[level - 1];
        below = above;
    }
}

size_t merkle_path(size_t leaves_count, size_t index, size_t positions[MERKLE_PATH_MAX])
{
    size_t count = 0, base = 0;
    assert(index < leaves_count);
    for (size_t level = leaves_count; level > 1; level = level / 2 + level % 2) {
        if ((index ^ 1) < level) {
            assert(count < MERKLE_PATH_MAX);
            positions[count++] = base + (index ^ 1);
        }
        base += level;
        index /= 2;
    }
    return count;
}

bool merkle_path_root(const struct merkle_hash *leaf, size_t leaves_count, size_t index,
                      const struct merkle_hash *siblings, size_t siblings_count,
                      struct merkle_hash *root)
{
    size_t used = 0;
    struct merkle_hash at = *leaf;
    if (index >= leaves_count)
        return false;
    for (size_t level = leaves_count; level > 1; level = level / 2 + level % 2) {
        if ((index ^ 1) < level) {
            if (used == siblings_count)
                return false;
            const struct merkle_hash *sibling = &siblings[used++];
            hash_node(index % 2 ? sibling : &at, index % 2 ? &at : sibling, &at);
        }
        index /= 2;
    }
    *root = at;
    return used == siblings_count;
}
