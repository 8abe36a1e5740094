/* What the audit says of one intent, for every state of the ledger: at once, or only after both
 * sides were looked at again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/office/audit_judge.h"

static const char *const states[] = {
    [LEDGER_PAYMENT_NONE] = "none",         [LEDGER_PAYMENT_CAPTURE_DUE] = "capture_due",
    [LEDGER_PAYMENT_CAPTURED] = "captured", [LEDGER_PAYMENT_VOID_DUE] = "void_due",
    [LEDGER_PAYMENT_VOIDED] = "voided",     [LEDGER_PAYMENT_FAILED] = "failed",
    [LEDGER_PAYMENT_INTENDED] = "intended"};

struct row {
    enum intent_state intent;
    bool has_order, has_payment, is_old, is_others; /* the payment names another intent */
    enum ledger_payment_state payment;
    int64_t amount, intent_back, ledger_back; /* of 100; given back there and here */
    bool is_back_due;
    bool is_doubt;    /* from a list: to be looked up */
    const char *says; /* the beginning of what is said in the end; NULL = nothing */
};

static const struct row table[] = {
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURE_DUE, .amount = 100},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 99,
     .says = "different: order o is over 99 EUR, intent pi over 100 EUR"},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .intent_back = 30, .ledger_back = 30},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .intent_back = 30, .is_doubt = true, .says = "different: of order o 0 were given back"},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .intent_back = 30, .is_back_due = true},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .is_others = true, .says = "duplicate: order o was paid with intent other, and intent pi"},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .is_others = true, .intent_back = 100},
    {INTENT_CAPTURED, true, true, .payment = LEDGER_PAYMENT_VOIDED, .amount = 100, .is_doubt = true,
     .says = "unintended: order o stands without a payment that was captured"},
    {INTENT_CAPTURED, true, .has_payment = false}, /* the ledger's check of itself names it */
    {INTENT_CAPTURED, false, false, .says = "captured_without_order: intent pi keeps 100 EUR"},
    {INTENT_CAPTURED, false, false, .intent_back = 60,
     .says = "captured_without_order: intent pi keeps 40 EUR for order o"},
    {INTENT_CAPTURED, false, false, .intent_back = 100},
    {INTENT_CAPTURED, false, true, .payment = LEDGER_PAYMENT_VOIDED, .amount = 100,
     .says = "captured_without_order: "},
    {INTENT_CAPTURED, false, true, .payment = LEDGER_PAYMENT_INTENDED, .amount = 100,
     .says = "captured_without_order: "},
    {INTENT_CAPTURED, false, true, .payment = LEDGER_PAYMENT_FAILED, .amount = 100,
     .says = "captured_without_order: "},
    {INTENT_AUTHORISED, false, .has_payment = false},
    {INTENT_AUTHORISED, false, false, .is_old = true,
     .says = "unintended: intent pi is authorised for order o, which nobody knows"},
    {INTENT_AUTHORISED, false, true, .payment = LEDGER_PAYMENT_INTENDED, .amount = 100},
    {INTENT_AUTHORISED, false, true, .payment = LEDGER_PAYMENT_VOID_DUE, .amount = 100},
    {INTENT_AUTHORISED, true, true, .payment = LEDGER_PAYMENT_CAPTURE_DUE, .amount = 100},
    {INTENT_AUTHORISED, true, true, .payment = LEDGER_PAYMENT_CAPTURE_DUE, .amount = 100,
     .is_others = true, .says = "duplicate: order o has intents other and pi"},
    {INTENT_AUTHORISED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100,
     .is_doubt = true, .says = "missing: order o is captured in the ledger, intent pi is not"},
    {INTENT_AUTHORISED, false, true, .payment = LEDGER_PAYMENT_VOIDED, .amount = 100,
     .is_doubt = true, .says = "unintended: order o is voided in the ledger, intent pi still"},
};

static struct payment_intent intent_of(const struct row *row)
{
    struct payment_intent intent = {.amount_minor = 100,
                                    .refunded_minor = row->intent_back,
                                    .changed_ms = row->is_old ? 1 : clock_wall_ms(),
                                    .state = row->intent,
                                    .currency = "EUR",
                                    .id = "pi",
                                    .order = "o"};
    return intent;
}

static struct ledger_money money_of(const struct row *row)
{
    struct ledger_money money = {.nr = row->has_payment ? 7 : 0,
                                 .has_order = row->has_order,
                                 .payment = {.order = "o",
                                             .currency = "EUR",
                                             .amount_minor = row->amount,
                                             .refunded_minor = row->ledger_back,
                                             .has_payouts_due = row->is_back_due,
                                             .state = row->payment}};
    (void)snprintf(money.payment.intent, sizeof money.payment.intent, "%s",
                   !row->has_payment ? ""
                   : row->is_others  ? "other"
                                     : "pi");
    return money;
}

Test(audit_judge, every_pair_of_states)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct row *row = &table[i];
        struct payment_intent intent = intent_of(row);
        struct ledger_money money = money_of(row);
        struct audit_judge judge;
        json_t *findings = json_array();
        audit_judge_init(&judge, findings);
        bool is_settled = audit_judge_listed(&judge, &intent, &money);
        cr_expect_eq(!is_settled, row->is_doubt, "row %zu, %s: a doubt?", i, states[row->payment]);
        if (!is_settled) {
            cr_expect_eq(json_array_size(findings), 0, "row %zu: nothing is said of a doubt", i);
            audit_judge_looked_up(&judge, &intent, &money);
        }
        const char *said = json_string_value(json_array_get(findings, 0));
        cr_expect_eq(json_array_size(findings), row->says != NULL ? 1 : 0, "row %zu: %s", i,
                     said != NULL ? said : "nothing");
        if (said != NULL && row->says != NULL)
            cr_expect_eq(strncmp(said, row->says, strlen(row->says)), 0, "row %zu: %s", i, said);
        bool is_stray = row->says != NULL && (strstr(row->says, "captured_without_order") != NULL ||
                                              strstr(row->says, "was paid with") != NULL);
        cr_expect_eq(json_array_size(judge.to_return), is_stray ? 1 : 0, "row %zu", i);
        audit_judge_release(&judge);
        json_decref(findings);
    }
}

Test(audit_judge, what_the_provider_does_not_have)
{
    struct audit_judge judge;
    json_t *findings = json_array();
    struct row row = {INTENT_VOIDED, true, true, .payment = LEDGER_PAYMENT_CAPTURED, .amount = 100};
    struct payment_intent intent = intent_of(&row);
    struct ledger_money money = money_of(&row);
    audit_judge_init(&judge, findings);
    audit_judge_looked_up(&judge, &intent, &money);
    audit_judge_unknown(&judge, "o", "pi");
    cr_assert_eq(json_array_size(findings), 2);
    cr_expect_str_eq(json_string_value(json_array_get(findings, 0)),
                     "missing: order o is captured in the ledger, intent pi is not");
    cr_expect_str_eq(json_string_value(json_array_get(findings, 1)),
                     "missing: the provider does not know intent pi of order o");
    audit_judge_release(&judge);
    json_decref(findings);
}
