#include "server/gateway/line/line_page.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/line/event_json.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/line/line_page_html.h"
#include "server/gateway/line/poll_desk.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"
#include "web/assets.h"
#include "web/words.h"

#define PAGE_PREFIX "/e/"
#define PAGE_SUFFIX "/line"
#define LOCATION_BYTES (sizeof PAGE_PREFIX + EVENT_ID_BYTES_MAX + sizeof PAGE_SUFFIX)
#define COOKIE_BYTES (TOKEN_BYTES_MAX + 192)
#define RETRY_S 5

/* --- addresses --- */

/* The bytes of the event's id in the path, or 0. */
static size_t id_bytes_of(const char *path)
{
    size_t prefix_bytes = sizeof PAGE_PREFIX - 1, suffix_bytes = sizeof PAGE_SUFFIX - 1;
    size_t bytes = strlen(path);
    if (bytes <= prefix_bytes + suffix_bytes || strncmp(path, PAGE_PREFIX, prefix_bytes) != 0 ||
        strcmp(path + bytes - suffix_bytes, PAGE_SUFFIX) != 0)
        return 0;
    return bytes - prefix_bytes - suffix_bytes;
}

bool line_page_is_at(const char *path)
{
    size_t id_bytes = id_bytes_of(path);
    return id_bytes > 0 && memchr(path + sizeof PAGE_PREFIX - 1, '/', id_bytes) == NULL;
}

/* "?plain" after the address of a sale page: the browser runs no scripts. */
static bool is_plain(struct lws *wsi)
{
    char arguments[16];
    const char *said = http_header(wsi, WSI_TOKEN_HTTP_URI_ARGS, arguments, sizeof arguments);
    return said != NULL && strcmp(said, "plain") == 0;
}

static void location_of(const struct event_entry *event, char out[LOCATION_BYTES])
{
    int bytes = snprintf(out, LOCATION_BYTES, PAGE_PREFIX "%s" PAGE_SUFFIX, event->id);
    assert(bytes > 0 && (size_t)bytes < LOCATION_BYTES);
}

bool line_page_redirects(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, int *result)
{
    size_t prefix_bytes = sizeof PAGE_PREFIX - 1;
    const char *path = connection->path;
    if (strncmp(path, PAGE_PREFIX, prefix_bytes) != 0 || !is_plain(wsi))
        return false;
    const struct event_entry *event =
        book_find_public(&gateway->book, path + prefix_bytes, strlen(path + prefix_bytes));
    if (event == NULL)
        return false;
    char location[LOCATION_BYTES];
    location_of(event, location);
    struct http_response response = {.status = 303, .location = location};
    *result = http_respond(wsi, connection, &response);
    return true;
}

/* --- answers --- */

static void write_page(const struct line_page *page, unsigned status,
                       struct http_response *response)
{
    size_t bytes = 0;
    char *text = line_page_html(page, &bytes);
    *response = (struct http_response){.status = status,
                                       .content_type = "text/html; charset=utf-8",
                                       .retry_after = status == 503 ? "5" : NULL,
                                       /* Otherwise browsers send its forms with `Origin: null`. */
                                       .referrer_policy = "same-origin",
                                       .is_page = true,
                                       .language = web_language_id(page->language),
                                       .body = text,
                                       .body_bytes = bytes,
                                       .owned = text};
}

static int jitter_s(void)
{
    char random[2];
    token_random(random, 1);
    return (unsigned char)random[0] % LINE_PAGE_JITTER_S;
}

static int respond_page(struct lws *wsi, struct http_connection *connection,
                        const struct event_entry *event, unsigned status, const json_t *told,
                        const char *cookie)
{
    struct http_response response;
    json_t *event_json = event != NULL ? book_event_json(event) : NULL;
    struct line_page page = {.event = event_json,
                             .told = told,
                             .build = web_assets_build(),
                             .language = connection->language,
                             .is_cookie_needed = cookie != NULL,
                             .jitter_s = jitter_s()};
    write_page(&page, status, &response);
    response.set_cookie = cookie;
    json_decref(event_json);
    return http_respond(wsi, connection, &response);
}

static bool has_type(const json_t *told, const char *type)
{
    const char *its = json_string_value(json_object_get(told, "type"));
    return its != NULL && strcmp(its, type) == 0;
}

static bool has_code(const json_t *told, const char *code)
{
    const char *its = json_string_value(json_object_get(told, "code"));
    return its != NULL && strcmp(its, code) == 0;
}

static bool is_temporary(const json_t *told)
{
    return has_code(told, "busy") || has_code(told, "full") || has_code(told, "too_fast");
}

/* The receipt lives in a cookie of this page alone: that is how a place survives a loss of Redis
 * without JavaScript. */
static const char *receipt_cookie(struct gateway *gateway, const struct poll_result *result,
                                  const json_t *told, char out[COOKIE_BYTES])
{
    const char *receipt = json_string_value(json_object_get(told, "receipt"));
    bool is_over = has_type(told, "left") || (has_type(told, "error") && !is_temporary(told));
    if (receipt == NULL && !is_over)
        return NULL;
    receipt_cookie_write(gateway, result->event->id, receipt, out, COOKIE_BYTES);
    return out;
}

static void add_cookies(struct gateway *gateway, const struct poll_result *result,
                        const json_t *told, char visitor[COOKIE_BYTES], char receipt[COOKIE_BYTES],
                        struct http_response *response)
{
    if (result->is_fresh_visitor) {
        visitor_cookie_write(gateway, result->visitor, visitor, COOKIE_BYTES);
        response->set_cookie = visitor;
    }
    response->set_cookie_more = receipt_cookie(gateway, result, told, receipt);
}

static json_t *busy(void)
{
    return json_pack("{ss ss si}", "type", "error", "code", "busy", "retry_s", RETRY_S);
}

/* The first thing the poll was told; the caller releases it. */
static json_t *first_told(const struct poll_result *result)
{
    json_t *told =
        json_loadb(result->messages, result->messages_bytes, JSON_DISABLE_EOF_CHECK, NULL);
    return told != NULL ? told : busy();
}

static void answer_told(struct http_wait *wait, const struct poll_result *result,
                        const json_t *told, bool had_place)
{
    char visitor[COOKIE_BYTES], receipt[COOKIE_BYTES];
    struct http_response response;
    json_t *event = book_event_json(result->event);
    struct line_page page = {.event = event,
                             .told = told,
                             .build = web_assets_build(),
                             .language = wait->wsi != NULL ? wait->connection->language : 0,
                             .had_place = had_place,
                             .jitter_s = jitter_s()};
    write_page(&page, is_temporary(told) ? 503 : 200, &response);
    add_cookies(wait->gateway, result, told, visitor, receipt, &response);
    json_decref(event);
    http_wait_answer(wait, &response);
}

static void on_looked(struct http_wait *wait, const struct poll_result *result)
{
    json_t *told = first_told(result);
    answer_told(wait, result, told, false);
    json_decref(told);
}

static void on_resumed(struct http_wait *wait, const struct poll_result *result)
{
    json_t *told = first_told(result);
    answer_told(wait, result, told, true);
    json_decref(told);
}

/* A form that was carried out leads back to the page, so that a reload does not send it again. */
static void on_done(struct http_wait *wait, const struct poll_result *result)
{
    json_t *told = first_told(result);
    bool is_refused = has_type(told, "error") && !has_code(told, "no_place");
    if (is_refused) {
        answer_told(wait, result, told, false);
    } else {
        char visitor[COOKIE_BYTES], receipt[COOKIE_BYTES], location[LOCATION_BYTES];
        location_of(result->event, location);
        struct http_response response = {.status = 303, .location = location};
        add_cookies(wait->gateway, result, told, visitor, receipt, &response);
        http_wait_answer(wait, &response);
    }
    json_decref(told);
}

/* --- requests --- */

static struct event_entry *event_at(const struct gateway *gateway, const char *path)
{
    return book_find_public(&gateway->book, path + sizeof PAGE_PREFIX - 1, id_bytes_of(path));
}

static bool is_ready(const struct gateway *gateway)
{
    return gateway->has_events && !gateway->is_draining && gateway->accounts.is_ready;
}

static int start(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                 const struct poll_start *poll)
{
    if (poll_desk_start(gateway, wsi, connection, poll) == POLL_OK)
        return 0;
    json_t *told = busy();
    int result = respond_page(wsi, connection, poll->event, 503, told, NULL);
    json_decref(told);
    json_decref(poll->messages);
    return result;
}

int line_page_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection)
{
    struct event_entry *event = event_at(gateway, connection->path);
    connection->language = page_language(wsi);
    if (!is_ready(gateway))
        return http_error(wsi, connection, 503, "busy", "Please ask again in a moment.");
    if (event == NULL)
        return respond_page(wsi, connection, NULL, 404, NULL, NULL);
    char receipt[TOKEN_BYTES_MAX + 1];
    struct visitor_identity who;
    visitor_identify(gateway, wsi, &who);
    bool has_receipt = receipt_cookie_read(wsi, receipt, sizeof receipt);
    json_t *messages =
        has_receipt ? json_pack("[{ss ss}]", "type", "resume", "receipt", receipt) : NULL;
    struct poll_start poll = {.event = event,
                              .who = &who,
                              .messages = messages,
                              .ask = messages == NULL ? line_desk_look : NULL,
                              .on_done = messages == NULL ? on_looked : on_resumed};
    return start(gateway, wsi, connection, &poll);
}

int line_page_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   const char *body)
{
    struct event_entry *event = event_at(gateway, connection->path);
    const char *action = strcmp(body, "action=leave") == 0 ? "leave" : "join";
    connection->language = page_language(wsi);
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    if (!is_ready(gateway))
        return http_error(wsi, connection, 503, "busy", "Please ask again in a moment.");
    if (event == NULL)
        return respond_page(wsi, connection, NULL, 404, NULL, NULL);
    struct visitor_identity who;
    visitor_identify(gateway, wsi, &who);
    if (who.is_fresh) { /* a place that could never be found again would only be in others' way */
        char cookie[COOKIE_BYTES];
        visitor_cookie_write(gateway, who.visitor, cookie, sizeof cookie);
        return respond_page(wsi, connection, event, 200, NULL, cookie);
    }
    struct poll_start poll = {.event = event,
                              .who = &who,
                              .messages = json_pack("[{ss}]", "type", action),
                              .on_done = on_done};
    return start(gateway, wsi, connection, &poll);
}
