#include "server/gateway/wire/http.h"
#include <assert.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "server/gateway/app.h"
#include "server/gateway/organizer/routes.h"
#include "server/gateway/wire/http_api.h"
#include "server/gateway/wire/ws.h"
#include "web/assets.h"

#define BYTES_READ_TRIES_MAX 16 /* then rather too few: the request is refused */
#define HEAD_BYTES_MAX 3072

const char *http_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t out_bytes)
{
    return lws_hdr_copy(wsi, out, (int)out_bytes, token) > 0 ? out : NULL;
}

bool http_origin_is_allowed(struct gateway *gateway, struct lws *wsi)
{
    char origin[512], host[512];
    const char *said = http_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    if (said == NULL && lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0)
        return false;
    return origin_is_allowed(said, http_header(wsi, WSI_TOKEN_HOST, host, sizeof host),
                             &gateway->origin_rule);
}

void http_client_address(struct gateway *gateway, struct lws *wsi, char out[CLIENT_ADDRESS_BYTES])
{
    char peer[64] = "", forwarded[1024];
    lws_get_peer_simple(wsi, peer, sizeof peer);
    client_address(peer, http_header(wsi, WSI_TOKEN_X_FORWARDED_FOR, forwarded, sizeof forwarded),
                   gateway->options->proxies, out);
}

/* 0 for a WebSocket upgrade, -1 for any other: see docs/security.md, CVE-2025-11677. */
static int confirm_upgrade(struct lws *wsi)
{
    char upgrade[16];
    const char *value = http_header(wsi, WSI_TOKEN_UPGRADE, upgrade, sizeof upgrade);
    if (value != NULL && strcmp(value, "websocket") == 0)
        return 0;
    if (value != NULL) /* otherwise libwebsockets has answered already */
        http_refuse(wsi, 400, "bad_upgrade", "Only an upgrade to websocket is possible.");
    return -1;
}

/* --- responses --- */

struct head {
    struct lws *wsi;
    unsigned char bytes[LWS_PRE + HEAD_BYTES_MAX];
    unsigned char *at, *end;
    bool is_full;
};

static void head_add(struct head *head, const char *name, const char *value)
{
    if (value != NULL && lws_add_http_header_by_name(head->wsi, (const unsigned char *)name,
                                                     (const unsigned char *)value,
                                                     (int)strlen(value), &head->at, head->end) != 0)
        head->is_full = true;
}

static bool head_start(struct head *head, struct lws *wsi, unsigned status)
{
    head->wsi = wsi;
    head->at = head->bytes + LWS_PRE;
    head->end = head->bytes + sizeof head->bytes;
    head->is_full = false;
    return lws_add_http_header_status(wsi, status, &head->at, head->end) == 0;
}

static const char *varies_by(const struct http_response *r)
{
    if (r->language != NULL)
        return "Accept-Encoding, Accept-Language, Cookie";
    return r->encoding != NULL || r->etag != NULL ? "Accept-Encoding" : NULL;
}

static void head_add_common(struct head *head, const struct http_response *r)
{
    head_add(head, "content-type:", r->content_type);
    head_add(head, "cache-control:", r->cache_control != NULL ? r->cache_control : "no-store");
    head_add(head, "etag:", r->etag);
    head_add(head, "content-encoding:", r->encoding);
    head_add(head, "vary:", varies_by(r));
    head_add(head, "content-language:", r->language);
    head_add(head, "set-cookie:", r->set_cookie);
    head_add(head, "set-cookie:", r->set_cookie_more);
    head_add(head, "location:", r->location);
    head_add(head, "retry-after:", r->retry_after);
    head_add(head, "allow:", r->allow);
    head_add(head, "x-content-type-options:", "nosniff");
    head_add(head,
             "referrer-policy:", r->referrer_policy != NULL ? r->referrer_policy : "no-referrer");
    head_add(head, "content-security-policy:",
             r->is_page ? WEB_CONTENT_SECURITY_POLICY
                        : "default-src 'none'; frame-ancestors 'none'");
}

static bool head_finish(struct head *head, size_t body_bytes)
{
    return !head->is_full &&
           lws_add_http_header_content_length(head->wsi, body_bytes, &head->at, head->end) == 0 &&
           lws_finalize_write_http_header(head->wsi, head->bytes + LWS_PRE, &head->at, head->end) ==
               0;
}

static void release(struct http_connection *connection)
{
    free(connection->request_body);
    free(connection->out_owned);
    if (connection->wait != NULL)
        connection->wait->wsi = NULL;
    memset(connection, 0, sizeof *connection);
}

/* How many bytes have been read from the socket so far, whoever has read them. The kernel is asked
 * until nothing has come in between its two answers. */
static uint64_t bytes_read(struct lws *wsi)
{
    struct tcp_info info = {0};
    int unread = 0, unread_before = -1, fd = lws_get_socket_fd(wsi);
    for (int i = 0; i < BYTES_READ_TRIES_MAX && unread != unread_before; i++) {
        socklen_t info_bytes = sizeof info;
        if (ioctl(fd, SIOCINQ, &unread_before) != 0 ||
            getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_bytes) != 0 ||
            ioctl(fd, SIOCINQ, &unread) != 0)
            return 0;
    }
    return info.tcpi_bytes_received - (uint64_t)unread;
}

/* What had been read when the last answer on this connection was complete, plus 1; 0 = there was
 * none. Kept with the connection, because the memory of a transaction ends with it. */
static uint64_t bytes_at_last_answer(struct lws *wsi)
{
    return (uint64_t)(uintptr_t)lws_get_opaque_user_data(wsi);
}

static int finish(struct lws *wsi, struct http_connection *connection)
{
    bool is_closing = connection->is_closing;
    release(connection);
    if (is_closing)
        return -1;
    lws_set_opaque_user_data(wsi, (void *)(uintptr_t)(bytes_read(wsi) + 1));
    return lws_http_transaction_completed(wsi) ? -1 : 0; /* ends the connection's memory */
}

/* Sends what the socket takes now; the rest follows when it takes more. The transaction is
 * completed in the same turn in which its last byte goes out: a client that answers at once must
 * not meet a transaction that is still open (libwebsockets 4.1 would take its next request for the
 * rest of this one's body). */
static int send_body(struct lws *wsi, struct http_connection *connection)
{
    unsigned char buffer[LWS_PRE + WS_TX_BYTES];
    while (connection->out_done < connection->out_bytes) {
        if (connection->out_done > 0 && lws_send_pipe_choked(wsi)) {
            lws_callback_on_writable(wsi);
            return 0;
        }
        size_t left = connection->out_bytes - connection->out_done;
        size_t bytes = left < WS_TX_BYTES ? left : WS_TX_BYTES;
        memcpy(buffer + LWS_PRE, connection->out + connection->out_done, bytes);
        enum lws_write_protocol how = bytes == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
        if (lws_write(wsi, buffer + LWS_PRE, bytes, how) < (int)bytes)
            return -1;
        connection->out_done += bytes;
    }
    return finish(wsi, connection);
}

static int on_writable(struct lws *wsi, struct http_connection *connection)
{
    return connection->has_answered ? send_body(wsi, connection) : 0;
}

int http_respond(struct lws *wsi, struct http_connection *connection,
                 const struct http_response *response)
{
    struct head head;
    connection->has_answered = true;
    bool is_bodiless = connection->is_head || response->status == 204 || response->status == 304;
    bool is_headed = head_start(&head, wsi, response->status);
    if (is_headed) {
        head_add_common(&head, response);
        head_add(&head, "connection:", connection->is_closing ? "close" : NULL);
        is_headed = head_finish(&head, response->status == 304 ? 0 : response->body_bytes);
    }
    if (!is_headed) {
        free(response->owned);
        return -1;
    }
    connection->out = response->body;
    connection->out_owned = response->owned;
    connection->out_bytes = is_bodiless ? 0 : response->body_bytes;
    connection->out_done = 0;
    return send_body(wsi, connection);
}

char *http_json_text(json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    return text;
}

struct http_response http_json(unsigned status, char *text, const char *retry_s)
{
    return (struct http_response){.status = status,
                                  .content_type = "application/json",
                                  .retry_after = status == 503 ? retry_s : NULL,
                                  .body = text,
                                  .body_bytes = strlen(text),
                                  .owned = text};
}

static char *error_text(const char *code, const char *message)
{
    return http_json_text(json_pack("{ss ss}", "error", code, "message", message));
}

int http_error(struct lws *wsi, struct http_connection *connection, unsigned status,
               const char *code, const char *message)
{
    struct http_response response = http_json(status, error_text(code, message), "5");
    return http_respond(wsi, connection, &response);
}

static const char *status_text(unsigned status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 426:
        return "Upgrade Required";
    case 503:
        return "Service Unavailable";
    default:
        return "Bad Request";
    }
}

void http_refuse(struct lws *wsi, unsigned status, const char *code, const char *message)
{
    unsigned char out[LWS_PRE + 1024];
    char *text = error_text(code, message);
    int bytes =
        snprintf((char *)out + LWS_PRE, 1024,
                 "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\n%s%s"
                 "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 status, status_text(status), status == 426 ? "Sec-WebSocket-Version: 13\r\n" : "",
                 status == 503 ? "Retry-After: 2\r\n" : "", strlen(text), text);
    assert(bytes > 0 && bytes < 1024);
    lws_write(wsi, out + LWS_PRE, (size_t)bytes, LWS_WRITE_HTTP_HEADERS);
    free(text);
}

/* --- waiting for an answer --- */

struct http_wait *http_wait_create(struct gateway *gateway, struct lws *wsi,
                                   struct http_connection *connection)
{
    struct http_wait *wait = calloc(1, sizeof *wait);
    assert(wait != NULL);
    *wait = (struct http_wait){gateway, wsi, connection};
    connection->wait = wait;
    lws_rx_flow_control(wsi, 0); /* what the client sends meanwhile waits in the socket */
    return wait;
}

void http_wait_answer(struct http_wait *wait, const struct http_response *response)
{
    if (wait->wsi == NULL) {
        free(response->owned);
    } else {
        wait->connection->wait = NULL;
        lws_rx_flow_control(wait->wsi, 1);
        if (http_respond(wait->wsi, wait->connection, response) != 0)
            lws_set_timeout(wait->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
    }
    free(wait);
}

/* --- requests --- */

/* False when an answer has been given: a length that is missing, absurd or contradicted. */
static bool prepare_body(struct lws *wsi, struct http_connection *connection, int *result)
{
    char length[32];
    int64_t bytes = 0;
    const char *text = http_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof length);
    connection->is_closing = true; /* what follows on this connection cannot be trusted */
    if (text == NULL && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0) {
        *result = http_error(wsi, connection, 411, "length_required", "Content-Length is missing.");
        return false;
    }
    if (text == NULL || !content_length_parse(text, &bytes)) {
        *result = http_error(wsi, connection, 400, "bad_length", "Content-Length is not a number.");
        return false;
    }
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    size_t bytes_max = organizer_routes_body_max(gateway, wsi, connection->path);
    if ((uint64_t)bytes > bytes_max) {
        *result = http_error(wsi, connection, 413, "too_large", "The body is too large.");
        return false;
    }
    if (bytes == 0) {
        *result = http_api_post(wsi, connection, "", 0);
        return false;
    }
    connection->is_closing = false;
    connection->request_bytes_max = (size_t)bytes;
    connection->request_body = malloc((size_t)bytes + 1);
    assert(connection->request_body != NULL);
    return true;
}

/* Whether a request with a body was sent before the answer to the one before it, so that
 * libwebsockets has it in a buffer. It would read the head of that buffer as the body, and then
 * loop for ever: see docs/security.md. */
static bool is_pipelined_body(struct lws *wsi)
{
    uint64_t before = bytes_at_last_answer(wsi);
    return before != 0 && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 &&
           bytes_read(wsi) <= before; /* 1 more than before: the peer's FIN counts as a byte */
}

static int on_request(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                      const char *path)
{
    int result = 0;
    if (is_pipelined_body(wsi)) {
        http_refuse(wsi, 400, "pipelined",
                    "Send a request with a body after the answer before it.");
        return -1;
    }
    release(connection);
    if (strlen(path) >= sizeof connection->path) {
        connection->is_closing = true; /* a body may follow that nobody reads */
        return http_error(wsi, connection, 404, "not_found", "There is nothing at this address.");
    }
    snprintf(connection->path, sizeof connection->path, "%s", path);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        connection->is_closing = true;
        return http_error(wsi, connection, 501, "bad_length",
                          "Transfer-Encoding is not supported; send Content-Length.");
    }
    connection->is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (connection->is_head || lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0) {
        connection->is_closing = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
        return http_api_get(gateway, wsi, connection);
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_DELETE_URI) > 0) {
        connection->is_closing = true;
        return http_api_delete(wsi, connection);
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0)
        return prepare_body(wsi, connection, &result) ? 0 : result;
    connection->is_closing = true;
    return http_error(wsi, connection, 405, "bad_method", "This method is not supported.");
}

static int on_body(struct http_connection *connection, const void *piece, size_t bytes)
{
    if (connection->request_body == NULL)
        return connection->has_answered ? 0 : -1; /* a body nobody asked for is passed over */
    if (connection->request_bytes + bytes > connection->request_bytes_max)
        return -1;
    memcpy(connection->request_body + connection->request_bytes, piece, bytes);
    connection->request_bytes += bytes;
    return 0;
}

static int on_body_complete(struct lws *wsi, struct http_connection *connection)
{
    if (connection->request_body == NULL || connection->has_answered || connection->wait != NULL)
        return 0;
    connection->request_body[connection->request_bytes] = '\0';
    return http_api_post(wsi, connection, connection->request_body, connection->request_bytes);
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len)
{
    struct http_connection *connection = user;
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade(wsi) == 0 ? ws_check_handshake(gateway, wsi) : -1;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; /* a checked handshake is bound to stanchion.v1, never to this protocol */
    case LWS_CALLBACK_HTTP:
        return on_request(gateway, wsi, connection, in);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(connection, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return on_body_complete(wsi, connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writable(wsi, connection);
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (connection != NULL)
            release(connection);
        return 0;
    case LWS_CALLBACK_WSI_CREATE:
        gateway->connections_count++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        gateway->connections_count--;
        return 0;
    default:
        return 0;
    }
}
