#include "server/gateway/line/line_desk.h"
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "queue/receipt.h"
#include "server/base/account_id.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_news.h"
#include "server/gateway/line/line_text.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/wire/wire.h"

#define FULL_RETRY_S_MIN 5
#define FULL_RETRY_S_SPREAD 20
#define RECOVERING_RETRY_S_SPREAD 10
#define RESUME_RETRY_S_SPREAD 3

/* --- what is told to a visitor --- */

json_t *line_desk_admitted_json(struct session *session, int64_t at_ms)
{
    struct pass pass = {
        .admission = session->admission, .seq = session->seq, .ends_ms = session->deadline_ms};
    snprintf(pass.event, sizeof pass.event, "%s", session->event->id);
    snprintf(pass.visitor, sizeof pass.visitor, "%s", session->visitor);
    char token[TOKEN_BYTES_MAX + 1];
    pass_issue(&session->event->gateway->keys, &pass, token);
    return json_pack("{ss ss sI sI sI sI sI}", "type", "admitted", "pass", token, "admission",
                     (json_int_t)session->admission, "seq", (json_int_t)session->seq, "at_ms",
                     (json_int_t)at_ms, "deadline_ms", (json_int_t)session->deadline_ms,
                     "server_ms", (json_int_t)clock_wall_ms());
}

/* `place`, without its last brace. */
static struct json_text *begin_place(struct session *session)
{
    struct event_entry *event = session->event;
    int64_t ahead = line_view_ahead(&event->line, session->seq);
    return line_text_place(session, line_news(event), ahead, clock_monotonic_ms(), clock_wall_ms());
}

void line_desk_tell_new_place(struct session *session, int64_t at_ms)
{
    struct json_text *text = begin_place(session);
    line_text_receipt(text, session, at_ms);
    json_text_add(text, "}", 1);
    wire_send_text(session->event->gateway, session, text->bytes, text->count);
}

static void answer_waiting(struct gateway *gateway, struct session *session,
                           const struct reply_to *to, int64_t at_ms)
{
    struct json_text *text = begin_place(session);
    line_text_standing(text, session);
    line_text_receipt(text, session, at_ms);
    json_text_add(text, "}", 1);
    wire_answer_text(gateway, to, text);
}

static void answer_admitted(struct gateway *gateway, struct session *session,
                            const struct reply_to *to, int64_t at_ms)
{
    char token[TOKEN_BYTES_MAX + 1];
    json_t *body = line_desk_admitted_json(session, at_ms);
    if (line_text_receipt_token(session, at_ms, token))
        json_object_set_new(body, "receipt", json_string(token));
    wire_answer(gateway, to, body);
}

static void answer_not_open(struct gateway *gateway, const struct reply_to *to,
                            const struct event_entry *event, enum queue_phase phase)
{
    wire_error(gateway, to, "not_open", "The event does not take visitors now.",
               json_pack("{ss sI}", "phase", queue_phase_name(phase), "opens_at_ms",
                         (json_int_t)event->opens_at_ms));
}

/* Whoever has no receipt waits for those who have; then all come back over a while, not at once.
 * A receipt is asked about again soon: it only waits for the registrar's word. */
static void answer_recovering(struct gateway *gateway, const struct reply_to *to,
                              const struct place *place, bool is_resume)
{
    int64_t left_ms = place->deadline_ms - place->now_ms;
    int64_t least_s = left_ms > 0 && !is_resume ? left_ms / 1000 + 1 : 1;
    uint32_t spread_s = is_resume ? RESUME_RETRY_S_SPREAD : RECOVERING_RETRY_S_SPREAD;
    json_int_t retry_s = least_s + randombytes_uniform(spread_s);
    wire_error(gateway, to, "busy", "The line is being put together again after a failure.",
               json_pack("{sb sI sI}", "recovering", 1, "recovers_at_ms",
                         (json_int_t)place->deadline_ms, "retry_s", retry_s));
}

static void answer_gone(struct gateway *gateway, const struct reply_to *to,
                        enum place_reason reason)
{
    static const char *const words[GONE_REASON_COUNT][2] = {
        [GONE_UNKNOWN] = {"unknown", "There is no place for this receipt any more."},
        [GONE_SERVED] = {"served", "This place has been used: seats were bought with it."},
        [GONE_LEFT] = {"left", "This place was given up."},
        [GONE_MISSED] = {"missed", "The turn of this place came and is over."},
        [GONE_TOO_LATE] = {"too_late", "The line had to be put together again after a failure, and "
                                       "this receipt came after the time for that was over."},
    };
    wire_error(gateway, to, "receipt_gone", words[reason][1],
               json_pack("{ss}", "reason", words[reason][0]));
}

static void answer_full(struct gateway *gateway, const struct reply_to *to)
{
    int retry_s = FULL_RETRY_S_MIN + (int)randombytes_uniform(FULL_RETRY_S_SPREAD);
    wire_error(gateway, to, "full", "The line is full. Please come back in a moment.",
               json_pack("{si}", "retry_s", retry_s));
}

/* Writes the place into the session; true when the visitor is in line or admitted. */
bool line_desk_take_place(struct session *session, const struct place *place)
{
    session->place_epoch = session->event->gateway->epoch;
    session->is_place_drawn = session->event->line.draw == DRAW_DONE;
    switch (place->state) {
    case PLACE_WAITING:
        session->stage = STAGE_WAITING;
        session->seq = place->seq;
        return true;
    case PLACE_ADMITTED:
    case PLACE_ENTERED:
        if (place->state == PLACE_ADMITTED || session->stage != STAGE_ENTERED)
            session->stage = STAGE_ADMITTED; /* a tab that has not entered, or nobody has */
        session->seq = place->seq;
        session->admission = place->admission;
        session->deadline_ms = place->deadline_ms;
        return true;
    default:
        session->stage = STAGE_NEW;
        return false;
    }
}

void line_desk_on_place(struct gateway *gateway, struct session *session, const struct reply_to *to,
                        const struct place *place, bool is_resume)
{
    if (line_desk_take_place(session, place)) {
        if (session->stage == STAGE_WAITING)
            answer_waiting(gateway, session, to, place->now_ms);
        else
            answer_admitted(gateway, session, to, place->now_ms);
    } else if (place->state == PLACE_NOT_OPEN) {
        answer_not_open(gateway, to, session->event, place->phase);
    } else if (place->state == PLACE_RECOVERING) {
        answer_recovering(gateway, to, place, is_resume);
    } else if (place->state == PLACE_FULL) {
        answer_full(gateway, to);
    } else if (place->state == PLACE_SERVED) {
        wire_error(gateway, to, "already_served", "You have bought all the seats one visitor may.",
                   NULL);
    } else {
        answer_gone(gateway, to, place->reason);
    }
}

/* --- join --- */

void line_desk_join(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request)
{
    (void)request;
    struct event_entry *event = session->event;
    if (!event_is_ready(event)) {
        wire_busy(gateway, to);
        return;
    }
    if (!line_batch_join(session, to))
        answer_full(gateway, to);
}

/* --- resume --- */

void line_desk_reask(struct event_entry *event)
{
    for (struct session *s = event->sessions; s != NULL; s = s->event_next)
        if (s->stage == STAGE_WAITING)
            line_batch_check(s);
}

static void refuse_receipt(struct gateway *gateway, const struct reply_to *to,
                           enum receipt_status status)
{
    static const char *const codes[][2] = {
        [RECEIPT_INVALID] = {"receipt_invalid", "This is not a receipt of ours."},
        [RECEIPT_OTHER_EVENT] = {"receipt_other_event", "This receipt is for another event."},
        [RECEIPT_OTHER_VISITOR] = {"receipt_other_visitor", "This receipt is for somebody else."},
        [RECEIPT_EXPIRED] = {"receipt_gone", "This receipt has expired."},
    };
    wire_error(gateway, to, codes[status][0], codes[status][1], NULL);
}

void line_desk_resume(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request)
{
    const json_t *token = json_object_get(request, "receipt");
    if (!json_is_string(token)) {
        wire_bad_field(gateway, to, "receipt", "receipt must be text.");
        return;
    }
    if (!event_is_ready(session->event)) {
        wire_busy(gateway, to);
        return;
    }
    struct receipt receipt;
    bool may_adopt = session->is_fresh_visitor && session->stage == STAGE_NEW;
    enum receipt_status status =
        receipt_read(&gateway->keys, json_string_value(token), json_string_length(token),
                     session->event->id, may_adopt ? NULL : session->visitor, &receipt);
    if (status != RECEIPT_OK) {
        refuse_receipt(gateway, to, status);
        return;
    }
    if (may_adopt && visitor_is_account(receipt.visitor)) {
        wire_error(gateway, to, "sign_in", "This place belongs to an account. Please sign in.",
                   NULL);
        return;
    }
    if (may_adopt) {
        session_set_visitor(&gateway->sessions, session, receipt.visitor);
        session->is_fresh_visitor = false;
    }
    if (!line_batch_resume(session, to, &receipt))
        answer_full(gateway, to);
}

void line_desk_look(struct gateway *gateway, struct session *session, const struct reply_to *to)
{
    const struct receipt none = {.epoch = gateway->epoch}; /* of now: nothing is put back for it */
    if (!event_is_ready(session->event))
        wire_busy(gateway, to);
    else if (!line_batch_resume(session, to, &none))
        answer_full(gateway, to);
}

/* --- leave --- */

/* To all gateways, by the way of outcomes: the visitor's other tabs and devices may be anywhere. */
static void publish_left(const struct event_entry *event, const char *visitor)
{
    char line[EVENT_ID_BYTES_MAX + VISITOR_ID_BYTES + 16];
    (void)snprintf(line, sizeof line, "%s %s left - {}\n", event->id, visitor);
    if (redis_link_call(event->gateway->commands, NULL, NULL, "PUBLISH", "outcome", line, NULL) !=
        REDIS_LINK_OK)
        log_warning("event %s: other tabs of a visitor hear late that the place was left",
                    event->id);
}

/* Those connections of the visitor that believe to have a place ask what has become of it: perhaps
 * there is a new one already. */
void line_desk_left_somewhere(struct event_entry *event, const char *visitor)
{
    struct session *session = session_of_visitor(&event->gateway->sessions, event, visitor);
    for (; session != NULL; session = session_next_of_visitor(session))
        if (session->stage != STAGE_NEW)
            line_batch_check(session);
}

/* Whoever asked is told, the visitor's other connections by way of line_desk_left_somewhere. */
static void tell_left(struct event_entry *event, const char *visitor, const struct reply_to *to,
                      enum queue_status status, const struct place *place)
{
    struct gateway *gateway = event->gateway;
    struct session *session = session_by_id(&gateway->sessions, to->session);
    if (status == QUEUE_OK && session != NULL) {
        session->stage = STAGE_NEW;
        session->told.ahead = -1;
    }
    if (status != QUEUE_OK) {
        wire_busy(gateway, to);
    } else if (place->state == PLACE_NONE) {
        wire_error(gateway, to, "no_place", "There is no place to leave.", NULL);
    } else {
        if (place->state != PLACE_WAITING)
            line_ticks_refill(event);
        publish_left(event, visitor);
        wire_answer(gateway, to,
                    json_pack("{ss sI}", "type", "left", "at_ms", (json_int_t)place->now_ms));
    }
}

static void on_released_late(void *ctx, enum seats_status status, const struct hold *hold)
{
    (void)ctx, (void)status, (void)hold; /* otherwise the hold ends by its deadline */
}

/* Gone. Who was inside may have taken seats since they were released, in another tab or the same
 * breath, or this gateway had not heard that the turn had come: they are released then, too. */
void line_desk_on_left(struct event_entry *event, const char *visitor, const struct reply_to *to,
                       enum queue_status status, const struct place *place)
{
    struct seat_store *seats = event->gateway->seats;
    if (status == QUEUE_OK && place->state == PLACE_ENTERED)
        seats->release(seats, event->id, visitor, NULL, 0, on_released_late, NULL);
    tell_left(event, visitor, to, status, place);
}

static void on_left(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    (void)count;
    struct ask *ask = ctx;
    line_desk_on_left(ask->event, ask->visitor, &ask->to, status, places);
    free(ask);
}

static void on_released_before_leaving(void *ctx, enum seats_status status, const struct hold *hold)
{
    (void)hold;
    struct ask *ask = ctx;
    struct queue_visitor visitor;
    memcpy(visitor.id, ask->visitor, sizeof visitor.id);
    struct queue_store *queue = ask->gateway->queue;
    enum queue_status sent = QUEUE_DOWN;
    if (status == SEATS_OK)
        sent = queue->leave(queue, ask->event->id, &visitor, 1, on_left, ask);
    if (sent != QUEUE_OK)
        on_left(ask, sent, NULL, 0);
}

/* Seats are released first, so that nobody is outside and holds some. */
static void leave_inside(struct ask *ask)
{
    struct gateway *gateway = ask->gateway;
    enum seats_status status = gateway->seats->release(gateway->seats, ask->event->id, ask->visitor,
                                                       NULL, 0, on_released_before_leaving, ask);
    if (status != SEATS_OK)
        on_left(ask, QUEUE_DOWN, NULL, 0);
}

void line_desk_leave(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request)
{
    (void)request;
    if (session->stage != STAGE_WAITING) {
        line_batch_send_before(session->event); /* it may have asked for a place just now */
        leave_inside(ask_create(gateway, session, to));
        return;
    }
    if (!line_batch_leave(session, to)) /* the others of this turn are still to be asked about */
        wire_busy(gateway, to);
}

/* --- enter --- */

static void on_hold_known(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask *ask = ctx;
    struct session *session = session_by_id(&ask->gateway->sessions, ask->to.session);
    if (session == NULL) {
        free(ask);
        return;
    }
    if (status != SEATS_OK) {
        wire_busy(ask->gateway, &ask->to);
        free(ask);
        return;
    }
    bool has_hold = hold->result == HOLD_OK || hold->result == HOLD_PAYING;
    basket_desk_told(session, hold);
    json_t *body =
        json_pack("{ss sI si so sI}", "type", "entered", "deadline_ms",
                  (json_int_t)session->deadline_ms, "seats_max", (int)event_seats_max(ask->event),
                  "hold", has_hold ? seat_desk_hold_json(ask->event, hold) : json_null(),
                  "server_ms", (json_int_t)clock_wall_ms());
    wire_answer(ask->gateway, &ask->to, body);
    free(ask);
}

static void on_entered(void *ctx, enum queue_status status, const struct place *place)
{
    struct ask *ask = ctx;
    struct gateway *gateway = ask->gateway;
    struct session *session = session_by_id(&gateway->sessions, ask->to.session);
    if (session == NULL || status != QUEUE_OK || place->state != PLACE_ENTERED) {
        if (session != NULL && status != QUEUE_OK)
            wire_busy(gateway, &ask->to);
        else if (session != NULL)
            wire_error(gateway, &ask->to, "pass_expired", "This turn is over.", NULL);
        free(ask);
        return;
    }
    session->place_epoch = gateway->epoch;
    session->stage = STAGE_ENTERED;
    session->seq = place->seq;
    session->admission = place->admission;
    session->deadline_ms = place->deadline_ms;
    enum seats_status sent =
        gateway->seats->state(gateway->seats, ask->event->id, ask->visitor, on_hold_known, ask);
    if (sent != SEATS_OK)
        on_hold_known(ask, sent, NULL);
}

void line_desk_away(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request)
{
    const json_t *is_away = json_object_get(request, "is_away");
    if (!json_is_boolean(is_away)) {
        wire_bad_field(gateway, to, "is_away", "is_away must be true or false.");
        return;
    }
    session->is_away = json_is_true(is_away);
    wire_answer(gateway, to, json_pack("{ss sb}", "type", "away", "is_away", session->is_away));
}

static void refuse_pass(struct gateway *gateway, const struct reply_to *to,
                        enum receipt_status status)
{
    static const char *const codes[][2] = {
        [RECEIPT_INVALID] = {"pass_invalid", "This is not a pass of ours."},
        [RECEIPT_OTHER_EVENT] = {"pass_other_event", "This pass is for another event."},
        [RECEIPT_OTHER_VISITOR] = {"pass_other_visitor", "This pass is for somebody else."},
        [RECEIPT_EXPIRED] = {"pass_expired", "This turn is over."},
    };
    wire_error(gateway, to, codes[status][0], codes[status][1], NULL);
}

void line_desk_enter(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request)
{
    const json_t *token = json_object_get(request, "pass");
    if (!json_is_string(token)) {
        wire_bad_field(gateway, to, "pass", "pass must be text.");
        return;
    }
    struct pass pass;
    enum receipt_status status =
        pass_read(&gateway->keys, json_string_value(token), json_string_length(token),
                  session->event->id, session->visitor, clock_wall_ms(), &pass);
    /* Past its end a pass may still be that of a turn that was claimed in time: Redis knows. */
    if (status != RECEIPT_OK && status != RECEIPT_EXPIRED) {
        refuse_pass(gateway, to, status);
        return;
    }
    struct queue_visitor visitor;
    memcpy(visitor.id, session->visitor, sizeof visitor.id);
    struct ask *ask = ask_create(gateway, session, to);
    enum queue_status sent =
        gateway->queue->enter(gateway->queue, session->event->id, &visitor, on_entered, ask);
    if (sent != QUEUE_OK)
        on_entered(ask, sent, NULL);
}
