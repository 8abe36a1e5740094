/* The draw as visitors see it: what is announced about it, the proof for a place, and the new place
 * when it is done. Everything comes from what the registrar has published in Redis
 * (docs/draw.md). */
#ifndef STANCHION_DRAW_DESK_H
#define STANCHION_DRAW_DESK_H

#include <libwebsockets.h>
#include "queue/queue_store.h"

struct gateway;
struct event_entry;
struct http_connection;

/* Reads ev:{E}:draw into event->draw, for EVENT. */
void draw_desk_read(struct event_entry *event);
/* After news of the line: when the draw is done, everybody who waits is told the new place with a
 * new receipt. */
void draw_desk_on_line(struct event_entry *event, enum line_draw before);
/* GET /api/v1/events/{event}/draw and what follows it in the path: "", "/proof/{seq}" with the
 * sequence before the draw, "/proof/drawn/{seq}" with the one after it. */
int draw_desk_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                  const struct event_entry *event, const char *rest);

#endif
