/* See the header. `ready` is written last. */
#include "server/registrar/before.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/line_scripts.h"
#include "server/base/log.h"

#define NUMBER_BYTES 24

struct before_keys {
    char hash[LINE_KEY_BYTES], gone[LINE_KEY_BYTES], inside[LINE_KEY_BYTES], bought[LINE_KEY_BYTES];
};

static void keys_init(struct before_keys *keys, const char *event)
{
    (void)snprintf(keys->hash, sizeof keys->hash, "ev:%s:before", event);
    (void)snprintf(keys->gone, sizeof keys->gone, "ev:%s:before:gone", event);
    (void)snprintf(keys->inside, sizeof keys->inside, "ev:%s:before:inside", event);
    (void)snprintf(keys->bought, sizeof keys->bought, "ev:%s:bought", event);
}

/* Members of one SADD being gathered. */
struct members {
    struct redis_pipe *redis;
    const char *argv[2 + BEFORE_CHUNK];
    size_t count;
    char numbers[BEFORE_CHUNK][NUMBER_BYTES];
};

static void members_send(struct members *members)
{
    if (members->count > 0)
        redis_pipe_add_argv(members->redis, 2 + members->count, members->argv, NULL);
    members->count = 0;
}

static void members_begin(struct members *members, struct redis_pipe *redis, const char *key)
{
    members->redis = redis;
    members->argv[0] = "SADD";
    members->argv[1] = key;
    members->count = 0;
}

/* Also those that the head has passed over since: they left, and did not miss a turn. */
static bool tell_gone(struct redis_pipe *redis, const char *key, const struct line_replay *replay)
{
    struct members *members = malloc(sizeof *members);
    bool is_good = true;
    assert(members != NULL);
    members_begin(members, redis, key);
    for (int64_t seq = 1; seq <= replay->seq && is_good; seq++) {
        if (!line_replay_is_gone(replay, seq))
            continue;
        char *text = members->numbers[members->count];
        (void)snprintf(text, NUMBER_BYTES, "%" PRId64, seq);
        members->argv[2 + members->count++] = text;
        if (members->count == BEFORE_CHUNK) {
            members_send(members);
            is_good = redis_pipe_flush(redis);
        }
    }
    members_send(members);
    free(members);
    return redis_pipe_flush(redis) && is_good;
}

static bool has_bought(struct redis_pipe *redis, const char *key, const char *visitor)
{
    return redis_pipe_number(redis_pipe_ask(redis, "HGET", key, visitor, NULL), 0) > 0;
}

/* Those inside are few: at most the event's cap. */
static bool tell_inside(struct redis_pipe *redis, const struct before_keys *keys, json_t *inside)
{
    const char *visitor;
    json_t *seq;
    json_object_foreach(inside, visitor, seq) {
        if (has_bought(redis, keys->bought, visitor))
            continue;
        redis_pipe_add(redis, "SADD", keys->inside, visitor, NULL);
        if (!redis_pipe_flush(redis))
            return false;
    }
    return true;
}

static bool tell(struct redis_pipe *redis, const struct before_keys *keys,
                 const struct line_replay *replay)
{
    char head[NUMBER_BYTES], seq[NUMBER_BYTES];
    (void)snprintf(head, sizeof head, "%" PRId64, replay->head);
    (void)snprintf(seq, sizeof seq, "%" PRId64, replay->seq);
    redis_pipe_add(redis, "DEL", keys->gone, keys->inside, NULL);
    if (!redis_pipe_flush(redis) || !tell_gone(redis, keys->gone, replay) ||
        !tell_inside(redis, keys, replay->inside))
        return false;
    redis_pipe_add(redis, "HSET", keys->hash, "head", head, "seq", seq, "ready", "1", NULL);
    return redis_pipe_flush(redis);
}

enum step before_tell(struct redis_pipe *redis, const char *event, struct history_file *file)
{
    struct before_keys keys = {0};
    struct line_replay replay;
    keys_init(&keys, event);
    redisReply *ready = redis_pipe_ask(redis, "HGET", keys.hash, "ready", NULL);
    bool is_told = ready != NULL && ready->type == REDIS_REPLY_STRING;
    bool is_up = ready != NULL && ready->type != REDIS_REPLY_ERROR;
    if (ready != NULL)
        freeReplyObject(ready);
    if (!is_up || is_told)
        return is_up ? STEP_OK : STEP_REDIS;
    if (!line_replay_init(&replay) || !history_file_replay(file, &replay)) {
        log_error("the file line/%s cannot be read again: %s", file->name, strerror(errno));
        line_replay_release(&replay);
        return STEP_FAILED;
    }
    enum step step = tell(redis, &keys, &replay) ? STEP_OK : STEP_REDIS;
    line_replay_release(&replay);
    return step;
}
