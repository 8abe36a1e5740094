/* Signed tokens: what one key signed, nobody else can make, change or use as another kind. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>
#include "server/base/limits.h"
#include "server/base/token.h"

static struct token_keys keys, other_keys;

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    unsigned char secret[SECRET_BYTES] = {1};
    token_keys_init(&keys, secret);
    secret[31] = 1;
    token_keys_init(&other_keys, secret);
}

TestSuite(token, .init = set_up);

static enum token_status open_text(const struct token_keys *k, enum token_kind kind,
                                   const char *token, char payload[128])
{
    return token_open(k, kind, token, strlen(token), payload, 128);
}

Test(token, round_trip_for_each_kind)
{
    for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
        char token[TOKEN_BYTES_MAX], payload[128];
        cr_assert_eq(token_sign(&keys, kind, "{\"v\":\"x\"}", token, sizeof token), TOKEN_OK);
        cr_assert_eq(open_text(&keys, kind, token, payload), TOKEN_OK);
        cr_assert_str_eq(payload, "{\"v\":\"x\"}");
    }
}

Test(token, other_kind_or_other_key_is_refused)
{
    char token[TOKEN_BYTES_MAX], payload[128];
    cr_assert_eq(token_sign(&keys, TOKEN_RECEIPT, "abc", token, sizeof token), TOKEN_OK);
    cr_assert_eq(open_text(&keys, TOKEN_PASS, token, payload), TOKEN_INVALID);
    cr_assert_eq(open_text(&other_keys, TOKEN_RECEIPT, token, payload), TOKEN_INVALID);
    token[0] = 'p';
    cr_assert_eq(open_text(&keys, TOKEN_PASS, token, payload), TOKEN_INVALID);
}

Test(token, every_changed_byte_and_every_shorter_token_is_refused)
{
    char token[TOKEN_BYTES_MAX], payload[128];
    cr_assert_eq(token_sign(&keys, TOKEN_VISITOR, "abcdefghijkl", token, sizeof token), TOKEN_OK);
    size_t bytes = strlen(token);
    for (size_t i = 0; i + 1 < bytes; i++) { /* base64: the last character has spare bits */
        char changed[TOKEN_BYTES_MAX];
        memcpy(changed, token, bytes + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        cr_expect_eq(open_text(&keys, TOKEN_VISITOR, changed, payload), TOKEN_INVALID, "%zu", i);
        cr_expect_eq(token_open(&keys, TOKEN_VISITOR, token, i, payload, 128), TOKEN_INVALID);
    }
}

Test(token, limits)
{
    char token[TOKEN_BYTES_MAX], payload[8], long_text[TOKEN_BYTES_MAX];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    cr_assert_eq(token_sign(&keys, TOKEN_PASS, long_text, token, sizeof token), TOKEN_TOO_LONG);
    cr_assert_eq(token_open(&keys, TOKEN_PASS, long_text, 5000, payload, 8), TOKEN_INVALID);
    cr_assert_eq(token_sign(&keys, TOKEN_PASS, "12345678", token, sizeof token), TOKEN_OK);
    cr_assert_eq(token_open(&keys, TOKEN_PASS, token, strlen(token), payload, 8), TOKEN_INVALID,
                 "a payload that does not fit with its NUL is refused");
}

Test(token, ticket_codes_are_repeatable_and_differ)
{
    char a[TICKET_CODE_BYTES + 1], b[TICKET_CODE_BYTES + 1];
    token_ticket_code(&keys, "o_1", 7, a);
    token_ticket_code(&keys, "o_1", 7, b);
    cr_assert_str_eq(a, b);
    cr_assert_eq(strlen(a), (size_t)TICKET_CODE_BYTES);
    token_ticket_code(&keys, "o_1", 8, b);
    cr_assert_str_neq(a, b);
    token_ticket_code(&other_keys, "o_1", 7, b);
    cr_assert_str_neq(a, b);
}
