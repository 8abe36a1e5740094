#include "server/gateway/line/line_ticks.h"
#include "queue/phase.h"
#include "queue/tick_report.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/draw_desk.h"
#include "server/gateway/line/foretold.h"
#include "server/gateway/line/frozen.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/line/line_moments.h"
#include "server/gateway/line/line_pace.h"
#include "server/gateway/line/line_presence.h"
#include "server/gateway/line/line_text.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/wire/wire.h"

#define IDLE_TICKS 30        /* one tick out of so many, for events where nobody is */
#define TICK_ASK_AGAIN_MS 50 /* an unanswered or too early tick is asked for again after this */
#define PUSHES_PER_TURN 256  /* 2 ms */

/* --- asking --- */

static void ask_rest(struct event_entry *event, enum tick_outcome outcome);

static void on_rest_answered(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    (void)status;
    ask_rest(ctx, outcome);
}

/* A tick that admits very many does so in pieces, between which Redis is there for others. */
static void ask_rest(struct event_entry *event, enum tick_outcome outcome)
{
    struct queue_store *queue = event->gateway->queue;
    if (outcome == TICK_MORE)
        (void)queue->refill(queue, event->id, on_rest_answered, event); /* or the next tick does */
}

static void on_tick_answered(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    (void)status; /* what it did comes to everyone by tick:{E} */
    struct event_entry *event = ctx;
    event->is_tick_asked = false;
    ask_rest(event, outcome);
}

void line_ticks_ask(struct event_entry *event, int64_t now_ms)
{
    struct queue_store *queue = event->gateway->queue;
    if (event->is_tick_asked)
        return;
    event->tick_asked_ms = now_ms;
    if (queue->tick(queue, event->id, on_tick_answered, event) == QUEUE_OK)
        event->is_tick_asked = true;
}

static void on_refilled(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    (void)status;
    struct event_entry *event = ctx;
    event->is_refill_asked = false;
    ask_rest(event, outcome);
    if (event->is_refill_wanted)
        line_ticks_refill(event);
}

/* One question at a time; what comes meanwhile is one more question. */
void line_ticks_refill(struct event_entry *event)
{
    struct queue_store *queue = event->gateway->queue;
    event->is_refill_wanted = event->refill_at_once && event->is_refill_asked;
    if (event->refill_at_once && !event->is_refill_asked &&
        queue->refill(queue, event->id, on_refilled, event) == QUEUE_OK)
        event->is_refill_asked = true;
}

/* Where nobody is, nothing happens between two ticks but what wakes the line: somebody comes here
 * (or elsewhere, which the next report says), a moment of the schedule, another setting, a seat
 * that comes back. So a thousand events that nobody looks at cost Redis next to nothing. */
static int64_t tick_interval_ms(const struct event_entry *event)
{
    return event_is_idle(event) ? IDLE_TICKS * event->tick_ms : event->tick_ms;
}

void line_ticks_on_turn(struct gateway *gateway, int64_t now_ms)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        if (!event->is_listed || gateway->epoch == 0)
            continue;
        if (!event->has_line || !event->line.is_current)
            book_read_line(event);
        book_follow_seats(event, now_ms);
        bool is_due = now_ms - event->tick_heard_ms >= tick_interval_ms(event) &&
                      now_ms - event->tick_asked_ms >= TICK_ASK_AGAIN_MS;
        if (is_due)
            line_ticks_ask(event, now_ms);
    }
    line_moments_on_turn(gateway, now_ms);
}

/* --- telling --- */

/* The hot path of a million waiting visitors: one buffer, one write. Behind a socket that does not
 * take it, nothing is kept but the wish: when it can write again it gets the place of then. */
static void push_place(struct session *session, const struct line_news *news, int64_t ahead,
                       int64_t now_ms, int64_t wall_ms)
{
    if (wire_is_slow(session)) {
        session->told = line_text_told(session, news, ahead, now_ms);
        session->is_place_stale = true;
        lws_callback_on_writable(session->wsi);
        return;
    }
    struct json_text *text = line_text_place(session, news, ahead, now_ms, wall_ms);
    json_text_add(text, "}", 1);
    session->is_place_stale = false;
    wire_send_text(session->event->gateway, session, text->bytes, text->count);
}

void line_ticks_push_place(struct session *session, int64_t ahead)
{
    push_place(session, line_news(session->event), ahead, clock_monotonic_ms(), clock_wall_ms());
}

static const char *reason_of_end(const struct place *place, enum session_stage before,
                                 bool is_of_epoch)
{
    if (is_of_epoch)
        return before == STAGE_ENTERED ? "time_out" : "no_show";
    bool was_used = place->state == PLACE_SERVED || place->reason == GONE_SERVED ||
                    place->reason == GONE_MISSED;
    return was_used ? "time_out" : "lost";
}

/* A payment runs; or one was shown to this session (it may have begun on another device, or before
 * the connection was lost) and the visitor has bought. */
static bool may_be_sold(const struct session *session, const struct place *place)
{
    bool has_bought = place->state == PLACE_SERVED ||
                      (place->state == PLACE_GONE && place->reason == GONE_SERVED);
    return session->paying != 0 || (has_bought && basket_desk_has_payment(session));
}

static json_t *end_json(const struct place *place, enum session_stage before, bool is_of_epoch)
{
    if (place->state == PLACE_GONE && place->reason == GONE_LEFT)
        return json_pack("{ss sI}", "type", "left", "at_ms", (json_int_t)place->now_ms);
    return json_pack("{ss ss sI}", "type", "expired", "reason",
                     reason_of_end(place, before, is_of_epoch), "at_ms", (json_int_t)place->now_ms);
}

/* The answer about a visitor whose turn or end may have been missed, or whose place is of an
 * earlier epoch: then a receipt of this one goes with it. */
void line_ticks_on_checked(struct session *session, const struct place *place)
{
    struct gateway *gateway = session->event->gateway;
    enum session_stage before = session->stage;
    int64_t seq_before = session->seq;
    bool is_of_epoch = session_is_of_epoch(session);
    bool has_place = line_desk_take_place(session, place);
    if (!has_place && is_of_epoch && may_be_sold(session, place)) {
        return; /* sold, but the ledger has not said so yet; or over: the outcome comes either way
                 */
    }
    if (place->state == PLACE_NONE && before != STAGE_NEW) {
        session->stage = before; /* until it is known why */
        line_batch_ask_why(session);
        return;
    }
    if (!has_place && before != STAGE_NEW) {
        session->told.ahead = -1;
        wire_send(gateway, session, end_json(place, before, is_of_epoch));
    } else if (before != STAGE_ADMITTED && session->stage == STAGE_ADMITTED) {
        struct present_list present;
        present_list_init(&present, session->event, place->now_ms);
        session->deadline_ms = present_list_deadline(&present, session, session->deadline_ms);
        present_list_send(&present);
        wire_send(gateway, session, line_desk_admitted_json(session, place->now_ms));
    } else if (session->stage == STAGE_WAITING && (session->seq != seq_before || !is_of_epoch)) {
        line_desk_tell_new_place(session, place->now_ms);
    }
    frozen_on_checked(session, place);
}

/* At most PUSHES_PER_TURN; the rest goes on in the next turns of the loop, so that whoever asks for
 * something meanwhile, and Redis, need not wait until everybody has been told. */
static void push_places(struct event_entry *event)
{
    size_t pushed = 0;
    int64_t now_ms = clock_monotonic_ms(), wall_ms = clock_wall_ms();
    const struct push_rule *rule = &event->gateway->options->push;
    const struct line_news *news = line_news(event);
    size_t near = 0;
    event->has_pushes_left = false;
    for (struct session *session = event->sessions; session != NULL;
         session = session->event_next) {
        if (session->stage != STAGE_NEW && !session_is_of_epoch(session)) {
            line_batch_check(session); /* nothing is told before the place is known to stand */
            continue;
        }
        if (session->stage != STAGE_WAITING)
            continue;
        if (session->seq <= event->line.head) {
            line_batch_check(session); /* the head has passed, yet no admission was heard of */
            continue;
        }
        int64_t ahead = line_view_ahead_near(&event->line, session->seq, &near);
        if (push_is_due(rule, &session->told, ahead, news->number, now_ms)) {
            if (pushed++ == PUSHES_PER_TURN) {
                event->has_pushes_left = true;
                return;
            }
            push_place(session, news, ahead, now_ms, wall_ms);
        }
    }
}

void line_ticks_before_sleep(struct gateway *gateway)
{
    bool has_left = false;
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        if (event->has_pushes_left && event->line.is_current) {
            push_places(event);
            has_left = has_left || event->has_pushes_left;
        }
    }
    if (has_left)
        ev_idle_start(gateway->loop, &gateway->awake);
    else
        ev_idle_stop(gateway->loop, &gateway->awake);
}

/* Reports come by another connection than answers: one may be late. Whose number was given after
 * it has left, or come to an end, and joined anew since: it is not about the place of now. */
static bool is_newer(const struct session *session, const struct tick_report *report)
{
    return session->stage != STAGE_NEW && session->seq > report->seq;
}

static void tell_admitted(struct present_list *present, const struct tick_admitted *admitted,
                          const struct tick_report *report)
{
    const struct event_entry *event = present->event;
    struct session *session =
        session_of_visitor(&event->gateway->sessions, event, admitted->visitor.id);
    int64_t deadline_ms = present_list_deadline(present, session, admitted->deadline_ms);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        if (is_newer(session, report))
            continue;
        session->place_epoch = event->gateway->epoch;
        session->is_place_drawn = event->line.draw == DRAW_DONE;
        session->stage = STAGE_ADMITTED;
        session->seq = admitted->seq;
        session->admission = admitted->admission;
        session->deadline_ms = deadline_ms;
        foretold_on_admitted(session);
        wire_send(event->gateway, session, line_desk_admitted_json(session, report->at_ms));
    }
}

static void tell_expired(struct event_entry *event, const struct tick_expired *expired,
                         const struct tick_report *report)
{
    struct session *session =
        session_of_visitor(&event->gateway->sessions, event, expired->visitor.id);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        if (is_newer(session, report))
            continue;
        session->stage = STAGE_NEW;
        session->told.ahead = -1;
        wire_send(event->gateway, session,
                  json_pack("{ss ss sI}", "type", "expired", "reason",
                            expired->is_no_show ? "no_show" : "time_out", "at_ms",
                            (json_int_t)report->at_ms));
    }
}

void line_ticks_push_notice(struct event_entry *event)
{
    wire_push_event(event->gateway, event,
                    json_pack("{ss ss sI}", "type", "notice", "text", event->message, "server_ms",
                              (json_int_t)clock_wall_ms()));
}

void line_ticks_push_phase(struct event_entry *event)
{
    wire_push_event(event->gateway, event,
                    json_pack("{ss ss sI sI}", "type", "phase", "phase",
                              queue_phase_name(event_phase(event)), "opens_at_ms",
                              (json_int_t)event->opens_at_ms, "server_ms",
                              (json_int_t)clock_wall_ms()));
}

void line_ticks_after_gap(struct event_entry *event)
{
    for (struct session *session = event->sessions; session != NULL; session = session->event_next)
        if (session->stage == STAGE_ADMITTED || session->stage == STAGE_ENTERED)
            line_batch_check(session); /* the expiry may have been missed */
    push_places(event);
}

void line_ticks_on_report(struct event_entry *event, const char *text, size_t bytes)
{
    struct tick_report report;
    if (!tick_report_parse(text, bytes, &report)) {
        book_read_line(event);
        return;
    }
    int64_t now_ms = clock_monotonic_ms();
    event->tick_heard_ms = report.is_refill ? event->tick_heard_ms : now_ms;
    line_moments_on_report(event, report.at_ms);
    enum queue_phase before = event_phase(event);
    enum line_draw draw_before = event->line.draw;
    enum line_view_status status = line_view_on_report(&event->line, &report);
    if (status == LINE_VIEW_GAP)
        book_read_line(event);
    if (status != LINE_VIEW_OLD) {
        struct present_list present;
        present_list_init(&present, event, report.at_ms);
        for (size_t i = 0; i < report.admitted_count; i++)
            tell_admitted(&present, &report.admitted[i], &report);
        present_list_send(&present);
        for (size_t i = 0; i < report.expired_count; i++)
            tell_expired(event, &report.expired[i], &report);
    }
    if (status == LINE_VIEW_OK) {
        line_pace_on_report(event);
        if (before != event_phase(event))
            line_ticks_push_phase(event);
        draw_desk_on_line(event, draw_before);
        event->is_push_due |= !report.is_refill; /* at ticks: refills may be many */
        if (event->is_push_due && report.rest == 0) {
            event->is_push_due = false;
            push_places(event);
        }
    }
    tick_report_release(&report);
}
