#include "server/gateway/orders/pay_desk.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/orders/confirm_desk.h"
#include "server/gateway/orders/outcome_desk.h"
#include "server/gateway/orders/ticket_qr.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/seats/told_hold.h"
#include "server/gateway/wire/wire.h"
#include "ticketing/offer.h"

#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19

/* --- checkout --- */

#define TOTAL_UNKNOWN (-1) /* the request does not say which sum was shown */

struct checkout_ask {
    struct ask *ask;
    json_t *types; /* of the request; NULL = none */
    int64_t total_minor;
    bool is_hopeful;         /* about the seats that the session was told of, not those in Redis */
    bool is_to_be_confirmed; /* in this exchange, if it costs nothing */
};

static void checkout_ask_free(struct checkout_ask *asked)
{
    json_decref(asked->types);
    free(asked->ask);
    free(asked);
}

static void refuse_more_payments(struct gateway *gateway, const struct reply_to *to)
{
    wire_error(gateway, to, "payments_down", "Too many payments at once. Nothing was taken.",
               json_pack("{si}", "retry_s", RETRY_S_BUSY));
}

static void look_and_check_out(struct checkout_ask *asked);

/* Nothing is to be paid: goes on as if `pay` had come, and the outcome is the answer. */
static void confirm(const struct ask *ask, const struct hold *hold)
{
    struct gateway *gateway = ask->gateway;
    struct session *session = session_by_id(&gateway->sessions, ask->to.session);
    told_hold_note(session, hold);
    basket_desk_told(session, hold);
    if (!payment_run_start(gateway, ask->event, ask->visitor, hold, "", RUN_SETTLE, "")) {
        refuse_more_payments(gateway, &ask->to);
        return;
    }
    outcome_desk_note_paying(gateway, ask->event, ask->visitor, hold->order);
    if (session != NULL)
        confirm_desk_wait(gateway, session, &ask->to, hold);
}

static void on_checked_out(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct checkout_ask *asked = ctx;
    struct ask *ask = asked->ask;
    if (asked->is_hopeful && status == SEATS_OK && hold->result == HOLD_TAKEN) {
        look_and_check_out(asked); /* it holds others than it was told */
        return;
    }
    if (status != SEATS_OK || hold->result == HOLD_TAKEN)
        wire_busy(ask->gateway, &ask->to); /* TAKEN: the hold changed between our two steps */
    else if (asked->is_to_be_confirmed && hold->is_paying && hold->amount_minor == 0 &&
             (hold->result == HOLD_OK || hold->result == HOLD_PAYING))
        confirm(ask, hold);
    else if (hold->result == HOLD_OK || hold->result == HOLD_PAYING)
        seat_desk_answer_hold(ask->gateway, &ask->to, ask->event, hold);
    else
        seat_desk_refuse(ask->gateway, &ask->to, hold);
    checkout_ask_free(asked);
}

static void refuse_types(const struct ask *ask, enum offer_status status, uint32_t seat)
{
    json_t *field = json_pack("{s[I]}", "seats", (json_int_t)seat);
    if (status == OFFER_BAD_TYPES) {
        json_decref(field);
        wire_bad_field(ask->gateway, &ask->to, "types",
                       "types must be an object of seat numbers and the indices of their types.");
    } else if (status == OFFER_NOT_HELD) {
        wire_error(ask->gateway, &ask->to, "not_held", "You do not hold this seat.", field);
    } else if (status == OFFER_NO_SUCH_TYPE) {
        wire_error(ask->gateway, &ask->to, "no_such_type",
                   "There is no such ticket type for this seat.", field);
    } else {
        json_decref(field);
        wire_busy(ask->gateway, &ask->to); /* the plan is being replaced */
    }
}

/* Nobody pays another sum than the one they were shown. */
static bool is_as_shown(const struct checkout_ask *asked, const struct offer *offer)
{
    const struct ask *ask = asked->ask;
    if (asked->total_minor == TOTAL_UNKNOWN || asked->total_minor == offer->amount_minor)
        return true;
    if (asked->is_hopeful)
        return false;
    wire_error(ask->gateway, &ask->to, "price_changed",
               "The organizer has changed prices. Your seats are kept.",
               json_pack("{sI ss}", "total_minor", (json_int_t)offer->amount_minor, "currency",
                         ask->event->currency));
    return false;
}

/* What is offered for these seats, if it may be: otherwise what is wrong has been answered, unless
 * the seats are only hoped for. */
static bool make_offer(const struct checkout_ask *asked, const struct hold *hold,
                       struct offer *offer)
{
    const struct plan *plan = asked->ask->event->plan;
    uint8_t types[HOLD_SEATS_MAX];
    uint32_t seat = 0;
    enum offer_status status =
        offer_read_types(asked->types, plan, hold->seats, hold->seats_count, types, &seat);
    if (status == OFFER_OK)
        status = offer_make(plan, hold->seats, hold->seats_count, types, offer);
    if (status != OFFER_OK) {
        if (!asked->is_hopeful)
            refuse_types(asked->ask, status, seat);
        return false;
    }
    if (!is_as_shown(asked, offer)) {
        offer_release(offer);
        return false;
    }
    return true;
}

/* True when the store was asked; it answers to on_checked_out. */
static bool check_out(struct checkout_ask *asked, const struct hold *hold)
{
    struct ask *ask = asked->ask;
    struct gateway *gateway = ask->gateway;
    struct offer offer = {0};
    if (!make_offer(asked, hold, &offer))
        return false;
    char order[ORDER_ID_BYTES + 1] = "o_";
    token_timed(order + 2, ORDER_ID_BYTES - 2, clock_wall_ms());
    const struct checkout wanted = {.order = order,
                                    .currency = ask->event->currency,
                                    .amount_minor = offer.amount_minor,
                                    .offer = offer.text,
                                    .seats = hold->seats,
                                    .count = hold->seats_count};
    enum seats_status sent = gateway->seats->checkout(gateway->seats, ask->event->id, ask->visitor,
                                                      &wanted, on_checked_out, asked);
    offer_release(&offer);
    if (sent != SEATS_OK)
        on_checked_out(asked, sent, NULL);
    return true;
}

static void on_hold_to_check_out(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct checkout_ask *asked = ctx;
    if (status != SEATS_OK || hold->result != HOLD_OK || hold->is_paying)
        on_checked_out(asked, status, hold);
    else if (!check_out(asked, hold))
        checkout_ask_free(asked);
}

static void look_and_check_out(struct checkout_ask *asked)
{
    struct ask *ask = asked->ask;
    struct seat_store *seats = ask->gateway->seats;
    asked->is_hopeful = false;
    enum seats_status sent =
        seats->state(seats, ask->event->id, ask->visitor, on_hold_to_check_out, asked);
    if (sent != SEATS_OK)
        on_hold_to_check_out(asked, sent, NULL);
}

/* The sum that the visitor was shown; false when it is no such. */
static bool read_total(const json_t *request, int64_t *total_minor)
{
    const json_t *value = json_object_get(request, "total_minor");
    *total_minor = TOTAL_UNKNOWN;
    if (value == NULL)
        return true;
    *total_minor = json_integer_value(value);
    return json_is_integer(value) && *total_minor >= 0;
}

void pay_desk_checkout(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const json_t *request)
{
    int64_t total_minor;
    const json_t *is_confirmed = json_object_get(request, "confirm");
    if (!read_total(request, &total_minor)) {
        wire_bad_field(gateway, to, "total_minor", "total_minor must be a whole number from 0.");
        return;
    }
    if (is_confirmed != NULL && !json_is_boolean(is_confirmed)) {
        wire_bad_field(gateway, to, "confirm", "confirm must be true or false.");
        return;
    }
    if (!event_is_ready(session->event)) {
        wire_busy(gateway, to);
        return;
    }
    struct checkout_ask *asked = calloc(1, sizeof *asked);
    assert(asked != NULL);
    asked->ask = ask_create(gateway, session, to);
    asked->types = json_incref(json_object_get(request, "types"));
    asked->total_minor = total_minor;
    asked->is_to_be_confirmed = json_is_true(is_confirmed);
    struct hold told;
    asked->is_hopeful = told_hold_read(session, &told) && !told.is_paying;
    if (!asked->is_hopeful || !check_out(asked, &told))
        look_and_check_out(asked);
}

/* --- pay --- */

struct pay_ask {
    struct ask *ask;
    char order[ORDER_ID_BYTES + 1];
    char card[CARD_BYTES_MAX + 1];
};

static void start_payment(const struct pay_ask *pay, const struct hold *hold)
{
    struct ask *ask = pay->ask;
    struct gateway *gateway = ask->gateway;
    enum run_step first = RUN_NOTED;
    if (hold->amount_minor == 0)
        first = RUN_SETTLE; /* nothing to pay: no provider is asked */
    else if (hold->intent[0] != '\0')
        first = RUN_AUTHORISE;
    if (payment_run_start(gateway, ask->event, ask->visitor, hold, pay->card, first, "")) {
        outcome_desk_note_paying(gateway, ask->event, ask->visitor, pay->order);
        wire_answer(gateway, &ask->to, json_pack("{ss ss}", "type", "paying", "order", pay->order));
    } else {
        refuse_more_payments(gateway, &ask->to);
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
        wire_bad_field(gateway, to, "order", "order must be the number of a checkout.");
        return;
    }
    if (card == NULL || !card_is_plausible(card)) {
        wire_bad_field(gateway, to, "card", "card must be 12 to 19 digits.");
        return;
    }
    if (!event_is_ready(session->event)) {
        wire_busy(gateway, to);
        return;
    }
    struct hold told;
    bool is_free_of_charge = told_hold_read(session, &told) && told.is_paying &&
                             told.amount_minor == 0 && strcmp(told.order, order) == 0;
    struct pay_ask *pay = calloc(1, sizeof *pay);
    assert(pay != NULL);
    pay->ask = ask_create(gateway, session, to);
    snprintf(pay->order, sizeof pay->order, "%s", order);
    snprintf(pay->card, sizeof pay->card, "%s", card);
    if (is_free_of_charge) { /* settling compares order and fence: nothing to ask first */
        on_hold_to_pay(pay, SEATS_OK, &told);
        return;
    }
    enum seats_status sent = gateway->seats->state(gateway->seats, session->event->id,
                                                   session->visitor, on_hold_to_pay, pay);
    if (sent != SEATS_OK)
        on_hold_to_pay(pay, sent, NULL);
}

/* --- tickets --- */

static void on_orders(void *ctx, const json_t *answer)
{
    struct ask *ask = ctx;
    json_t *orders = json_object_get(answer, "orders");
    if (json_is_true(json_object_get(answer, "ok")) && json_is_array(orders)) {
        size_t i;
        json_t *order;
        json_array_foreach(orders, i, order)
            ticket_qr_add(json_object_get(order, "tickets"));
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
    if (!office_client_ask(gateway, "orders.of", args, "gateway", on_orders, ask))
        on_orders(ask, NULL);
}
