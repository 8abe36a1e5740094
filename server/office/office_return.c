/* The verb `payment.return`: money that an intent keeps without an order that owes it is given
 * back.
 *
 *   look up the intent -> is it nobody's? -> the log's line is committed -> the provider gives back
 *   what is left -> the ledger notes it, so that the order is never written any more -> answer
 *
 * The refund has a key of its own, so whoever asks twice, or once more after a crash in between,
 * gives back once. Audits name such intents (audit_money.h); after a start from an older backup it
 * is those that were captured since (docs/backup.md).
 */
#include "server/office/office.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/office_notes.h"
#include "ticketing/ledger_money.h"
#include "ticketing/ledger_refunds.h"

#define RETURN_KEY "without_order"

/* One request under way; ends with its answer. */
struct giving_back {
    struct office *office;
    struct office_request request;
    struct office_answer answer;
    char asked[64], reason[REFUND_TEXT_BYTES_MAX + 1];
    struct payment_intent intent;
    int64_t left_minor;
};

static void end(struct giving_back *back)
{
    struct office *office = back->office;
    office->has_failed = office->has_failed || back->answer.store_failed;
    office_publish_answer(office, &back->request, &back->answer);
    (void)redis_pipe_flush(office->batch->redis);
    json_decref(back->answer.body);
    free(back);
}

/* false: somebody owes it, or may yet. */
static bool is_nobodys(struct giving_back *back)
{
    const struct payment_intent *intent = &back->intent;
    struct ledger_money money;
    if (!office_took(back->office, &back->answer,
                     ledger_money_of(back->office->batch->store, intent->order, &money)))
        return false;
    enum ledger_payment_state state = money.payment.state;
    if (money.has_order &&
        (money.payment.intent[0] == '\0' || strcmp(money.payment.intent, intent->id) == 0))
        office_fail(&back->answer, "belongs_to_order",
                    "Order %s stands and was paid with intent %s: refund the order instead.",
                    intent->order, intent->id);
    else if (!money.has_order && money.nr > 0 &&
             (state == LEDGER_PAYMENT_VOID_DUE || state == LEDGER_PAYMENT_INTENDED))
        office_fail(&back->answer, "undecided",
                    "What becomes of order %s is not decided yet; try again in a minute.",
                    intent->order);
    return back->answer.error == NULL;
}

static void note_returned(struct giving_back *back)
{
    struct ledger_store *store = back->office->batch->store;
    struct ledger_payment payment = {.amount_minor = back->intent.amount_minor};
    (void)snprintf(payment.order, sizeof payment.order, "%s", back->intent.order);
    (void)snprintf(payment.intent, sizeof payment.intent, "%s", back->intent.id);
    (void)snprintf(payment.currency, sizeof payment.currency, "%s", back->intent.currency);
    if (office_took(back->office, &back->answer, ledger_begin(store)))
        (void)office_conclude(back->office, &back->answer,
                              ledger_money_returned(store, &payment, clock_wall_ms()));
}

static void tell(struct giving_back *back, int64_t amount_minor)
{
    (void)json_object_set_new(back->answer.body, "order", json_string(back->intent.order));
    (void)json_object_set_new(back->answer.body, "amount_minor", json_integer(amount_minor));
    (void)json_object_set_new(back->answer.body, "currency", json_string(back->intent.currency));
}

static void on_given_back(void *ctx, enum payment_status status,
                          const struct payment_intent *intent)
{
    struct giving_back *back = ctx;
    (void)intent;
    if (status == PAYMENT_OK) {
        log_info("intent %s: what it took for order %s was given back", back->intent.id,
                 back->intent.order);
        note_returned(back);
        tell(back, back->left_minor);
    } else if (status == PAYMENT_CONFLICT) {
        office_fail(&back->answer, "refused", "The payment provider refuses to give it back.");
    } else {
        office_fail(&back->answer, "payments_down",
                    "The payment provider does not answer in time; it may have given it back: "
                    "repeat it.");
    }
    end(back);
}

static bool note_asked(struct giving_back *back)
{
    struct office *office = back->office;
    json_t *after = json_pack("{ss ss sI ss ss}", "intent", back->intent.id, "order",
                              back->intent.order, "amount_minor", (json_int_t)back->left_minor,
                              "currency", back->intent.currency, "reason", back->reason);
    bool is_noted =
        office_took(office, &back->answer, ledger_begin(office->batch->store)) &&
        office_conclude(office, &back->answer,
                        office_note(office, &back->request, &back->answer,
                                    &(struct office_note){.after = after, .text = back->reason}));
    json_decref(after);
    return is_noted;
}

/* true: `back` belongs to the provider's answer. */
static bool give_back(struct giving_back *back)
{
    if (!is_nobodys(back))
        return false;
    back->left_minor = back->intent.amount_minor - back->intent.refunded_minor;
    if (back->left_minor == 0) { /* before */
        note_returned(back);
        tell(back, 0);
        return false;
    }
    if (!note_asked(back))
        return false;
    if (payment_refund(back->office->provider, back->intent.id, RETURN_KEY, back->left_minor,
                       on_given_back, back) == PAYMENT_OK)
        return true;
    office_fail(&back->answer, "busy", "Too many calls to the payment provider; try again.");
    return false;
}

static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct giving_back *back = ctx;
    if (status == PAYMENT_OK)
        back->intent = *intent;
    if (status == PAYMENT_CONFLICT)
        office_fail(&back->answer, "no_such_intent", "The payment provider knows no intent %s.",
                    back->asked);
    else if (status != PAYMENT_OK)
        office_fail(&back->answer, "payments_down",
                    "The payment provider does not answer; nothing was done.");
    else if (intent->state != INTENT_CAPTURED)
        office_fail(&back->answer, "not_captured", "Intent %s has not taken any money.",
                    intent->id);
    else if (give_back(back))
        return;
    end(back);
}

void office_payment_return(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    const char *reason = json_string_value(json_object_get(request->args, "reason"));
    struct giving_back *back = calloc(1, sizeof *back);
    assert(back != NULL);
    const char *intent = office_text(request, answer, "intent", sizeof back->asked - 1);
    if (reason != NULL && strlen(reason) > REFUND_TEXT_BYTES_MAX)
        office_fail(answer, "bad_request", "The reason is longer than %d bytes.",
                    REFUND_TEXT_BYTES_MAX);
    if (answer->error != NULL) {
        free(back);
        return;
    }
    back->office = office;
    back->request = *request;
    back->request.verb = "payment.return"; /* what the request points to is gone by then */
    back->request.args = NULL;
    (void)snprintf(back->asked, sizeof back->asked, "%s", intent);
    (void)snprintf(back->reason, sizeof back->reason, "%s", reason != NULL ? reason : "");
    if (payment_look_up(office->provider, intent, on_looked_up, back) != PAYMENT_OK) {
        free(back);
        office_fail(answer, "busy", "Too many calls to the payment provider; try again.");
        return;
    }
    back->answer.body = json_object();
    answer->is_later = true;
}
