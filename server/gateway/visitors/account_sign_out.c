/* Signing out; see account_desk.h.
 *
 *   Redis: list -> pub/sub -> every gateway: forget the session, say so -> all have: 204
 *
 * PUBLISH says how many gateways listen, and each of them answers on the channel of the one that
 * asked. One that does not within KNOWN_WAIT_MS is dead or as good as that, and reads the list when
 * it comes back; the answer does not wait for it any longer.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/visitors/account_desk.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"

#define SESSION_DIGITS 16
#define GONE_TEXT_BYTES 128
#define KNOWN_WAIT_MS 500

/* Lives until its answer. */
struct signing_out {
    struct gateway *gateway;
    struct http_wait *wait;
    uint64_t session;
    char text[GONE_TEXT_BYTES]; /* what is said on the channel */
    int64_t left;               /* gateways that have not answered; their answers may come first */
    int64_t ends_ms;            /* monotonic; 0 = not said yet */
    struct signing_out *next;
};

/* The browser's cookie goes in any case. */
static void answer(struct gateway *gateway, struct http_wait *wait, bool is_told)
{
    static const char busy[] = "{\"error\":\"busy\",\"message\":\"You are signed out in this "
                               "browser. Other windows could not be told.\"}";
    char cookie[TOKEN_BYTES_MAX + 128];
    account_cookie_write(gateway, NULL, cookie, sizeof cookie);
    struct http_response response = {.status = 204, .set_cookie = cookie};
    if (!is_told) {
        response = (struct http_response){.status = 503,
                                          .content_type = "application/json",
                                          .set_cookie = cookie,
                                          .retry_after = "2",
                                          .body = busy,
                                          .body_bytes = sizeof busy - 1};
    }
    http_wait_answer(wait, &response);
}

static void finish(struct signing_out *out, bool is_told)
{
    struct signing_out **link = &out->gateway->accounts.signing_out;
    while (*link != out)
        link = &(*link)->next;
    *link = out->next;
    answer(out->gateway, out->wait, is_told);
    free(out);
}

static void finish_when_known(struct signing_out *out)
{
    if (out->ends_ms != 0 && out->left <= 0)
        finish(out, true);
}

static void on_told(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct signing_out *out = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_INTEGER) {
        finish(out, false);
        return;
    }
    out->left += reply->integer;
    out->ends_ms = clock_monotonic_ms() + KNOWN_WAIT_MS;
    finish_when_known(out);
}

void account_desk_on_known(struct gateway *gateway, const char *text, size_t bytes)
{
    char copy[SESSION_DIGITS + 1];
    if (bytes != SESSION_DIGITS)
        return;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    uint64_t session = strtoull(copy, NULL, 16);
    struct signing_out *out = gateway->accounts.signing_out;
    while (out != NULL && out->session != session)
        out = out->next;
    if (out != NULL) {
        out->left--;
        finish_when_known(out);
    }
}

void account_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    for (struct signing_out *out = gateway->accounts.signing_out, *next; out != NULL; out = next) {
        next = out->next;
        if (out->ends_ms != 0 && out->ends_ms <= now_ms) {
            log_warning("%" PRId64 " gateways did not say that they know of a sign-out", out->left);
            finish(out, true);
        }
    }
}

/* First the list, then the word: who misses the word finds it in the list. */
static void on_listed(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct signing_out *out = ctx;
    (void)reply;
    if (status != REDIS_LINK_OK ||
        redis_link_call(out->gateway->commands, on_told, out, "PUBLISH", ACCOUNT_GONE_KEY,
                        out->text, NULL) != REDIS_LINK_OK)
        finish(out, false);
}

static void on_kept(void *ctx, const json_t *kept)
{
    (void)ctx;
    if (!json_is_true(json_object_get(kept, "ok")))
        log_warning("a session that was signed out is not in the ledger: only Redis knows it");
}

/* Into Redis, and to the ledger, which keeps it should Redis be lost. */
static void tell(struct signing_out *out, const struct account_session *session)
{
    struct gateway *gateway = out->gateway;
    char id[SESSION_DIGITS + 1], ends[24], now[24];
    (void)snprintf(id, sizeof id, "%016" PRIx64, session->id);
    (void)snprintf(ends, sizeof ends, "%" PRId64, session->ends_ms);
    (void)snprintf(now, sizeof now, "%" PRId64, clock_wall_ms());
    int bytes = snprintf(out->text, sizeof out->text, "%s %s %s %s", id, ends, session->visitor,
                         gateway->client_id);
    assert(bytes > 0 && (size_t)bytes < sizeof out->text);
    redis_link_call(gateway->commands, NULL, NULL, "ZREMRANGEBYSCORE", ACCOUNT_GONE_KEY, "-inf",
                    now, NULL);
    json_t *args = json_pack("{ss sI}", "session", id, "ends_ms", (json_int_t)session->ends_ms);
    if (args != NULL)
        (void)office_client_ask(gateway, "visitor.sign_out", args, "gateway", on_kept, NULL);
    if (redis_link_call(gateway->commands, on_listed, out, "ZADD", ACCOUNT_GONE_KEY, ends, id,
                        NULL) != REDIS_LINK_OK)
        finish(out, false);
}

int account_desk_sign_out(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection)
{
    struct account_session session;
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    if (!account_cookie_read(gateway, wsi, &session)) {
        answer(gateway, wait, true); /* there is nothing to end */
        return 0;
    }
    if (!account_desk_end(gateway, &session)) {
        answer(gateway, wait, false);
        return 0;
    }
    gateway->accounts.sign_outs++;
    struct signing_out *out = calloc(1, sizeof *out);
    assert(out != NULL);
    *out = (struct signing_out){.gateway = gateway,
                                .wait = wait,
                                .session = session.id,
                                .next = gateway->accounts.signing_out};
    gateway->accounts.signing_out = out;
    tell(out, &session);
    return 0;
}

void account_desk_release_sign_outs(struct gateway *gateway)
{
    account_desk_on_turn(gateway, INT64_MAX); /* the others complete with the link to Redis */
}
