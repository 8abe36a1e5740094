/* Polls: the messages of docs/protocol.md over plain HTTP, for visitors whose network lets no
 * WebSocket through.
 *
 * A poll is a request with messages and a time to wait. It gets a session without a socket: its
 * messages are carried out one after the other, each when the one before has its answer; then it
 * waits until something is pushed, until an answer was news to the client, or until the time is
 * over. Nothing is kept between two polls, so each may meet another gateway: the client says who it
 * is again (`resume`, `enter`) with every poll.
 *
 *   start --answers--> WAITING --push, news, close, end of time--> answered in the same loop turn
 *
 * Lifetime: from the request to its answer. The HTTP connection may go away before: that is noticed
 * within POLL_PEEK_MS, and the session ends with it.
 */
#ifndef STANCHION_POLL_DESK_H
#define STANCHION_POLL_DESK_H

#include <jansson.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/gateway/session.h"
#include "server/gateway/wire/http.h"

struct gateway;
struct event_entry;
struct reply_to;
struct visitor_identity;

#define POLL_PEEK_MS 1000 /* how often a waiting poll's socket is looked at: is somebody there? */

/* What came of a poll. Valid during the call-back only. */
struct poll_result {
    const struct event_entry *event;
    const char *visitor; /* may have become another one's by `resume` */
    bool is_fresh_visitor;
    const char *messages; /* what the visitor was told, JSON objects with commas between */
    size_t messages_bytes;
    uint16_t close_code; /* 0 = not closed */
};

/* Answers the HTTP request by http_wait_answer, which takes `wait` over. */
typedef void poll_done_fn(struct http_wait *wait, const struct poll_result *result);
/* A request of the gateway's own instead of messages; it is to be answered as any other. */
typedef void poll_ask_fn(struct gateway *gateway, struct session *session,
                         const struct reply_to *to);

struct poll_start {
    struct event_entry *event;
    const struct visitor_identity *who; /* of visitor_identify */
    json_t *messages;                   /* a list; taken over when the poll starts */
    poll_ask_fn *ask;                   /* asked first when not NULL */
    int64_t wait_ms;
    poll_done_fn *on_done;
};

enum poll_status { POLL_OK = 0, POLL_FULL, POLL_TOO_MANY, POLL_STATUS_COUNT };

/* Starts a poll; the answer comes later. FULL: too many at this gateway; TOO_MANY: of this visitor.
 * Then nothing was taken over. */
enum poll_status poll_desk_start(struct gateway *gateway, struct lws *wsi,
                                 struct http_connection *connection,
                                 const struct poll_start *start);

/* POST /api/v1/events/{event}/poll. Returns what the libwebsockets call-back returns. */
int poll_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   struct event_entry *event, const char *body, size_t bytes);

/* From wire.c: something is said to a session that is a poll, */
void poll_desk_take(struct session *session, const char *text, size_t bytes);
/* this is the answer to its running request (called before poll_desk_take), */
void poll_desk_on_answer(struct session *session, const json_t *body);
/* it is to be looked at in this loop turn. */
void poll_desk_wake(struct session *session);

/* Goes on with the polls that were woken; before the joins of this turn are sent. */
void poll_desk_before_sleep(struct gateway *gateway);
/* Ends those whose time is over or whose client has gone. */
void poll_desk_on_turn(struct gateway *gateway, int64_t now_ms);
/* Frees all, when the sockets have gone. */
void poll_desk_release(struct gateway *gateway);

#endif
