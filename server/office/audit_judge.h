/* What is said about one intent of the payment provider, given what the ledger says of its order.
 * No calls, no clock but for the age of what nobody knows yet. */
#ifndef STANCHION_AUDIT_JUDGE_H
#define STANCHION_AUDIT_JUDGE_H

#include <jansson.h>
#include <stdbool.h>
#include "ticketing/ledger_money.h"
#include "ticketing/payment.h"

/* An authorised intent may be this old before it must have an owner. */
#define AUDIT_OPEN_MS 600000

struct audit_judge {
    json_t *findings;  /* the caller's */
    json_t *to_return; /* intents that keep money nobody owes; at most AUDIT_FINDINGS_MAX */
    struct {
        int64_t authorised, captured, given_back; /* intents that were listed */
        int64_t captured_without_order, captured_twice;
        int64_t open; /* their fate is not decided yet */
        int64_t looked_up;
    } counts;
};

void audit_judge_init(struct audit_judge *judge, json_t *findings);
void audit_judge_release(struct audit_judge *judge);
/* A new object. */
json_t *audit_judge_counts(const struct audit_judge *judge);

/* Of a list, which was written a moment ago. false: it does not agree, but either side may have
 * moved meanwhile; it is to be looked up. */
bool audit_judge_listed(struct audit_judge *judge, const struct payment_intent *intent,
                        const struct ledger_money *money);
/* Looked up while the ledger did not move. */
void audit_judge_looked_up(struct audit_judge *judge, const struct payment_intent *intent,
                           const struct ledger_money *money);
/* The ledger names an intent that the provider does not know. */
void audit_judge_unknown(struct audit_judge *judge, const char *order, const char *intent);

#endif
