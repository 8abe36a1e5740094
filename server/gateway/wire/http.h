/* HTTP: the libwebsockets side. What is answered is in http_api.c.
 *
 * A request is routed when its headers are in; one with a body is answered when the body is
 * complete, and an answer may come later still (when the ledger has spoken). Responses are one
 * piece of memory, written in portions as the socket takes them.
 */
#ifndef STANCHION_HTTP_H
#define STANCHION_HTTP_H

#include <jansson.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include "server/gateway/client_address.h"

struct gateway;
struct http_wait;

#define HTTP_BODY_BYTES_MAX 65536 /* 413 */
#define HTTP_PATH_BYTES_MAX 256   /* 404 */

struct http_response {
    unsigned status;
    const char *content_type;                                       /* NULL without a body */
    const char *cache_control;                                      /* NULL = no-store */
    const char *etag, *encoding, *set_cookie, *retry_after, *allow; /* NULL = not sent */
    const char *set_cookie_more, *location;
    const char *referrer_policy; /* NULL = no-referrer */
    const char *language;        /* of a page, or NULL: then it does not depend on the reader's */
    bool is_page;                /* gets the Content-Security-Policy */
    const void *body;
    size_t body_bytes;
    void *owned; /* freed after sending, or NULL */
};

/* What libwebsockets keeps for each HTTP transaction. */
struct http_connection {
    char path[HTTP_PATH_BYTES_MAX];
    char *request_body;
    size_t request_bytes, request_bytes_max;
    const unsigned char *out;
    void *out_owned;
    size_t out_bytes, out_done;
    struct http_wait *wait; /* an answer that comes later */
    size_t language;        /* of a page that comes later */
    bool is_head, is_closing, has_answered;
};

/* A place for an answer that comes later; survives the connection. */
struct http_wait {
    struct gateway *gateway;
    struct lws *wsi; /* NULL = the client has gone */
    struct http_connection *connection;
};

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len);
/* Sends the response; owned memory is taken over. Returns what the call-back returns. */
int http_respond(struct lws *wsi, struct http_connection *connection,
                 const struct http_response *response);
/* A JSON answer that owns `text`. A 503 asks to come back in retry_s seconds. */
struct http_response http_json(unsigned status, char *text, const char *retry_s);
/* The text of `body`, which is released; the caller frees it. */
char *http_json_text(json_t *body);
/* {"error":code,"message":...} */
int http_error(struct lws *wsi, struct http_connection *connection, unsigned status,
               const char *code, const char *message);
/* The answer will come by http_wait_answer. */
struct http_wait *http_wait_create(struct gateway *gateway, struct lws *wsi,
                                   struct http_connection *connection);
/* Answers if the client is still there, and frees the wait. */
void http_wait_answer(struct http_wait *wait, const struct http_response *response);

/* Answers an upgrade request that is refused, at once and without state. */
void http_refuse(struct lws *wsi, unsigned status, const char *code, const char *message);
/* Whether the request's Origin, if it has one, may act for its visitor. One too long to be read may
 * not. */
bool http_origin_is_allowed(struct gateway *gateway, struct lws *wsi);
/* Whose tries are counted together (client_address.h). */
void http_client_address(struct gateway *gateway, struct lws *wsi, char out[CLIENT_ADDRESS_BYTES]);
/* A request header in `out`, or NULL when it is absent or too long. */
const char *http_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t out_bytes);

#endif
