/* GET /api/v1/events/{event}/line/head: the last signed head of the line's history, and the key to
 * check it with (docs/history.md). */
#ifndef STANCHION_HEAD_DESK_H
#define STANCHION_HEAD_DESK_H

#include <libwebsockets.h>

struct gateway;
struct event_entry;
struct http_connection;

int head_desk_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                  const struct event_entry *event);

#endif
