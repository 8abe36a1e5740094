/* A blocking connection to Redis for work that has one order only: recover, write, acknowledge,
 * tell.
 *
 * The ledger's turn is a sequence, not a conversation: while it commits or rebuilds nothing else
 * may happen. So it asks and waits, with a deadline; only the wait for new entries goes through the
 * loop (feed.c). After a failure the connection is gone and everything answers "lost" until
 * redis_pipe_connect.
 */
#ifndef STANCHION_REDIS_PIPE_H
#define STANCHION_REDIS_PIPE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For one answer: a rebuild of 100,000 seats takes well under a second. */
#define REDIS_PIPE_DEADLINE_MS 10000

struct redis_pipe;

struct redis_pipe *redis_pipe_create(const char *url); /* copied; does not connect yet */
void redis_pipe_free(struct redis_pipe *redis);        /* NULL is fine */
/* Connects unless connected. false: `redis_pipe_problem` says why. */
bool redis_pipe_connect(struct redis_pipe *redis);
/* Forgets the connection; what was added and not flushed is gone. */
void redis_pipe_disconnect(struct redis_pipe *redis);
bool redis_pipe_is_up(const struct redis_pipe *redis);
const char *redis_pipe_problem(const struct redis_pipe *redis);

/* One command of C strings, ended by NULL. The answer, also an error answer, is the caller's to
 * freeReplyObject; NULL = lost: it may have run. */
redisReply *redis_pipe_ask(struct redis_pipe *redis, ...) __attribute__((sentinel));
redisReply *redis_pipe_ask_argv(struct redis_pipe *redis, size_t argc, const char *const *argv,
                                const size_t *bytes);

/* Pipelining: commands added are sent together by _flush, which waits for all answers and forgets
 * them. false = lost, or an answer was an error (then the first one is in redis_pipe_problem and
 * the connection stays). */
void redis_pipe_add(struct redis_pipe *redis, ...) __attribute__((sentinel));
void redis_pipe_add_argv(struct redis_pipe *redis, size_t argc, const char *const *argv,
                         const size_t *bytes);
bool redis_pipe_flush(struct redis_pipe *redis);

/* An answer that is a whole number, or a text that is one; `fallback` for anything else. Frees the
 * answer. */
int64_t redis_pipe_number(redisReply *reply, int64_t fallback);

#endif
