/* See the header. */
#include "ticketing/ledger_intents.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

static void copy(char *out, size_t out_bytes, const char *text)
{
    (void)snprintf(out, out_bytes, "%s", text); /* lengths were checked when the row was written */
}

enum ledger_status ledger_write_intent(struct ledger_store *s, const struct outbox_entry *entry,
                                       int64_t now_ms)
{
    assert(s->is_in_transaction && entry->kind == OUTBOX_INTENT);
    return ledger_run(s, ledger_use(s, STATEMENT_intent_insert, "titiitt", entry->order,
                                    entry->amount_minor, entry->currency,
                                    entry->until_ms + INTENT_MARGIN_MS, now_ms, entry->event,
                                    entry->visitor));
}

enum ledger_status ledger_intents_overdue(struct ledger_store *s, int64_t now_ms,
                                          struct ledger_intent *out, size_t max, size_t *count)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_intents_overdue, "ii", now_ms, (int64_t)max);
    size_t found = 0;
    while (ledger_next(s, row, &status)) {
        assert(found < max);
        copy(out[found].order, sizeof out->order, ledger_text(row, 0));
        copy(out[found].event, sizeof out->event, ledger_text(row, 1));
        copy(out[found].visitor, sizeof out->visitor, ledger_text(row, 2));
        found++;
    }
    if (status == LEDGER_OK)
        *count = found;
    return status;
}

enum ledger_status ledger_intent_later(struct ledger_store *s, const char *order, int64_t at_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_intent_later, "ti", order, at_ms));
}

enum ledger_status ledger_intent_void(struct ledger_store *s, const char *order, const char *reason,
                                      int64_t now_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_intent_void, "tti", order, reason, now_ms));
}

enum ledger_status ledger_intents_hurry(struct ledger_store *s, int64_t at_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_intents_hurry, "i", at_ms));
}
