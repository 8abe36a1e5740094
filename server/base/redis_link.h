/* One connection to Redis on a libev loop: commands with deadlines, scripts by name, subscriptions.
 *
 * hiredis 0.14 gives us parsing and pipelining; this file gives it what it lacks: an adapter that
 * reports errors, a deadline for each command, a bound on what may be under way, and reconnection.
 * Commands answer in the order they were sent, so the deadlines are one FIFO and one timer. When
 * the oldest command misses its deadline, and nothing else has been answered for as long either,
 * the connection is taken as dead: every pending command completes with REDIS_LINK_UNKNOWN (it may
 * or may not have run) and the link reconnects with back-off. Slow answers are waited for: to
 * connect anew would help nobody, and what may be under way is bounded.
 *
 * What is asked in a turn of the loop is sent at its end, before it sleeps. The process ignores
 * SIGPIPE.
 *
 * Scripts: each connection loads all registered scripts before it says it is ready.
 *
 * Completions come exactly once and never before the call that asked has returned.
 */
#ifndef STANCHION_REDIS_LINK_H
#define STANCHION_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct redis_link;

enum redis_link_status {
    REDIS_LINK_OK = 0,
    REDIS_LINK_DOWN,    /* not connected: the command was not sent */
    REDIS_LINK_FULL,    /* REDIS_PENDING_MAX commands under way: not sent */
    REDIS_LINK_UNKNOWN, /* sent, but the connection died or the deadline passed: it may have run */
    REDIS_LINK_EPOCH,   /* a script found another epoch: nothing was done, re-read everything */
    REDIS_LINK_ERROR,   /* Redis answered an error; reply->str has the text */
    REDIS_LINK_STATUS_COUNT
};

/* A Lua script. `text` must live as long as the link. `name` is for logs. */
struct redis_script {
    const char *name;
    const char *text;
};

/* `reply` is valid during the call only; it is NULL unless status is OK or ERROR. */
typedef void redis_link_reply_fn(void *ctx, enum redis_link_status status, const redisReply *reply);
typedef void redis_link_message_fn(void *ctx, const char *channel, const char *data, size_t bytes);
typedef void redis_link_state_fn(void *ctx, bool is_ready);

struct redis_link_options {
    const char *url;                    /* "unix:///path" or "redis://host:port"; copied */
    const struct redis_script *scripts; /* array that outlives the link */
    size_t scripts_count;
    uint32_t deadline_ms; /* silence with a command under way; 0 = none (blocking commands) */
    redis_link_state_fn *on_state; /* ready after connect + script load; false when lost */
    void *ctx;
};

/* Starts connecting; returns NULL only for an unusable URL. The link belongs to the caller. */
struct redis_link *redis_link_create(struct ev_loop *loop,
                                     const struct redis_link_options *options);
/* Pending commands complete with UNKNOWN before this returns; no call-back comes afterwards. NULL
 * is fine. */
void redis_link_free(struct redis_link *link);
bool redis_link_is_ready(const struct redis_link *link);
size_t redis_link_pending_count(const struct redis_link *link);

/* Sends one command. On anything but OK nothing was sent and on_reply will not be called.
 * argv bytes are copied. on_reply may be NULL. */
enum redis_link_status redis_link_command(struct redis_link *link, size_t argc,
                                          const char *const *argv, const size_t *argv_bytes,
                                          redis_link_reply_fn *on_reply, void *ctx);
/* As above, for C strings, ended by NULL: redis_link_call(link, fn, ctx, "GET", "epoch", NULL). */
enum redis_link_status redis_link_call(struct redis_link *link, redis_link_reply_fn *on_reply,
                                       void *ctx, ...) __attribute__((sentinel));
/* Runs scripts[index]; argv holds keys_count keys, then the arguments. */
enum redis_link_status redis_link_script(struct redis_link *link, size_t script_index,
                                         size_t keys_count, size_t argc, const char *const *argv,
                                         const size_t *argv_bytes, redis_link_reply_fn *on_reply,
                                         void *ctx);
/* Makes this link a subscriber (it can then do nothing else) and subscribes; again after each
 * reconnect. `channels` is copied. A gap is possible at each reconnect: on_state(true) means
 * "re-read now". */
enum redis_link_status redis_link_subscribe(struct redis_link *link, const char *name,
                                            redis_link_message_fn *on_message, void *ctx);

#endif
