/* What is answered over HTTP: pages, events, plans, health, metrics, the webhook and the
 * organizer's calls. */
#ifndef STANCHION_HTTP_API_H
#define STANCHION_HTTP_API_H

#include <libwebsockets.h>
#include <stddef.h>

struct gateway;
struct http_connection;

/* Each answers, now or later; returns what the libwebsockets call-back returns. */
int http_api_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection);
int http_api_post(struct lws *wsi, struct http_connection *connection, const char *body,
                  size_t bytes);
int http_api_delete(struct lws *wsi, struct http_connection *connection);

#endif
