/* Visitors' sockets: the libwebsockets protocol "stanchion.v1". */
#ifndef STANCHION_WS_H
#define STANCHION_WS_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/gateway/visitors/visitor_cookie.h"

struct gateway;

#define WS_RX_BYTES 128 /* see docs/decisions: 5,500 -> 1,480 bytes per connection */
#define WS_TX_BYTES 4096

/* What libwebsockets keeps for each connection of ours. */
struct ws_connection {
    uint64_t session;            /* 0 = none */
    struct visitor_identity who; /* no visitor yet = not looked at yet */
};

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t len);
/* Checks an upgrade request; answers and returns -1 when it is refused. */
int ws_check_handshake(struct gateway *gateway, struct lws *wsi);

#endif
