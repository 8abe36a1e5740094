/* The draw by example (computed independently with Python's hashlib and hmac) and by its
 * properties. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/draw.h"
#include "queue/hex.h"

static const struct draw_place five[5] = {{.visitor = {"AAAAAAAAAAAA"}, .seq = 2},
                                          {.visitor = {"bbbbbbbbbbbb"}, .seq = 3},
                                          {.visitor = {"C-C-C-C-C-C-"}, .seq = 5},
                                          {.visitor = {"d_d_d_d_d_d_"}, .seq = 9},
                                          {.visitor = {"eeeeeeeeeeee"}, .seq = 10}};

static const unsigned char secret[DRAW_SECRET_BYTES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static void expect_hex(const struct merkle_hash *hash, const char *expected)
{
    char text[65];
    hex_write(hash->bytes, sizeof hash->bytes, text);
    cr_expect_str_eq(text, expected);
}

/* RFC 4231, test case 1; its key of 20 bytes is filled up with zeros, as HMAC does. */
Test(draw, rank_is_hmac_sha_256)
{
    struct merkle_hash key = {{0}}, rank;
    memset(key.bytes, 0x0b, 20);
    draw_rank(&key, "Hi There", &rank);
    expect_hex(&rank, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

struct example {
    const char *beacon, *seed;
    int64_t new_seqs[5];
};

static const struct example examples[] = {
    {"", "9731a5291a914d4dae33ff2db69b26343456b365133f37d14199da552550b640", {5, 2, 9, 10, 3}},
    {"drand 4711",
     "6cc647b52a70bb07b9e00572f95f5ffab8e5fa659bb0ba118468b0a916d796f9",
     {3, 2, 10, 9, 5}}};

Test(draw, gives_the_order_that_anybody_can_compute)
{
    struct draw_place places[5];
    struct merkle_hash commitment, seed, *tree = draw_tree("arena-night", five, 5);
    cr_assert_not_null(tree);
    const struct merkle_hash *root = &tree[merkle_nodes_count(5) - 1];
    draw_commitment(secret, &commitment);
    expect_hex(&commitment, "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd");
    expect_hex(root, "430bf4962656aa7c0e241d8eb6e17459591b89b6a6d9afdc028d937bd81eb64e");
    for (size_t e = 0; e < sizeof examples / sizeof examples[0]; e++) {
        memcpy(places, five, sizeof places);
        draw_seed(secret, root, examples[e].beacon, &seed);
        expect_hex(&seed, examples[e].seed);
        cr_assert_eq(draw_order(places, 5, &seed), DRAW_OK);
        for (size_t i = 0; i < 5; i++)
            cr_expect_eq(places[i].new_seq, examples[e].new_seqs[i], "beacon %zu, place %zu", e, i);
    }
    free(tree);
}

Test(draw, of_nobody_and_of_one)
{
    struct merkle_hash seed = {{1}};
    struct draw_place one = five[2];
    cr_assert_eq(draw_order(NULL, 0, &seed), DRAW_OK);
    cr_assert_eq(draw_order(&one, 1, &seed), DRAW_OK);
    cr_assert_eq(one.new_seq, 5);
}

Test(draw, a_visitor_twice_is_found)
{
    struct merkle_hash seed = {{1}};
    struct draw_place places[5];
    memcpy(places, five, sizeof places);
    places[4].visitor = places[1].visitor;
    cr_assert_eq(draw_order(places, 5, &seed), DRAW_TWICE);
}

#define MANY 2000

/* Each sequence is given exactly once. Over many seeds, everybody comes to the first half about as
 * often as to the second: who came first is no better off. */
Test(draw, is_a_permutation_and_favours_nobody)
{
    struct draw_place *places = calloc(MANY, sizeof *places);
    char *has = calloc(3 * MANY + 1, 1);
    struct merkle_hash seed;
    size_t first_ten_early = 0, rounds = 60;
    cr_assert(places && has);
    for (size_t i = 0; i < MANY; i++) {
        places[i].seq = (int64_t)(3 * i + 1);
        (void)snprintf(places[i].visitor.id, sizeof places[i].visitor.id, "v%07zu", i);
    }
    for (size_t round = 0; round < rounds; round++) {
        memset(has, 0, 3 * MANY + 1);
        randombytes_buf(seed.bytes, sizeof seed.bytes);
        cr_assert_eq(draw_order(places, MANY, &seed), DRAW_OK);
        for (size_t i = 0; i < MANY; i++) {
            cr_assert_eq(places[i].new_seq % 3, 1);
            cr_assert_eq(has[places[i].new_seq]++, 0);
            first_ten_early += i < 10 && places[i].new_seq <= 3 * MANY / 2;
        }
    }
    /* 600 throws of a coin: 6 standard deviations are 74. */
    cr_assert(first_ten_early > 226 && first_ten_early < 374, "%zu of 600", first_ten_early);
    free(places);
    free(has);
}
