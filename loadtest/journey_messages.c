/* What the server says about the line, and the dispatch of all messages.
 *
 * `place` comes by the thousand and is read by flat_json; the rest by jansson. A message that
 * answers the awaited request ends the wait; one that does not fit the state is recorded where it
 * is evidence and otherwise ignored: pushes and answers may cross.
 */
#include "loadtest/journey.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/clocks.h"
#include "loadtest/flat_json.h"

#define LINE_PAUSE_US_MIN 300000
#define LINE_PAUSE_US_MAX 3000000
#define NOT_OPEN_PAUSE_US 1000000
#define LATE_TURN_MS 3000 /* so long after a claim is over nobody may still have the turn */
#define AWAY_MS_MAX 30000 /* a no-show that would have to be away for longer does not come back */
#define AWAY_AFTER_MS (LATE_TURN_MS + 1000)
#define STAYS_SHARE 0.5    /* of those who are told that all is sold wait for the good-bye */
#define LOST_PLACE_MS 4000 /* shorter than the shortest time to claim an admission */

static void add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* True when this answers the awaited request: then nothing is awaited any more. */
static bool take_answer(struct crowd *c, struct visitor *v, int64_t re)
{
    if (v->awaited_id == 0 || re != v->awaited_id)
        return false;
    v->awaited_id = 0;
    crowd_drop_timer(c, v);
    return true;
}

/* Tokens go back into JSON as they are: only base64url and dots may be in them. */
static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char ch = text[i];
        bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                        (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
        if (!is_plain)
            return false;
    }
    return bytes > 0 && bytes <= STAMPEDE_TOKEN_BYTES_MAX;
}

static void keep_token(struct crowd *c, char **kept, const char *text, size_t bytes)
{
    if (!text)
        return;
    if (!is_token(text, bytes)) {
        crowd_count_error(c, "bad_answer");
        return;
    }
    if (*kept && strlen(*kept) == bytes && memcmp(*kept, text, bytes) == 0)
        return;
    free(*kept);
    *kept = strndup(text, bytes);
}

/* The first word counts; a different one is kept as evidence. */
static void note_once(int64_t *first, int64_t *other, int64_t told)
{
    if (told < 0)
        return;
    if (*first == HISTORY_NONE)
        *first = told;
    else if (*first != told)
        *other = told;
}

/* A draw changes each place once; any other change is evidence. */
static void note_seq(struct crowd *c, const struct visitor *v, int64_t seq)
{
    struct history_visitor *r = journey_record(c, v);
    bool is_news = seq >= 0 && r->seq != HISTORY_NONE && seq != r->seq;
    if (is_news && atomic_load(&c->run->shared->has_draw) && !r->is_drawn) {
        r->early_seq = r->seq;
        r->seq = seq;
        r->is_drawn = true;
    } else {
        note_once(&r->seq, &r->other_seq, seq);
    }
}

/* An answer told the visitor where it stands. */
static void note_told(struct crowd *c, struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    if (r->told_ms == HISTORY_NONE) {
        r->asked_ms = v->asked_ms;
        r->told_ms = run_server_ms(c->run);
        add(&c->stats->joined);
    }
    if (v->lost_us != 0) {
        crowd_record(c, LATENCY_RETURN, clocks_us() - v->lost_us);
        r->returns++;
    }
    v->lost_us = 0;
}

/* A tab that comes when its owner has given the place up, or bought with it, is given another: that
 * is as it should be, and says nothing about the first. */
static bool end_late_tab(struct crowd *c, struct visitor *v)
{
    if (!v->is_tab)
        return false;
    const struct visitor *owner = &c->visitors[v->owner];
    bool is_late = owner->is_leaving || owner->has_paid || visitor_is_over(owner) ||
                   journey_record(c, v)->end != HISTORY_END_UNKNOWN;
    if (is_late)
        journey_finish(c, v, VISITOR_LEFT);
    return is_late;
}

static bool end_tab(struct crowd *c, struct visitor *v)
{
    if (!v->is_tab)
        return false;
    add(&c->stats->tabs_compared);
    journey_finish(c, v, VISITOR_LEFT);
    return true;
}

static void begin_waiting(struct crowd *c, struct visitor *v)
{
    if (v->is_leaving) {
        journey_leave(c, v);
        return;
    }
    const struct stampede_options *o = c->run->options;
    bool has_plans = v->plan.leaves_line || v->plan.reloads > 0 || v->plan.tabs > 0;
    if (v->gives_up_us == 0 && !o->is_patient && o->mode == MODE_JOURNEY)
        v->gives_up_us = c->now_us + pause_us(&o->patience, &v->dice);
    journey_wait(c, v,
                 has_plans ? dice_between(&v->dice, LINE_PAUSE_US_MIN, LINE_PAUSE_US_MAX) : 0);
}

/* Who had a turn before Redis forgot it waits again, in front, and is not compared with those who
 * had theirs meanwhile. */
static void note_waiting(struct crowd *c, const struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    int64_t lost_ms = run_lost_ms(c->run);
    if (lost_ms == 0 || r->admission == HISTORY_NONE)
        r->waiting_ms = v->asked_ms;
    else
        journey_inside_at_most(c, v, lost_ms);
}

/* The fields of a `place`; -1 where one is absent. */
struct place_told {
    int64_t seq, re, spread_ms, ahead, eta_low_ms, eta_high_ms, server_ms;
    const char *receipt;
    size_t receipt_bytes;
};

/* For the plots: places over time of a few, the first estimate of all. */
static void follow(struct crowd *c, const struct visitor *v, const struct place_told *p)
{
    struct history_visitor *r = journey_record(c, v);
    uint32_t track = track_of(v->number, c->run->options->visitors);
    if (p->ahead < 0 || p->server_ms < 0)
        return;
    if (r->eta_at_ms == HISTORY_NONE && p->eta_low_ms >= 0) {
        r->eta_at_ms = p->server_ms;
        r->eta_low_ms = p->eta_low_ms;
        r->eta_high_ms = p->eta_high_ms;
    }
    if (track < STAMPEDE_TRACKS_MAX)
        track_add(&c->run->tracks[track],
                  &(struct track_moment){p->server_ms, p->ahead, p->eta_low_ms, p->eta_high_ms});
}

static void on_place(struct crowd *c, struct visitor *v, const struct place_told *p)
{
    bool is_answer = take_answer(c, v, p->re);
    v->put_off = 0;
    if (end_late_tab(c, v))
        return;
    note_seq(c, v, p->seq);
    if (end_tab(c, v))
        return;
    follow(c, v, p);
    keep_token(c, &v->receipt, p->receipt, p->receipt_bytes);
    if (!is_answer)
        add(&c->stats->pushes);
    if (p->spread_ms >= 0)
        v->spread_ms = p->spread_ms < UINT32_MAX ? (uint32_t)p->spread_ms : UINT32_MAX;
    if (v->state != VISITOR_WAITING && v->state != VISITOR_JOINING)
        return;
    v->waited_ms = run_server_ms(c->run);
    if (!is_answer)
        return;
    note_waiting(c, v);
    if (v->state == VISITOR_JOINING) {
        crowd_record(c, LATENCY_JOIN, clocks_us() - v->due_us);
        note_told(c, v);
        begin_waiting(c, v);
    }
}

static void note_admission(struct crowd *c, struct visitor *v, json_t *message)
{
    struct history_visitor *r = journey_record(c, v);
    int64_t deadline_ms = journey_number(message, "deadline_ms", 0);
    int64_t admission = journey_number(message, "admission", -1);
    bool is_again = run_lost_ms(c->run) > 0 && r->admission != HISTORY_NONE &&
                    admission != r->admission && r->again_admission == HISTORY_NONE;
    note_seq(c, v, journey_number(message, "seq", -1));
    if (r->admission == HISTORY_NONE && admission >= 0)
        add(&c->stats->admitted);
    if (is_again) {
        r->again_admission = admission;
        r->again_ms = journey_number(message, "at_ms", HISTORY_NONE);
        r->inside_until_ms = deadline_ms;
        r->claim_until_ms = deadline_ms;
    } else if (admission != r->again_admission || admission < 0) {
        note_once(&r->admission, &r->other_admission, admission);
    }
    if (r->admitted_ms == HISTORY_NONE) {
        r->admitted_ms = journey_number(message, "at_ms", HISTORY_NONE);
        r->inside_until_ms = deadline_ms;
    } else if (r->entered_ms == HISTORY_NONE) {
        journey_inside_at_most(c, v, deadline_ms); /* the time to claim got shorter */
    }
    if (r->claim_until_ms == HISTORY_NONE || deadline_ms < r->claim_until_ms)
        r->claim_until_ms = deadline_ms;
}

/* Lets the turn pass: connected and deaf, or gone and back when it must be over. */
static void stay_away(struct crowd *c, struct visitor *v)
{
    int64_t in_ms = journey_record(c, v)->claim_until_ms - run_server_ms(c->run);
    crowd_set_state(c, v, VISITOR_ENTERING);
    crowd_drop_timer(c, v);
    v->awaited_id = 0;
    if (!v->plan.no_show_away)
        return;
    if (in_ms > AWAY_MS_MAX) {
        journey_finish(c, v, VISITOR_ABANDONED);
        return;
    }
    crowd_disconnect(c, v, false);
    crowd_set_state(c, v, VISITOR_AWAY);
    crowd_set_timer(c, v, c->now_us + (in_ms > 0 ? in_ms : 0) * 1000 + AWAY_AFTER_MS * 1000);
}

static void on_admitted(struct crowd *c, struct visitor *v, json_t *message, bool is_answer)
{
    struct history_visitor *r = journey_record(c, v);
    bool is_new = r->admitted_ms == HISTORY_NONE;
    if (end_late_tab(c, v))
        return;
    note_admission(c, v, message);
    if (end_tab(c, v))
        return;
    json_t *pass = json_object_get(message, "pass"), *receipt = json_object_get(message, "receipt");
    keep_token(c, &v->pass, json_string_value(pass), json_string_length(pass));
    keep_token(c, &v->receipt, json_string_value(receipt), json_string_length(receipt));
    if (v->state != VISITOR_JOINING && v->state != VISITOR_WAITING)
        return;
    if (is_answer && v->state == VISITOR_JOINING) {
        crowd_record(c, LATENCY_JOIN, clocks_us() - v->due_us);
        note_told(c, v);
        r->has_late_turn |= v->plan.no_show && v->asked_ms > r->claim_until_ms + LATE_TURN_MS;
    } else if (is_new && v->state == VISITOR_WAITING) {
        r->tick_ms = r->admitted_ms;
        crowd_record(c, LATENCY_TOLD, (run_server_ms(c->run) - r->admitted_ms) * 1000);
    }
    if (c->run->options->mode == MODE_WAIT) {
        crowd_set_state(c, v, VISITOR_WAITING);
        crowd_drop_timer(c, v);
        v->awaited_id = 0;
    } else if (v->is_leaving) {
        journey_leave(c, v);
    } else if (v->plan.no_show) {
        stay_away(c, v);
    } else {
        v->turns_away = false; /* seats came back, and with them the turn */
        crowd_set_state(c, v, VISITOR_ENTERING);
        journey_ask(c, v, "enter", ",\"pass\":\"%s\"", v->pass ? v->pass : "");
    }
}

static void on_left(struct crowd *c, struct visitor *v, json_t *message)
{
    journey_record(c, v)->end = HISTORY_END_LEFT;
    journey_inside_at_most(c, v, journey_number(message, "at_ms", 0));
    sales_end_hold(c, v, HOLD_RELEASED);
    journey_finish(c, v, v->is_leaving ? (enum visitor_state)v->leaves_as : VISITOR_LEFT);
}

static void on_expired(struct crowd *c, struct visitor *v, json_t *message)
{
    struct history_visitor *r = journey_record(c, v);
    const char *reason = json_string_value(json_object_get(message, "reason"));
    r->end = HISTORY_END_EXPIRED;
    r->expiry =
        reason && strcmp(reason, "no_show") == 0 ? HISTORY_EXPIRY_NO_SHOW : HISTORY_EXPIRY_TIME_OUT;
    r->expired_ms = journey_number(message, "at_ms", HISTORY_NONE);
    journey_inside_at_most(c, v, r->expired_ms);
    if (v->has_paid)
        return; /* what became of the money is told apart: confirmed or unsold */
    sales_end_hold(c, v, HOLD_EXPIRED);
    journey_finish(c, v, VISITOR_EXPIRED);
}

/* Told that nobody is let in any more. A browser says nothing then: its page is closed after a
 * thought, or stays until the server closes the connection. */
static void turn_away(struct crowd *c, struct visitor *v)
{
    v->turns_away = true;
    v->awaited_id = 0;
    if (dice_hits(&v->dice, STAYS_SHARE))
        journey_pause(c, v, VISITOR_WAITING, STAMPEDE_FAREWELL_US);
    else
        journey_think(c, v, VISITOR_WAITING);
}

static void on_phase(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *phase = json_string_value(json_object_get(message, "phase"));
    bool is_over = phase && (strcmp(phase, "sold_out") == 0 || strcmp(phase, "closed") == 0);
    bool is_open = phase && (strcmp(phase, "open") == 0 || strcmp(phase, "prequeue") == 0);
    bool hears_it = v->state == VISITOR_WAITING && !v->turns_away;
    bool looks_for_seats = v->state == VISITOR_CHOOSING || v->state == VISITOR_HOLDING;
    v->hears_end = v->hears_end && !is_open;
    if (is_over && looks_for_seats)
        choice_on_end(c, v);
    else if (is_over && hears_it && c->run->options->mode == MODE_JOURNEY)
        turn_away(c, v);
    else if (is_open && v->state == VISITOR_JOINING && v->awaited_id == 0)
        crowd_set_timer(c, v, c->now_us + dice_between(&v->dice, 0, 200000));
}

static void on_reconnect(struct crowd *c, struct visitor *v, json_t *message)
{
    int64_t in_ms = journey_number(message, "in_ms", 1000);
    if (v->is_tab) {
        journey_finish(c, v, VISITOR_LEFT);
        return;
    }
    crowd_disconnect(c, v, true);
    crowd_set_state(c, v, VISITOR_AWAY);
    crowd_set_timer(c, v,
                    c->now_us + (in_ms < 10000 ? in_ms : 10000) * 1000 +
                        dice_between(&v->dice, 0, 200000));
}

/* The receipt is for no place any more: served, left, missed - or lost. */
static void on_receipt_gone(struct crowd *c, struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    if (v->is_leaving) {
        sales_end_hold(c, v, HOLD_RELEASED);
        journey_finish(c, v, (enum visitor_state)v->leaves_as);
        return;
    }
    if (r->admission == HISTORY_NONE && v->waited_ms > 0 &&
        v->asked_ms - v->waited_ms < LOST_PLACE_MS)
        r->lost_place = true;
    r->expiry = HISTORY_EXPIRY_GONE;
    v->lost_us = 0;
    journey_pause(c, v, VISITOR_LOOKING_UP, 0);
}

static bool is_one_of(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

static const char *const again_codes[] = {"busy",        "full",     "payments_down",
                                          "ledger_down", "too_fast", NULL};
static const char *const receipt_codes[] = {"receipt_invalid", "receipt_other_event",
                                            "receipt_other_visitor", NULL};
static const char *const pass_codes[] = {"pass_invalid",       "pass_expired", "pass_other_event",
                                         "pass_other_visitor", "not_admitted", NULL};
static const char *const fault_codes[] = {"bad_json", "bad_message", "unknown_message", "not_found",
                                          NULL};

/* When everybody is put off, they would ask as often again as the server can say no: so each waits
 * longer from the third time on. */
static void try_again(struct crowd *c, struct visitor *v, json_t *message)
{
    int64_t s = journey_number(message, "retry_s", 0);
    int doublings = v->put_off < 2                          ? 0
                    : v->put_off - 1 < STAMPEDE_PUT_OFF_MAX ? v->put_off - 1
                                                            : STAMPEDE_PUT_OFF_MAX;
    v->put_off += v->put_off < UINT8_MAX;
    int64_t pause_us = (s < 0   ? 0
                        : s > 5 ? 5
                                : s) *
                           1000000 +
                       dice_between(&v->dice, 100000, 500000);
    enum visitor_state state = (enum visitor_state)v->state;
    if (state == VISITOR_HOLDING)
        state = VISITOR_CHOOSING;
    if (state == VISITOR_PAYING)
        state = v->is_confirming ? VISITOR_HELD : VISITOR_AT_CASH;
    journey_pause(c, v, state, pause_us << doublings);
}

static void on_not_open(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *phase = json_string_value(json_object_get(message, "phase"));
    bool is_over = phase && (strcmp(phase, "sold_out") == 0 || strcmp(phase, "closed") == 0);
    if (is_over)
        journey_finish(c, v, VISITOR_SOLD_OUT);
    else
        journey_pause(c, v, (enum visitor_state)v->state, NOT_OPEN_PAUSE_US);
}

/* The turn seems to be gone: asks where the visitor stands. */
static void find_out(struct crowd *c, struct visitor *v)
{
    if (++v->tries > STAMPEDE_TURN_TRIES_MAX)
        journey_finish(c, v, VISITOR_FAILED);
    else
        journey_pause(c, v, VISITOR_JOINING, STAMPEDE_RETRY_US_MIN * 3);
}

static void on_error(struct crowd *c, struct visitor *v, json_t *message, bool is_answer)
{
    const char *code = json_string_value(json_object_get(message, "code"));
    code = code ? code : "other";
    crowd_count_error(c, code);
    if (v->is_tab) {
        journey_finish(c, v, VISITOR_LEFT);
        return;
    }
    if (!is_answer)
        return;
    if (is_one_of(code, again_codes))
        try_again(c, v, message);
    else if (strcmp(code, "not_open") == 0)
        on_not_open(c, v, message);
    else if (strcmp(code, "receipt_gone") == 0)
        on_receipt_gone(c, v);
    else if (is_one_of(code, receipt_codes)) {
        free(v->receipt);
        v->receipt = NULL;
        find_out(c, v);
    } else if (is_one_of(code, pass_codes))
        find_out(c, v);
    else if (strcmp(code, "already_served") == 0)
        journey_pause(c, v, VISITOR_LOOKING_UP, 0);
    else if (strcmp(code, "no_place") == 0)
        journey_finish(c, v, v->is_leaving ? (enum visitor_state)v->leaves_as : VISITOR_FAILED);
    else if (is_one_of(code, fault_codes))
        journey_finish(c, v, VISITOR_FAILED);
    else
        sales_on_error(c, v, code, message);
}

static void dispatch(struct crowd *c, struct visitor *v, const char *type, json_t *m)
{
    /* The organizer's, for people; and more time, which we do not count on. */
    static const char *const words[] = {"notice", "refunded", "deadline", NULL};
    bool is_answer = take_answer(c, v, journey_number(m, "re", -1));
    v->put_off = strcmp(type, "error") == 0 ? v->put_off : 0;
    if (strcmp(type, "admitted") == 0)
        on_admitted(c, v, m, is_answer);
    else if (strcmp(type, "error") == 0)
        on_error(c, v, m, is_answer);
    else if (strcmp(type, "phase") == 0)
        on_phase(c, v, m);
    else if (strcmp(type, "reconnect") == 0)
        on_reconnect(c, v, m);
    else if (strcmp(type, "seats") == 0)
        sales_on_seats(c, m);
    else if (v->is_tab || is_one_of(type, words))
        return;
    else if (strcmp(type, "entered") == 0)
        sales_on_entered(c, v, m);
    else if (strcmp(type, "map") == 0)
        sales_on_map(c, v, m, is_answer);
    else if (strcmp(type, "held") == 0)
        sales_on_held(c, v, m);
    else if (strcmp(type, "released") == 0)
        sales_on_released(c, v);
    else if (strcmp(type, "payment") == 0)
        sales_on_payment(c, v, m);
    else if (strcmp(type, "paying") == 0)
        sales_on_paying(c, v, m);
    else if (strcmp(type, "declined") == 0)
        sales_on_declined(c, v, m);
    else if (strcmp(type, "confirmed") == 0)
        sales_on_confirmed(c, v, m);
    else if (strcmp(type, "unsold") == 0)
        sales_on_unsold(c, v, m);
    else if (strcmp(type, "tickets") == 0)
        sales_on_tickets(c, v, m);
    else if (strcmp(type, "left") == 0)
        on_left(c, v, m);
    else if (strcmp(type, "expired") == 0)
        on_expired(c, v, m);
    else
        crowd_count_error(c, "bad_answer");
}

/* True when it was a `place` that flat_json could read. */
static bool take_place(struct crowd *c, struct visitor *v, const char *text, size_t bytes)
{
    static const char head[] = "{\"type\":\"place\"";
    struct flat_json o;
    if (bytes < sizeof head || memcmp(text, head, sizeof head - 1) != 0 ||
        !flat_json_read(text, bytes, &o))
        return false;
    const struct flat_field *receipt = flat_json_find(&o, "receipt");
    on_place(c, v,
             &(struct place_told){.seq = flat_json_number(&o, "seq", -1),
                                  .re = flat_json_number(&o, "re", -1),
                                  .spread_ms = flat_json_number(&o, "spread_ms", -1),
                                  .ahead = flat_json_number(&o, "ahead", -1),
                                  .eta_low_ms = flat_json_number(&o, "eta_low_ms", -1),
                                  .eta_high_ms = flat_json_number(&o, "eta_high_ms", -1),
                                  .server_ms = flat_json_number(&o, "server_ms", -1),
                                  .receipt = receipt ? receipt->text : NULL,
                                  .receipt_bytes = receipt ? receipt->text_bytes : 0});
    return true;
}

void journey_on_text(struct crowd *c, struct visitor *v, const char *text, size_t bytes)
{
    if (visitor_is_over(v) || take_place(c, v, text, bytes))
        return;
    json_t *message = json_loadb(text, bytes, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type) {
        crowd_count_error(c, "bad_answer");
    } else if (strcmp(type, "place") == 0) {
        json_t *receipt = json_object_get(message, "receipt");
        on_place(c, v,
                 &(struct place_told){.seq = journey_number(message, "seq", -1),
                                      .re = journey_number(message, "re", -1),
                                      .spread_ms = journey_number(message, "spread_ms", -1),
                                      .ahead = journey_number(message, "ahead", -1),
                                      .eta_low_ms = journey_number(message, "eta_low_ms", -1),
                                      .eta_high_ms = journey_number(message, "eta_high_ms", -1),
                                      .server_ms = journey_number(message, "server_ms", -1),
                                      .receipt = json_string_value(receipt),
                                      .receipt_bytes = json_string_length(receipt)});
    } else {
        dispatch(c, v, type, message);
    }
    json_decref(message);
}
