/* See the header. */
#include "ticketing/ledger_accounts.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

/* Lengths were checked when the row was written. */
static void read_row(sqlite3_stmt *row, struct ledger_account *out)
{
    (void)snprintf(out->name, sizeof out->name, "%s", ledger_text(row, 0));
    (void)snprintf(out->role, sizeof out->role, "%s", ledger_text(row, 1));
    out->must_change = sqlite3_column_int64(row, 2) != 0;
    out->is_disabled = sqlite3_column_int64(row, 3) != 0;
    out->changed_ms = sqlite3_column_int64(row, 4);
    out->generation = sqlite3_column_int64(row, 5);
    (void)snprintf(out->hash, sizeof out->hash, "%s", ledger_text(row, 6));
}

enum ledger_status ledger_account_get(struct ledger_store *s, const char *name,
                                      struct ledger_account *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_account_get, "t", name);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    read_row(row, out);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_account_put(struct ledger_store *s, const struct ledger_account *account)
{
    assert(s->is_in_transaction);
    return ledger_run(s,
                      ledger_use(s, STATEMENT_account_put, "ttiiiit", account->name, account->role,
                                 (int64_t)account->must_change, (int64_t)account->is_disabled,
                                 account->changed_ms, account->generation, account->hash));
}

enum ledger_status ledger_account_owners(struct ledger_store *s, const char *but_name,
                                         int64_t *count)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_account_owners, "t", but_name);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    *count = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_accounts_each(struct ledger_store *s, ledger_account_fn *on_account,
                                        void *ctx)
{
    enum ledger_status status;
    struct ledger_account account = {0};
    sqlite3_stmt *row = ledger_use(s, STATEMENT_account_list, "");
    while (ledger_next(s, row, &status)) {
        read_row(row, &account);
        on_account(ctx, &account);
    }
    return status;
}
