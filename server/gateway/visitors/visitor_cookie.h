/* The cookies: who is speaking (docs/protocol.md section 1), with an account or without, and which
 * organizer is signed in. */
#ifndef STANCHION_VISITOR_COOKIE_H
#define STANCHION_VISITOR_COOKIE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/account_id.h"

struct gateway;

/* The visitor's id from a genuine cookie; false when there is none. */
bool visitor_cookie_read(struct gateway *gateway, struct lws *wsi, char *visitor,
                         size_t visitor_bytes_max);
/* The value of Set-Cookie for a visitor. */
void visitor_cookie_write(struct gateway *gateway, const char *visitor, char *out,
                          size_t out_bytes_max);

/* The receipt of a browser without JavaScript: a cookie that only its page of the event is sent.
 * False when there is none. */
bool receipt_cookie_read(struct lws *wsi, char *receipt, size_t receipt_bytes_max);
/* The value of Set-Cookie; NULL takes the cookie away. */
void receipt_cookie_write(struct gateway *gateway, const char *event, const char *receipt,
                          char *out, size_t out_bytes_max);

/* Who speaks: the account that is signed in, otherwise the anonymous visitor of the cookie,
 * otherwise a new one (is_fresh), who must be given a cookie. */
struct visitor_identity {
    char visitor[VISITOR_ID_BYTES + 1];
    bool is_fresh;
    uint64_t account; /* id of the account's session; 0 = anonymous */
    int64_t account_ends_ms;
};

void visitor_identify(struct gateway *gateway, struct lws *wsi, struct visitor_identity *who);

/* The session of a genuine account cookie that has not ended and was not signed out. */
bool account_cookie_read(struct gateway *gateway, struct lws *wsi, struct account_session *session);
/* The value of Set-Cookie for a session; NULL takes the cookie away. */
void account_cookie_write(struct gateway *gateway, const struct account_session *session, char *out,
                          size_t out_bytes_max);

/* The language of a page (web/words.h): the one asked for by a cookie, otherwise the best of the
 * browser's. */
size_t page_language(struct lws *wsi);
/* The value of Set-Cookie that remembers a language. */
void language_cookie_write(struct gateway *gateway, size_t language, char *out,
                           size_t out_bytes_max);

/* What a genuine organizer's cookie says (organizer/guard.c writes and reads it). */
bool organizer_cookie_read(struct gateway *gateway, struct lws *wsi, char *payload,
                           size_t payload_bytes_max);
/* The value of Set-Cookie; token "" and age 0 take it away. */
void organizer_cookie_write(struct gateway *gateway, const char *token, int age_s, char *out,
                            size_t out_bytes_max);

#endif
