#include "server/gateway/organizer_desk.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/http.h"
#include "server/gateway/visitor_cookie.h"

static void answer_json(struct http_wait *wait, unsigned status, const json_t *body,
                        const char *cookie)
{
    char *text = json_dumps(body, JSON_COMPACT);
    assert(text != NULL);
    struct http_response response = {.status = status,
                                     .content_type = "application/json",
                                     .set_cookie = cookie,
                                     .retry_after = status == 503 ? "2" : NULL,
                                     .body = text,
                                     .body_bytes = strlen(text),
                                     .owned = text};
    http_wait_answer(wait, &response);
}

static void answer_error(struct http_wait *wait, unsigned status, const char *code,
                         const char *message)
{
    json_t *body = json_pack("{ss ss}", "error", code, "message", message);
    answer_json(wait, status, body, NULL);
    json_decref(body);
}

static void answer_ledger_down(struct http_wait *wait)
{
    answer_error(wait, 503, "ledger_down", "The ledger does not answer. Nothing was changed.");
}

/* The ledger's refusal as an HTTP answer. */
static void answer_refusal(struct http_wait *wait, const json_t *answer, unsigned status)
{
    const char *code = json_string_value(json_object_get(answer, "error"));
    const char *message = json_string_value(json_object_get(answer, "message"));
    answer_error(wait, status, code != NULL ? code : "refused",
                 message != NULL ? message : "The ledger refused.");
}

/* --- sign-in --- */

static void on_account_checked(void *ctx, const json_t *answer)
{
    struct http_wait *wait = ctx;
    if (answer == NULL) {
        answer_ledger_down(wait);
        return;
    }
    const char *code = json_string_value(json_object_get(answer, "error"));
    if (!json_is_true(json_object_get(answer, "ok"))) {
        answer_refusal(wait, answer, code != NULL && strcmp(code, "too_fast") == 0 ? 429 : 401);
        return;
    }
    const char *role = json_string_value(json_object_get(answer, "role"));
    char cookie[TOKEN_BYTES_MAX + 128];
    organizer_cookie_write(wait->gateway, role != NULL ? role : "operator", cookie, sizeof cookie);
    struct http_response response = {.status = 204, .set_cookie = cookie};
    http_wait_answer(wait, &response);
}

int organizer_desk_sign_in(struct gateway *gateway, struct lws *wsi,
                           struct http_connection *connection, const char *body, size_t bytes)
{
    if (!http_origin_is_allowed(gateway, wsi)) {
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    }
    json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *password = json_string_value(json_object_get(root, "password"));
    const char *name = json_string_value(json_object_get(root, "name"));
    if (password == NULL) {
        json_decref(root);
        return http_error(wsi, connection, 400, "bad_message", "password must be text.");
    }
    json_t *args =
        json_pack("{ss ss}", "name", name != NULL ? name : "organizer", "password", password);
    json_decref(root);
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    if (args == NULL ||
        !office_client_ask(gateway, "account.check", args, "gateway", on_account_checked, wait)) {
        answer_ledger_down(wait);
    }
    return 0;
}

int organizer_desk_sign_out(struct gateway *gateway, struct lws *wsi,
                            struct http_connection *connection)
{
    if (!http_origin_is_allowed(gateway, wsi)) {
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    }
    char cookie[TOKEN_BYTES_MAX + 128];
    organizer_cookie_write(gateway, NULL, cookie, sizeof cookie);
    struct http_response response = {.status = 204, .set_cookie = cookie};
    return http_respond(wsi, connection, &response);
}

/* --- figures --- */

static void on_answer(void *ctx, const json_t *answer)
{
    struct http_wait *wait = ctx;
    if (answer == NULL) {
        answer_ledger_down(wait);
    } else if (json_is_true(json_object_get(answer, "ok"))) {
        answer_json(wait, 200, answer, NULL);
    } else {
        const char *code = json_string_value(json_object_get(answer, "error"));
        answer_refusal(wait, answer, code != NULL && strcmp(code, "not_found") == 0 ? 404 : 400);
    }
}

int organizer_desk_events(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection)
{
    if (!organizer_cookie_is_valid(gateway, wsi)) {
        return http_error(wsi, connection, 401, "sign_in", "Please sign in.");
    }
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    if (!office_client_ask(gateway, "event.list", json_object(), "organizer", on_answer, wait)) {
        answer_ledger_down(wait);
    }
    return 0;
}

/* --- steering --- */

/* {"phase":...,"set":{...}} as the settings to change; NULL when it is not that. */
static json_t *settings_of(const char *body, size_t bytes)
{
    json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *phase = json_object_get(root, "phase");
    json_t *set = json_object_get(root, "set");
    bool is_usable = json_is_object(root) && (phase == NULL || json_is_string(phase)) &&
                     (set == NULL || json_is_object(set)) && (phase != NULL || set != NULL);
    json_t *settings = is_usable ? (set != NULL ? json_deep_copy(set) : json_object()) : NULL;
    if (settings != NULL && phase != NULL) {
        json_object_set_new(settings, "phase", json_string(json_string_value(phase)));
    }
    json_decref(root);
    return settings;
}

int organizer_desk_change(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection, const char *event, const char *body,
                          size_t bytes)
{
    if (!http_origin_is_allowed(gateway, wsi)) {
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    }
    if (!organizer_cookie_is_valid(gateway, wsi)) {
        return http_error(wsi, connection, 401, "sign_in", "Please sign in.");
    }
    json_t *settings = settings_of(body, bytes);
    if (settings == NULL) {
        return http_error(wsi, connection, 400, "bad_message",
                          "The body must be {\"phase\":...} or {\"set\":{...}}.");
    }
    json_t *args = json_pack("{ss so}", "event", event, "set", settings);
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    if (args == NULL ||
        !office_client_ask(gateway, "event.set", args, "organizer", on_answer, wait)) {
        answer_ledger_down(wait);
    }
    return 0;
}
