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

/* What was signed by another version of the program, or is checked by one, is HMAC-SHA-512/256. */
Test(token, the_signature_is_that_of_crypto_auth)
{
    static const char head[] = "r1.";
    unsigned char secret[SECRET_BYTES] = {1}, key[crypto_auth_KEYBYTES], mac[crypto_auth_BYTES];
    char token[TOKEN_BYTES_MAX], signature[64], payload[200];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    crypto_kdf_derive_from_key(key, sizeof key, TOKEN_RECEIPT + 1, "stanchio", secret);
    cr_assert_eq(token_sign(&keys, TOKEN_RECEIPT, payload, token, sizeof token), TOKEN_OK);
    cr_assert_eq(strncmp(token, head, strlen(head)), 0);
    const char *dot = strrchr(token, '.');
    crypto_auth(mac, (const unsigned char *)token, (unsigned long long)(dot - token), key);
    sodium_bin2base64(signature, sizeof signature, mac, sizeof mac,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    cr_assert_str_eq(dot + 1, signature);
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

Test(token, ticket_codes_are_repeatable_differ_and_are_read_back)
{
    static const struct {
        int64_t order_nr;
        uint32_t seat;
    } tickets[] = {{1, 7},         {1, 8}, {2, 7}, {0, 0}, {TICKET_ORDER_NR_MAX, TICKET_SEAT_MAX},
                   {700000, 99999}};
    char code[TICKET_CODE_BYTES + 1], again[TICKET_CODE_BYTES + 1];
    char last[TICKET_CODE_BYTES + 1] = "";
    for (size_t i = 0; i < sizeof tickets / sizeof tickets[0]; i++) {
        int64_t order_nr = -1;
        uint32_t seat = 1;
        token_ticket_code(&keys, tickets[i].order_nr, tickets[i].seat, code);
        token_ticket_code(&keys, tickets[i].order_nr, tickets[i].seat, again);
        cr_assert_str_eq(code, again);
        cr_assert_str_neq(code, last);
        cr_assert_eq(strlen(code), (size_t)TICKET_CODE_BYTES);
        cr_assert(token_ticket_read(&keys, code, &order_nr, &seat));
        cr_assert_eq(order_nr, tickets[i].order_nr);
        cr_assert_eq(seat, tickets[i].seat);
        cr_assert_not(token_ticket_read(&other_keys, code, &order_nr, &seat));
        memcpy(last, code, sizeof last);
    }
}

Test(token, no_ticket_code_looks_like_an_option)
{
    char code[TICKET_CODE_BYTES + 1];
    size_t dots = 0;
    for (uint32_t seat = 0; seat < 2000; seat++) {
        int64_t order_nr;
        uint32_t again;
        token_ticket_code(&keys, 5, seat, code);
        cr_assert_neq(code[0], '-');
        cr_assert(token_ticket_read(&keys, code, &order_nr, &again));
        cr_assert_eq(again, seat);
        dots += code[0] == '.';
    }
    cr_assert_gt(dots, 0, "the rule was never needed");
}

Test(token, a_changed_ticket_code_is_none)
{
    char code[TICKET_CODE_BYTES + 1];
    int64_t order_nr;
    uint32_t seat;
    token_ticket_code(&keys, 4711, 42, code);
    for (size_t i = 0; i < TICKET_CODE_BYTES; i++) {
        char was = code[i];
        code[i] = was == 'A' ? 'B' : 'A';
        cr_assert_not(token_ticket_read(&keys, code, &order_nr, &seat), "character %zu", i);
        code[i] = was;
    }
    cr_assert(token_ticket_read(&keys, code, &order_nr, &seat));
    code[TICKET_CODE_BYTES - 1] = '\0';
    cr_assert_not(token_ticket_read(&keys, code, &order_nr, &seat));
    cr_assert_not(token_ticket_read(&keys, "", &order_nr, &seat));
    cr_assert_not(token_ticket_read(&keys, "!!!!!!!!!!!!!!!!!!!!!!!!", &order_nr, &seat));
}

Test(token, timed_names_sort_by_their_time)
{
    char earlier[25], later[25], same[25];
    for (int64_t ms = 1790000000000; ms < 1790000000300; ms++) {
        token_timed(earlier, 24, ms);
        token_timed(later, 24, ms + 1);
        token_timed(same, 24, ms);
        cr_assert(strcmp(earlier, later) < 0, "%s %s", earlier, later);
        cr_assert_str_neq(earlier, same);
        cr_assert_eq(strlen(earlier), 24);
    }
}
