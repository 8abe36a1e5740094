/* Addresses in one form, visitors of accounts, and sessions: genuine, forged, ended. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "server/base/account_id.h"

#define NOW_MS INT64_C(1790000000000)

static struct token_keys keys, other_keys;

static void setup(void)
{
    unsigned char secret[SECRET_BYTES] = {1};
    token_keys_init(&keys, secret);
    secret[0] = 2;
    token_keys_init(&other_keys, secret);
}

TestSuite(account_id, .init = setup);

Test(account_id, addresses_have_one_form)
{
    static const struct {
        const char *text, *canonical; /* NULL = refused */
    } table[] = {
        {"ann@example.org", "ann@example.org"},
        {" Ann@Example.ORG\t\n", "ann@example.org"},
        {"a+b_c.d-e@x", "a+b_c.d-e@x"},
        {"m\xc3\x9cller@example.org", "m\xc3\x9cller@example.org"},
        {"", NULL},
        {" ", NULL},
        {"ann", NULL},
        {"@", NULL},
        {"@example.org", NULL},
        {"ann@", NULL},
        {"ann@b@c", NULL},
        {"ann lee@example.org", NULL},
        {"ann@exam\tple.org", NULL},
        {"ann@example.org\x7f.org", NULL},
        {"ann\n@example.org", NULL},
    };
    char out[EMAIL_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool is_good = email_canonical(table[i].text, out);
        cr_assert_eq(is_good, table[i].canonical != NULL, "\"%s\"", table[i].text);
        if (is_good)
            cr_assert_str_eq(out, table[i].canonical);
    }
}

Test(account_id, addresses_have_a_longest_length)
{
    char text[400], out[EMAIL_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    text[64] = '@';
    text[EMAIL_BYTES_MAX] = '\0';
    cr_assert(email_canonical(text, out));
    cr_assert_eq(strlen(out), EMAIL_BYTES_MAX);
    text[EMAIL_BYTES_MAX] = 'a';
    text[EMAIL_BYTES_MAX + 1] = '\0';
    cr_assert_not(email_canonical(text, out));
    memset(text, 'a', 65);
    text[65] = '@';
    text[100] = '\0';
    cr_assert_not(email_canonical(text, out), "65 bytes before the @");
}

Test(account_id, a_visitor_of_an_account_is_the_same_everywhere_and_no_anonymous_one)
{
    char one[VISITOR_ID_BYTES + 1], again[VISITOR_ID_BYTES + 1], other[VISITOR_ID_BYTES + 1],
        foreign[VISITOR_ID_BYTES + 1], anonymous[VISITOR_ID_BYTES + 1];
    account_visitor(&keys, "ann@example.org", one);
    account_visitor(&keys, "ann@example.org", again);
    account_visitor(&keys, "bob@example.org", other);
    account_visitor(&other_keys, "ann@example.org", foreign);
    cr_assert_eq(strlen(one), VISITOR_ID_BYTES);
    cr_assert_str_eq(one, again);
    cr_assert_str_neq(one, other);
    cr_assert_str_neq(one, foreign);
    cr_assert(visitor_is_account(one));
    for (int i = 0; i < 10000; i++) {
        token_random(anonymous, VISITOR_ID_BYTES);
        cr_assert_not(visitor_is_account(anonymous));
    }
}

Test(account_id, fingerprints_tell_nothing_and_are_not_visitors)
{
    char one[FINGERPRINT_BYTES + 1], other[FINGERPRINT_BYTES + 1], visitor[VISITOR_ID_BYTES + 1];
    account_fingerprint(&keys, "ann@example.org", one);
    account_fingerprint(&keys, "192.0.2.1", other);
    account_visitor(&keys, "ann@example.org", visitor);
    cr_assert_eq(strlen(one), FINGERPRINT_BYTES);
    cr_assert_str_neq(one, other);
    cr_assert_null(strstr(one, visitor + 1));
}

static struct account_session ann(void)
{
    struct account_session session = {.id = 0xfedcba9876543210u, .ends_ms = NOW_MS + 1000};
    account_visitor(&keys, "ann@example.org", session.visitor);
    (void)snprintf(session.email, sizeof session.email, "ann@example.org");
    return session;
}

Test(account_id, a_session_is_read_as_it_was_issued_until_it_ends)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct account_session session = ann(), read;
    account_session_issue(&keys, &session, token);
    cr_assert(account_session_read(&keys, token, strlen(token), NOW_MS, &read));
    cr_assert_eq(read.id, session.id);
    cr_assert_eq(read.ends_ms, session.ends_ms);
    cr_assert_str_eq(read.visitor, session.visitor);
    cr_assert_str_eq(read.email, session.email);
    cr_assert(account_session_read(&keys, token, strlen(token), session.ends_ms - 1, &read));
    cr_assert_not(account_session_read(&keys, token, strlen(token), session.ends_ms, &read));
    cr_assert_not(account_session_read(&other_keys, token, strlen(token), NOW_MS, &read));
}

Test(account_id, the_longest_session_fits_a_token)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct account_session session = ann(), read;
    memset(session.email, 'a', EMAIL_BYTES_MAX);
    session.email[64] = '@';
    session.email[EMAIL_BYTES_MAX] = '\0';
    session.ends_ms = INT64_MAX;
    session.id = UINT64_MAX;
    account_session_issue(&keys, &session, token);
    cr_assert(account_session_read(&keys, token, strlen(token), NOW_MS, &read));
    cr_assert_str_eq(read.email, session.email);
}

Test(account_id, no_changed_byte_of_a_session_is_taken)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct account_session session = ann(), read;
    account_session_issue(&keys, &session, token);
    size_t bytes = strlen(token);
    for (size_t i = 0; i < bytes; i++) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        cr_assert_not(account_session_read(&keys, token, bytes, NOW_MS, &read), "byte %zu", i);
        token[i] = kept;
        cr_assert_not(account_session_read(&keys, token, i, NOW_MS, &read), "cut at %zu", i);
    }
}

/* Genuine signatures over something else: of another kind, or of a shape that is not ours. */
Test(account_id, what_is_signed_is_still_looked_at)
{
    static const char *const payloads[] = {
        "",
        "1",
        "x 0000000000000001 .abcdefghijk ann@example.org",
        "1790000009999 1 .abcdefghijk ann@example.org",
        "1790000009999 0000000000000001 abcdefghijkl ann@example.org",
        "1790000009999 0000000000000001 .abcdefghij ann@example.org",
        "1790000009999 0000000000000001 .abcdefghijk Ann@example.org",
        "1790000009999 0000000000000001 .abcdefghijk",
        "1790000009999 0000000000000001 .abcdefghijk ",
    };
    char token[TOKEN_BYTES_MAX + 1];
    struct account_session read;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        cr_assert_eq(token_sign(&keys, TOKEN_ACCOUNT, payloads[i], token, sizeof token), TOKEN_OK);
        cr_assert_not(account_session_read(&keys, token, strlen(token), NOW_MS, &read), "\"%s\"",
                      payloads[i]);
    }
    static const char good[] = "1790000009999 0000000000000001 .abcdefghijk ann@example.org";
    for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
        cr_assert_eq(token_sign(&keys, (enum token_kind)kind, good, token, sizeof token), TOKEN_OK);
        cr_assert_eq(account_session_read(&keys, token, strlen(token), NOW_MS, &read),
                     kind == TOKEN_ACCOUNT);
    }
}
