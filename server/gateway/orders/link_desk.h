/* POST /api/v1/tickets: the tickets of one order, for whoever has the newest link to them
 * (server/base/ticket_link.h). No cookie is read or set: a link makes nobody another visitor.
 */
#ifndef STANCHION_LINK_DESK_H
#define STANCHION_LINK_DESK_H

#include <libwebsockets.h>
#include <stddef.h>

struct gateway;
struct http_connection;

/* Body: {"link":"t1..."}. What is forged or over costs no I/O; the others are counted by address,
 * then asked of the ledger, which knows whether there is a newer one. Returns what the call-back
 * returns. */
int link_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   const char *body, size_t bytes);

#endif
