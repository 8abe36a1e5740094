#include "server/gateway/visitors/account_desk.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/client_address.h"
#include "server/gateway/rate_limit.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"

#define BUSY_RETRY_S 2
#define FULL_RETRY_S_MIN 2
#define FULL_RETRY_S_SPREAD 8
#define MINUTE_S 60
#define HOUR_S 3600

/* Somebody who signs up or in; lives until the answer. */
struct signing {
    struct gateway *gateway;
    struct http_wait *wait;
    bool is_sign_up;
    char email[EMAIL_BYTES_MAX + 1];
    char password[ACCOUNT_PASSWORD_BYTES_MAX + 1];
    char visitor[VISITOR_ID_BYTES + 1]; /* "" = there is no such account */
    char address[CLIENT_ADDRESS_BYTES];
};

/* --- answers --- */

/* Answers and ends the matter; `body` is released, retry_s 0 = none, cookie may be NULL. */
static void conclude(struct signing *signing, unsigned status, json_t *body, int retry_s,
                     const char *cookie)
{
    char retry[16];
    (void)snprintf(retry, sizeof retry, "%d", retry_s);
    if (retry_s > 0)
        json_object_set_new(body, "retry_s", json_integer(retry_s));
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    struct http_response response = {.status = status,
                                     .content_type = "application/json",
                                     .set_cookie = cookie,
                                     .retry_after = retry_s > 0 ? retry : NULL,
                                     .body = text,
                                     .body_bytes = strlen(text),
                                     .owned = text};
    http_wait_answer(signing->wait, &response);
    signing->gateway->accounts.signing_count--;
    sodium_memzero(signing, sizeof *signing);
    free(signing);
}

static void refuse(struct signing *signing, unsigned status, const char *code, const char *message,
                   int retry_s)
{
    signing->gateway->accounts.sign_ins_refused++;
    conclude(signing, status, json_pack("{ss ss}", "error", code, "message", message), retry_s,
             NULL);
}

static void refuse_busy(struct signing *signing)
{
    refuse(signing, 503, "busy", "Please try again in a moment. Nothing was changed.",
           BUSY_RETRY_S);
}

/* More people want to sign in at this moment than passwords can be checked. */
static void refuse_full(struct signing *signing)
{
    refuse(signing, 503, "full", "Very many people are signing in right now. Please try again.",
           FULL_RETRY_S_MIN + (int)randombytes_uniform(FULL_RETRY_S_SPREAD));
}

/* --- the end of a sign-in --- */

static struct rate_rule email_rule(const struct signing *signing)
{
    return (struct rate_rule){"email", signing->email, MINUTE_S,
                              signing->gateway->options->account_email_tries};
}

/* Whoever tries again after this answer begins anew: so it waits until the tries are forgotten. */
static void let_in(void *ctx)
{
    struct signing *signing = ctx;
    struct gateway *gateway = signing->gateway;
    struct account_session session = {
        .ends_ms = clock_wall_ms() + INT64_C(1000) * gateway->options->account_session_s};
    char cookie[TOKEN_BYTES_MAX + 128];
    randombytes_buf(&session.id, sizeof session.id);
    memcpy(session.visitor, signing->visitor, sizeof session.visitor);
    memcpy(session.email, signing->email, sizeof session.email);
    account_cookie_write(gateway, &session, cookie, sizeof cookie);
    gateway->accounts.sign_ins++;
    conclude(signing, 200,
             json_pack("{ss sI}", "email", session.email, "ends_ms", (json_int_t)session.ends_ms),
             0, cookie);
}

static void sign_in(struct signing *signing)
{
    struct rate_rule rule = email_rule(signing);
    if (!rate_limit_forget(signing->gateway, &rule, let_in, signing))
        let_in(signing);
}

static void on_checked(void *ctx, enum hash_result result, const char *hash)
{
    struct signing *signing = ctx;
    (void)hash;
    if (result == HASH_STOPPED || result == HASH_FAILED)
        refuse_busy(signing);
    else if (result == HASH_WRONG)
        refuse(signing, 401, "wrong_password", "The e-mail address or the password is wrong.", 0);
    else
        sign_in(signing);
}

static void on_account(void *ctx, const json_t *answer)
{
    struct signing *signing = ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        refuse(signing, 503, "ledger_down", "Please try again in a moment. Nothing was changed.",
               BUSY_RETRY_S);
        return;
    }
    const char *hash = json_string_value(json_object_get(answer, "hash"));
    const char *visitor = json_string_value(json_object_get(answer, "visitor"));
    if (hash != NULL && visitor != NULL && strlen(visitor) == VISITOR_ID_BYTES)
        memcpy(signing->visitor, visitor, sizeof signing->visitor);
    else
        hash = NULL;
    if (!hash_pool_check(signing->gateway->accounts.pool, hash, signing->password, on_checked,
                         signing))
        refuse_full(signing);
}

/* --- the end of a sign-up --- */

static void on_added(void *ctx, const json_t *answer)
{
    struct signing *signing = ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        refuse(signing, 503, "ledger_down", "Please try again in a moment. Nothing was changed.",
               BUSY_RETRY_S);
        return;
    }
    signing->gateway->accounts.sign_ups++;
    conclude(signing, 202, json_pack("{ss}", "email", signing->email), 0, NULL);
}

static void on_hashed(void *ctx, enum hash_result result, const char *hash)
{
    struct signing *signing = ctx;
    if (result != HASH_DONE) {
        refuse_busy(signing);
        return;
    }
    json_t *args = json_pack("{ss ss}", "email", signing->email, "hash", hash);
    if (args == NULL ||
        !office_client_ask(signing->gateway, "visitor.add", args, "gateway", on_added, signing))
        refuse_busy(signing);
}

/* --- the way there, the same for both --- */

static void on_counted(void *ctx, enum rate_verdict verdict, int retry_s)
{
    struct signing *signing = ctx;
    struct gateway *gateway = signing->gateway;
    if (verdict == RATE_UNKNOWN) {
        refuse_busy(signing);
    } else if (verdict == RATE_TOO_FAST) {
        refuse(signing, 429, "too_fast", "Too many tries. Please wait a moment.", retry_s);
    } else if (signing->is_sign_up) {
        if (!hash_pool_hash(gateway->accounts.pool, signing->password, on_hashed, signing))
            refuse_full(signing);
    } else {
        json_t *args = json_pack("{ss}", "email", signing->email);
        if (args == NULL ||
            !office_client_ask(gateway, "visitor.get", args, "gateway", on_account, signing))
            refuse_busy(signing);
    }
}

static void count_try(struct signing *signing)
{
    const struct gateway_options *options = signing->gateway->options;
    struct rate_rule rules[2] = {{"address", signing->address, MINUTE_S, options->account_tries},
                                 email_rule(signing)};
    size_t count = 2;
    if (signing->is_sign_up) {
        rules[0] =
            (struct rate_rule){"sign-up", signing->address, HOUR_S, options->account_sign_ups};
        count = 1;
    }
    if (!hash_pool_has_room(signing->gateway->accounts.pool))
        refuse_full(signing);
    else if (!rate_limit_count(signing->gateway, rules, count, on_counted, signing))
        refuse_busy(signing);
}

/* Reads e-mail and password; NULL when the body is not usable, with *message saying why. */
static struct signing *read_body(const char *body, size_t bytes, bool is_sign_up,
                                 const char **message)
{
    struct signing *signing = calloc(1, sizeof *signing);
    assert(signing != NULL);
    json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *email = json_string_value(json_object_get(root, "email"));
    const json_t *password = json_object_get(root, "password");
    size_t password_bytes = json_string_length(password);
    size_t password_bytes_min = is_sign_up ? ACCOUNT_PASSWORD_BYTES_MIN : 1;
    *message = NULL;
    if (email == NULL || !json_is_string(password)) {
        *message = "The body must be {\"email\":\"...\",\"password\":\"...\"}.";
    } else if (!email_canonical(email, signing->email)) {
        *message = "email must be an e-mail address.";
    } else if (password_bytes < password_bytes_min || password_bytes > ACCOUNT_PASSWORD_BYTES_MAX) {
        *message = is_sign_up ? "password must have 8 to 256 bytes."
                              : "password must have 1 to 256 bytes.";
    } else {
        memcpy(signing->password, json_string_value(password), password_bytes + 1);
    }
    json_decref(root);
    if (*message != NULL) {
        free(signing);
        return NULL;
    }
    signing->is_sign_up = is_sign_up;
    return signing;
}

static int sign(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                const char *body, size_t bytes, bool is_sign_up)
{
    const char *message = NULL;
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    struct signing *signing = read_body(body, bytes, is_sign_up, &message);
    if (signing == NULL)
        return http_error(wsi, connection, 400, "bad_message", message);
    signing->gateway = gateway;
    gateway->accounts.signing_count++;
    http_client_address(gateway, wsi, signing->address);
    signing->wait = http_wait_create(gateway, wsi, connection);
    count_try(signing);
    return 0;
}

int account_desk_sign_up(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, const char *body, size_t bytes)
{
    return sign(gateway, wsi, connection, body, bytes, true);
}

int account_desk_sign_in(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, const char *body, size_t bytes)
{
    return sign(gateway, wsi, connection, body, bytes, false);
}

/* --- who is it? --- */

int account_desk_show(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    struct account_session session;
    if (!gateway->accounts.is_ready)
        return http_error(wsi, connection, 503, "busy", "This gateway is not ready yet.");
    if (!account_cookie_read(gateway, wsi, &session))
        return http_error(wsi, connection, 401, "sign_in", "Please sign in.");
    json_t *body =
        json_pack("{ss sI}", "email", session.email, "ends_ms", (json_int_t)session.ends_ms);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    struct http_response response = {.status = 200,
                                     .content_type = "application/json",
                                     .body = text,
                                     .body_bytes = strlen(text),
                                     .owned = text};
    return http_respond(wsi, connection, &response);
}

/* --- start and end --- */

bool account_desk_init(struct gateway *gateway)
{
    const struct gateway_options *options = gateway->options;
    gateway->accounts.pool =
        hash_pool_create(gateway->loop, options->account_threads, options->account_waiting_max);
    return gateway->accounts.pool != NULL;
}

void account_desk_release(struct gateway *gateway)
{
    account_desk_release_sign_outs(gateway);
    hash_pool_free(gateway->accounts.pool);
    gateway->accounts.pool = NULL;
    signed_out_release(&gateway->accounts.signed_out);
}
