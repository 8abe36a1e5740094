/* The part of an audit that compares the payment provider with the ledger
 * (docs/decisions/0057-comparing-with-the-provider.md).
 *
 *   authorised intents, page by page -> captured intents, page by page; each is judged by what the
 *   ledger says of its order, and a bit notes that a captured payment was seen -> the captured
 *   payments of the ledger that nobody has shown are looked up one by one -> done
 *
 * Bounded: one page and its doubts, and one bit for each payment of the ledger. Money moves
 * meanwhile: what does not agree although it may be about to is looked up again, between two looks
 * into the ledger that must say the same.
 */
#ifndef STANCHION_AUDIT_MONEY_H
#define STANCHION_AUDIT_MONEY_H

#include <ev.h>
#include <jansson.h>
#include "ticketing/ledger_money.h"
#include "ticketing/payment.h"

#define AUDIT_MONEY_MS_MAX 300000 /* what is not compared by then is a finding */

struct audit_money;

/* `counts` and `to_return` are the callee's: what was looked at, and each intent that keeps money
 * nobody owes, as {intent, order, amount_minor, currency}. has_failed: the store cannot be read. */
typedef void audit_money_fn(void *ctx, json_t *counts, json_t *to_return, bool has_failed);

struct audit_money_options {
    struct ev_loop *loop;
    struct payment_provider *provider;
    struct ledger_store *store;
    json_t *findings; /* grows; the caller's, until the end */
};

/* on_done is called exactly once, unless audit_money_free comes before it. */
struct audit_money *audit_money_start(const struct audit_money_options *options,
                                      audit_money_fn *on_done, void *ctx);
/* Ends it early, after the provider's calls have ended. NULL is fine. */
void audit_money_free(struct audit_money *audit);

#endif
