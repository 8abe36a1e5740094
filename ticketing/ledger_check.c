/* What the ledger can find wrong with itself. The key of `sold` forbids a seat twice; here we look
 * at the rest: sums, rows without their order, payments that do not fit. The cheap sums come first;
 * only when they differ are the orders gone through one by one. */
#include "ticketing/ledger_sqlite.h"

#include <inttypes.h>

static void append(json_t *list, json_t *sentence)
{
    (void)json_array_append_new(list, sentence);
}

static enum ledger_status check_orders(struct ledger_store *s, json_t *list)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_audit_sums, "");
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    bool is_even = sqlite3_column_int64(row, 0) == 0 && sqlite3_column_int64(row, 1) == 0;
    (void)sqlite3_reset(row);
    if (is_even)
        return LEDGER_OK;
    row = ledger_use(s, STATEMENT_audit_orders, "");
    while (ledger_next(s, row, &status))
        append(list, json_sprintf("different: order %s is over %" PRId64 " for %" PRId64
                                  " seats, its rows say %" PRId64 " for %" PRId64,
                                  ledger_text(row, 0), (int64_t)sqlite3_column_int64(row, 1),
                                  (int64_t)sqlite3_column_int64(row, 3),
                                  (int64_t)sqlite3_column_int64(row, 2),
                                  (int64_t)sqlite3_column_int64(row, 4)));
    return status;
}

static enum ledger_status check_strays(struct ledger_store *s, json_t *list)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_audit_strays, "");
    while (ledger_next(s, row, &status))
        append(list, json_sprintf("unintended: seat %" PRId64
                                  " of %s belongs to order %s, which is not there",
                                  (int64_t)sqlite3_column_int64(row, 1), ledger_text(row, 0),
                                  ledger_text(row, 2)));
    return status;
}

/* Like the orders: sums first, then one by one. */
static enum ledger_status check_journal(struct ledger_store *s, json_t *list)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_audit_journal_sums, "");
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    bool is_even = true;
    for (int i = 0; i < sqlite3_column_count(row); i++)
        is_even = is_even && sqlite3_column_int64(row, i) == 0;
    (void)sqlite3_reset(row);
    if (is_even)
        return LEDGER_OK;
    row = ledger_use(s, STATEMENT_audit_journal, "");
    while (ledger_next(s, row, &status))
        append(list, json_string(ledger_text(row, 0)));
    if (status != LEDGER_OK)
        return status;
    row = ledger_use(s, STATEMENT_audit_refunds, "");
    while (ledger_next(s, row, &status))
        append(list, json_string(ledger_text(row, 0)));
    return status;
}

static enum ledger_status check_payments(struct ledger_store *s, json_t *list)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_audit_payments, "");
    while (ledger_next(s, row, &status))
        append(list, json_string(ledger_text(row, 0)));
    return status;
}

enum ledger_status ledger_self_check(struct ledger_store *s, json_t **out)
{
    json_t *list = json_array();
    enum ledger_status status = check_orders(s, list);
    if (status == LEDGER_OK)
        status = check_strays(s, list);
    if (status == LEDGER_OK)
        status = check_payments(s, list);
    if (status == LEDGER_OK)
        status = check_journal(s, list);
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}

enum ledger_status ledger_self_check_moment(struct ledger_store *s, json_t **out)
{
    /* A transaction that only reads sees the file as it is at its first statement. */
    enum ledger_status status =
        ledger_judge(s, sqlite3_exec(s->db, "BEGIN DEFERRED", NULL, NULL, NULL));
    if (status != LEDGER_OK)
        return status;
    status = ledger_self_check(s, out);
    (void)sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    return status;
}
