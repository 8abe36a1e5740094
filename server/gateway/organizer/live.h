/* Consoles that watch a sale: the libwebsockets protocol "stanchion.organizer.v1"
 * (docs/organizer.md, Live). The server speaks only: one `figures` a second. What a slow reader has
 * not taken is replaced by what is newer. */
#ifndef STANCHION_ORGANIZER_LIVE_H
#define STANCHION_ORGANIZER_LIVE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include "server/gateway/organizer/guard.h"

struct event_entry;
struct gateway;
struct handshake;

#define ORGANIZER_SUBPROTOCOL "stanchion.organizer.v1"
#define LIVE_MAX 256 /* at one gateway; 503 */

/* What libwebsockets keeps for each. */
struct organizer_live {
    struct lws *wsi; /* NULL = not established */
    struct event_entry *event;
    struct organizer_session who;
    char *text; /* what is to be sent, with LWS_PRE bytes before it; NULL = nothing */
    size_t text_bytes;
    bool is_closing;
    struct organizer_live *next;
};

struct organizer_lives {
    struct organizer_live *first;
    size_t count;
};

bool organizer_live_is_at(const char *path);
/* Checks an upgrade request whose handshake is good; answers and returns -1 when it is refused. */
int organizer_live_check(struct gateway *gateway, struct lws *wsi, const char *path);
int organizer_live_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                            size_t len);

bool organizer_live_is_watched(const struct gateway *gateway, const struct event_entry *event);
/* Sends the figures of the events that are watched. */
void organizer_live_push(struct gateway *gateway);
/* Closes the consoles whose session is over (1008). */
void organizer_live_end_those_gone(struct gateway *gateway);

#endif
