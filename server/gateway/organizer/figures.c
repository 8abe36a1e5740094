/* Figures, their history and the states of the seats, for those who ask instead of watching. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/wire/http.h"

#define B64 sodium_base64_VARIANT_ORIGINAL
#define FINE_STEP_MS 1000
#define COARSE_STEP_MS 10000

/* The event of the call, drafts too; NULL when it has been answered. */
static struct event_entry *find(struct organizer_call *call, int *result)
{
    struct event_entry *event = book_find(&call->gateway->book, call->subject);
    if (event == NULL || !event->is_listed) {
        *result = organizer_refuse(call, 404, "not_found", "There is no such event.");
        return NULL;
    }
    if (!event->has_plan || !event->has_seats) {
        *result = organizer_refuse(call, 503, "busy", "The event is being loaded.");
        return NULL;
    }
    return event;
}

int organizer_figures(struct organizer_call *call)
{
    int result = 0;
    struct event_entry *event = find(call, &result);
    return event != NULL ? organizer_json(call, 200, pulse_figures(event)) : result;
}

int organizer_seats(struct organizer_call *call)
{
    int result = 0;
    const struct event_entry *event = find(call, &result);
    if (event == NULL)
        return result;
    size_t packed_bytes = seat_map_packed_bytes(event->map);
    size_t text_bytes = sodium_base64_encoded_len(packed_bytes, B64);
    unsigned char *packed = malloc(packed_bytes + 1);
    char *text = malloc(text_bytes);
    assert(packed != NULL && text != NULL);
    seat_map_pack(event->map, packed);
    sodium_bin2base64(text, text_bytes, packed, packed_bytes, B64);
    json_t *body =
        json_pack("{sI ss}", "version", (json_int_t)seat_map_version(event->map), "states", text);
    free(packed);
    free(text);
    return organizer_json(call, 200, body);
}

static void on_plan(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct http_wait *wait = ctx;
    if (status != REDIS_LINK_OK ||
        (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL)) {
        organizer_refuse_later(wait, 503, "busy", "Please try again in a moment.");
        return;
    }
    if (reply->type == REDIS_REPLY_NIL) {
        organizer_refuse_later(wait, 404, "not_found", "There is no such event.");
        return;
    }
    size_t bytes = (size_t)reply->len;
    char *copy = malloc(bytes + 1);
    assert(copy != NULL);
    memcpy(copy, reply->str, bytes);
    copy[bytes] = '\0';
    struct http_response response = http_json(200, copy, NULL);
    http_wait_answer(wait, &response);
}

/* From Redis: whoever has just replaced the seats of a draft sees the new ones, whichever gateway
 * answers and however late it hears of them. */
int organizer_plan(struct organizer_call *call)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    int key_bytes = snprintf(key, sizeof key, "ev:%s:plan", call->subject);
    if (key_bytes < 0 || (size_t)key_bytes >= sizeof key)
        return organizer_refuse(call, 404, "not_found", "There is no such event.");
    struct http_wait *wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (redis_link_call(call->gateway->commands, on_plan, wait, "GET", key, NULL) != REDIS_LINK_OK)
        organizer_refuse_later(wait, 503, "busy", "Please try again in a moment.");
    return 0;
}

/* --- history --- */

struct history_ask {
    struct gateway *gateway;
    struct http_wait *wait;
    char event[EVENT_ID_BYTES_MAX + 1];
    json_t *fine;
};

/* A list of samples, newest first in Redis, oldest first for us. NULL when it is none. */
static json_t *samples_of(enum redis_link_status status, const redisReply *reply)
{
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY)
        return NULL;
    json_t *list = json_array();
    for (size_t i = reply->elements; i > 0; i--) {
        const redisReply *item = reply->element[i - 1];
        json_t *sample =
            item->type == REDIS_REPLY_STRING ? json_loadb(item->str, item->len, 0, NULL) : NULL;
        if (sample != NULL)
            json_array_append_new(list, sample);
    }
    return list;
}

static void end(struct history_ask *ask, json_t *body)
{
    if (body == NULL)
        organizer_refuse_later(ask->wait, 503, "busy", "Please try again in a moment.");
    else
        organizer_answer_later(ask->wait, 200, body, NULL, 0);
    json_decref(ask->fine);
    free(ask);
}

static void on_coarse(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct history_ask *ask = ctx;
    json_t *coarse = samples_of(status, reply);
    end(ask, coarse == NULL ? NULL
                            : json_pack("{so s{si sO} s{si so}}", "columns", pulse_columns(),
                                        "fine", "step_ms", FINE_STEP_MS, "samples", ask->fine,
                                        "coarse", "step_ms", COARSE_STEP_MS, "samples", coarse));
}

static bool ask_list(struct history_ask *ask, const char *name, redis_link_reply_fn *on_reply)
{
    char key[EVENT_ID_BYTES_MAX + 32];
    (void)snprintf(key, sizeof key, "ev:%s:figures:%s", ask->event, name);
    return redis_link_call(ask->gateway->commands, on_reply, ask, "LRANGE", key, "0", "-1", NULL) ==
           REDIS_LINK_OK;
}

static void on_fine(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct history_ask *ask = ctx;
    ask->fine = samples_of(status, reply);
    if (ask->fine == NULL || !ask_list(ask, "coarse", on_coarse))
        end(ask, NULL);
}

int organizer_history(struct organizer_call *call)
{
    int result = 0;
    const struct event_entry *event = find(call, &result);
    if (event == NULL)
        return result;
    struct history_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->gateway = call->gateway;
    memcpy(ask->event, event->id, sizeof ask->event);
    ask->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (!ask_list(ask, "fine", on_fine))
        end(ask, NULL);
    return 0;
}
