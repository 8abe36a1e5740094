/* The account desk: visitors sign up, in and out (docs/accounts.md).
 *
 *   sign in:  counted (rate_limit) -> ledger: hash of the address -> hash_pool: check -> cookie
 *   sign up:  counted -> hash_pool: hash -> ledger: add
 *   sign out: Redis: list and pub/sub -> every gateway ends the session's sockets -> answered; the
 *             ledger keeps it
 *
 * Nothing of it tells whether an address has an account: known and unknown ones take the same way,
 * the same time and get the same answers.
 */
#ifndef STANCHION_ACCOUNT_DESK_H
#define STANCHION_ACCOUNT_DESK_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include "server/base/account_id.h"
#include "server/gateway/hash_pool.h"
#include "server/gateway/visitors/signed_out.h"

struct gateway;
struct http_connection;
struct reply_to;
struct session;

struct signing_out;

#define ACCOUNT_GONE_KEY "account:gone"        /* the list, and the channel */
#define ACCOUNT_KNOWN_CHANNEL "account:known:" /* and the client id of a gateway */

struct account_desk {
    struct hash_pool *pool;
    size_t signing_count; /* who signs up or in and is not answered yet */
    struct signed_out signed_out;
    struct signing_out *signing_out; /* those that wait for the other gateways */
    bool is_ready; /* the list of sessions that were signed out has been read once */
    bool is_asked; /* and is being read now */
    uint64_t sign_ups, sign_ins, sign_ins_refused, sign_outs; /* for /metrics */
};

/* False when no thread starts. */
bool account_desk_init(struct gateway *gateway);
/* After the sockets are gone: waiting requests complete here. */
void account_desk_release(struct gateway *gateway);

/* HTTP; each answers, now or later, and returns what the libwebsockets call-back returns. */
int account_desk_show(struct gateway *gateway, struct lws *wsi, struct http_connection *connection);
int account_desk_sign_up(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, const char *body, size_t bytes);
int account_desk_sign_in(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, const char *body, size_t bytes);
int account_desk_sign_out(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection);

/* Whether the session may make a request. Otherwise it has been answered (`sign_in`): its account's
 * session has ended or was signed out (then the connection closes), or it wants a place
 * (is_joining) at an event that requires an account. */
bool account_desk_takes(struct gateway *gateway, struct session *session, const struct reply_to *to,
                        bool is_joining);

/* Reads the list of signed-out sessions: at the start and whenever something
 * may have been missed. */
void account_desk_reload(struct gateway *gateway);
/* A session was signed out, here or at another gateway: "session ends_ms visitor client". */
void account_desk_on_gone(struct gateway *gateway, const char *text, size_t bytes);
/* A gateway says that it knows that a session of ours was signed out: "session". */
void account_desk_on_known(struct gateway *gateway, const char *text, size_t bytes);
/* Ends the session at this gateway at once; false when no more can be remembered. */
bool account_desk_end(struct gateway *gateway, const struct account_session *session);
/* Answers sign-outs that some gateway does not answer. */
void account_desk_on_turn(struct gateway *gateway, int64_t now_ms);
/* For account_desk_release. */
void account_desk_release_sign_outs(struct gateway *gateway);

#endif
