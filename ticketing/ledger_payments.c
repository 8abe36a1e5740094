/* What is owed to the payment provider: captures for the orders that stand, voids for those that
 * never did. */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const state_words[LEDGER_PAYMENT_STATE_COUNT] = {
    [LEDGER_PAYMENT_NONE] = "none",         [LEDGER_PAYMENT_CAPTURE_DUE] = "capture_due",
    [LEDGER_PAYMENT_CAPTURED] = "captured", [LEDGER_PAYMENT_VOID_DUE] = "void_due",
    [LEDGER_PAYMENT_VOIDED] = "voided",     [LEDGER_PAYMENT_FAILED] = "failed",
    [LEDGER_PAYMENT_INTENDED] = "intended",
};

enum ledger_payment_state ledger_payment_state_of(const char *word)
{
    for (size_t i = 0; i < LEDGER_PAYMENT_STATE_COUNT; i++)
        if (strcmp(word, state_words[i]) == 0)
            return (enum ledger_payment_state)i;
    assert(!"the schema's CHECK allows only these words");
    return LEDGER_PAYMENT_FAILED;
}

static void copy(char *out, size_t out_bytes, const char *text)
{
    (void)snprintf(out, out_bytes, "%s", text); /* lengths were checked when the row was written */
}

static void read_payment(sqlite3_stmt *row, const char *order, int first,
                         struct ledger_payment *out)
{
    copy(out->order, sizeof out->order, order);
    copy(out->intent, sizeof out->intent, ledger_text(row, first));
    out->amount_minor = sqlite3_column_int64(row, first + 1);
    copy(out->currency, sizeof out->currency, ledger_text(row, first + 2));
}

enum ledger_status ledger_payments_due(struct ledger_store *s, int64_t now_ms,
                                       struct ledger_payment *out, size_t max, size_t *count)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_payments_due, "ii", now_ms, (int64_t)max);
    size_t found = 0;
    while (ledger_next(s, row, &status)) {
        assert(found < max);
        read_payment(row, ledger_text(row, 0), 1, &out[found]);
        out[found].state = ledger_payment_state_of(ledger_text(row, 4));
        out[found].attempts = sqlite3_column_int64(row, 5);
        found++;
    }
    if (status == LEDGER_OK)
        *count = found;
    return status;
}

enum ledger_status ledger_payment_get(struct ledger_store *s, const char *order,
                                      struct ledger_payment *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_payment_get, "t", order);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    out->state = ledger_payment_state_of(ledger_text(row, 0));
    out->attempts = sqlite3_column_int64(row, 4);
    out->was_given_up = ledger_text(row, 5)[0] != '\0';
    read_payment(row, order, 1, out);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_payment_update(struct ledger_store *s,
                                         const struct ledger_payment *payment, int64_t next_try_ms,
                                         const char *reason, int64_t now_ms)
{
    assert(s->is_in_transaction);
    enum ledger_status status = ledger_run(
        s, ledger_use(s, STATEMENT_payment_update, "tttiti", payment->order,
                      state_words[payment->state], payment->intent, next_try_ms, reason, now_ms));
    if (status == LEDGER_OK && payment->state == LEDGER_PAYMENT_CAPTURED)
        status =
            ledger_run(s, ledger_use(s, STATEMENT_journal_capture, "ti", payment->order, now_ms));
    return status;
}

enum ledger_status ledger_payment_void_due(struct ledger_store *s,
                                           const struct ledger_payment *payment, const char *reason,
                                           int64_t now_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_payment_insert, "ttittit", payment->order,
                                    payment->intent, payment->amount_minor, payment->currency,
                                    state_words[LEDGER_PAYMENT_VOID_DUE], now_ms, reason));
}
