/* Signed tokens: receipts, passes and cookies.
 *
 * `<kind>1.<payload>.<signature>`: payload is base64url of a short text (JSON for receipts and
 * passes), the signature HMAC-SHA-512/256 (libsodium crypto_auth) over kind and payload under a key
 * of that kind, which is derived from the installation's secret with crypto_kdf. A token of one
 * kind is never valid as another.
 */
#ifndef STANCHION_TOKEN_H
#define STANCHION_TOKEN_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_BYTES 32

enum token_kind {
    TOKEN_RECEIPT,   /* 'r' */
    TOKEN_PASS,      /* 'p' */
    TOKEN_VISITOR,   /* 'v' cookie */
    TOKEN_ORGANIZER, /* 'o' cookie */
    TOKEN_ACCOUNT,   /* 'a' cookie of a signed-in visitor (account_id.h) */
    TOKEN_TICKETS,   /* 't' link to the tickets of an order (ticket_link.h) */
    TOKEN_KIND_COUNT
};

enum token_status { TOKEN_OK = 0, TOKEN_INVALID, TOKEN_TOO_LONG };

/* What signs is kept as the signature that its key begins: half of the work for a short text. */
struct token_keys {
    crypto_auth_hmacsha512256_state kind[TOKEN_KIND_COUNT];
    crypto_auth_hmacsha512256_state ticket_mark, ticket_mask; /* ticket codes */
    unsigned char account_key[32]; /* visitors of accounts (account_id.h) */
};

/* Derives all keys from the secret. */
void token_keys_init(struct token_keys *keys, const unsigned char secret[SECRET_BYTES]);
/* Writes a NUL-terminated token. TOKEN_TOO_LONG when it does not fit out_bytes_max. */
enum token_status token_sign(const struct token_keys *keys, enum token_kind kind,
                             const char *payload, char *out, size_t out_bytes_max);
/* Checks kind and signature (constant time) and writes the NUL-terminated payload. */
enum token_status token_open(const struct token_keys *keys, enum token_kind kind, const char *token,
                             size_t token_bytes, char *payload, size_t payload_bytes_max);
/* Random base64url text of exactly `chars` characters, NUL-terminated (chars
 * * 6 bits of entropy). */
void token_random(char *out, size_t chars);
/* A random name that sorts by the time it was made, to the millisecond: 8 characters of time and
 * then at least 16 random ones. Names made one after the other land side by side in an index. */
void token_timed(char *out, size_t chars, int64_t now_ms);

/* Ticket code of a seat in the order with this number in the ledger: the same each time it is
 * asked, and a good one cannot be guessed (80 bits) or told from a random text without the key. 24
 * chars + NUL. */
#define TICKET_CODE_BYTES 24
#define TICKET_ORDER_NR_MAX ((INT64_C(1) << 40) - 1) /* asserted */
#define TICKET_SEAT_MAX ((UINT32_C(1) << 24) - 1)    /* asserted */
void token_ticket_code(const struct token_keys *keys, int64_t order_nr, uint32_t seat,
                       char out[TICKET_CODE_BYTES + 1]);
/* Which ticket a code is for; false for anything but a code of ours. That it was sold, and stands,
 * is another question. */
bool token_ticket_read(const struct token_keys *keys, const char *code, int64_t *order_nr,
                       uint32_t *seat);

#endif
