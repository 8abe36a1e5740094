/* The organizer's calls over HTTP: sign-in, live figures, steering. The ledger decides; this asks
 * it. */
#ifndef STANCHION_ORGANIZER_DESK_H
#define STANCHION_ORGANIZER_DESK_H

#include <libwebsockets.h>
#include <stddef.h>

struct gateway;
struct http_connection;

int organizer_desk_sign_in(struct gateway *gateway, struct lws *wsi,
                           struct http_connection *connection, const char *body, size_t bytes);
int organizer_desk_sign_out(struct gateway *gateway, struct lws *wsi,
                            struct http_connection *connection);
int organizer_desk_events(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection);
int organizer_desk_change(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection, const char *event, const char *body,
                          size_t bytes);

#endif
