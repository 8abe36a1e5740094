#include "server/base/token.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/limits.h"

#define B64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SIGNATURE_CHARS 43 /* base64url of 32 bytes */
#define TIMED_CHARS 8      /* 48 bits of milliseconds */
#define TIMED_RANDOM_CHARS_MIN 16
#define TICKET_MEANT_BYTES 8
#define TICKET_MARK_BYTES 10
#define TICKET_FIRST_DASH '.' /* instead of '-': a command line would take that for an option */

static const char kind_letter[TOKEN_KIND_COUNT] = {'r', 'p', 'v', 'o', 'a', 't'};

_Static_assert(crypto_auth_BYTES == 32, "the signature is 32 bytes");
_Static_assert(SECRET_BYTES == crypto_kdf_KEYBYTES, "the secret feeds crypto_kdf");

/* A MAC that has taken its key and nothing else: half of the work for a short text. */
static void begin_mac(crypto_auth_hmacsha512256_state *state, uint64_t number, const char *context,
                      const unsigned char secret[SECRET_BYTES])
{
    unsigned char key[crypto_auth_hmacsha512256_KEYBYTES];
    crypto_kdf_derive_from_key(key, sizeof key, number, context, secret);
    crypto_auth_hmacsha512256_init(state, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

static void finish_mac(const crypto_auth_hmacsha512256_state *begun, const unsigned char *text,
                       size_t bytes, unsigned char mac[crypto_auth_hmacsha512256_BYTES])
{
    crypto_auth_hmacsha512256_state state = *begun;
    crypto_auth_hmacsha512256_update(&state, text, bytes);
    crypto_auth_hmacsha512256_final(&state, mac);
}

void token_keys_init(struct token_keys *keys, const unsigned char secret[SECRET_BYTES])
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "stanchio";
    for (uint64_t kind = 0; kind < TOKEN_KIND_COUNT; kind++)
        begin_mac(&keys->kind[kind], kind + 1, context, secret);
    crypto_kdf_derive_from_key(keys->account_key, sizeof keys->account_key, 101, context, secret);
    begin_mac(&keys->ticket_mark, 100, context, secret);
    begin_mac(&keys->ticket_mask, 102, context, secret);
}

enum token_status token_sign(const struct token_keys *keys, enum token_kind kind,
                             const char *payload, char *out, size_t out_bytes_max)
{
    size_t payload_bytes = strlen(payload);
    size_t encoded_bytes = sodium_base64_encoded_len(payload_bytes, B64); /* with NUL */
    if (3 + encoded_bytes + SIGNATURE_CHARS + 1 > out_bytes_max)
        return TOKEN_TOO_LONG;
    out[0] = kind_letter[kind];
    out[1] = '1';
    out[2] = '.';
    sodium_bin2base64(out + 3, encoded_bytes, (const unsigned char *)payload, payload_bytes, B64);
    size_t signed_bytes = 3 + encoded_bytes - 1;
    unsigned char mac[crypto_auth_BYTES];
    finish_mac(&keys->kind[kind], (const unsigned char *)out, signed_bytes, mac);
    out[signed_bytes] = '.';
    sodium_bin2base64(out + signed_bytes + 1, SIGNATURE_CHARS + 1, mac, sizeof mac, B64);
    return TOKEN_OK;
}

enum token_status token_open(const struct token_keys *keys, enum token_kind kind, const char *token,
                             size_t token_bytes, char *payload, size_t payload_bytes_max)
{
    if (token_bytes > TOKEN_BYTES_MAX || token_bytes < 3 + 1 + SIGNATURE_CHARS)
        return TOKEN_INVALID;
    size_t signed_bytes = token_bytes - SIGNATURE_CHARS - 1;
    if (token[0] != kind_letter[kind] || token[1] != '1' || token[2] != '.' ||
        token[signed_bytes] != '.')
        return TOKEN_INVALID;
    unsigned char mac[crypto_auth_BYTES], ours[crypto_auth_BYTES];
    size_t mac_bytes = 0;
    finish_mac(&keys->kind[kind], (const unsigned char *)token, signed_bytes, ours);
    if (sodium_base642bin(mac, sizeof mac, token + signed_bytes + 1, SIGNATURE_CHARS, NULL,
                          &mac_bytes, NULL, B64) != 0 ||
        mac_bytes != sizeof mac || sodium_memcmp(mac, ours, sizeof mac) != 0)
        return TOKEN_INVALID;
    size_t text_bytes = 0;
    if (sodium_base642bin((unsigned char *)payload, payload_bytes_max - 1, token + 3,
                          signed_bytes - 3, NULL, &text_bytes, NULL, B64) != 0)
        return TOKEN_INVALID;
    payload[text_bytes] = '\0';
    return TOKEN_OK;
}

void token_random(char *out, size_t chars)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[64];
    assert(chars <= sizeof bytes);
    randombytes_buf(bytes, chars);
    for (size_t i = 0; i < chars; i++)
        out[i] = alphabet[bytes[i] & 63];
    out[chars] = '\0';
}

void token_timed(char *out, size_t chars, int64_t now_ms)
{
    static const char ascending[] =
        "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    assert(chars >= TIMED_CHARS + TIMED_RANDOM_CHARS_MIN && now_ms >= 0);
    for (size_t i = TIMED_CHARS; i > 0; i--, now_ms >>= 6)
        out[i - 1] = ascending[now_ms & 63];
    token_random(out + TIMED_CHARS, chars - TIMED_CHARS);
}

/* --- ticket codes: what is meant (8 bytes, masked) and a mark that only we can make (10 bytes).
 * The mask comes from the mark, so equal or neighbouring tickets look nothing alike. --- */

static void ticket_mark(const struct token_keys *keys, const unsigned char *meant,
                        unsigned char *mark)
{
    unsigned char mac[crypto_auth_BYTES];
    finish_mac(&keys->ticket_mark, meant, TICKET_MEANT_BYTES, mac);
    memcpy(mark, mac, TICKET_MARK_BYTES);
}

static void ticket_mask(const struct token_keys *keys, const unsigned char *mark,
                        unsigned char *meant)
{
    unsigned char mac[crypto_auth_BYTES];
    finish_mac(&keys->ticket_mask, mark, TICKET_MARK_BYTES, mac);
    for (size_t i = 0; i < TICKET_MEANT_BYTES; i++)
        meant[i] ^= mac[i];
}

void token_ticket_code(const struct token_keys *keys, int64_t order_nr, uint32_t seat,
                       char out[TICKET_CODE_BYTES + 1])
{
    unsigned char bytes[TICKET_MEANT_BYTES + TICKET_MARK_BYTES];
    assert(order_nr >= 0 && order_nr <= TICKET_ORDER_NR_MAX && seat <= TICKET_SEAT_MAX);
    uint64_t meant = (uint64_t)order_nr << 24 | seat;
    for (size_t i = 0; i < TICKET_MEANT_BYTES; i++)
        bytes[i] = (unsigned char)(meant >> (56 - 8 * i));
    ticket_mark(keys, bytes, bytes + TICKET_MEANT_BYTES);
    ticket_mask(keys, bytes + TICKET_MEANT_BYTES, bytes);
    sodium_bin2base64(out, TICKET_CODE_BYTES + 1, bytes, sizeof bytes, B64);
    if (out[0] == '-')
        out[0] = TICKET_FIRST_DASH;
}

bool token_ticket_read(const struct token_keys *keys, const char *code, int64_t *order_nr,
                       uint32_t *seat)
{
    unsigned char bytes[TICKET_MEANT_BYTES + TICKET_MARK_BYTES], mark[TICKET_MARK_BYTES];
    char text[TICKET_CODE_BYTES + 1];
    size_t count = 0;
    if (strlen(code) != TICKET_CODE_BYTES || code[0] == '-')
        return false;
    memcpy(text, code, sizeof text);
    if (text[0] == TICKET_FIRST_DASH)
        text[0] = '-';
    if (sodium_base642bin(bytes, sizeof bytes, text, TICKET_CODE_BYTES, NULL, &count, NULL, B64) !=
            0 ||
        count != sizeof bytes)
        return false;
    ticket_mask(keys, bytes + TICKET_MEANT_BYTES, bytes);
    ticket_mark(keys, bytes, mark);
    if (sodium_memcmp(mark, bytes + TICKET_MEANT_BYTES, sizeof mark) != 0)
        return false;
    uint64_t meant = 0;
    for (size_t i = 0; i < TICKET_MEANT_BYTES; i++)
        meant = meant << 8 | bytes[i];
    *order_nr = (int64_t)(meant >> 24);
    *seat = (uint32_t)(meant & TICKET_SEAT_MAX);
    return true;
}
