/* What the ledger says about money, order by order: for those who compare it with what the payment
 * provider says (server/office/audit_money.h), and for money that was taken without an order.
 */
#ifndef STANCHION_LEDGER_MONEY_H
#define STANCHION_LEDGER_MONEY_H

#include "ticketing/ledger_store.h"

struct ledger_money {
    int64_t nr;                    /* of the payment; 0 = there is none */
    bool has_order;                /* the order is in the ledger */
    struct ledger_payment payment; /* zero without one, but for `order` */
};

/* LEDGER_OK also when nothing is known of the order. */
enum ledger_status ledger_money_of(struct ledger_store *s, const char *order,
                                   struct ledger_money *out);
/* The highest number of a payment. */
enum ledger_status ledger_money_last(struct ledger_store *s, int64_t *nr);
/* A captured payment; the texts are valid during the call. */
typedef void ledger_captured_fn(void *ctx, int64_t nr, const char *order, const char *intent);
/* Calls on_captured for each captured payment with an intent that has a number above `after` and at
 * most `last`, in their order. */
enum ledger_status ledger_money_captured(struct ledger_store *s, int64_t after, int64_t last,
                                         ledger_captured_fn *on_captured, void *ctx);
/* Notes that what an intent had taken for an order that is not in the ledger was given back, so
 * that the order is never written any more. Nothing when there is such an order. Within a
 * transaction. */
enum ledger_status ledger_money_returned(struct ledger_store *s,
                                         const struct ledger_payment *payment, int64_t now_ms);

#endif
