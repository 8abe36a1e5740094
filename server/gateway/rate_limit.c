#include "server/gateway/rate_limit.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/base/account_id.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"

#define KEY_BYTES 96
#define RETRY_SPREAD_S 4 /* so that those who were refused do not all come in one second */

struct rate_ask;

/* One counter that has been asked for. */
struct rate_part {
    struct rate_ask *ask;
    int64_t tries_max, left_s;
};

struct rate_ask {
    rate_limit_fn *on_verdict;
    void *ctx;
    enum rate_verdict verdict;
    int64_t retry_s;
    size_t pending;
    struct rate_part parts[RATE_RULES_MAX];
};

static void key_of(struct gateway *gateway, const struct rate_rule *rule, int64_t now_s,
                   char out[KEY_BYTES])
{
    char fingerprint[FINGERPRINT_BYTES + 1];
    account_fingerprint(&gateway->keys, rule->who, fingerprint);
    int bytes = snprintf(out, KEY_BYTES, "tries:%s:%s:%" PRId64, rule->name, fingerprint,
                         now_s / rule->window_s);
    assert(bytes > 0 && bytes < KEY_BYTES);
}

static int jitter_s(void)
{
    char letter[2];
    token_random(letter, 1);
    return (unsigned char)letter[0] % RETRY_SPREAD_S;
}

static void on_counted(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct rate_part *part = ctx;
    struct rate_ask *ask = part->ask;
    bool is_number = status == REDIS_LINK_OK && reply->type == REDIS_REPLY_INTEGER;
    if (!is_number) {
        ask->verdict = ask->verdict == RATE_OK ? RATE_UNKNOWN : ask->verdict;
    } else if (reply->integer > part->tries_max) {
        ask->verdict = RATE_TOO_FAST;
        ask->retry_s = part->left_s > ask->retry_s ? part->left_s : ask->retry_s;
    }
    if (--ask->pending > 0)
        return;
    ask->on_verdict(ask->ctx, ask->verdict, (int)ask->retry_s + 1 + jitter_s());
    free(ask);
}

bool rate_limit_count(struct gateway *gateway, const struct rate_rule *rules, size_t count,
                      rate_limit_fn *on_verdict, void *ctx)
{
    assert(count > 0 && count <= RATE_RULES_MAX);
    int64_t now_s = clock_wall_ms() / 1000;
    struct rate_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->on_verdict = on_verdict;
    ask->ctx = ctx;
    for (size_t i = 0; i < count; i++) {
        char key[KEY_BYTES], window[24];
        struct rate_part *part = &ask->parts[i];
        *part = (struct rate_part){ask, rules[i].tries_max,
                                   rules[i].window_s - now_s % rules[i].window_s};
        key_of(gateway, &rules[i], now_s, key);
        (void)snprintf(window, sizeof window, "%" PRId64, rules[i].window_s + 60);
        if (redis_link_call(gateway->commands, on_counted, part, "INCR", key, NULL) ==
            REDIS_LINK_OK) {
            ask->pending++;
            redis_link_call(gateway->commands, NULL, NULL, "EXPIRE", key, window, NULL);
        } else {
            ask->verdict = RATE_UNKNOWN;
        }
    }
    if (ask->pending == 0) {
        free(ask);
        return false;
    }
    return true;
}

struct forget_ask {
    rate_forgotten_fn *on_forgotten;
    void *ctx;
};

static void on_deleted(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct forget_ask *ask = ctx;
    (void)status, (void)reply; /* a counter that stays goes by itself */
    ask->on_forgotten(ask->ctx);
    free(ask);
}

bool rate_limit_forget(struct gateway *gateway, const struct rate_rule *rule,
                       rate_forgotten_fn *on_forgotten, void *ctx)
{
    char key[KEY_BYTES];
    struct forget_ask *ask = malloc(sizeof *ask);
    assert(ask != NULL);
    *ask = (struct forget_ask){on_forgotten, ctx};
    key_of(gateway, rule, clock_wall_ms() / 1000, key);
    bool is_sent =
        redis_link_call(gateway->commands, on_deleted, ask, "DEL", key, NULL) == REDIS_LINK_OK;
    if (!is_sent)
        free(ask);
    return is_sent;
}
