/* Merkle tree hashes as in RFC 6962, section 2.1: SHA-256, leaves prefixed by 0x00, nodes by 0x01.
 *
 * A tree lies in one array, level by level: first the leaves, then the nodes above them, the root
 * last. A node without a sibling is the node above it as well (it is moved up, not hashed with
 * itself); that is the same tree as the RFC's recursive definition. What a path consists of is
 * therefore pure arithmetic on positions: whoever has the array in a store fetches only the path.
 */
#ifndef STANCHION_QUEUE_MERKLE_H
#define STANCHION_QUEUE_MERKLE_H

#include <stdbool.h>
#include <stddef.h>

#define MERKLE_PATH_MAX 40 /* of a tree of 2^40 leaves */

struct merkle_hash {
    unsigned char bytes[32];
};

void merkle_leaf(const void *data, size_t bytes, struct merkle_hash *out);

/* Length of the array for leaves_count leaves; 1 for an empty tree (its root). */
size_t merkle_nodes_count(size_t leaves_count);
/* Fills the array behind the leaves, which the caller has put at its front. */
void merkle_build(struct merkle_hash *nodes, size_t leaves_count);

/* The positions in the array of the siblings of leaf `index`, from the bottom. Returns how many. */
size_t merkle_path(size_t leaves_count, size_t index, size_t positions[MERKLE_PATH_MAX]);
/* The root that a leaf and its siblings lead to. False when the path has not the length that it
 * must have for that place in a tree of that size. */
bool merkle_path_root(const struct merkle_hash *leaf, size_t leaves_count, size_t index,
                      const struct merkle_hash *siblings, size_t siblings_count,
                      struct merkle_hash *root);

#endif
