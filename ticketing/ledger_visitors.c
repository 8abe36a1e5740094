/* Accounts of visitors in SQLite; see ledger_store.h. */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include "server/base/account_id.h"

enum ledger_status ledger_visitor_add(struct ledger_store *s, const char *email, const char *hash,
                                      int64_t now_ms)
{
    assert(s->is_in_transaction);
    char visitor[VISITOR_ID_BYTES + 1];
    account_visitor(s->keys, email, visitor);
    return ledger_run(s,
                      ledger_use(s, STATEMENT_visitor_add, "ttti", email, hash, visitor, now_ms));
}

enum ledger_status ledger_visitor_get(struct ledger_store *s, const char *email, json_t **out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_visitor_get, "t", email);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *out = json_pack("{ss ss}", "hash", ledger_text(row, 0), "visitor", ledger_text(row, 1));
    assert(*out != NULL);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_visitor_password(struct ledger_store *s, const char *email,
                                           const char *hash)
{
    assert(s->is_in_transaction);
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_visitor_password, "tt", email, hash));
    if (status == LEDGER_OK && sqlite3_changes(s->db) == 0)
        return LEDGER_NOT_FOUND;
    return status;
}

enum ledger_status ledger_signed_out_add(struct ledger_store *s, const char *session,
                                         int64_t ends_ms, int64_t now_ms)
{
    assert(s->is_in_transaction);
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_signed_out_drop, "i", now_ms));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_signed_out_add, "ti", session, ends_ms));
    return status;
}

enum ledger_status ledger_signed_out(struct ledger_store *s, const char *after, int64_t now_ms,
                                     int64_t limit, json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_signed_out_page, "tii", after, now_ms, limit);
    while (ledger_next(s, row, &status)) {
        json_t *pair =
            json_pack("[sI]", ledger_text(row, 0), (json_int_t)sqlite3_column_int64(row, 1));
        assert(pair != NULL);
        (void)json_array_append_new(list, pair);
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}
