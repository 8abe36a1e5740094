/* One request to the organizer's console while it is being answered: who asks, for what, and the
 * ways to answer. Lives on the stack of the HTTP call-back; what answers later copies what it
 * needs.
 */
#ifndef STANCHION_ORGANIZER_CALL_H
#define STANCHION_ORGANIZER_CALL_H

#include <jansson.h>
#include "server/gateway/organizer/guard.h"

struct http_connection;
struct http_wait;

#define ORGANIZER_SUBJECT_BYTES 64 /* an event's id, an order, an account's name, a number */

struct organizer_call {
    struct gateway *gateway;
    struct lws *wsi;
    struct http_connection *connection;
    struct organizer_session who; /* all zeroes where nobody need be signed in */
    char subject[ORGANIZER_SUBJECT_BYTES];
    json_t *body; /* of a POST: always an object; released by the router */
    const char *raw;
    size_t raw_bytes;
};

typedef int organizer_fn(struct organizer_call *call);

/* All return what the libwebsockets call-back returns. `body` is stolen. */
int organizer_json(struct organizer_call *call, unsigned status, json_t *body);
int organizer_refuse(struct organizer_call *call, unsigned status, const char *code,
                     const char *message);
/* The same for an answer that comes later. cookie and retry_s may be NULL and 0. */
void organizer_answer_later(struct http_wait *wait, unsigned status, json_t *body,
                            const char *cookie, int retry_s);
void organizer_refuse_later(struct http_wait *wait, unsigned status, const char *code,
                            const char *message);

/* The ledger's answer without its `id` and `ok`, as an answer of HTTP: `status` when it is good,
 * otherwise the one that fits its code. NULL = the ledger is silent. */
void organizer_answer_office(struct http_wait *wait, const json_t *answer, unsigned status);
/* Asks the ledger in the caller's name and answers what it says. args is stolen. */
int organizer_ask(struct organizer_call *call, const char *verb, json_t *args, unsigned status);
/* The same, answered by the caller, who gets `wait` back in ctx->wait; false when it could not be
 * asked. */
bool organizer_ask_for(struct gateway *gateway, const char *who, const char *verb, json_t *args,
                       void (*on_answer)(void *ctx, const json_t *answer), void *ctx);
/* Whether a part of the address, which libwebsockets has decoded, is text in UTF-8 without control
 * characters: nothing else may go into JSON. */
bool organizer_text_is_good(const char *text);
/* The same of all arguments of the query. */
bool organizer_query_is_good(struct organizer_call *call);
/* An argument of the query, "" when there is none or it is too long. */
void organizer_query(struct organizer_call *call, const char *name, char *out,
                     size_t out_bytes_max);
/* The same as a number; 0 when it is none. */
int64_t organizer_query_number(struct organizer_call *call, const char *name);

#endif
