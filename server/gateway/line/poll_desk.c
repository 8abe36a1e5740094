#include "server/gateway/line/poll_desk.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/messages.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/wire.h"

#define RETRY_S_MIN 5
#define RETRY_S_SPREAD 20
#define CLOSE_TOO_MUCH 1013

struct poll {
    struct gateway *gateway;
    struct http_wait *wait;
    struct session *session; /* owned */
    json_t *messages;        /* a list, or NULL */
    size_t next;             /* of the messages */
    poll_ask_fn *ask;        /* NULL when it has been asked */
    poll_done_fn *on_done;
    int64_t ends_ms, peeked_ms; /* monotonic */
    bool is_fresh_visitor, is_ready, has_news;
    uint32_t started_count, said_count;
    char *out;
    size_t out_bytes, out_room;
    struct poll *prev, *next_poll; /* all of the gateway, the youngest first */
    struct poll *ready_next;
};

/* --- what is said --- */

static bool reserve(struct poll *poll, size_t bytes)
{
    size_t needed = poll->out_bytes + bytes;
    if (needed > poll->out_room) {
        size_t room = needed < 1024 ? 1024 : needed * 2;
        char *grown = realloc(poll->out, room);
        if (grown == NULL)
            return false;
        poll->out = grown;
        poll->out_room = room;
    }
    return true;
}

void poll_desk_take(struct session *session, const char *text, size_t bytes)
{
    struct poll *poll = session->poll;
    if (poll->out_bytes + bytes > POLL_OUT_BYTES_MAX || !reserve(poll, bytes + 1)) {
        wire_close(session, CLOSE_TOO_MUCH);
        return;
    }
    if (poll->out_bytes > 0)
        poll->out[poll->out_bytes++] = ',';
    memcpy(poll->out + poll->out_bytes, text, bytes);
    poll->out_bytes += bytes;
    poll->said_count++;
    poll_desk_wake(session);
}

/* Whether the answer has this field with this value; null = the field is not there. */
static bool has_field(const json_t *answer, const char *name, const json_t *value)
{
    const json_t *said = json_object_get(answer, name);
    return said == NULL ? json_is_null(value) : json_equal(value, said);
}

/* Whether an answer differs from what the client said that it knows already. The stock, which
 * changes all the time, is no reason to answer at once: then the next push is due as to somebody
 * who has not heard of it. */
static bool is_news(struct session *session, const json_t *known, const json_t *answer)
{
    bool is_news = false;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)known, name, value) {
        if (has_field(answer, name, value))
            continue;
        if (strcmp(name, "free") == 0)
            session->told.news = 0;
        else
            is_news = true;
    }
    return is_news;
}

void poll_desk_on_answer(struct session *session, const json_t *body)
{
    struct poll *poll = session->poll;
    const char *type = json_string_value(json_object_get(body, "type"));
    const json_t *request = poll->next > 0 ? json_array_get(poll->messages, poll->next - 1) : NULL;
    poll->has_news = poll->has_news || strcmp(type, "error") == 0 ||
                     is_news(session, json_object_get(request, "known"), body);
}

void poll_desk_wake(struct session *session)
{
    struct poll *poll = session->poll;
    if (!poll->is_ready) {
        poll->is_ready = true;
        poll->ready_next = poll->gateway->polls.ready;
        poll->gateway->polls.ready = poll;
    }
}

/* --- the end --- */

static void unlink_poll(struct poll *poll)
{
    struct polls *polls = &poll->gateway->polls;
    if (poll->next_poll != NULL)
        poll->next_poll->prev = poll->prev;
    if (poll->prev != NULL)
        poll->prev->next_poll = poll->next_poll;
    else
        polls->first = poll->next_poll;
    polls->count--;
}

/* The poll must not be in the list of those that are ready. */
static void end(struct poll *poll)
{
    struct session *session = poll->session;
    struct http_wait *wait = poll->wait;
    char visitor[VISITOR_ID_BYTES + 1];
    memcpy(visitor, session->visitor, sizeof visitor);
    struct poll_result result = {.event = session->event,
                                 .visitor = visitor,
                                 .is_fresh_visitor = poll->is_fresh_visitor,
                                 .messages = poll->out != NULL ? poll->out : "",
                                 .messages_bytes = poll->out_bytes,
                                 .close_code = session->is_closing ? session->close_code : 0};
    assert(!poll->is_ready);
    unlink_poll(poll);
    session_destroy(&poll->gateway->sessions, session);
    if (wait->wsi != NULL && poll->gateway->is_draining)
        wait->connection->is_closing = true; /* the next request is to meet another gateway */
    poll->on_done(wait, &result);
    json_decref(poll->messages);
    free(poll->out);
    free(poll);
}

/* --- the way --- */

static bool has_requests_left(const struct poll *poll)
{
    return poll->ask != NULL || poll->next < json_array_size(poll->messages);
}

static void start_next_request(struct poll *poll)
{
    struct session *session = poll->session;
    poll->started_count++;
    if (poll->ask != NULL) {
        poll_ask_fn *ask = poll->ask;
        struct reply_to to = {.session = session->id};
        poll->ask = NULL;
        session->requests_pending++;
        if (account_desk_takes(poll->gateway, session, &to, true))
            ask(poll->gateway, session, &to);
    } else {
        const json_t *message = json_array_get(poll->messages, poll->next++);
        messages_on_request(poll->gateway, session, message, NULL);
    }
}

/* When the time to wait is over: a place that has moved since it was told. */
static void tell_place(struct session *session)
{
    const struct event_entry *event = session->event;
    if (session->stage != STAGE_WAITING || !event->line.is_current)
        return;
    int64_t ahead = line_view_ahead(&event->line, session->seq);
    if (ahead != session->told.ahead)
        line_ticks_push_place(session, ahead);
}

static bool has_push(const struct poll *poll)
{
    return poll->said_count > poll->started_count - poll->session->requests_pending;
}

/* Carries out what can be carried out now; true when the poll is over. */
static bool step(struct poll *poll, int64_t now_ms)
{
    struct session *session = poll->session;
    while (has_requests_left(poll) && session->requests_pending == 0 && !session->is_closing)
        start_next_request(poll);
    if (session->is_closing)
        return true;
    if (has_requests_left(poll) || session->requests_pending > 0)
        return false;
    if (poll->has_news || has_push(poll))
        return true;
    if (now_ms < poll->ends_ms)
        return false;
    tell_place(session);
    return true;
}

void poll_desk_before_sleep(struct gateway *gateway)
{
    int64_t now_ms = clock_monotonic_ms();
    while (gateway->polls.ready != NULL) {
        struct poll *poll = gateway->polls.ready;
        bool is_over = step(poll, now_ms); /* what it says itself finds it ready already */
        /* It may have been joined by others since; those are in front of it. */
        struct poll **link = &gateway->polls.ready;
        while (*link != poll)
            link = &(*link)->ready_next;
        *link = poll->ready_next;
        poll->is_ready = false;
        if (is_over)
            end(poll);
    }
}

/* Whether the client has hung up. Its data, if any, stays where it is. */
static bool is_abandoned(const struct poll *poll)
{
    char byte;
    if (poll->wait->wsi == NULL)
        return true;
    ssize_t bytes = recv(lws_get_socket_fd(poll->wait->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR);
}

void poll_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    for (struct poll *poll = gateway->polls.first; poll != NULL; poll = poll->next_poll) {
        if (now_ms - poll->peeked_ms >= POLL_PEEK_MS) {
            poll->peeked_ms = now_ms;
            if (is_abandoned(poll))
                wire_close(poll->session, LWS_CLOSE_STATUS_GOINGAWAY);
        }
        if (now_ms >= poll->ends_ms)
            poll_desk_wake(poll->session);
    }
}

void poll_desk_release(struct gateway *gateway)
{
    gateway->polls.ready = NULL;
    for (struct poll *poll = gateway->polls.first, *next; poll != NULL; poll = next) {
        next = poll->next_poll;
        poll->is_ready = false;
        end(poll);
    }
}

/* --- the start --- */

/* How many polls the visitor has at this event, and the oldest of those that only wait. */
static size_t count_of_visitor(struct gateway *gateway, const struct poll_start *start,
                               struct session **oldest)
{
    size_t count = 0;
    struct session *session =
        session_of_visitor(&gateway->sessions, start->event, start->who->visitor);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        if (session->poll == NULL || session->is_closing)
            continue;
        count++;
        bool is_waiting = session->requests_pending == 0 && !has_requests_left(session->poll);
        if (is_waiting && (*oldest == NULL || session->poll->ends_ms < (*oldest)->poll->ends_ms))
            *oldest = session;
    }
    return count;
}

static void link_poll(struct poll *poll)
{
    struct polls *polls = &poll->gateway->polls;
    poll->next_poll = polls->first;
    if (polls->first != NULL)
        polls->first->prev = poll;
    polls->first = poll;
    polls->count++;
}

enum poll_status poll_desk_start(struct gateway *gateway, struct lws *wsi,
                                 struct http_connection *connection, const struct poll_start *start)
{
    struct session *oldest = NULL;
    if (count_of_visitor(gateway, start, &oldest) >= POLLS_PER_VISITOR_MAX) {
        if (oldest == NULL)
            return POLL_TOO_MANY;
        oldest->poll->ends_ms = 0; /* the newer page is the one that is looked at */
        poll_desk_wake(oldest);
    }
    struct session *session =
        gateway->polls.count < POLLS_MAX
            ? session_create(&gateway->sessions, NULL, start->event, start->who->visitor)
            : NULL;
    if (session == NULL)
        return POLL_FULL;
    int64_t now_ms = clock_monotonic_ms();
    struct poll *poll = calloc(1, sizeof *poll);
    assert(poll != NULL);
    poll->gateway = gateway;
    poll->session = session;
    poll->wait = http_wait_create(gateway, wsi, connection);
    poll->messages = start->messages;
    poll->ask = start->ask;
    poll->on_done = start->on_done;
    poll->ends_ms = now_ms + start->wait_ms;
    poll->peeked_ms = now_ms;
    poll->is_fresh_visitor = session->is_fresh_visitor = start->who->is_fresh;
    session->account = start->who->account;
    session->account_ends_ms = start->who->account_ends_ms;
    session->poll = poll;
    gateway->figures.polls++;
    link_poll(poll);
    poll_desk_wake(session);
    return POLL_OK;
}

/* --- over HTTP --- */

static void answer_messages(struct http_wait *wait, const struct poll_result *result)
{
    char cookie[TOKEN_BYTES_MAX + 128], close[32] = "";
    size_t bytes_max = result->messages_bytes + 64;
    char *text = malloc(bytes_max);
    assert(text != NULL);
    if (result->close_code != 0)
        snprintf(close, sizeof close, ",\"close\":%u", result->close_code);
    int bytes = snprintf(text, bytes_max, "{\"messages\":[%.*s]%s}", (int)result->messages_bytes,
                         result->messages, close);
    assert(bytes > 0 && (size_t)bytes < bytes_max);
    struct http_response response = {.status = 200,
                                     .content_type = "application/json",
                                     .body = text,
                                     .body_bytes = (size_t)bytes,
                                     .owned = text};
    if (result->is_fresh_visitor) {
        visitor_cookie_write(wait->gateway, result->visitor, cookie, sizeof cookie);
        response.set_cookie = cookie;
    }
    http_wait_answer(wait, &response);
}

static int answer_full(struct lws *wsi, struct http_connection *connection, unsigned status,
                       const char *code, const char *message)
{
    char retry_after[16];
    int retry_s = RETRY_S_MIN + (int)randombytes_uniform(RETRY_S_SPREAD);
    snprintf(retry_after, sizeof retry_after, "%d", retry_s);
    json_t *body = json_pack("{ss ss si}", "error", code, "message", message, "retry_s", retry_s);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    struct http_response response = {.status = status,
                                     .content_type = "application/json",
                                     .retry_after = retry_after,
                                     .body = text,
                                     .body_bytes = strlen(text),
                                     .owned = text};
    return http_respond(wsi, connection, &response);
}

/* What is wrong with the body; NULL = nothing, and wait_ms is set. */
static const char *check(const json_t *root, int64_t *wait_ms)
{
    const json_t *wait = json_object_get(root, "wait_ms");
    const json_t *messages = json_object_get(root, "messages");
    if (wait != NULL && (!json_is_integer(wait) || json_integer_value(wait) < 0 ||
                         json_integer_value(wait) > POLL_WAIT_MS_MAX))
        return "wait_ms must be a whole number from 0 to 25000.";
    if (!json_is_array(messages) || json_array_size(messages) > POLL_MESSAGES_MAX)
        return "messages must be a list of at most 8 messages.";
    *wait_ms = json_integer_value(wait);
    return NULL;
}

static int start_messages(struct gateway *gateway, struct lws *wsi,
                          struct http_connection *connection, struct event_entry *event,
                          json_t *messages, int64_t wait_ms)
{
    struct visitor_identity who;
    visitor_identify(gateway, wsi, &who);
    struct poll_start start = {.event = event,
                               .who = &who,
                               .messages = messages,
                               .wait_ms = wait_ms,
                               .on_done = answer_messages};
    enum poll_status status = poll_desk_start(gateway, wsi, connection, &start);
    if (status == POLL_OK)
        return 0;
    json_decref(messages);
    return status == POLL_FULL ? answer_full(wsi, connection, 503, "full", "This gateway is full.")
                               : answer_full(wsi, connection, 429, "too_fast",
                                             "Too many polls of one visitor at once.");
}

int poll_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   struct event_entry *event, const char *body, size_t bytes)
{
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    if (gateway->is_draining || !gateway->has_events || !gateway->accounts.is_ready)
        return http_error(wsi, connection, 503, "busy", "This gateway is not ready.");
    if (event == NULL)
        return http_error(wsi, connection, 404, "not_found", "There is no such event.");
    json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return http_error(wsi, connection, 400, "bad_json", "The body is not one JSON object.");
    }
    int64_t wait_ms = 0;
    const char *problem = check(root, &wait_ms);
    json_t *messages = problem == NULL ? json_incref(json_object_get(root, "messages")) : NULL;
    json_decref(root);
    return problem != NULL ? http_error(wsi, connection, 400, "bad_message", problem)
                           : start_messages(gateway, wsi, connection, event, messages, wait_ms);
}
