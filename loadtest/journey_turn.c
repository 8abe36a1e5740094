/* The end of waiting: the turn that comes, is claimed or let pass, is over; and the news that there
 * is nothing to wait for any more. */
#include "loadtest/journey.h"

#include <string.h>

#include "loadtest/clocks.h"

#define LATE_TURN_MS 3000 /* so long after a claim is over nobody may still have the turn */
#define AWAY_MS_MAX 30000 /* a no-show that would have to be away for longer does not come back */
#define AWAY_AFTER_MS (LATE_TURN_MS + 1000)
#define STAYS_SHARE 0.5 /* of those who are told that all is sold wait for the good-bye */

static void note_admission(struct crowd *c, struct visitor *v, json_t *message)
{
    struct history_visitor *r = journey_record(c, v);
    int64_t deadline_ms = journey_number(message, "deadline_ms", 0);
    int64_t admission = journey_number(message, "admission", -1);
    bool is_again = run_lost_ms(c->run) > 0 && r->admission != HISTORY_NONE &&
                    admission != r->admission && r->again_admission == HISTORY_NONE;
    line_note_seq(c, v, journey_number(message, "seq", -1));
    if (r->admission == HISTORY_NONE && admission >= 0)
        journey_count(&c->stats->admitted);
    if (is_again) {
        r->again_admission = admission;
        r->again_ms = journey_number(message, "at_ms", HISTORY_NONE);
        r->inside_until_ms = deadline_ms;
        r->claim_until_ms = deadline_ms;
    } else if (admission != r->again_admission || admission < 0) {
        line_note_once(&r->admission, &r->other_admission, admission);
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

void turn_on_admitted(struct crowd *c, struct visitor *v, json_t *message, bool is_answer)
{
    struct history_visitor *r = journey_record(c, v);
    bool is_new = r->admitted_ms == HISTORY_NONE;
    if (line_end_late_tab(c, v))
        return;
    note_admission(c, v, message);
    if (line_end_tab(c, v))
        return;
    json_t *pass = json_object_get(message, "pass"), *receipt = json_object_get(message, "receipt");
    line_keep_token(c, &v->pass, json_string_value(pass), json_string_length(pass));
    line_keep_token(c, &v->receipt, json_string_value(receipt), json_string_length(receipt));
    if (v->state != VISITOR_JOINING && v->state != VISITOR_WAITING)
        return;
    if (is_answer && v->state == VISITOR_JOINING) {
        crowd_record(c, LATENCY_JOIN, clocks_us() - v->due_us);
        line_note_told(c, v);
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

void turn_on_left(struct crowd *c, struct visitor *v, json_t *message)
{
    journey_record(c, v)->end = HISTORY_END_LEFT;
    journey_inside_at_most(c, v, journey_number(message, "at_ms", 0));
    holds_end(c, v, HOLD_RELEASED);
    journey_finish(c, v, v->is_leaving ? (enum visitor_state)v->leaves_as : VISITOR_LEFT);
}

void turn_on_expired(struct crowd *c, struct visitor *v, json_t *message)
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
    holds_end(c, v, HOLD_EXPIRED);
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

void turn_on_phase(struct crowd *c, struct visitor *v, json_t *message)
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
