/* Accounts of visitors: what an e-mail address must look like, and which visitor an account is.
 *
 * An account is a visitor like any other: it has an id of VISITOR_ID_BYTES, so every device that is
 * signed in has the same place. The id is derived from the address under the installation's secret
 * and begins with '.', which no id of an anonymous visitor does: nobody can become an account's
 * visitor with a cookie or a receipt alone.
 */
#ifndef STANCHION_ACCOUNT_ID_H
#define STANCHION_ACCOUNT_ID_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "server/base/token.h"

#define EMAIL_BYTES_MAX 254 /* RFC 5321 section 4.5.3.1.3, without the angle brackets */
#define ACCOUNT_PASSWORD_BYTES_MIN 8
#define ACCOUNT_PASSWORD_BYTES_MAX 256
/* Argon2id with the figures of OWASP's password storage cheat sheet. */
#define ACCOUNT_HASH_PASSES 2
#define ACCOUNT_HASH_MEMORY_BYTES (19u << 20)
#define ACCOUNT_HASH_BYTES_MAX 127 /* crypto_pwhash_STRBYTES with its NUL is 128 */

/* Writes the one form under which an address is kept: no blanks around it, ASCII letters small.
 * False when it is no address: one '@' with something on both sides (at most 64 bytes before it),
 * no blanks or control characters. Letters beyond ASCII stay as they are. */
bool email_canonical(const char *text, char out[EMAIL_BYTES_MAX + 1]);

/* The visitor of an account, for an address in its canonical form. */
void account_visitor(const struct token_keys *keys, const char *email,
                     char out[VISITOR_ID_BYTES + 1]);
/* Whether this visitor is an account rather than an anonymous browser. */
bool visitor_is_account(const char *visitor);

/* What Redis keeps instead of an address or a name: the same text for the same one, and no way
 * back without the key. */
#define FINGERPRINT_BYTES 16
void account_fingerprint(const struct token_keys *keys, const char *text,
                         char out[FINGERPRINT_BYTES + 1]);

/* What a session cookie says (a token of kind TOKEN_ACCOUNT). */
struct account_session {
    uint64_t id; /* random; names the session when it is signed out */
    int64_t ends_ms;
    char visitor[VISITOR_ID_BYTES + 1];
    char email[EMAIL_BYTES_MAX + 1];
};

/* Writes the token; it always fits. The address must be canonical. */
void account_session_issue(const struct token_keys *keys, const struct account_session *session,
                           char out[TOKEN_BYTES_MAX + 1]);
/* False unless the token is genuine and has not ended at now_ms; *session is set only then. */
bool account_session_read(const struct token_keys *keys, const char *token, size_t token_bytes,
                          int64_t now_ms, struct account_session *session);

#endif
