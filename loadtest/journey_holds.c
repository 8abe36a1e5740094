/* Holding seats.
 *
 * Every hold has a record in shared memory; what the server says later is compared with it. A
 * visitor is certain of its seats from `held` until it sends something that may free them
 * (release, leave, pay) or the deadline comes near: only in that time does the seat-owner table
 * call another's hold a clash.
 */
#include "loadtest/journey.h"

#include <string.h>

#include "loadtest/clocks.h"

#define CERTAIN_MARGIN_MS 50 /* before a deadline */

static bool is_hold_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_HOLD;
}

static bool is_buy_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_BUY;
}

uint8_t holds_read_seats(json_t *array, uint32_t *seats)
{
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count && i < STAMPEDE_SEATS_MAX; i++) {
        json_t *item = json_array_get(array, i);
        json_t *seat = json_is_object(item) ? json_object_get(item, "seat") : item;
        seats[i] = (uint32_t)json_integer_value(seat);
    }
    return count < 255 ? (uint8_t)count : 255;
}

static uint8_t kept(uint8_t count)
{
    return count < STAMPEDE_SEATS_MAX ? count : STAMPEDE_SEATS_MAX;
}

bool holds_are_same_seats(const uint32_t *a, uint8_t a_count, const uint32_t *b, uint8_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint8_t i = 0; i < kept(a_count); i++) {
        bool is_there = false;
        for (uint8_t k = 0; k < kept(b_count) && !is_there; k++)
            is_there = a[i] == b[k];
        if (!is_there)
            return false;
    }
    return true;
}

bool holds_is_running(const struct history_hold *h)
{
    return h && h->paid + h->released + h->expired == 0 && !h->was_lost;
}

static struct history_hold *new_hold(struct crowd *c, struct visitor *v)
{
    struct history_hold *first = &c->run->holds[(size_t)v->number * STAMPEDE_HOLDS_PER_VISITOR],
                        *h = first;
    if (!is_hold_mode(c))
        while (h->seats_count > 0 && h < first + STAMPEDE_HOLDS_PER_VISITOR - 1)
            h++;
    if (h->seats_count > 0 && !is_hold_mode(c))
        crowd_count_error(c, "not_recorded");
    *h = (struct history_hold){.visitor = v->number, .taken_ms = run_server_ms(c->run)};
    return h;
}

void holds_own_seats(struct crowd *c, const struct visitor *v, int64_t deadline_ms)
{
    int64_t until_ms =
        deadline_ms == RUN_SEAT_FOR_EVER ? deadline_ms : deadline_ms - CERTAIN_MARGIN_MS;
    for (uint8_t i = 0; i < kept(v->hold->seats_count); i++) {
        run_seat_take(c->run, v->hold->seats[i], v->number, until_ms);
        seat_picture_set(c->picture, v->hold->seats[i], PICTURE_HELD);
    }
}

/* `message` has seats and deadline_ms of what the visitor holds now. */
static void note_hold(struct crowd *c, struct visitor *v, json_t *message)
{
    uint32_t seats[STAMPEDE_SEATS_MAX];
    uint8_t count = holds_read_seats(json_object_get(message, "seats"), seats);
    bool is_known = holds_is_running(v->hold) &&
                    holds_are_same_seats(v->hold->seats, v->hold->seats_count, seats, count);
    if (!is_known) {
        if (holds_is_running(v->hold))
            holds_end(c, v, v->has_let_go ? HOLD_RELEASED : HOLD_LOST);
        v->hold = new_hold(c, v);
        v->hold->seats_count = count;
        memcpy(v->hold->seats, seats, sizeof seats);
    }
    v->hold->deadline_ms = journey_number(message, "deadline_ms", 0);
    v->is_free_of_charge = journey_number(message, "total_minor", -1) == 0;
    v->has_let_go = false;
    holds_own_seats(c, v, v->hold->deadline_ms);
}

void holds_let_go(struct crowd *c, struct visitor *v)
{
    v->has_let_go = true;
    for (uint8_t i = 0; v->hold && i < kept(v->hold->seats_count); i++)
        run_seat_give(c->run, v->hold->seats[i], v->number);
}

void holds_end(struct crowd *c, struct visitor *v, enum hold_ending ending)
{
    struct history_hold *h = v->hold;
    if (!h)
        return;
    bool was_running = holds_is_running(h);
    if (ending == HOLD_PAID)
        h->paid++;
    else if (ending == HOLD_RELEASED)
        h->released += h->released < 255 && was_running;
    else if (ending == HOLD_EXPIRED)
        h->expired += h->expired < 255 && !h->released;
    else if (was_running && h->deadline_ms - CERTAIN_MARGIN_MS > run_server_ms(c->run))
        h->was_lost = true;
    else if (was_running)
        h->expired++;
    for (uint8_t i = 0; i < kept(h->seats_count); i++) {
        if (ending == HOLD_PAID)
            run_seat_take(c->run, h->seats[i], v->number, RUN_SEAT_FOR_EVER);
        else if (was_running)
            run_seat_give(c->run, h->seats[i], v->number);
        if (was_running)
            seat_picture_set(c->picture, h->seats[i],
                             ending == HOLD_PAID ? PICTURE_SOLD : PICTURE_FREE);
    }
}

static void start_without_hold(struct crowd *c, struct visitor *v)
{
    if (holds_is_running(v->hold) && !v->has_paid)
        holds_end(c, v, v->has_let_go ? HOLD_RELEASED : HOLD_LOST);
    v->tries = 0;
    v->refusals = v->looks = 0;
    bool begins_with_all = is_hold_mode(c) || is_buy_mode(c);
    if (begins_with_all && !c->is_holding)
        crowd_set_state(c, v, VISITOR_READY);
    else if (v->has_paid)
        journey_pause(c, v, VISITOR_LOOKING_UP, STAMPEDE_LOOKUP_US);
    else if (begins_with_all)
        journey_pause(c, v, VISITOR_CHOOSING, 0);
    else
        choice_look_round(c, v);
}

void holds_on_entered(struct crowd *c, struct visitor *v, json_t *message)
{
    json_t *hold = json_object_get(message, "hold");
    if (v->state != VISITOR_ENTERING)
        return;
    if (journey_record(c, v)->entered_ms == HISTORY_NONE) {
        journey_record(c, v)->entered_ms =
            journey_number(message, "server_ms", run_server_ms(c->run));
        v->gives_up_us = 0; /* patience with the line; with the seats it begins anew */
    }
    journey_inside_until(c, v, journey_number(message, "deadline_ms", 0));
    if (!json_is_object(hold)) {
        start_without_hold(c, v);
        return;
    }
    note_hold(c, v, hold);
    if (is_hold_mode(c)) {
        v->due_us = c->now_us;
        journey_pause(c, v, VISITOR_RELEASING, 0);
    } else if (json_object_get(hold, "order")) {
        sales_return_to_payment(c, v, hold);
    } else {
        journey_think(c, v, VISITOR_HELD);
    }
}

void holds_on_held(struct crowd *c, struct visitor *v, json_t *message)
{
    if (v->state != VISITOR_HOLDING)
        return;
    crowd_record(c, LATENCY_HOLD, clocks_us() - v->due_us);
    journey_count(&c->stats->holds);
    note_hold(c, v, message);
    v->tries = 0;
    v->refusals = v->looks = 0;
    if (is_hold_mode(c)) {
        crowd_set_state(c, v, VISITOR_RELEASING);
        holds_let_go(c, v);
        journey_ask(c, v, "release", "%s", "");
    } else {
        journey_think(c, v, VISITOR_HELD);
    }
}

/* Mode hold: the next hold is due one period after the last was due, however late that one was. */
static void plan_next_hold(struct crowd *c, struct visitor *v)
{
    double rate = c->run->options->hold_rate;
    int64_t period_us = rate > 0 ? (int64_t)(c->run->options->visitors * 1e6 / rate) : 0;
    int64_t next_us = v->due_us + period_us;
    crowd_set_state(c, v, VISITOR_CHOOSING);
    if (rate == 0 && c->command == RUN_GO) {
        v->due_us = clocks_us();
        choice_ask(c, v);
    } else {
        crowd_set_timer(c, v, next_us);
    }
}

void holds_on_released(struct crowd *c, struct visitor *v)
{
    holds_end(c, v, HOLD_RELEASED);
    if (v->state == VISITOR_RELEASING)
        plan_next_hold(c, v);
}
