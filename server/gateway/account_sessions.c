/* Sessions of accounts while they last, and their end: the part of the account desk that every
 * connection goes through. See account_desk.h. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/account_desk.h"
#include "server/gateway/app.h"
#include "server/gateway/http.h"
#include "server/gateway/visitor_cookie.h"
#include "server/gateway/wire.h"

#define GONE_KEY "account:gone" /* also the channel */
#define SESSION_DIGITS 16
#define GONE_PAGE 10000
#define GONE_TEXT_BYTES 64
#define CLOSE_SIGNED_OUT 1008

/* --- open sockets --- */

static json_t *signed_out_json(void)
{
    return json_pack("{ss ss ss}", "type", "error", "code", "sign_in", "message",
                     "You were signed out.");
}

static void end_socket(struct gateway *gateway, struct session *session)
{
    wire_send(gateway, session, signed_out_json());
    wire_close(session, CLOSE_SIGNED_OUT);
}

static bool is_over(const struct gateway *gateway, const struct session *session)
{
    return session->account != 0 &&
           (session->account_ends_ms <= clock_wall_ms() ||
            signed_out_has(&gateway->accounts.signed_out, session->account));
}

bool account_desk_takes(struct gateway *gateway, struct session *session, const struct reply_to *to,
                        bool is_joining)
{
    if (is_over(gateway, session)) {
        wire_error(gateway, to, "sign_in", "You were signed out.", NULL);
        wire_close(session, CLOSE_SIGNED_OUT);
        return false;
    }
    if (is_joining && session->account == 0 && session->event->is_account_required) {
        wire_error(gateway, to, "sign_in", "Please sign in to get in line for this event.", NULL);
        return false;
    }
    return true;
}

/* --- the list --- */

static void remember(struct gateway *gateway, uint64_t session, int64_t ends_ms)
{
    if (ends_ms > 0 &&
        !signed_out_add(&gateway->accounts.signed_out, session, ends_ms, clock_wall_ms())) {
        log_error("too many sessions were signed out: one of them is forgotten");
    }
}

void account_desk_on_gone(struct gateway *gateway, const char *text, size_t bytes)
{
    char copy[GONE_TEXT_BYTES], *end = NULL;
    if (bytes >= sizeof copy) {
        return;
    }
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    uint64_t id = strtoull(copy, &end, 16);
    int64_t ends_ms = strtoll(end, &end, 10);
    if (id == 0 || *end != ' ') {
        return;
    }
    remember(gateway, id, ends_ms);
    struct session *session = session_of_account(&gateway->sessions, end + 1, id);
    for (; session != NULL; session = session_next_of_account(session)) {
        end_socket(gateway, session);
    }
}

/* After a list that was read anew: who of those here is on it? */
static void end_those_gone(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct session *session = gateway->book.entries[i]->sessions;
        for (; session != NULL; session = session->event_next) {
            if (!session->is_closing && is_over(gateway, session)) {
                end_socket(gateway, session);
            }
        }
    }
}

static void ask_page(struct gateway *gateway, const char *from);

static void on_page(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    gateway->accounts.is_asked = false;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY) {
        return; /* asked again when the link is back */
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        remember(gateway, strtoull(reply->element[i]->str, NULL, 16),
                 strtoll(reply->element[i + 1]->str, NULL, 10));
    }
    if (reply->elements == 2 * GONE_PAGE) { /* the next page begins with what this one ended with */
        ask_page(gateway, reply->element[reply->elements - 1]->str);
        return;
    }
    /* Without an epoch Redis has lost its data, and the ledger has not put the list back yet. */
    gateway->accounts.is_ready = gateway->accounts.is_ready || gateway->epoch != 0;
    end_those_gone(gateway);
}

static void ask_page(struct gateway *gateway, const char *from)
{
    char count[16];
    (void)snprintf(count, sizeof count, "%d", GONE_PAGE);
    gateway->accounts.is_asked =
        redis_link_call(gateway->commands, on_page, gateway, "ZRANGEBYSCORE", GONE_KEY, from,
                        "+inf", "WITHSCORES", "LIMIT", "0", count, NULL) == REDIS_LINK_OK;
}

void account_desk_reload(struct gateway *gateway)
{
    char from[24];
    (void)snprintf(from, sizeof from, "%" PRId64, clock_wall_ms());
    if (!gateway->accounts.is_asked) {
        ask_page(gateway, from);
    }
}

/* --- signing out --- */

struct signing_out {
    struct gateway *gateway;
    struct http_wait *wait;
    char text[GONE_TEXT_BYTES]; /* what is said on the channel */
};

/* The browser's cookie goes in any case. */
static void answer_signed_out(struct gateway *gateway, struct http_wait *wait, bool is_told)
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
    answer_signed_out(out->gateway, out->wait, is_told);
    free(out);
}

static void on_told(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    (void)reply;
    finish(ctx, status == REDIS_LINK_OK);
}

/* First the list, then the word: who misses the word finds it in the list. */
static void on_listed(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct signing_out *out = ctx;
    (void)reply;
    if (status != REDIS_LINK_OK || redis_link_call(out->gateway->commands, on_told, out, "PUBLISH",
                                                   GONE_KEY, out->text, NULL) != REDIS_LINK_OK) {
        finish(out, false);
    }
}

static void on_kept(void *ctx, const json_t *answer)
{
    (void)ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        log_warning("a session that was signed out is not in the ledger: only Redis knows it");
    }
}

/* Into Redis, and to the ledger, which keeps it should Redis be lost. */
static void tell(struct signing_out *out, const struct account_session *session)
{
    struct gateway *gateway = out->gateway;
    char id[SESSION_DIGITS + 1], ends[24], now[24];
    (void)snprintf(id, sizeof id, "%016" PRIx64, session->id);
    (void)snprintf(ends, sizeof ends, "%" PRId64, session->ends_ms);
    (void)snprintf(now, sizeof now, "%" PRId64, clock_wall_ms());
    int bytes = snprintf(out->text, sizeof out->text, "%s %s %s", id, ends, session->visitor);
    assert(bytes > 0 && (size_t)bytes < sizeof out->text);
    account_desk_on_gone(gateway, out->text, (size_t)bytes); /* here at once */
    redis_link_call(gateway->commands, NULL, NULL, "ZREMRANGEBYSCORE", GONE_KEY, "-inf", now, NULL);
    json_t *args = json_pack("{ss sI}", "session", id, "ends_ms", (json_int_t)session->ends_ms);
    if (args != NULL) {
        (void)office_client_ask(gateway, "visitor.sign_out", args, "gateway", on_kept, NULL);
    }
    if (redis_link_call(gateway->commands, on_listed, out, "ZADD", GONE_KEY, ends, id, NULL) !=
        REDIS_LINK_OK) {
        finish(out, false);
    }
}

int account_desk_sign_out(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection)
{
    struct account_session session;
    if (!http_origin_is_allowed(gateway, wsi)) {
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    }
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    if (!account_cookie_read(gateway, wsi, &session)) {
        answer_signed_out(gateway, wait, true); /* there is nothing to end */
        return 0;
    }
    if (!signed_out_add(&gateway->accounts.signed_out, session.id, session.ends_ms,
                        clock_wall_ms())) {
        answer_signed_out(gateway, wait, false);
        return 0;
    }
    gateway->accounts.sign_outs++;
    struct signing_out *out = calloc(1, sizeof *out);
    assert(out != NULL);
    out->gateway = gateway;
    out->wait = wait;
    tell(out, &session);
    return 0;
}
