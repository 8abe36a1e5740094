/* POST /api/v1/events/{event}/continue: a browser takes over the place of another device by its
 * receipt. It becomes the same visitor: the answer sets the visitor cookie. Whoever has a receipt
 * has the place (docs/protocol.md section 4); pages ask before they send this.
 */
#ifndef STANCHION_CONTINUE_DESK_H
#define STANCHION_CONTINUE_DESK_H

#include <libwebsockets.h>
#include <stddef.h>

struct event_entry;
struct gateway;
struct http_connection;

/* Body: {"receipt":"r1..."}; event NULL = there is none of this name. Returns what the call-back
 * returns. */
int continue_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                       const struct event_entry *event, const char *body, size_t bytes);

#endif
