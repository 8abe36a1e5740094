/* See the header. */
#include "server/base/account_id.h"
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define B64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define ACCOUNT_MARK '.'
#define LOCAL_PART_BYTES_MAX 64
#define BLANKS " \t\r\n"
#define ID_DIGITS 16
#define PAYLOAD_BYTES_MAX (20 + 1 + ID_DIGITS + 1 + VISITOR_ID_BYTES + 1 + EMAIL_BYTES_MAX + 1)

/* 3 + base64 of the payload + '.' + 43 must stay within a token. */
_Static_assert(3 + (PAYLOAD_BYTES_MAX * 4 + 2) / 3 + 1 + 43 <= TOKEN_BYTES_MAX,
               "the longest session fits a token");

bool email_canonical(const char *text, char out[EMAIL_BYTES_MAX + 1])
{
    text += strspn(text, BLANKS);
    size_t bytes = strlen(text);
    while (bytes > 0 && strchr(BLANKS, text[bytes - 1]) != NULL)
        bytes--;
    const char *at = memchr(text, '@', bytes);
    if (bytes > EMAIL_BYTES_MAX || at == NULL)
        return false;
    size_t local_bytes = (size_t)(at - text);
    if (local_bytes == 0 || local_bytes > LOCAL_PART_BYTES_MAX || local_bytes + 1 == bytes ||
        memchr(at + 1, '@', bytes - local_bytes - 1) != NULL)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 127)
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[bytes] = '\0';
    return true;
}

/* The purpose is part of what is hashed, so that one is never taken for the other. */
static void keyed_text(const struct token_keys *keys, char purpose, const char *text, char *out,
                       size_t chars)
{
    crypto_auth_hmacsha512256_state state;
    unsigned char mac[crypto_auth_hmacsha512256_BYTES];
    char encoded[sodium_base64_ENCODED_LEN(sizeof mac, B64)];
    assert(chars < sizeof encoded);
    crypto_auth_hmacsha512256_init(&state, keys->account_key, sizeof keys->account_key);
    crypto_auth_hmacsha512256_update(&state, (const unsigned char *)&purpose, 1);
    crypto_auth_hmacsha512256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha512256_final(&state, mac);
    sodium_bin2base64(encoded, sizeof encoded, mac, sizeof mac, B64);
    memcpy(out, encoded, chars);
    out[chars] = '\0';
}

void account_visitor(const struct token_keys *keys, const char *email,
                     char out[VISITOR_ID_BYTES + 1])
{
    out[0] = ACCOUNT_MARK;
    keyed_text(keys, 'v', email, out + 1, VISITOR_ID_BYTES - 1);
}

bool visitor_is_account(const char *visitor)
{
    return visitor[0] == ACCOUNT_MARK;
}

void account_fingerprint(const struct token_keys *keys, const char *text,
                         char out[FINGERPRINT_BYTES + 1])
{
    keyed_text(keys, 'f', text, out, FINGERPRINT_BYTES);
}

void account_session_issue(const struct token_keys *keys, const struct account_session *session,
                           char out[TOKEN_BYTES_MAX + 1])
{
    char payload[PAYLOAD_BYTES_MAX];
    assert(visitor_is_account(session->visitor) && session->ends_ms > 0);
    int bytes = snprintf(payload, sizeof payload, "%" PRId64 " %016" PRIx64 " %s %s",
                         session->ends_ms, session->id, session->visitor, session->email);
    assert(bytes > 0 && (size_t)bytes < sizeof payload);
    enum token_status status = token_sign(keys, TOKEN_ACCOUNT, payload, out, TOKEN_BYTES_MAX + 1);
    assert(status == TOKEN_OK);
    (void)status;
}

/* Takes "word " off *at into `out`; false when the word has not exactly this many bytes. */
static bool take_word(const char **at, char *out, size_t bytes)
{
    if (strnlen(*at, bytes + 1) <= bytes || (*at)[bytes] != ' ')
        return false;
    memcpy(out, *at, bytes);
    out[bytes] = '\0';
    *at += bytes + 1;
    return true;
}

/* We wrote what we read, but a shape that is not ours is not guessed at. */
static bool parse(const char *payload, struct account_session *out)
{
    char digits[ID_DIGITS + 1], *end = NULL;
    out->ends_ms = strtoll(payload, &end, 10);
    if (end == payload || *end != ' ')
        return false;
    const char *at = end + 1;
    if (!take_word(&at, digits, ID_DIGITS) || !take_word(&at, out->visitor, VISITOR_ID_BYTES))
        return false;
    out->id = strtoull(digits, NULL, 16);
    char canonical[EMAIL_BYTES_MAX + 1];
    if (!visitor_is_account(out->visitor) || !email_canonical(at, canonical) ||
        strcmp(canonical, at) != 0)
        return false;
    memcpy(out->email, canonical, strlen(canonical) + 1);
    return true;
}

bool account_session_read(const struct token_keys *keys, const char *token, size_t token_bytes,
                          int64_t now_ms, struct account_session *session)
{
    char payload[TOKEN_BYTES_MAX + 1];
    struct account_session in = {0};
    if (token_open(keys, TOKEN_ACCOUNT, token, token_bytes, payload, sizeof payload) != TOKEN_OK ||
        !parse(payload, &in) || in.ends_ms <= now_ms)
        return false;
    *session = in;
    return true;
}
