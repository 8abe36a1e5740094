/* Paying: from the checkout to the tickets. Every order has a record in shared memory; what the
 * server says later is compared with it. */
#include "loadtest/journey.h"

#include <string.h>

#include "loadtest/clocks.h"

#define NO_ORDER_LOOKUPS 2 /* looks at the tickets after the server knew nothing of the order */
#define GIVE_UP_SHARE 0.5  /* of those whose card was declined */

static bool is_buy_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_BUY;
}

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
    v->order->seats_count = holds_read_seats(json_object_get(message, "seats"), v->order->seats);
}

/* As the page does when nothing is to be paid. */
static void confirm(struct crowd *c, struct visitor *v)
{
    v->has_paid = v->is_confirming = true;
    v->lookups_left = STAMPEDE_LOOKUPS_MAX;
    if (v->pay_due_us == 0)
        v->pay_due_us = v->due_us;
    holds_let_go(c, v);
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
    holds_let_go(c, v);
    const char *card = card_of(v);
    crowd_set_state(c, v, VISITOR_PAYING);
    journey_ask(c, v, "pay", ",\"order\":\"%s\",\"card\":\"%s\"", v->order->id, card);
    journey_inside_at_most(c, v, v->asked_ms);
    if (v->plan.clicks_twice && v->state == VISITOR_PAYING) {
        v->plan.clicks_twice = false;
        journey_count(&c->stats->second_clicks);
        journey_ask(c, v, "pay", ",\"order\":\"%s\",\"card\":\"%s\"", v->order->id, card);
    }
}

void sales_return_to_payment(struct crowd *c, struct visitor *v, json_t *hold)
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

void sales_on_payment(struct crowd *c, struct visitor *v, json_t *message)
{
    if (v->state != VISITOR_CHECKING_OUT)
        return;
    note_payment(c, v, message);
    int64_t deadline_ms = journey_number(message, "deadline_ms", 0);
    if (holds_is_running(v->hold)) {
        v->hold->deadline_ms = deadline_ms;
        holds_own_seats(c, v, deadline_ms);
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
    journey_count(&c->stats->declined);
    v->has_paid = false;
    v->pay_due_us = 0;
    v->awaited_id = 0;
    journey_inside_until(c, v, journey_number(message, "deadline_ms", 0));
    if (holds_is_running(v->hold)) {
        v->has_let_go = false;
        holds_own_seats(c, v, journey_number(message, "deadline_ms", 0));
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
    uint8_t count = holds_read_seats(json_object_get(order, "tickets"), seats);
    int64_t amount_minor = journey_number(order, "amount_minor", -1);
    o->was_changed |= o->state != HISTORY_ORDER_PAY_SENT || amount_minor != o->amount_minor ||
                      !holds_are_same_seats(o->seats, o->seats_count, seats, count);
    o->state = HISTORY_ORDER_CONFIRMED;
    o->amount_minor = amount_minor;
    o->seats_count = count;
    memcpy(o->seats, seats, sizeof seats);
    journey_count(&c->stats->confirmed);
    atomic_fetch_add_explicit(&c->stats->seats_sold, count, memory_order_relaxed);
    if (v->pay_due_us > 0)
        crowd_record(c, LATENCY_PAY, clocks_us() - v->pay_due_us);
    v->pay_due_us = 0;
    v->has_paid = false;
    v->order = o;
    journey_record(c, v)->end = HISTORY_END_BOUGHT;
    holds_end(c, v, HOLD_PAID);
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
    journey_count(&c->stats->unsold);
    if (o != v->order || v->state == VISITOR_VERIFYING)
        return;
    v->has_paid = false;
    journey_record(c, v)->end = HISTORY_END_UNSOLD;
    holds_end(c, v, reason && strcmp(reason, "time_out") == 0 ? HOLD_EXPIRED : HOLD_RELEASED);
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
        journey_count(&c->stats->tickets_compared);
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
