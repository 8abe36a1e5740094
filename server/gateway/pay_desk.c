#include "server/gateway/pay_desk.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/seat_desk.h"
#include "server/gateway/ticket_qr.h"
#include "server/gateway/wire.h"

#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19

/* --- checkout --- */

static void on_checked_out(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask *ask = ctx;
    if (status != SEATS_OK || hold->result == HOLD_TAKEN) {
        wire_busy(ask->gateway, &ask->to); /* TAKEN: the hold changed between our two steps */
    } else if (hold->result == HOLD_OK || hold->result == HOLD_PAYING) {
        wire_answer(ask->gateway, &ask->to, seat_desk_hold_json(ask->event, hold));
    } else {
        seat_desk_refuse(ask->gateway, &ask->to, hold);
    }
    free(ask);
}

static void on_hold_to_check_out(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask *ask = ctx;
    struct gateway *gateway = ask->gateway;
    if (status != SEATS_OK || hold->result != HOLD_OK || hold->is_paying) {
        on_checked_out(ask, status, hold);
        return;
    }
    uint32_t seats[HOLD_SEATS_MAX];
    for (size_t i = 0; i < hold->seats_count; i++) {
        seats[i] = hold->seats[i].seat;
    }
    int64_t amount_minor = 0;
    if (plan_seats_total(ask->event->plan, seats, hold->seats_count, &amount_minor) != PLAN_OK) {
        on_checked_out(ask, SEATS_DOWN, NULL); /* the plan is being replaced */
        return;
    }
    char order[ORDER_ID_BYTES + 1] = "o_";
    token_timed(order + 2, ORDER_ID_BYTES - 2, clock_wall_ms());
    enum seats_status sent = gateway->seats->checkout(
        gateway->seats, ask->event->id, ask->visitor, order, amount_minor, ask->event->currency,
        hold->seats, hold->seats_count, on_checked_out, ask);
    if (sent != SEATS_OK) {
        on_checked_out(ask, sent, NULL);
    }
}

void pay_desk_checkout(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const json_t *request)
{
    (void)request;
    if (!event_is_ready(session->event)) {
        wire_busy(gateway, to);
        return;
    }
    struct ask *ask = ask_create(gateway, session, to);
    enum seats_status sent = gateway->seats->state(gateway->seats, session->event->id,
                                                   session->visitor, on_hold_to_check_out, ask);
    if (sent != SEATS_OK) {
        on_checked_out(ask, sent, NULL);
    }
}

/* --- pay --- */

struct pay_ask {
    struct ask *ask;
    char order[ORDER_ID_BYTES + 1];
    char card[CARD_BYTES_MAX + 1];
};

static void note_paying(struct gateway *gateway, const struct event_entry *event,
                        const char *visitor, bool is_paying)
{
    struct session *session = session_of_visitor(&gateway->sessions, event, visitor);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        session->is_paying = is_paying;
    }
}

static void start_payment(const struct pay_ask *pay, const struct hold *hold)
{
    struct ask *ask = pay->ask;
    struct gateway *gateway = ask->gateway;
    enum run_step first = RUN_NOTED;
    if (hold->amount_minor == 0) {
        first = RUN_SETTLE; /* nothing to pay: no provider is asked */
    } else if (hold->intent[0] != '\0') {
        first = RUN_AUTHORISE;
    }
    if (payment_run_start(gateway, ask->event, ask->visitor, hold, pay->card, first, "")) {
        note_paying(gateway, ask->event, ask->visitor, true);
        wire_answer(gateway, &ask->to, json_pack("{ss ss}", "type", "paying", "order", pay->order));
    } else {
        wire_error(gateway, &ask->to, "payments_down",
                   "Too many payments at once. Nothing was taken.",
                   json_pack("{si}", "retry_s", RETRY_S_BUSY));
    }
}

static void on_hold_to_pay(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct pay_ask *pay = ctx;
    struct ask *ask = pay->ask;
    if (status != SEATS_OK) {
        wire_busy(ask->gateway, &ask->to);
    } else if (!hold->is_paying || strcmp(hold->order, pay->order) != 0) {
        wire_error(ask->gateway, &ask->to, "no_such_order",
                   "There is no running payment with this number.", NULL);
    } else {
        start_payment(pay, hold);
    }
    free(ask);
    free(pay);
}

static bool card_is_plausible(const char *card)
{
    size_t digits = strspn(card, "0123456789");
    return card[digits] == '\0' && digits >= CARD_DIGITS_MIN && digits <= CARD_DIGITS_MAX;
}

void pay_desk_pay(struct gateway *gateway, struct session *session, const struct reply_to *to,
                  const json_t *request)
{
    const char *order = json_string_value(json_object_get(request, "order"));
    const char *card = json_string_value(json_object_get(request, "card"));
    if (order == NULL || strlen(order) > ORDER_ID_BYTES) {
        wire_error(gateway, to, "bad_message", "order must be the number of a checkout.",
                   json_pack("{ss}", "field", "order"));
        return;
    }
    if (card == NULL || !card_is_plausible(card)) {
        wire_error(gateway, to, "bad_message", "card must be 12 to 19 digits.",
                   json_pack("{ss}", "field", "card"));
        return;
    }
    if (!event_is_ready(session->event)) {
        wire_busy(gateway, to);
        return;
    }
    struct pay_ask *pay = calloc(1, sizeof *pay);
    assert(pay != NULL);
    pay->ask = ask_create(gateway, session, to);
    snprintf(pay->order, sizeof pay->order, "%s", order);
    snprintf(pay->card, sizeof pay->card, "%s", card);
    enum seats_status sent = gateway->seats->state(gateway->seats, session->event->id,
                                                   session->visitor, on_hold_to_pay, pay);
    if (sent != SEATS_OK) {
        on_hold_to_pay(pay, sent, NULL);
    }
}

/* --- what the ledger says --- */

void pay_desk_on_outcome(struct gateway *gateway, const char *text, size_t bytes)
{
    json_t *outcome = json_loadb(text, bytes, 0, NULL);
    const char *event_id = json_string_value(json_object_get(outcome, "event"));
    const char *visitor = json_string_value(json_object_get(outcome, "visitor"));
    const char *type = json_string_value(json_object_get(outcome, "type"));
    struct event_entry *event = event_id != NULL ? book_find(&gateway->book, event_id) : NULL;
    if (event == NULL || visitor == NULL || type == NULL) {
        json_decref(outcome);
        return;
    }
    if (strcmp(type, "refunded") != 0) {
        note_paying(gateway, event, visitor, false);
    }
    struct session *session = session_of_visitor(&gateway->sessions, event, visitor);
    bool is_here = session != NULL; /* every gateway hears of every outcome */
    for (; session != NULL; session = session_next_of_visitor(session)) {
        if (strcmp(type, "confirmed") == 0) {
            session->stage = STAGE_NEW; /* the turn ended with the sale */
        }
    }
    json_t *push = json_deep_copy(outcome);
    json_object_del(push, "event");
    json_object_del(push, "visitor");
    if (is_here && strcmp(type, "confirmed") == 0) {
        ticket_qr_add(json_object_get(push, "tickets"));
    }
    wire_push_visitor(gateway, event, visitor, push);
    json_decref(outcome);
}

/* --- tickets --- */

static void on_orders(void *ctx, const json_t *answer)
{
    struct ask *ask = ctx;
    json_t *orders = json_object_get(answer, "orders");
    if (json_is_true(json_object_get(answer, "ok")) && json_is_array(orders)) {
        size_t i;
        json_t *order;
        json_array_foreach(orders, i, order) ticket_qr_add(json_object_get(order, "tickets"));
        wire_answer(ask->gateway, &ask->to,
                    json_pack("{ss sO}", "type", "tickets", "orders", orders));
    } else {
        wire_error(ask->gateway, &ask->to, "ledger_down",
                   "Your tickets are safe, but cannot be shown for a moment.",
                   json_pack("{si}", "retry_s", RETRY_S_BUSY));
    }
    free(ask);
}

void pay_desk_tickets(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request)
{
    (void)request;
    struct ask *ask = ask_create(gateway, session, to);
    json_t *args = json_pack("{ss ss}", "event", session->event->id, "visitor", session->visitor);
    if (!office_client_ask(gateway, "orders.of", args, "gateway", on_orders, ask)) {
        on_orders(ask, NULL);
    }
}
