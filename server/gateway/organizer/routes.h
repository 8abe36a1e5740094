/* The console's requests: found in one table with the right that each needs, and refused by name
 * before anything is looked at. Everything under /api/v1/organizer/. */
#ifndef STANCHION_ORGANIZER_ROUTES_H
#define STANCHION_ORGANIZER_ROUTES_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

struct gateway;
struct http_connection;

bool organizer_routes_are_at(const char *path);
/* How many bytes the body of a POST to this path may have: more than usual for somebody who is
 * signed in and uploads an inventory. */
size_t organizer_routes_body_max(struct gateway *gateway, struct lws *wsi, const char *path);
/* Answers, now or later. `method` is GET, POST or DELETE. */
int organizer_routes_serve(struct gateway *gateway, struct lws *wsi,
                           struct http_connection *connection, const char *method, const char *body,
                           size_t bytes);

#endif
