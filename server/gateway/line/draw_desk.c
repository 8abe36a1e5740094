/* See the header. */
#include "server/gateway/line/draw_desk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/hex.h"
#include "queue/line_scripts.h"
#include "queue/merkle.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/wire/http.h"

#define SEQ_DIGITS_MAX 15

static void key_of(const struct event_entry *event, const char *name, char out[LINE_KEY_BYTES])
{
    int bytes = snprintf(out, LINE_KEY_BYTES, "ev:%s:%s", event->id, name);
    assert(bytes > 0 && bytes < LINE_KEY_BYTES);
}

/* A member of the announcement: times and counts are numbers, the rest is text. */
static void set_member(json_t *body, const char *name, const char *text)
{
    size_t bytes = strlen(name);
    bool is_number = strcmp(name, "cut") == 0 || strcmp(name, "places") == 0 ||
                     (bytes > 3 && strcmp(name + bytes - 3, "_ms") == 0);
    json_object_set_new(body, name,
                        is_number ? json_integer(strtoll(text, NULL, 10)) : json_string(text));
}

/* The hash ev:{E}:draw as an object; NULL when there is none. */
static json_t *announcement(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0)
        return NULL;
    json_t *body = json_object();
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        set_member(body, reply->element[i]->str, reply->element[i + 1]->str);
    return body;
}

/* --- for EVENT --- */

static void on_draw(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct event_entry *event = ctx;
    if (status != REDIS_LINK_OK)
        return;
    json_t *all = announcement(reply), *draw = NULL;
    if (all != NULL) {
        draw = json_pack("{sO sO sI}", "state", json_object_get(all, "state"), "commitment",
                         json_object_get(all, "commitment"), "places",
                         json_integer_value(json_object_get(all, "places")));
    }
    json_decref(all);
    json_decref(event->draw);
    event->draw = draw;
}

void draw_desk_read(struct event_entry *event)
{
    char key[LINE_KEY_BYTES];
    key_of(event, "draw", key);
    redis_link_call(event->gateway->commands, on_draw, event, "HGETALL", key, NULL);
}

/* --- the new places --- */

void draw_desk_on_line(struct event_entry *event, enum line_draw before)
{
    if (before == event->line.draw || event->line.draw != DRAW_DONE)
        return;
    for (struct session *s = event->sessions; s != NULL; s = s->event_next)
        if (s->stage == STAGE_WAITING)
            s->seq = 0; /* not known any more: the answer is told in any case */
    line_desk_reask(event);
    draw_desk_read(event);
}

/* --- over HTTP --- */

static void answer(struct http_wait *wait, unsigned status, json_t *body, const char *cache)
{
    struct http_response response = http_json(status, http_json_text(body), "2");
    response.cache_control = cache;
    http_wait_answer(wait, &response);
}

static void answer_error(struct http_wait *wait, unsigned status, const char *code,
                         const char *message)
{
    answer(wait, status, json_pack("{ss ss}", "error", code, "message", message), NULL);
}

static void on_announcement(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct http_wait *wait = ctx;
    json_t *body = status == REDIS_LINK_OK ? announcement(reply) : NULL;
    if (status != REDIS_LINK_OK)
        answer_error(wait, 503, "busy", "Redis does not answer.");
    else if (body == NULL)
        answer_error(wait, 404, "not_found", "This event has no draw.");
    else
        answer(wait, 200, body, "no-cache");
}

static int64_t number_at(const redisReply *array, size_t i)
{
    const redisReply *item = array->element[i];
    return item->type == REDIS_REPLY_INTEGER ? item->integer : 0;
}

static json_t *proof_json(const redisReply *reply)
{
    const redisReply *path = reply->element[4];
    json_t *list = json_array();
    size_t bytes = path->type == REDIS_REPLY_STRING ? (size_t)path->len : 0;
    for (size_t at = 0; at + sizeof(struct merkle_hash) <= bytes;
         at += sizeof(struct merkle_hash)) {
        char hex[2 * sizeof(struct merkle_hash) + 1];
        hex_write((const unsigned char *)path->str + at, sizeof(struct merkle_hash), hex);
        json_array_append_new(list, json_string(hex));
    }
    return json_pack("{sI sI sI sI so}", "seq", (json_int_t)number_at(reply, 0), "new_seq",
                     (json_int_t)number_at(reply, 1), "index", (json_int_t)number_at(reply, 2),
                     "places", (json_int_t)number_at(reply, 3), "path", list);
}

static void on_proof(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct http_wait *wait = ctx;
    if (status != REDIS_LINK_OK) {
        answer_error(wait, 503, "busy", "Redis does not answer.");
    } else if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 5) {
        answer_error(wait, 404, "not_found",
                     "No place with this number took part in a draw of the last 30 days. The "
                     "transcript of a draw has all its places.");
    } else {
        answer(wait, 200, proof_json(reply), "public, max-age=3600");
    }
}

static int get_proof(struct lws *wsi, struct http_connection *connection,
                     const struct event_entry *event, const char *rest)
{
    static const char drawn[] = "drawn/", *const names[] = {"draw", "draw:index", "draw:map",
                                                            "draw:tree"};
    struct gateway *gateway = event->gateway;
    bool is_drawn = strncmp(rest, drawn, sizeof drawn - 1) == 0;
    const char *seq = rest + (is_drawn ? sizeof drawn - 1 : 0);
    size_t digits = strspn(seq, "0123456789");
    if (digits == 0 || digits > SEQ_DIGITS_MAX || seq[digits] != '\0' || *seq == '0')
        return http_error(wsi, connection, 404, "not_found", "This is not the number of a place.");
    char keys[4][LINE_KEY_BYTES];
    for (size_t i = 0; i < 4; i++)
        key_of(event, names[i], keys[i]);
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    enum redis_link_status status =
        redis_link_call(gateway->commands, on_proof, wait, "EVAL", line_draw_proof_script(), "4",
                        keys[0], keys[1], keys[2], keys[3], seq, is_drawn ? "drawn" : "", NULL);
    if (status != REDIS_LINK_OK)
        on_proof(wait, status, NULL);
    return 0;
}

int draw_desk_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                  const struct event_entry *event, const char *rest)
{
    static const char proof[] = "/proof/";
    char key[LINE_KEY_BYTES];
    if (strncmp(rest, proof, sizeof proof - 1) == 0)
        return get_proof(wsi, connection, event, rest + sizeof proof - 1);
    if (*rest != '\0')
        return http_error(wsi, connection, 404, "not_found", "There is nothing at this address.");
    key_of(event, "draw", key);
    struct http_wait *wait = http_wait_create(gateway, wsi, connection);
    enum redis_link_status status =
        redis_link_call(gateway->commands, on_announcement, wait, "HGETALL", key, NULL);
    if (status != REDIS_LINK_OK)
        on_announcement(wait, status, NULL);
    return 0;
}
