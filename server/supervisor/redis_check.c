/* A Redis that forgets at will, or that answers nobody, is told of before anybody is served. What
 * it does not let us ask (CONFIG may be forbidden) is taken to be well. */
#include "server/supervisor/redis_check.h"

#include <string.h>

#include "server/supervisor/redis_sync.h"

#define ANSWER_MS_MAX 2000

/* A setting's value; "" when it is not told. */
static void read_setting(redisContext *redis, const char *name, char *out, size_t out_bytes_max)
{
    redisReply *reply = redisCommand(redis, "CONFIG GET %s", name);
    bool is_told = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                   reply->element[1]->type == REDIS_REPLY_STRING;
    (void)snprintf(out, out_bytes_max, "%s", is_told ? reply->element[1]->str : "");
    if (reply)
        freeReplyObject(reply);
}

static enum start_status check_settings(redisContext *redis, const char *url,
                                        struct start_error *error)
{
    char memory[32], policy[32], log[8];
    read_setting(redis, "maxmemory", memory, sizeof memory);
    read_setting(redis, "maxmemory-policy", policy, sizeof policy);
    read_setting(redis, "appendonly", log, sizeof log);
    if (memory[0] != '\0' && strcmp(memory, "0") != 0 && strcmp(policy, "noeviction") != 0)
        return start_refuse(error,
                            "the Redis at %s may drop places and seats when memory is short "
                            "(maxmemory-policy %s): set maxmemory-policy noeviction there",
                            url, policy);
    if (strcmp(log, "no") == 0)
        log_warning("the Redis at %s keeps no log (appendonly no): after each restart of it the "
                    "lines are put together from receipts",
                    url);
    return START_OK;
}

enum start_status redis_check(const char *url, struct start_error *error)
{
    redisContext *redis = redis_sync_connect(url, ANSWER_MS_MAX);
    redisReply *reply = redis->err == 0 ? redisCommand(redis, "PING") : NULL;
    enum start_status status = START_OK;
    if (!reply)
        status = start_refuse(error, "no Redis answers at %s: start it, or correct redis.url", url);
    else if (reply->type != REDIS_REPLY_ERROR)
        status = check_settings(redis, url, error);
    else if (strncmp(reply->str, "LOADING", 7) != 0)
        status = start_refuse(error,
                              "the Redis at %s refuses us (%.100s): it must take commands without "
                              "a password, as one on a Unix socket of this user does",
                              url, reply->str);
    if (reply)
        freeReplyObject(reply);
    redisFree(redis);
    return status;
}
