/* See the header. */
#include "server/gateway/line/head_desk.h"

#include <stdio.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

static void answer(struct http_wait *wait, unsigned status, json_t *body)
{
    struct http_response response = http_json(status, http_json_text(body), "2");
    http_wait_answer(wait, &response);
}

static void on_head(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct http_wait *wait = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        answer(wait, 503,
               json_pack("{ss ss}", "error", "busy", "message", "Redis does not answer."));
    } else if (reply->element[0]->type != REDIS_REPLY_STRING ||
               reply->element[1]->type != REDIS_REPLY_STRING) {
        answer(wait, 404,
               json_pack("{ss ss}", "error", "not_found", "message", "No head is signed yet."));
    } else {
        answer(wait, 200,
               json_pack("{ss ss}", "head", reply->element[0]->str, "key", reply->element[1]->str));
    }
}

int head_desk_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                  const struct event_entry *event)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    (void)snprintf(key, sizeof key, "ev:%s:head", event->id);
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    enum redis_link_status status =
        redis_link_call(gateway->commands, on_head, wait, "MGET", key, "line:key", NULL);
    if (status != REDIS_LINK_OK)
        on_head(wait, status, NULL);
    return 0;
}
