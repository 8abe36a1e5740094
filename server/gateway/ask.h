/* A question to a store on behalf of a session: whom to answer, and what it was about. It carries
 * the session's id, so that an answer for a browser that has gone finds nobody.
 */
#ifndef STANCHION_ASK_H
#define STANCHION_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"

struct gateway;
struct session;
struct event_entry;

/* A request of a session's, as its answer needs it. */
struct reply_to {
    uint64_t session;
    int64_t re; /* the request's own number, if it had one */
    bool has_re;
};

struct ask {
    struct gateway *gateway;
    struct event_entry *event;
    struct reply_to to;
    char visitor[VISITOR_ID_BYTES + 1];
    size_t seats_count; /* asked for by a hold of named seats */
    int64_t asked_ms;   /* monotonic */
};

/* Never NULL; freed by whoever completes the question. */
struct ask *ask_create(struct gateway *gateway, struct session *session, const struct reply_to *to);

#endif
