#include "server/gateway/messages.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/orders/pay_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/visitors/account_desk.h"
#include "server/gateway/wire/wire.h"

#define REQUESTS_PENDING_MAX 16 /* of one connection; beyond: too_fast */
#define MESSAGE_COST_MS 25      /* 40 messages a second on average */
#define MESSAGE_BURST_MS 1500   /* and 60 at once */
#define REFUSED_IN_ROW_MAX 50   /* then the connection is closed with 1008 */
#define RE_MAX INT64_C(9007199254740991)

typedef void message_handler(struct gateway *gateway, struct session *session,
                             const struct reply_to *to, const json_t *request);

static const struct message_kind {
    const char *type;
    message_handler *handle;
} kinds[] = {
    {"join", line_desk_join},       {"resume", line_desk_resume},    {"leave", line_desk_leave},
    {"enter", line_desk_enter},     {"map", seat_desk_map},          {"hold", seat_desk_hold},
    {"release", seat_desk_release}, {"checkout", pay_desk_checkout}, {"pay", pay_desk_pay},
    {"tickets", pay_desk_tickets},  {"away", line_desk_away},
};

static message_handler *handler_of(const char *type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].type, type) == 0)
            return kinds[i].handle;
    return NULL;
}

/* A token bucket kept as one time: each message moves it on, real time catches up. */
static bool is_too_fast(struct session *session)
{
    int64_t now_ms = clock_monotonic_ms();
    if (session->allowance_ms < now_ms)
        session->allowance_ms = now_ms;
    if (session->requests_pending >= REQUESTS_PENDING_MAX ||
        session->allowance_ms - now_ms > MESSAGE_BURST_MS)
        return true;
    session->allowance_ms += MESSAGE_COST_MS;
    session->refused_in_row = 0;
    return false;
}

/* Reads `id` into `to`; false when it is there but no whole number 0 to 2^53-1. */
static bool read_id(const json_t *request, struct reply_to *to)
{
    const json_t *id = json_object_get(request, "id");
    if (id == NULL)
        return true;
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > RE_MAX)
        return false;
    to->re = json_integer_value(id);
    to->has_re = true;
    return true;
}

static void handle(struct gateway *gateway, struct session *session, struct reply_to *to,
                   const json_t *request)
{
    if (!read_id(request, to)) {
        wire_bad_field(gateway, to, "id", "id must be a whole number from 0 to 2^53-1.");
        return;
    }
    const json_t *type = json_object_get(request, "type");
    if (!json_is_string(type)) {
        wire_bad_field(gateway, to, "type", "type must be text.");
        return;
    }
    message_handler *handler = handler_of(json_string_value(type));
    if (handler == NULL) {
        char message[128];
        snprintf(message, sizeof message, "There is no message type \"%.40s\".",
                 json_string_value(type));
        json_t *text = json_string(message); /* the cut may have split a character */
        wire_error(gateway, to, "unknown_message",
                   text != NULL ? message : "There is no such message type.", NULL);
        json_decref(text);
        return;
    }
    bool is_joining = handler == line_desk_join || handler == line_desk_resume;
    if (account_desk_takes(gateway, session, to, is_joining))
        handler(gateway, session, to, request);
}

void messages_on_request(struct gateway *gateway, struct session *session, const json_t *request,
                         const char *problem)
{
    gateway->figures.messages_in++;
    struct reply_to to = {.session = session->id};
    bool is_refused = is_too_fast(session);
    session->requests_pending++;
    if (is_refused) {
        read_id(request, &to);
        wire_error(gateway, &to, "too_fast", "Too many messages at once.", NULL);
        if (++session->refused_in_row >= REFUSED_IN_ROW_MAX)
            wire_close(session, 1008);
    } else if (!json_is_object(request)) {
        char message[200];
        snprintf(message, sizeof message, "The frame is not one JSON object%s%.120s",
                 problem != NULL ? ": " : ".", problem != NULL ? problem : "");
        json_t *shown = json_string(message);
        wire_error(gateway, &to, "bad_json",
                   shown != NULL ? message : "The frame is not one JSON object.", NULL);
        json_decref(shown);
    } else {
        handle(gateway, session, &to, request);
    }
}

void messages_on_frame(struct gateway *gateway, struct session *session, const char *text,
                       size_t bytes)
{
    json_error_t error;
    json_t *request = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    messages_on_request(gateway, session, request, request == NULL ? error.text : NULL);
    json_decref(request);
}
