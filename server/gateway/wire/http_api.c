#include "server/gateway/wire/http_api.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/continue_desk.h"
#include "server/gateway/line/draw_desk.h"
#include "server/gateway/line/event_json.h"
#include "server/gateway/line/head_desk.h"
#include "server/gateway/line/language_page.h"
#include "server/gateway/line/line_page.h"
#include "server/gateway/line/poll_desk.h"
#include "server/gateway/metrics.h"
#include "server/gateway/orders/link_desk.h"
#include "server/gateway/orders/webhook_desk.h"
#include "server/gateway/organizer/routes.h"
#include "server/gateway/visitors/account_desk.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"
#include "web/assets.h"
#include "web/words.h"

#define LEDGER_BEAT_AGE_MS_MAX 5000

static int not_found(struct lws *wsi, struct http_connection *connection)
{
    return http_error(wsi, connection, 404, "not_found", "There is nothing at this address.");
}

static int respond_json(struct lws *wsi, struct http_connection *connection, unsigned status,
                        json_t *body)
{
    struct http_response response = http_json(status, http_json_text(body), "5");
    return http_respond(wsi, connection, &response);
}

static bool accepts_gzip(struct lws *wsi)
{
    char accepted[256];
    const char *list = http_header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, accepted, sizeof accepted);
    return list != NULL && strstr(list, "gzip") != NULL;
}

static bool has_etag(struct lws *wsi, const char *etag)
{
    char known[256];
    const char *list = http_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, known, sizeof known);
    return list != NULL && strstr(list, etag) != NULL;
}

/* Chooses the encoding, or 304 when the client has it. */
static int respond_cached(struct lws *wsi, struct http_connection *connection,
                          struct http_response *response, const unsigned char *gzip,
                          size_t gzip_bytes)
{
    if (response->etag != NULL && has_etag(wsi, response->etag)) {
        response->status = 304;
    } else if (gzip != NULL && accepts_gzip(wsi)) {
        response->encoding = "gzip";
        response->body = gzip;
        response->body_bytes = gzip_bytes;
    }
    return http_respond(wsi, connection, response);
}

/* A sale page of no event: it says so itself. While the lists are not read nobody knows. */
static bool is_of_no_event(const struct gateway *gateway, const char *path)
{
    const char *id = path + strlen("/e/");
    return gateway->has_events && book_find_public(&gateway->book, id, strlen(id)) == NULL;
}

static int get_asset(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    size_t language = page_language(wsi);
    const struct web_asset *asset = web_asset_find(connection->path, language);
    char cookie[TOKEN_BYTES_MAX + 128], visitor[16];
    if (asset == NULL)
        return not_found(wsi, connection);
    struct http_response response = {
        .status = 200,
        .content_type = asset->content_type,
        .cache_control = asset->cache_control,
        .etag = asset->etag,
        .is_page = true,
        .language = web_asset_is_page(asset) ? web_language_id(language) : NULL,
        .body = asset->bytes,
        .body_bytes = asset->bytes_count};
    bool is_visitors_page = strncmp(connection->path, "/e/", 3) == 0;
    if (is_visitors_page && is_of_no_event(gateway, connection->path)) {
        response.status = 404;
        response.etag = NULL;
        response.cache_control = "no-store";
    } else if (is_visitors_page && !visitor_cookie_read(gateway, wsi, visitor, sizeof visitor)) {
        token_random(visitor, VISITOR_ID_BYTES);
        visitor_cookie_write(gateway, visitor, cookie, sizeof cookie);
        response.set_cookie = cookie;
    }
    return respond_cached(wsi, connection, &response, asset->gzip, asset->gzip_count);
}

/* A text and the same as gzip (NULL: not), copied: either may be replaced while it is sent. */
static int respond_copy(struct lws *wsi, struct http_connection *connection, const char *etag,
                        const char *text, size_t bytes, const unsigned char *gzip,
                        size_t gzip_bytes)
{
    char *copy = malloc(bytes + gzip_bytes + 1);
    assert(copy != NULL);
    memcpy(copy, text, bytes);
    if (gzip != NULL)
        memcpy(copy + bytes, gzip, gzip_bytes);
    struct http_response response = {.status = 200,
                                     .content_type = "application/json",
                                     .cache_control = etag != NULL ? "no-cache" : NULL,
                                     .etag = etag,
                                     .body = copy,
                                     .body_bytes = bytes,
                                     .owned = copy};
    return respond_cached(wsi, connection, &response,
                          gzip != NULL ? (const unsigned char *)copy + bytes : NULL, gzip_bytes);
}

static int get_plan(struct lws *wsi, struct http_connection *connection,
                    const struct event_entry *event)
{
    if (!event->has_plan)
        return http_error(wsi, connection, 503, "busy", "The plan is being loaded.");
    return respond_copy(wsi, connection, event->plan_etag, event->plan_text, event->plan_bytes,
                        event->plan_gzip, event->plan_gzip_bytes);
}

static int get_events(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    const struct event_list *list = event_list_get(gateway);
    return respond_copy(wsi, connection, NULL, list->text, list->text_bytes, list->gzip,
                        list->gzip_bytes);
}

/* /api/v1/events/{event} and /api/v1/events/{event}/plan */
static int get_event(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                     const char *rest)
{
    char id[EVENT_ID_BYTES_MAX + 1];
    size_t id_bytes = strcspn(rest, "/");
    if (id_bytes > EVENT_ID_BYTES_MAX)
        return not_found(wsi, connection);
    memcpy(id, rest, id_bytes);
    id[id_bytes] = '\0';
    const struct event_entry *event = book_find(&gateway->book, id);
    if (!gateway->has_events)
        return http_error(wsi, connection, 503, "busy", "This gateway is not ready yet.");
    if (event == NULL || !event_is_public(event))
        return http_error(wsi, connection, 404, "not_found", "There is no such event.");
    if (rest[id_bytes] == '\0')
        return respond_json(wsi, connection, 200, book_event_json(event));
    if (strcmp(rest + id_bytes, "/plan") == 0)
        return get_plan(wsi, connection, event);
    if (strcmp(rest + id_bytes, "/poll") == 0)
        return http_error(wsi, connection, 405, "bad_method", "Polls are sent by POST.");
    if (strncmp(rest + id_bytes, "/draw", 5) == 0)
        return draw_desk_get(gateway, wsi, connection, event, rest + id_bytes + 5);
    if (strcmp(rest + id_bytes, "/line/head") == 0)
        return head_desk_get(gateway, wsi, connection, event);
    return strcmp(rest + id_bytes, "/ws") == 0
               ? http_error(wsi, connection, 426, "upgrade_required",
                            "This address speaks WebSocket only.")
               : not_found(wsi, connection);
}

static int get_health(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    bool has_redis =
        redis_link_is_ready(gateway->commands) && redis_link_is_ready(gateway->subscriptions);
    bool has_ledger = has_redis && gateway->beat_age_ms < LEDGER_BEAT_AGE_MS_MAX;
    bool is_good = has_redis && has_ledger && gateway->epoch != 0 && !gateway->is_draining;
    return respond_json(wsi, connection, is_good ? 200 : 503,
                        json_pack("{ss sb sb sb sb}", "status", is_good ? "ok" : "unwell", "redis",
                                  has_redis, "ledger", has_ledger, "recovering",
                                  gateway->epoch == 0, "draining", gateway->is_draining));
}

/* A proxy on this machine is loopback too, but then its visitor is not. */
static bool is_asked_from_here(struct lws *wsi)
{
    char peer[64] = "";
    lws_get_peer_simple(wsi, peer, sizeof peer);
    bool is_loopback = strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
                       strncmp(peer, "::ffff:127.", 11) == 0;
    return is_loopback && lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR) == 0;
}

static int get_metrics(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    if (!is_asked_from_here(wsi) && !gateway->options->is_metrics_public)
        return not_found(wsi, connection);
    size_t bytes = 0;
    char *text = metrics_text(gateway, &bytes);
    struct http_response response = {.status = 200,
                                     .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                     .body = text,
                                     .body_bytes = bytes,
                                     .owned = text};
    return http_respond(wsi, connection, &response);
}

int http_api_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    static const char events[] = "/api/v1/events/";
    const char *path = connection->path;
    if (strcmp(path, "/api/v1/time") == 0) {
        return respond_json(wsi, connection, 200,
                            json_pack("{sI}", "server_ms", (json_int_t)clock_wall_ms()));
    }
    if (strcmp(path, "/api/v1/events") == 0)
        return get_events(gateway, wsi, connection);
    if (strncmp(path, events, sizeof events - 1) == 0)
        return get_event(gateway, wsi, connection, path + sizeof events - 1);
    if (organizer_routes_are_at(path))
        return organizer_routes_serve(gateway, wsi, connection, "GET", NULL, 0);
    if (strcmp(path, "/api/v1/account") == 0)
        return account_desk_show(gateway, wsi, connection);
    if (strcmp(path, "/healthz") == 0)
        return get_health(gateway, wsi, connection);
    if (strcmp(path, "/metrics") == 0)
        return get_metrics(gateway, wsi, connection);
    int result = 0;
    if (language_page_switches(gateway, wsi, connection, &result) ||
        line_page_redirects(gateway, wsi, connection, &result))
        return result;
    return line_page_is_at(path) ? line_page_get(gateway, wsi, connection)
                                 : get_asset(gateway, wsi, connection);
}

static int post_webhook(struct gateway *gateway, struct lws *wsi,
                        struct http_connection *connection, const char *body, size_t bytes)
{
    char signature[512];
    struct payment_intent intent;
    if (lws_hdr_custom_copy(wsi, signature, sizeof signature, "stanchion-signature:", 20) <= 0) {
        return http_error(wsi, connection, 400, "bad_signature",
                          "The Stanchion-Signature header is missing.");
    }
    const char *reason = payment_webhook_read(gateway->options->webhook_secret, signature, body,
                                              bytes, clock_wall_ms(), &intent);
    if (reason != NULL)
        return http_error(wsi, connection, 400, "bad_webhook", reason);
    webhook_desk_take(gateway, &intent);
    struct http_response response = {.status = 204};
    return http_respond(wsi, connection, &response);
}

/* /api/v1/events/{event}/poll and /continue */
static int post_event(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                      const char *rest, const char *body, size_t bytes)
{
    size_t id_bytes = strcspn(rest, "/");
    if (strcmp(rest + id_bytes, "/continue") == 0) {
        return continue_desk_post(gateway, wsi, connection,
                                  book_find_public(&gateway->book, rest, id_bytes), body, bytes);
    }
    return strcmp(rest + id_bytes, "/poll") == 0
               ? poll_desk_post(gateway, wsi, connection,
                                book_find_public(&gateway->book, rest, id_bytes), body, bytes)
               : not_found(wsi, connection);
}

int http_api_post(struct lws *wsi, struct http_connection *connection, const char *body,
                  size_t bytes)
{
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    static const char visitors[] = "/api/v1/events/";
    if (strncmp(connection->path, visitors, sizeof visitors - 1) == 0) {
        return post_event(gateway, wsi, connection, connection->path + sizeof visitors - 1, body,
                          bytes);
    }
    if (line_page_is_at(connection->path))
        return line_page_post(gateway, wsi, connection, body);
    if (strcmp(connection->path, "/api/v1/payments/webhook") == 0)
        return post_webhook(gateway, wsi, connection, body, bytes);
    if (organizer_routes_are_at(connection->path))
        return organizer_routes_serve(gateway, wsi, connection, "POST", body, bytes);
    if (strcmp(connection->path, "/api/v1/account") == 0)
        return account_desk_sign_up(gateway, wsi, connection, body, bytes);
    if (strcmp(connection->path, "/api/v1/tickets") == 0)
        return link_desk_post(gateway, wsi, connection, body, bytes);
    if (strcmp(connection->path, "/api/v1/account/session") == 0)
        return account_desk_sign_in(gateway, wsi, connection, body, bytes);
    return not_found(wsi, connection);
}

int http_api_delete(struct lws *wsi, struct http_connection *connection)
{
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    if (strcmp(connection->path, "/api/v1/account/session") == 0)
        return account_desk_sign_out(gateway, wsi, connection);
    return organizer_routes_are_at(connection->path)
               ? organizer_routes_serve(gateway, wsi, connection, "DELETE", NULL, 0)
               : not_found(wsi, connection);
}
