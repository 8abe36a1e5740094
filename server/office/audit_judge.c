/* See the header. What cannot change any more is said at once: an order that is not in the ledger
 * is never written after its money was captured, and amounts never change. */
#include "server/office/audit_judge.h"

#include <inttypes.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/office/audit_redis.h"

/* WAITS: not as it should be, but one of the sides may be about to change. */
enum verdict { GOOD, WAITS };

void audit_judge_init(struct audit_judge *judge, json_t *findings)
{
    *judge = (struct audit_judge){.findings = findings, .to_return = json_array()};
}

void audit_judge_release(struct audit_judge *judge)
{
    json_decref(judge->to_return);
}

json_t *audit_judge_counts(const struct audit_judge *judge)
{
    return json_pack(
        "{sI sI sI sI sI sI sI}", "authorised", (json_int_t)judge->counts.authorised, "captured",
        (json_int_t)judge->counts.captured, "given_back", (json_int_t)judge->counts.given_back,
        "captured_without_order", (json_int_t)judge->counts.captured_without_order,
        "captured_twice", (json_int_t)judge->counts.captured_twice, "open",
        (json_int_t)judge->counts.open, "looked_up", (json_int_t)judge->counts.looked_up);
}

static void note_to_return(struct audit_judge *judge, const struct payment_intent *intent)
{
    if (json_array_size(judge->to_return) < AUDIT_FINDINGS_MAX)
        (void)json_array_append_new(
            judge->to_return,
            json_pack("{ss ss sI ss}", "intent", intent->id, "order", intent->order, "amount_minor",
                      (json_int_t)(intent->amount_minor - intent->refunded_minor), "currency",
                      intent->currency));
}

/* Money for which there is no order, or which the order has not asked for. */
static void judge_stray(struct audit_judge *judge, const struct payment_intent *intent,
                        const struct ledger_money *money)
{
    int64_t kept_minor = intent->amount_minor - intent->refunded_minor;
    if (kept_minor == 0) {
        judge->counts.given_back++;
        return;
    }
    note_to_return(judge, intent);
    if (!money->has_order) {
        judge->counts.captured_without_order++;
        audit_find(judge->findings,
                   "captured_without_order: intent %s keeps %" PRId64
                   " %s for order %s, which is not in the ledger",
                   intent->id, kept_minor, intent->currency, intent->order);
    } else {
        judge->counts.captured_twice++;
        audit_find(judge->findings,
                   "duplicate: order %s was paid with intent %s, and intent %s keeps %" PRId64
                   " %s for it as well",
                   intent->order, money->payment.intent, intent->id, kept_minor, intent->currency);
    }
}

static enum verdict judge_amounts(struct audit_judge *judge, const struct payment_intent *intent,
                                  const struct ledger_payment *payment, bool is_sure)
{
    if (intent->amount_minor != payment->amount_minor ||
        strcmp(intent->currency, payment->currency) != 0) {
        audit_find(judge->findings,
                   "different: order %s is over %" PRId64 " %s, intent %s over %" PRId64 " %s",
                   payment->order, payment->amount_minor, payment->currency, intent->id,
                   intent->amount_minor, intent->currency);
        return GOOD; /* said */
    }
    if (payment->has_payouts_due || intent->refunded_minor == payment->refunded_minor)
        return GOOD;
    if (is_sure)
        audit_find(judge->findings,
                   "different: of order %s %" PRId64 " were given back, of intent %s %" PRId64,
                   payment->order, payment->refunded_minor, intent->id, intent->refunded_minor);
    return is_sure ? GOOD : WAITS;
}

static enum verdict judge_captured(struct audit_judge *judge, const struct payment_intent *intent,
                                   const struct ledger_money *money, bool is_sure)
{
    const struct ledger_payment *payment = &money->payment;
    if (!money->has_order ||
        (payment->intent[0] != '\0' && strcmp(payment->intent, intent->id) != 0)) {
        judge_stray(judge, intent, money);
        return GOOD;
    }
    if (money->nr == 0) { /* an order without a payment: the ledger's check of itself says so */
        judge->counts.open++;
        return GOOD;
    }
    switch (payment->state) {
    case LEDGER_PAYMENT_CAPTURED:
        return judge_amounts(judge, intent, payment, is_sure);
    case LEDGER_PAYMENT_CAPTURE_DUE:
        judge->counts.open++; /* about to be written */
        return GOOD;
    default: /* the ledger's check of itself names an order with such a payment, too */
        if (is_sure)
            audit_find(judge->findings,
                       "unintended: order %s stands without a payment that was captured, intent %s "
                       "took money for it",
                       payment->order, intent->id);
        return is_sure ? GOOD : WAITS;
    }
}

static enum verdict judge_authorised(struct audit_judge *judge, const struct payment_intent *intent,
                                     const struct ledger_money *money, bool is_sure)
{
    const struct ledger_payment *payment = &money->payment;
    if (money->nr == 0) {
        if (clock_wall_ms() - intent->changed_ms > AUDIT_OPEN_MS)
            audit_find(judge->findings,
                       "unintended: intent %s is authorised for order %s, which nobody knows",
                       intent->id, intent->order);
        judge->counts.open++;
    } else if (payment->intent[0] != '\0' && strcmp(payment->intent, intent->id) != 0) {
        audit_find(judge->findings, "duplicate: order %s has intents %s and %s", intent->order,
                   payment->intent, intent->id);
    } else if (payment->state == LEDGER_PAYMENT_CAPTURE_DUE ||
               payment->state == LEDGER_PAYMENT_VOID_DUE ||
               payment->state == LEDGER_PAYMENT_INTENDED ||
               payment->state == LEDGER_PAYMENT_FAILED) {
        judge->counts.open++; /* one that has failed is named by the ledger's check of itself */
    } else if (!is_sure) {
        return WAITS;
    } else if (payment->state == LEDGER_PAYMENT_CAPTURED) {
        audit_find(judge->findings, "missing: order %s is captured in the ledger, intent %s is not",
                   payment->order, intent->id);
    } else {
        audit_find(judge->findings,
                   "unintended: order %s is voided in the ledger, intent %s still takes money",
                   payment->order, intent->id);
    }
    return GOOD;
}

bool audit_judge_listed(struct audit_judge *judge, const struct payment_intent *intent,
                        const struct ledger_money *money)
{
    if (intent->state == INTENT_AUTHORISED) {
        judge->counts.authorised++;
        return judge_authorised(judge, intent, money, false) == GOOD;
    }
    judge->counts.captured++;
    return judge_captured(judge, intent, money, false) == GOOD;
}

void audit_judge_looked_up(struct audit_judge *judge, const struct payment_intent *intent,
                           const struct ledger_money *money)
{
    judge->counts.looked_up++;
    if (intent->state == INTENT_CAPTURED)
        (void)judge_captured(judge, intent, money, true);
    else if (intent->state == INTENT_AUTHORISED)
        (void)judge_authorised(judge, intent, money, true);
    else if (money->payment.state == LEDGER_PAYMENT_CAPTURED)
        audit_find(judge->findings, "missing: order %s is captured in the ledger, intent %s is not",
                   money->payment.order, intent->id);
}

void audit_judge_unknown(struct audit_judge *judge, const char *order, const char *intent)
{
    judge->counts.looked_up++;
    audit_find(judge->findings, "missing: the provider does not know intent %s of order %s", intent,
               order);
}
