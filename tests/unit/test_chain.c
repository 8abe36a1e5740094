/* The chain of a history: what is appended is taken back, every change of it is found, and a head
 * pins it. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "queue/chain.h"
#include "queue/hex.h"

#define LINES 6

/* A small history, line by line without newlines. */
struct history {
    char lines[LINES + 1][CHAIN_LINE_BYTES_MAX];
    size_t count;
    struct chain chain;
};

static void setup(void)
{
    cr_assert_geq(sodium_init(), 0);
}

static void make(struct history *history)
{
    char text[64];
    size_t bytes = chain_start(&history->chain, "arena-night", history->lines[0]);
    history->lines[0][bytes - 1] = '\0';
    for (size_t i = 1; i <= LINES; i++) {
        (void)snprintf(text, sizeof text, "179000000000%zu tick %zu", i, i);
        bytes = chain_append(&history->chain, text, strlen(text), history->lines[i]);
        cr_assert_eq(history->lines[i][bytes - 1], '\n');
        history->lines[i][bytes - 1] = '\0';
    }
    history->count = LINES + 1;
}

/* The first status that is not OK, and at which line. */
static enum chain_status check(const struct history *history, size_t *at, struct chain *chain)
{
    const char *text;
    size_t text_bytes;
    enum chain_status status = chain_open(chain, history->lines[0], strlen(history->lines[0]));
    for (*at = 0; status == CHAIN_OK && ++*at < history->count;)
        status =
            chain_take(chain, history->lines[*at], strlen(history->lines[*at]), &text, &text_bytes);
    return status;
}

Test(chain, has_the_hashes_that_anybody_can_compute, .init = setup)
{
    struct chain chain;
    char line[CHAIN_LINE_BYTES_MAX];
    chain_start(&chain, "arena-night", line);
    cr_assert_str_eq(line, "stanchion-history 1 arena-night\n");
    chain_append(&chain, "1790000000000 join 1 a b c", 26, line);
    cr_assert_str_eq(line, "1 1790000000000 join 1 a b c "
                           "a51043f120bf26ec422cab68468f3ccc42c08af433ba95fa86d98084e5aae074\n");
    chain_append(&chain, "1790000001000 tick 1 ", 21, line);
    cr_assert_str_eq(line, "2 1790000001000 tick 1  "
                           "b19c86b9e017e683647858b5fcda5e9f415bfdfdc6384918b8991cf30b1df453\n");
}

Test(chain, takes_what_it_appends, .init = setup)
{
    static struct history history;
    struct chain chain;
    size_t at;
    make(&history);
    cr_assert_eq(check(&history, &at, &chain), CHAIN_OK);
    cr_assert_eq(chain.nr, LINES);
    cr_assert_arr_eq(chain.hash.bytes, history.chain.hash.bytes, 32);
}

Test(chain, every_changed_byte_is_found, .init = setup)
{
    static struct history history;
    struct chain chain;
    size_t at;
    make(&history);
    for (size_t i = 0; i < history.count; i++) {
        size_t bytes = strlen(history.lines[i]);
        for (size_t k = 0; k < bytes; k++) {
            char kept = history.lines[i][k];
            history.lines[i][k] = kept == '5' ? '6' : '5';
            cr_assert_neq(check(&history, &at, &chain), CHAIN_OK, "line %zu byte %zu", i, k);
            cr_assert(at == i || (i == 0 && at == 1), "found at %zu instead of %zu", at, i);
            history.lines[i][k] = kept;
        }
    }
    cr_assert_eq(check(&history, &at, &chain), CHAIN_OK);
}

Test(chain, a_removed_inserted_or_moved_line_is_found, .init = setup)
{
    static struct history history, other;
    struct chain chain;
    size_t at;
    make(&history);
    other = history;
    memmove(other.lines[3], other.lines[4], sizeof other.lines[0] * 3);
    other.count--;
    cr_assert_eq(check(&other, &at, &chain), CHAIN_BAD_NUMBER);
    cr_assert_eq(at, 3);
    other = history;
    memcpy(other.lines[4], other.lines[3], sizeof other.lines[0]);
    cr_assert_eq(check(&other, &at, &chain), CHAIN_BAD_NUMBER);
    other = history;
    memcpy(other.lines[3], history.lines[4], sizeof other.lines[0]);
    memcpy(other.lines[4], history.lines[3], sizeof other.lines[0]);
    cr_assert_eq(check(&other, &at, &chain), CHAIN_BAD_NUMBER);
    cr_assert_eq(at, 3);
    /* A line with the right number, made by somebody who does not know the hash before it. */
    other = history;
    struct chain foreign = {.nr = 2};
    size_t bytes = chain_append(&foreign, "1790000000003 tick 3", 20, other.lines[3]);
    other.lines[3][bytes - 1] = '\0';
    cr_assert_eq(check(&other, &at, &chain), CHAIN_BAD_HASH);
}

Test(chain, a_head_pins_what_came_before, .init = setup)
{
    static struct history history;
    unsigned char public_key[CHAIN_KEY_BYTES], key[CHAIN_SIGN_KEY_BYTES];
    unsigned char other_public[CHAIN_KEY_BYTES], other_key[CHAIN_SIGN_KEY_BYTES];
    char text[CHAIN_HEAD_BYTES_MAX], changed[CHAIN_HEAD_BYTES_MAX];
    struct chain_head head;
    crypto_sign_keypair(public_key, key);
    crypto_sign_keypair(other_public, other_key);
    make(&history);
    chain_head_sign(&history.chain, 1790000000123, key, text);
    cr_assert_eq(chain_head_read(text, public_key, &head), CHAIN_OK);
    cr_assert_str_eq(head.event, "arena-night");
    cr_assert_eq(head.nr, LINES);
    cr_assert_eq(head.at_ms, 1790000000123);
    cr_assert_arr_eq(head.hash.bytes, history.chain.hash.bytes, 32);
    cr_assert_eq(chain_head_read(text, other_public, &head), CHAIN_BAD_SIGNATURE);
    cr_assert_eq(chain_head_read(text, NULL, &head), CHAIN_OK);
    for (size_t i = 0; text[i]; i++) {
        memcpy(changed, text, sizeof changed);
        changed[i] = changed[i] == '7' ? '8' : '7';
        cr_assert_neq(chain_head_read(changed, public_key, &head), CHAIN_OK, "byte %zu", i);
    }
    char spaced[CHAIN_HEAD_BYTES_MAX + 8];
    (void)snprintf(spaced, sizeof spaced, "\n %s\n", text);
    cr_assert_eq(chain_head_read(spaced, public_key, &head), CHAIN_OK);
}

Test(chain, refuses_other_texts, .init = setup)
{
    static const char *const lines[] = {"", "x", "stanchion-history 2 a", "stanchion-history 1 ",
                                        "stanchion-history 1 a b"};
    struct chain chain;
    struct chain_head head;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_eq(chain_open(&chain, lines[i], strlen(lines[i])), CHAIN_BAD_FORM, "%s",
                     lines[i]);
    cr_assert_eq(chain_head_read("", NULL, &head), CHAIN_BAD_FORM);
    cr_assert_eq(chain_head_read("stanchion-head 1 a 1", NULL, &head), CHAIN_BAD_FORM);
}
