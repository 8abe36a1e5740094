/* See the header. */
#include "ticketing/ledger_money.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

#define REASON_RETURNED "captured without an order, given back"

static void copy(char *out, size_t out_bytes, const char *text)
{
    (void)snprintf(out, out_bytes, "%s", text); /* lengths were checked when the row was written */
}

enum ledger_status ledger_money_of(struct ledger_store *s, const char *order,
                                   struct ledger_money *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_money_of, "t", order);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_CORRUPT : status; /* there is always one row */
    *out = (struct ledger_money){.nr = sqlite3_column_int64(row, 0),
                                 .has_order = sqlite3_column_int64(row, 1) != 0};
    struct ledger_payment *payment = &out->payment;
    copy(payment->order, sizeof payment->order, order);
    payment->state = ledger_payment_state_of(ledger_text(row, 2));
    copy(payment->intent, sizeof payment->intent, ledger_text(row, 3));
    payment->amount_minor = sqlite3_column_int64(row, 4);
    copy(payment->currency, sizeof payment->currency, ledger_text(row, 5));
    payment->attempts = sqlite3_column_int64(row, 6);
    payment->refunded_minor = sqlite3_column_int64(row, 7);
    payment->has_payouts_due = sqlite3_column_int64(row, 8) > 0;
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_money_last(struct ledger_store *s, int64_t *nr)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_money_last, "");
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_CORRUPT : status;
    *nr = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_money_captured(struct ledger_store *s, int64_t after, int64_t last,
                                         ledger_captured_fn *on_captured, void *ctx)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_money_captured, "ii", after, last);
    while (ledger_next(s, row, &status))
        on_captured(ctx, sqlite3_column_int64(row, 0), ledger_text(row, 1), ledger_text(row, 2));
    return status;
}

enum ledger_status ledger_money_returned(struct ledger_store *s,
                                         const struct ledger_payment *payment, int64_t now_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_money_returned, "ttitit", payment->order,
                                    payment->intent, payment->amount_minor, payment->currency,
                                    now_ms, REASON_RETURNED));
}
