/* See the header. hiredis' blocking context does the work; this file adds URL, deadline and a
 * state. */
#include "server/ledger/redis_pipe.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/supervisor/redis_sync.h"

#define ARGS_MAX 64
#define PROBLEM_BYTES 200

struct redis_pipe {
    char *url;
    redisContext *context; /* NULL = not connected */
    size_t added;          /* commands whose answers are still to come */
    char problem[PROBLEM_BYTES];
};

struct redis_pipe *redis_pipe_create(const char *url)
{
    struct redis_pipe *redis = calloc(1, sizeof *redis);
    assert(redis != NULL);
    redis->url = strdup(url);
    assert(redis->url != NULL);
    return redis;
}

static void drop(struct redis_pipe *redis, const char *why)
{
    (void)snprintf(redis->problem, sizeof redis->problem, "%s", why);
    redis_pipe_disconnect(redis);
}

void redis_pipe_free(struct redis_pipe *redis)
{
    if (redis == NULL)
        return;
    drop(redis, "");
    free(redis->url);
    free(redis);
}

void redis_pipe_disconnect(struct redis_pipe *redis)
{
    if (redis->context != NULL)
        redisFree(redis->context);
    redis->context = NULL;
    redis->added = 0;
}

bool redis_pipe_is_up(const struct redis_pipe *redis)
{
    return redis->context != NULL;
}

const char *redis_pipe_problem(const struct redis_pipe *redis)
{
    return redis->problem;
}

bool redis_pipe_connect(struct redis_pipe *redis)
{
    if (redis->context != NULL)
        return true;
    redis->context = redis_sync_connect(redis->url, REDIS_PIPE_DEADLINE_MS);
    if (redis->context->err == 0)
        return true;
    char why[PROBLEM_BYTES];
    (void)snprintf(why, sizeof why, "%s", redis->context->errstr);
    drop(redis, why);
    return false;
}

static redisReply *read_reply(struct redis_pipe *redis)
{
    void *reply = NULL;
    if (redis->context == NULL)
        return NULL;
    if (redisGetReply(redis->context, &reply) == REDIS_OK && reply != NULL)
        return reply;
    char why[PROBLEM_BYTES];
    (void)snprintf(why, sizeof why, "%s", redis->context->errstr);
    drop(redis, why);
    return NULL;
}

void redis_pipe_add_argv(struct redis_pipe *redis, size_t argc, const char *const *argv,
                         const size_t *bytes)
{
    if (redis->context == NULL)
        return; /* the flush will say lost */
    if (redisAppendCommandArgv(redis->context, (int)argc, (const char **)(uintptr_t)argv, bytes) !=
        REDIS_OK)
        drop(redis, "no memory for a command");
    else
        redis->added++;
}

static size_t gather(va_list values, const char *args[ARGS_MAX])
{
    size_t count = 0;
    for (const char *arg = va_arg(values, const char *); arg != NULL;
         arg = va_arg(values, const char *)) {
        assert(count < ARGS_MAX);
        args[count++] = arg;
    }
    return count;
}

void redis_pipe_add(struct redis_pipe *redis, ...)
{
    const char *args[ARGS_MAX];
    va_list values;
    va_start(values, redis);
    size_t count = gather(values, args);
    va_end(values);
    redis_pipe_add_argv(redis, count, args, NULL);
}

redisReply *redis_pipe_ask_argv(struct redis_pipe *redis, size_t argc, const char *const *argv,
                                const size_t *bytes)
{
    assert(redis->added == 0);
    redis_pipe_add_argv(redis, argc, argv, bytes);
    redis->added = 0;
    return read_reply(redis);
}

redisReply *redis_pipe_ask(struct redis_pipe *redis, ...)
{
    const char *args[ARGS_MAX];
    va_list values;
    va_start(values, redis);
    size_t count = gather(values, args);
    va_end(values);
    return redis_pipe_ask_argv(redis, count, args, NULL);
}

bool redis_pipe_flush(struct redis_pipe *redis)
{
    size_t count = redis->added;
    bool is_good = redis->context != NULL;
    redis->added = 0;
    for (size_t i = 0; i < count; i++) {
        redisReply *reply = read_reply(redis);
        if (reply == NULL)
            return false;
        if (reply->type == REDIS_REPLY_ERROR && is_good) {
            (void)snprintf(redis->problem, sizeof redis->problem, "%s", reply->str);
            is_good = false;
        }
        freeReplyObject(reply);
    }
    return is_good;
}

int64_t redis_pipe_number(redisReply *reply, int64_t fallback)
{
    int64_t number = fallback;
    if (reply == NULL)
        return fallback;
    if (reply->type == REDIS_REPLY_INTEGER) {
        number = reply->integer;
    } else if (reply->type == REDIS_REPLY_STRING && reply->len > 0) {
        char *end;
        errno = 0;
        long long value = strtoll(reply->str, &end, 10);
        if (errno == 0 && *end == '\0')
            number = value;
    }
    freeReplyObject(reply);
    return number;
}
