#include "server/gateway/office_client.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"

static json_t *request_json(struct gateway *gateway, const struct office_request *request,
                            const char *verb, json_t *args, const struct office_asker *asker)
{
    char channel[64];
    snprintf(channel, sizeof channel, "reply:%s", gateway->client_id);
    return json_pack("{ss ss ss so ss ss*}", "id", request->id, "reply", channel, "verb", verb,
                     "args", args, "by", asker->by, "who", asker->who);
}

bool office_client_ask(struct gateway *gateway, const char *verb, json_t *args, const char *by,
                       office_fn *on_answer, void *ctx)
{
    const struct office_asker asker = {.by = by, .deadline_ms = OFFICE_DEADLINE_MS};
    return office_client_ask_as(gateway, verb, args, &asker, on_answer, ctx);
}

/* After those whose deadlines are not later: the list ascends. */
static void put_in_order(struct office_client *office, struct office_request *request)
{
    struct office_request **link = &office->first;
    if (office->last != NULL && office->last->deadline_ms <= request->deadline_ms)
        link = &office->last->next;
    while (*link != NULL && (*link)->deadline_ms <= request->deadline_ms)
        link = &(*link)->next;
    request->next = *link;
    *link = request;
    if (request->next == NULL)
        office->last = request;
    office->count++;
}

/* Sends what is in `text` and waits for its answer; the request is freed when it was not sent. */
static bool send_request(struct gateway *gateway, struct office_request *request, const char *text,
                         const struct office_asker *asker, office_fn *on_answer, void *ctx)
{
    bool is_sent = text != NULL && redis_link_call(gateway->commands, NULL, NULL, "XADD", "office",
                                                   "*", "body", text, NULL) == REDIS_LINK_OK;
    if (!is_sent) {
        free(request);
        return false;
    }
    request->deadline_ms = gateway->office.now_ms + asker->deadline_ms;
    request->on_answer = on_answer;
    request->ctx = ctx;
    put_in_order(&gateway->office, request);
    return true;
}

/* NULL when too many are under way. */
static struct office_request *request_create(struct gateway *gateway)
{
    struct office_request *request =
        gateway->office.count < OFFICE_PENDING_MAX ? calloc(1, sizeof *request) : NULL;
    if (request != NULL)
        token_random(request->id, OFFICE_ID_BYTES);
    return request;
}

bool office_client_ask_as(struct gateway *gateway, const char *verb, json_t *args,
                          const struct office_asker *asker, office_fn *on_answer, void *ctx)
{
    struct office_request *request = request_create(gateway);
    if (request == NULL) {
        json_decref(args);
        return false;
    }
    json_t *body = request_json(gateway, request, verb, args, asker);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    bool is_sent = send_request(gateway, request, text, asker, on_answer, ctx);
    free(text);
    return is_sent;
}

bool office_client_ask_text(struct gateway *gateway, const char *verb, const char *args,
                            const struct office_asker *asker, office_fn *on_answer, void *ctx)
{
    struct office_request *request = request_create(gateway);
    if (request == NULL)
        return false;
    json_t *around = request_json(gateway, request, verb, json_object(), asker);
    json_object_del(around, "args");
    char *head = json_dumps(around, JSON_COMPACT), *text = NULL;
    json_decref(around);
    assert(head != NULL && head[strlen(head) - 1] == '}');
    head[strlen(head) - 1] = '\0';
    int bytes = asprintf(&text, "%s,\"args\":%s}", head, args);
    bool is_sent = send_request(gateway, request, bytes > 0 ? text : NULL, asker, on_answer, ctx);
    free(head);
    free(text);
    return is_sent;
}

/* Takes the request out of the list; `before` is the one ahead of it or NULL. */
static void unlink_request(struct office_client *office, struct office_request *before,
                           struct office_request *request)
{
    if (before != NULL)
        before->next = request->next;
    else
        office->first = request->next;
    if (office->last == request)
        office->last = before;
    office->count--;
}

static void complete(struct office_request *request, const json_t *answer)
{
    request->on_answer(request->ctx, answer);
    free(request);
}

void office_on_reply(struct gateway *gateway, const char *text, size_t bytes)
{
    json_t *answer = json_loadb(text, bytes, 0, NULL);
    const char *id = json_string_value(json_object_get(answer, "id"));
    struct office_request *before = NULL;
    struct office_request *request = gateway->office.first;
    while (id != NULL && request != NULL && strcmp(request->id, id) != 0) {
        before = request;
        request = request->next;
    }
    if (id != NULL && request != NULL) { /* otherwise: answered after its deadline */
        unlink_request(&gateway->office, before, request);
        complete(request, answer);
    }
    json_decref(answer);
}

static void give_up_until(struct office_client *office, int64_t deadline_ms)
{
    while (office->first != NULL && office->first->deadline_ms <= deadline_ms) {
        struct office_request *request = office->first;
        unlink_request(office, NULL, request);
        complete(request, NULL);
    }
}

void office_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct office_client *office = &gateway->office;
    int64_t passed_ms = now_ms - office->turned_ms;
    office->turned_ms = now_ms;
    office->now_ms += passed_ms < OFFICE_TURN_MS_MAX ? passed_ms : OFFICE_TURN_MS_MAX;
    give_up_until(office, office->now_ms);
}

void office_release(struct gateway *gateway)
{
    give_up_until(&gateway->office, INT64_MAX);
}
