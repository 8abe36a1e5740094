/* Merkle hashes against the published values of RFC 6962 implementations, and paths in trees of
 * every small size. */
#include <criterion/criterion.h>
#include <string.h>

#include "queue/hex.h"
#include "queue/merkle.h"

struct input {
    const char *bytes;
    size_t count;
};

/* The inputs and roots of the certificate-transparency reference implementation. */
static const struct input inputs[8] = {{"", 0},
                                       {"\x00", 1},
                                       {"\x10", 1},
                                       {"\x20\x21", 2},
                                       {"\x30\x31", 2},
                                       {"\x40\x41\x42\x43", 4},
                                       {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                                       {"\x60\x61\x62\x63\x64\x65\x66\x67"
                                        "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
                                        16}};
static const char *const roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

#define LEAVES_MAX 70

static void build(struct merkle_hash *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        merkle_leaf(&i, sizeof i, &nodes[i]);
    merkle_build(nodes, count);
}

Test(merkle, has_the_published_roots)
{
    for (size_t count = 0; count <= 8; count++) {
        struct merkle_hash nodes[32];
        char text[65];
        for (size_t i = 0; i < count; i++)
            merkle_leaf(inputs[i].bytes, inputs[i].count, &nodes[i]);
        merkle_build(nodes, count);
        hex_write(nodes[merkle_nodes_count(count) - 1].bytes, 32, text);
        cr_expect_str_eq(text, roots[count], "%zu leaves", count);
    }
}

Test(merkle, every_path_leads_to_the_root)
{
    struct merkle_hash nodes[3 * LEAVES_MAX], siblings[MERKLE_PATH_MAX], root;
    size_t positions[MERKLE_PATH_MAX];
    for (size_t count = 1; count <= LEAVES_MAX; count++) {
        build(nodes, count);
        const struct merkle_hash *top = &nodes[merkle_nodes_count(count) - 1];
        for (size_t i = 0; i < count; i++) {
            size_t length = merkle_path(count, i, positions);
            for (size_t k = 0; k < length; k++)
                siblings[k] = nodes[positions[k]];
            cr_assert(merkle_path_root(&nodes[i], count, i, siblings, length, &root));
            cr_assert_arr_eq(root.bytes, top->bytes, 32, "leaf %zu of %zu", i, count);
        }
    }
}

Test(merkle, a_wrong_leaf_place_or_sibling_leads_elsewhere)
{
    struct merkle_hash nodes[64], siblings[MERKLE_PATH_MAX] = {0}, root;
    size_t positions[MERKLE_PATH_MAX], count = 13;
    build(nodes, count);
    const struct merkle_hash *top = &nodes[merkle_nodes_count(count) - 1];
    size_t length = merkle_path(count, 6, positions);
    for (size_t k = 0; k < length; k++)
        siblings[k] = nodes[positions[k]];
    cr_assert(merkle_path_root(&nodes[5], count, 6, siblings, length, &root));
    cr_assert_neq(memcmp(root.bytes, top->bytes, 32), 0);
    cr_assert(merkle_path_root(&nodes[6], count, 7, siblings, length, &root));
    cr_assert_neq(memcmp(root.bytes, top->bytes, 32), 0);
    siblings[2].bytes[9] ^= 1;
    cr_assert(merkle_path_root(&nodes[6], count, 6, siblings, length, &root));
    cr_assert_neq(memcmp(root.bytes, top->bytes, 32), 0);
}

Test(merkle, a_path_has_one_length_only)
{
    struct merkle_hash nodes[64], root;
    build(nodes, 13);
    cr_assert_not(merkle_path_root(&nodes[6], 13, 6, nodes, 3, &root));
    cr_assert_not(merkle_path_root(&nodes[6], 13, 6, nodes, 5, &root));
    cr_assert(merkle_path_root(&nodes[12], 13, 12, nodes, 2, &root));
    cr_assert_not(merkle_path_root(&nodes[12], 13, 13, nodes, 2, &root));
}

Test(hex, reads_what_it_writes_and_nothing_else)
{
    unsigned char in[3] = {0, 0xaf, 0x19}, out[3];
    char text[7];
    hex_write(in, 3, text);
    cr_assert_str_eq(text, "00af19");
    cr_assert(hex_read(text, out, 3));
    cr_assert_arr_eq(in, out, 3);
    cr_assert_not(hex_read("00AF19", out, 3));
    cr_assert_not(hex_read("00af1", out, 3));
    cr_assert_not(hex_read("00 f19", out, 3));
}
