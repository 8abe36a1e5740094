/* Holding and paying: steps and messages. Choosing is in journey_choice.c.
 *
 * Every hold and every order has a record in shared memory; what the server says later is compared
 * with it. A visitor is certain of its seats from `held` until it sends something that may free
 * them (release, leave, pay) or the deadline comes near: only in that time does the seat-owner
 * table call another's hold a clash.
 */
#include "loadtest/journey.h"

#include <stdio.h>
#include <string.h>

#include "loadtest/clocks.h"

#define CERTAIN_MARGIN_MS 50 /* before a deadline */
#define NO_ORDER_LOOKUPS 2   /* looks at the tickets after the server knew nothing of the order */
#define GIVE_UP_SHARE 0.5    /* of those whose card was declined */

static bool is_hold_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_HOLD;
}

static bool is_buy_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_BUY;
}

static void add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

uint8_t sales_read_seats(json_t *array, uint32_t *seats)
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

static bool has_same_seats(const uint32_t *a, uint8_t a_count, const uint32_t *b, uint8_t b_count)
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

/* ---- holds ---- */

static bool is_running(const struct history_hold *h)
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

static void own_seats(struct crowd *c, const struct visitor *v, int64_t deadline_ms)
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
    uint8_t count = sales_read_seats(json_object_get(message, "seats"), seats);
    bool is_known =
        is_running(v->hold) && has_same_seats(v->hold->seats, v->hold->seats_count, seats, count);
    if (!is_known) {
        if (is_running(v->hold))
            sales_end_hold(c, v, v->has_let_go ? HOLD_RELEASED : HOLD_LOST);
        v->hold = new_hold(c, v);
        v->hold->seats_count = count;
        memcpy(v->hold->seats, seats, sizeof seats);
    }
    v->hold->deadline_ms = journey_number(message, "deadline_ms", 0);
    v->is_free_of_charge = journey_number(message, "total_minor", -1) == 0;
    v->has_let_go = false;
    own_seats(c, v, v->hold->deadline_ms);
}

void sales_let_go(struct crowd *c, struct visitor *v)
{
    v->has_let_go = true;
    for (uint8_t i = 0; v->hold && i < kept(v->hold->seats_count); i++)
        run_seat_give(c->run, v->hold->seats[i], v->number);
}

void sales_end_hold(struct crowd *c, struct visitor *v, enum hold_ending ending)
{
    struct history_hold *h = v->hold;
    if (!h)
        return;
    bool was_running = is_running(h);
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

/* ---- orders ---- */

/* The visitor's record of that order, a new one when it is not known. */
static struct history_order *order_of(struct crowd *c, struct visitor *v, const char *id)
{
    struct history_order *first = &c->run->orders[(size_t)v->number * STAMPEDE_ORDERS_PER_VISITOR];
    struct history_order *o = first;
    for (; o < first + STAMPEDE_ORDERS_PER_VISITOR && o->id[0]; o++)
        if (strcmp(o->id, id) == 0)
            return o;
    if (o == first + STAMPEDE_ORDERS_PER_VISITOR) {
        crowd_count_error(c, "not_recorded");
        return NULL;
    }
    o->visitor = v->number;
    memcpy(o->id, id, strlen(id) + 1);
    return o;
}

/* The order number of a message, or NULL. */
static const char *order_id(struct crowd *c, json_t *message)
{
    const char *id = json_string_value(json_object_get(message, "order"));
    size_t bytes = id ? strlen(id) : 0;
    bool is_good = bytes > 0 && bytes <= STAMPEDE_ORDER_BYTES_MAX && !strpbrk(id, "\"\\");
    if (!is_good)
        crowd_count_error(c, "bad_answer");
    return is_good ? id : NULL;
}

static void note_payment(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *id = order_id(c, message);
    v->order = id ? order_of(c, v, id) : NULL;
    if (!v->order)
        return;
    if (v->order->state == HISTORY_ORDER_DECLINED)
        v->order->state = HISTORY_ORDER_OPEN; /* the number is used again */
    v->order->amount_minor =
        journey_number(message, "amount_minor", journey_number(message, "total_minor", -1));
    v->order->seats_count = sales_read_seats(json_object_get(message, "seats"), v->order->seats);
}

/* ---- steps ---- */

/* As the page does when nothing is to be paid. */
static void confirm(struct crowd *c, struct visitor *v)
{
    v->has_paid = v->is_confirming = true;
    v->lookups_left = STAMPEDE_LOOKUPS_MAX;
    if (v->pay_due_us == 0)
        v->pay_due_us = v->due_us;
    sales_let_go(c, v);
    crowd_set_state(c, v, VISITOR_PAYING);
    journey_ask(c, v, "checkout", ",\"total_minor\":%d,\"confirm\":true", 0);
    journey_inside_at_most(c, v, v->asked_ms);
}

/* The first word of the order that was asked for so: it is what was held, and costs nothing. */
static void name_confirmed(struct visitor *v, struct history_order *o)
{
    if (!v->is_confirming || !v->hold || o->state != HISTORY_ORDER_OPEN)
        return;
    v->is_confirming = false;
    v->order = o;
    o->state = HISTORY_ORDER_PAY_SENT;
    o->amount_minor = 0;
    o->seats_count = v->hold->seats_count;
    memcpy(o->seats, v->hold->seats, sizeof o->seats);
}

void sales_on_paying(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *id = v->is_confirming ? order_id(c, message) : NULL;
    struct history_order *o = id ? order_of(c, v, id) : NULL;
    if (o)
        name_confirmed(v, o);
    if (v->state == VISITOR_PAYING)
        crowd_set_timer(c, v, c->now_us + STAMPEDE_LOOKUP_US);
}

void sales_after_holding(struct crowd *c, struct visitor *v)
{
    if (v->plan.leaves_inside) {
        journey_leave(c, v);
    } else if (v->plan.leaves_seats) {
        journey_finish(c, v, VISITOR_ABANDONED);
    } else if (is_buy_mode(c) && v->is_free_of_charge) {
        confirm(c, v);
    } else {
        crowd_set_state(c, v, VISITOR_CHECKING_OUT);
        journey_ask(c, v, "checkout", "%s", "");
    }
}

static const char *card_of(struct visitor *v)
{
    static const char *const slow[] = {"4000000000000077", "4000000000000085", "4000000000000093"};
    static const char *const bad[] = {"4000000000000002", "4000000000009995"};
    if (v->plan.card_declined)
        return bad[v->number % 2];
    return v->plan.slow_card ? slow[v->plan.slow_card - 1] : "4242424242424242";
}

void sales_pay(struct crowd *c, struct visitor *v)
{
    if (v->plan.leaves_cash || !v->order) {
        journey_finish(c, v, v->order ? VISITOR_ABANDONED : VISITOR_FAILED);
        return;
    }
    if (v->order->state == HISTORY_ORDER_OPEN)
        v->order->state = HISTORY_ORDER_PAY_SENT;
    v->has_paid = true;
    v->lookups_left = STAMPEDE_LOOKUPS_MAX;
    v->is_confirming = false;
    if (v->pay_due_us == 0)
        v->pay_due_us = v->due_us;
    sales_let_go(c, v);
    const char *card = card_of(v);
    crowd_set_state(c, v, VISITOR_PAYING);
    journey_ask(c, v, "pay", ",\"order\":\"%s\",\"card\":\"%s\"", v->order->id, card);
    journey_inside_at_most(c, v, v->asked_ms);
    if (v->plan.clicks_twice && v->state == VISITOR_PAYING) {
        v->plan.clicks_twice = false;
        add(&c->stats->second_clicks);
        journey_ask(c, v, "pay", ",\"order\":\"%s\",\"card\":\"%s\"", v->order->id, card);
    }
}

/* ---- messages ---- */

static void return_to_payment(struct crowd *c, struct visitor *v, json_t *hold)
{
    note_payment(c, v, hold);
    if (!v->order) {
        journey_finish(c, v, VISITOR_FAILED);
    } else if (v->has_paid && v->order->state == HISTORY_ORDER_PAY_SENT) {
        v->due_us = c->now_us;
        sales_pay(c, v); /* pressing pay again for the same order takes money once */
    } else {
        journey_think(c, v, VISITOR_AT_CASH);
    }
}

static void start_without_hold(struct crowd *c, struct visitor *v)
{
    if (is_running(v->hold) && !v->has_paid)
        sales_end_hold(c, v, v->has_let_go ? HOLD_RELEASED : HOLD_LOST);
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

void sales_on_entered(struct crowd *c, struct visitor *v, json_t *message)
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
        return_to_payment(c, v, hold);
    } else {
        journey_think(c, v, VISITOR_HELD);
    }
}

void sales_on_held(struct crowd *c, struct visitor *v, json_t *message)
{
    if (v->state != VISITOR_HOLDING)
        return;
    crowd_record(c, LATENCY_HOLD, clocks_us() - v->due_us);
    add(&c->stats->holds);
    note_hold(c, v, message);
    v->tries = 0;
    v->refusals = v->looks = 0;
    if (is_hold_mode(c)) {
        crowd_set_state(c, v, VISITOR_RELEASING);
        sales_let_go(c, v);
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
        sales_choose(c, v);
    } else {
        crowd_set_timer(c, v, next_us);
    }
}

void sales_on_released(struct crowd *c, struct visitor *v)
{
    sales_end_hold(c, v, HOLD_RELEASED);
    if (v->state == VISITOR_RELEASING)
        plan_next_hold(c, v);
}

void sales_on_payment(struct crowd *c, struct visitor *v, json_t *message)
{
    if (v->state != VISITOR_CHECKING_OUT)
        return;
    note_payment(c, v, message);
    int64_t deadline_ms = journey_number(message, "deadline_ms", 0);
    if (is_running(v->hold)) {
        v->hold->deadline_ms = deadline_ms;
        own_seats(c, v, deadline_ms);
    }
    journey_inside_at_most(c, v, deadline_ms);
    journey_think(c, v, VISITOR_AT_CASH);
}

void sales_on_declined(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *id = order_id(c, message);
    struct history_order *o = id ? order_of(c, v, id) : NULL;
    if (!o || o->state == HISTORY_ORDER_DECLINED)
        return;
    o->was_changed |= o->state == HISTORY_ORDER_CONFIRMED;
    o->state = HISTORY_ORDER_DECLINED;
    add(&c->stats->declined);
    v->has_paid = false;
    v->pay_due_us = 0;
    v->awaited_id = 0;
    journey_inside_until(c, v, journey_number(message, "deadline_ms", 0));
    if (is_running(v->hold)) {
        v->has_let_go = false;
        own_seats(c, v, journey_number(message, "deadline_ms", 0));
    }
    v->plan.card_declined = false;
    if (dice_hits(&v->dice, GIVE_UP_SHARE))
        v->plan.leaves_inside = true;
    journey_think(c, v, VISITOR_HELD);
}

/* Takes one order that was told as sold, by `confirmed` or in `tickets`. */
static void note_confirmed(struct crowd *c, struct visitor *v, json_t *order)
{
    const char *id = order_id(c, order);
    struct history_order *o = id ? order_of(c, v, id) : NULL;
    if (!o || o->state == HISTORY_ORDER_CONFIRMED)
        return;
    name_confirmed(v, o);
    uint32_t seats[STAMPEDE_SEATS_MAX];
    uint8_t count = sales_read_seats(json_object_get(order, "tickets"), seats);
    int64_t amount_minor = journey_number(order, "amount_minor", -1);
    o->was_changed |= o->state != HISTORY_ORDER_PAY_SENT || amount_minor != o->amount_minor ||
                      !has_same_seats(o->seats, o->seats_count, seats, count);
    o->state = HISTORY_ORDER_CONFIRMED;
    o->amount_minor = amount_minor;
    o->seats_count = count;
    memcpy(o->seats, seats, sizeof seats);
    add(&c->stats->confirmed);
    atomic_fetch_add_explicit(&c->stats->seats_sold, count, memory_order_relaxed);
    if (v->pay_due_us > 0)
        crowd_record(c, LATENCY_PAY, clocks_us() - v->pay_due_us);
    v->pay_due_us = 0;
    v->has_paid = false;
    v->order = o;
    journey_record(c, v)->end = HISTORY_END_BOUGHT;
    sales_end_hold(c, v, HOLD_PAID);
}

void sales_on_confirmed(struct crowd *c, struct visitor *v, json_t *message)
{
    note_confirmed(c, v, message);
    if (v->state == VISITOR_VERIFYING)
        return;
    if (v->plan.verifies && v->connection.state == CONNECTION_OPEN) {
        crowd_set_state(c, v, VISITOR_VERIFYING);
        journey_ask(c, v, "tickets", "%s", "");
    } else {
        journey_finish(c, v, VISITOR_BOUGHT);
    }
}

void sales_on_unsold(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *id = order_id(c, message),
               *reason = json_string_value(json_object_get(message, "reason"));
    struct history_order *o = id ? order_of(c, v, id) : NULL;
    if (!o || o->state == HISTORY_ORDER_UNSOLD)
        return;
    o->was_changed |= o->state == HISTORY_ORDER_CONFIRMED;
    o->state = HISTORY_ORDER_UNSOLD;
    add(&c->stats->unsold);
    if (o != v->order || v->state == VISITOR_VERIFYING)
        return;
    v->has_paid = false;
    journey_record(c, v)->end = HISTORY_END_UNSOLD;
    sales_end_hold(c, v, reason && strcmp(reason, "time_out") == 0 ? HOLD_EXPIRED : HOLD_RELEASED);
    journey_finish(c, v, VISITOR_EXPIRED);
}

static bool lists_order(json_t *orders, const char *id)
{
    for (size_t i = 0; i < json_array_size(orders); i++) {
        const char *listed = json_string_value(json_object_get(json_array_get(orders, i), "order"));
        if (listed && strcmp(listed, id) == 0)
            return true;
    }
    return false;
}

/* As the page does: after every second look it waits twice as long, up to four times as long. */
static void look_up_again(struct crowd *c, struct visitor *v)
{
    v->tries++;
    int doublings = v->tries < 4 ? v->tries / 2 : 2;
    v->lookups_left--;
    journey_pause(c, v, VISITOR_LOOKING_UP, STAMPEDE_LOOKUP_US << doublings);
}

void sales_on_tickets(struct crowd *c, struct visitor *v, json_t *message)
{
    json_t *orders = json_object_get(message, "orders");
    for (size_t i = 0; i < json_array_size(orders); i++)
        note_confirmed(c, v, json_array_get(orders, i));
    if (v->state == VISITOR_VERIFYING) {
        add(&c->stats->tickets_compared);
        journey_record(c, v)->lost_ticket = v->order && !lists_order(orders, v->order->id);
        journey_finish(c, v, VISITOR_BOUGHT);
    } else if (journey_record(c, v)->end == HISTORY_END_BOUGHT) {
        journey_finish(c, v, VISITOR_BOUGHT);
    } else if (v->state == VISITOR_LOOKING_UP) {
        if (v->has_paid && v->lookups_left > 0)
            look_up_again(c, v);
        else
            journey_finish(c, v, VISITOR_EXPIRED);
    }
}

void sales_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message)
{
    if (choice_on_error(c, v, code, message))
        return;
    if (strcmp(code, "no_hold") == 0 || strcmp(code, "payment_running") == 0) {
        /* Something happened while the connection was away; `entered` tells what is held. */
        journey_pause(c, v, VISITOR_JOINING, STAMPEDE_RETRY_US_MIN);
    } else if (strcmp(code, "no_such_order") == 0) {
        /* Sold already, or nothing was taken and the seats are gone: the tickets tell soon. */
        if (v->lookups_left > NO_ORDER_LOOKUPS)
            v->lookups_left = NO_ORDER_LOOKUPS;
        journey_pause(c, v, VISITOR_LOOKING_UP, STAMPEDE_RETRY_US_MIN);
    } else {
        journey_finish(c, v, VISITOR_FAILED);
    }
}
