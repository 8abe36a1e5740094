/* Refunds in the ledger: seats of an order are given back, and the money for them is owed.
 *
 * Nothing of the order changes. The seats leave `sold` and enter `refunds`, the journal moves their
 * price from sales to refunds, the stock's work list tells Redis, and a payout waits until the
 * payment has been captured and the provider has given the money back.
 */
#ifndef STANCHION_LEDGER_REFUNDS_H
#define STANCHION_LEDGER_REFUNDS_H

#include <jansson.h>
#include "ticketing/ledger_store.h"

#define REFUND_TEXT_BYTES_MAX 200

struct ledger_refund_request {
    const char *order;
    const uint32_t *seats; /* NULL = all that are still sold */
    size_t seats_count;
    bool is_withheld;    /* the seats do not go back on sale */
    const char *by_whom; /* both at most REFUND_TEXT_BYTES_MAX */
    const char *reason;
    int64_t now_ms;
};

struct ledger_refund {
    char event[EVENT_ID_BYTES_MAX + 1], visitor[64], currency[4];
    int64_t amount_minor;
    size_t count;                   /* seats given back by this call */
    size_t before_count;            /* of those named, given back earlier */
    uint32_t seats[HOLD_SEATS_MAX]; /* by this call */
    size_t strangers_count;         /* LEDGER_REFUSED: not of this order */
    uint32_t strangers[HOLD_SEATS_MAX];
};

/* Within a transaction. LEDGER_NOT_FOUND: no such order. LEDGER_REFUSED: some of the named seats
 * were never of this order (strangers): nothing was changed. LEDGER_OK with count 0: everything
 * named was given back before. */
enum ledger_status ledger_refund(struct ledger_store *s,
                                 const struct ledger_refund_request *request,
                                 struct ledger_refund *out);

/* What is owed to visitors. */
struct ledger_payout {
    int64_t nr, amount_minor, attempts;
    int64_t paid_minor; /* of the order, by payouts before this one */
    char order[64], intent[64];
};
enum ledger_payout_state { LEDGER_PAYOUT_DUE, LEDGER_PAYOUT_PAID, LEDGER_PAYOUT_FAILED };

/* Due at now_ms, their payments captured, at most `max`, oldest first; of an order only the first
 * that is due, so that what the provider has given back can be told apart. */
enum ledger_status ledger_payouts_due(struct ledger_store *s, int64_t now_ms,
                                      struct ledger_payout *out, size_t max, size_t *count);
/* Counts the attempt; `paid` also enters the journal. Within a transaction. */
enum ledger_status ledger_payout_update(struct ledger_store *s, const struct ledger_payout *payout,
                                        enum ledger_payout_state state, int64_t next_try_ms,
                                        const char *reason, int64_t now_ms);

/* Adds to an order as ledger_order_json gives it: `payment`, `refunds`, `payouts` and `journal`. */
enum ledger_status ledger_order_history(struct ledger_store *s, const char *order, json_t *object);

#endif
