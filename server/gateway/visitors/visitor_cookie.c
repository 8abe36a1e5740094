#include "server/gateway/visitors/visitor_cookie.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"
#include "web/words.h"

#define COOKIES_BYTES_MAX 3072
#define ACCOUNT_COOKIE "stanchion_account"
#define RECEIPT_COOKIE "stanchion_receipt"
#define LANGUAGE_COOKIE "stanchion_language"
#define LANGUAGE_BYTES_MAX 16
#define ACCEPT_BYTES_MAX 512
#define VISITOR_COOKIE_S (180 * 24 * 3600)
#define LANGUAGE_COOKIE_S (365 * 24 * 3600)

/* Finds a cookie's value in the header; NULL when it is not there. */
static const char *find_cookie(const char *cookies, const char *name, size_t *bytes)
{
    size_t name_bytes = strlen(name);
    for (const char *at = cookies; *at != '\0';) {
        at += strspn(at, " ;");
        size_t pair_bytes = strcspn(at, ";");
        if (pair_bytes > name_bytes && strncmp(at, name, name_bytes) == 0 &&
            at[name_bytes] == '=') {
            *bytes = pair_bytes - name_bytes - 1;
            return at + name_bytes + 1;
        }
        at += pair_bytes;
    }
    return NULL;
}

/* The token in the cookie of that name, which lies in `cookies`; NULL when there is none. */
static const char *read_cookie(struct lws *wsi, const char *name, char cookies[COOKIES_BYTES_MAX],
                               size_t *bytes)
{
    if (lws_hdr_copy(wsi, cookies, COOKIES_BYTES_MAX, WSI_TOKEN_HTTP_COOKIE) <= 0)
        return NULL;
    return find_cookie(cookies, name, bytes);
}

static bool open_cookie(struct gateway *gateway, struct lws *wsi, const char *name,
                        enum token_kind kind, char *payload, size_t payload_bytes_max)
{
    char cookies[COOKIES_BYTES_MAX];
    size_t bytes = 0;
    const char *token = read_cookie(wsi, name, cookies, &bytes);
    return token != NULL &&
           token_open(&gateway->keys, kind, token, bytes, payload, payload_bytes_max) == TOKEN_OK;
}

static void write_cookie_at(struct gateway *gateway, const char *path, const char *name,
                            const char *token, const char *same_site, int age_s, char *out,
                            size_t out_bytes_max)
{
    bool is_secure = strncmp(gateway->options->public_url, "https://", 8) == 0;
    int bytes = snprintf(out, out_bytes_max, "%s=%s; Path=%s; HttpOnly; SameSite=%s; Max-Age=%d%s",
                         name, token, path, same_site, age_s, is_secure ? "; Secure" : "");
    assert(bytes > 0 && (size_t)bytes < out_bytes_max);
}

static void write_cookie(struct gateway *gateway, const char *name, const char *token,
                         const char *same_site, int age_s, char *out, size_t out_bytes_max)
{
    write_cookie_at(gateway, "/", name, token, same_site, age_s, out, out_bytes_max);
}

bool visitor_cookie_read(struct gateway *gateway, struct lws *wsi, char *visitor,
                         size_t visitor_bytes_max)
{
    return open_cookie(gateway, wsi, "stanchion_visitor", TOKEN_VISITOR, visitor,
                       visitor_bytes_max) &&
           strlen(visitor) == VISITOR_ID_BYTES;
}

void visitor_cookie_write(struct gateway *gateway, const char *visitor, char *out,
                          size_t out_bytes_max)
{
    char token[TOKEN_BYTES_MAX];
    assert(!visitor_is_account(visitor));
    enum token_status status =
        token_sign(&gateway->keys, TOKEN_VISITOR, visitor, token, sizeof token);
    assert(status == TOKEN_OK);
    write_cookie(gateway, "stanchion_visitor", token, "Lax", VISITOR_COOKIE_S, out, out_bytes_max);
}

bool account_cookie_read(struct gateway *gateway, struct lws *wsi, struct account_session *session)
{
    char cookies[COOKIES_BYTES_MAX];
    size_t bytes = 0;
    const char *token = read_cookie(wsi, ACCOUNT_COOKIE, cookies, &bytes);
    return token != NULL &&
           account_session_read(&gateway->keys, token, bytes, clock_wall_ms(), session) &&
           !signed_out_has(&gateway->accounts.signed_out, session->id);
}

void account_cookie_write(struct gateway *gateway, const struct account_session *session, char *out,
                          size_t out_bytes_max)
{
    char token[TOKEN_BYTES_MAX + 1] = "";
    if (session != NULL)
        account_session_issue(&gateway->keys, session, token);
    write_cookie(gateway, ACCOUNT_COOKIE, token, "Lax",
                 session != NULL ? (int)gateway->options->account_session_s : 0, out,
                 out_bytes_max);
}

void visitor_identify(struct gateway *gateway, struct lws *wsi, struct visitor_identity *who)
{
    struct account_session session;
    *who = (struct visitor_identity){0};
    if (account_cookie_read(gateway, wsi, &session)) {
        memcpy(who->visitor, session.visitor, sizeof who->visitor);
        who->account = session.id;
        who->account_ends_ms = session.ends_ms;
        return;
    }
    char visitor[VISITOR_ID_BYTES + 8];
    who->is_fresh = !visitor_cookie_read(gateway, wsi, visitor, sizeof visitor);
    if (who->is_fresh)
        token_random(visitor, VISITOR_ID_BYTES);
    memcpy(who->visitor, visitor, sizeof who->visitor);
}

bool receipt_cookie_read(struct lws *wsi, char *receipt, size_t receipt_bytes_max)
{
    char cookies[COOKIES_BYTES_MAX];
    size_t bytes = 0;
    const char *token = read_cookie(wsi, RECEIPT_COOKIE, cookies, &bytes);
    if (token == NULL || bytes == 0 || bytes >= receipt_bytes_max)
        return false;
    memcpy(receipt, token, bytes);
    receipt[bytes] = '\0';
    return true;
}

void receipt_cookie_write(struct gateway *gateway, const char *event, const char *receipt,
                          char *out, size_t out_bytes_max)
{
    char path[EVENT_ID_BYTES_MAX + 16];
    snprintf(path, sizeof path, "/e/%s/line", event);
    write_cookie_at(gateway, path, RECEIPT_COOKIE, receipt != NULL ? receipt : "", "Lax",
                    receipt != NULL ? VISITOR_COOKIE_S : 0, out, out_bytes_max);
}

size_t page_language(struct lws *wsi)
{
    char cookies[COOKIES_BYTES_MAX], accepted[ACCEPT_BYTES_MAX], id[LANGUAGE_BYTES_MAX + 1] = "";
    size_t bytes = 0;
    const char *wanted = read_cookie(wsi, LANGUAGE_COOKIE, cookies, &bytes);
    if (wanted != NULL && bytes <= LANGUAGE_BYTES_MAX)
        memcpy(id, wanted, bytes);
    size_t language = web_language_find(id);
    return language < web_languages_count()
               ? language
               : web_language_accepted(
                     http_header(wsi, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE, accepted, sizeof accepted));
}

void language_cookie_write(struct gateway *gateway, size_t language, char *out,
                           size_t out_bytes_max)
{
    write_cookie(gateway, LANGUAGE_COOKIE, web_language_id(language), "Lax", LANGUAGE_COOKIE_S, out,
                 out_bytes_max);
}

bool organizer_cookie_read(struct gateway *gateway, struct lws *wsi, char *payload,
                           size_t payload_bytes_max)
{
    return open_cookie(gateway, wsi, "stanchion_organizer", TOKEN_ORGANIZER, payload,
                       payload_bytes_max);
}

void organizer_cookie_write(struct gateway *gateway, const char *token, int age_s, char *out,
                            size_t out_bytes_max)
{
    write_cookie(gateway, "stanchion_organizer", token, "Strict", age_s, out, out_bytes_max);
}
