/* See the header. */
#include "ticketing/ledger_links.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

enum ledger_status ledger_link_get(struct ledger_store *s, const char *order,
                                   struct ledger_link *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_link_get, "t", order);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *out = (struct ledger_link){.serial = sqlite3_column_int64(row, 0),
                                .made_ms = sqlite3_column_int64(row, 1),
                                .ends_ms = sqlite3_column_int64(row, 2),
                                .made_count = sqlite3_column_int64(row, 3)};
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_link_make(struct ledger_store *s, const char *order, int64_t now_ms,
                                    int64_t ends_ms, struct ledger_link *out,
                                    char text[TICKET_LINK_BYTES_MAX + 1])
{
    assert(s->is_in_transaction);
    struct ledger_link last = {0};
    struct ticket_link link = {.ends_ms = ends_ms};
    enum ledger_status status = ledger_link_get(s, order, &last);
    if (status != LEDGER_OK && status != LEDGER_NOT_FOUND)
        return status;
    link.serial = ticket_link_next(last.serial, now_ms);
    status = ledger_run(
        s, ledger_use(s, STATEMENT_link_put, "tiii", order, link.serial, now_ms, ends_ms));
    if (status != LEDGER_OK)
        return status;
    if (sqlite3_changes(s->db) == 0)
        return LEDGER_NOT_FOUND;
    int bytes = snprintf(link.order, sizeof link.order, "%s", order);
    assert(bytes > 0 && (size_t)bytes < sizeof link.order); /* an id that stands in the ledger */
    ticket_link_write(s->keys, &link, text);
    *out = (struct ledger_link){link.serial, now_ms, ends_ms, last.made_count + 1};
    return LEDGER_OK;
}
