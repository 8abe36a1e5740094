/* See the header. The code says order number and seat by itself (server/base/token.h), so there is
 * no index of codes: two look-ups by key. */
#include "ticketing/ledger_doors.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "ticketing/ledger_sqlite.h"

const char *ticket_verdict_word(enum ticket_verdict verdict)
{
    static const char *const words[TICKET_VERDICT_COUNT] = {"valid", "used", "refunded", "unknown"};
    assert(verdict < TICKET_VERDICT_COUNT);
    return words[verdict];
}

static void copy(char *out, size_t out_bytes, const char *text)
{
    (void)snprintf(out, out_bytes, "%s", text); /* lengths were checked when the row was written */
}

/* Notes the ticket as used; somebody else may have been faster. */
static enum ledger_status let_in(struct ledger_store *s, int64_t order_nr, uint32_t seat,
                                 const char *door, int64_t now_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(
        s, ledger_use(s, STATEMENT_scan_insert, "iiti", order_nr, (int64_t)seat, door, now_ms));
}

enum ledger_status ledger_ticket_check(struct ledger_store *s, const char *code, const char *door,
                                       int64_t now_ms, struct ticket_check *out)
{
    int64_t order_nr;
    enum ledger_status status;
    *out = (struct ticket_check){.verdict = TICKET_UNKNOWN};
    if (!ledger_ticket_read(s, code, &order_nr, &out->seat))
        return LEDGER_OK;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_ticket_find, "ii", order_nr, (int64_t)out->seat);
    if (!ledger_next(s, row, &status))
        return status;
    bool is_refunded = sqlite3_column_int64(row, 6) != 0,
         is_used = sqlite3_column_int64(row, 7) != 0;
    copy(out->event, sizeof out->event, ledger_text(row, 0));
    copy(out->order, sizeof out->order, ledger_text(row, 1));
    copy(out->section, sizeof out->section, ledger_text(row, 2));
    copy(out->row, sizeof out->row, ledger_text(row, 3));
    copy(out->number, sizeof out->number, ledger_text(row, 4));
    copy(out->category, sizeof out->category, ledger_text(row, 5));
    out->used_ms = sqlite3_column_int64(row, 7);
    copy(out->door, sizeof out->door, ledger_text(row, 8));
    copy(out->type, sizeof out->type, ledger_text(row, 9));
    (void)sqlite3_reset(row);
    out->verdict = is_refunded ? TICKET_REFUNDED : is_used ? TICKET_USED : TICKET_VALID;
    if (out->verdict != TICKET_VALID || door == NULL)
        return LEDGER_OK;
    return let_in(s, order_nr, out->seat, door, now_ms);
}

enum ledger_status ledger_door_list(struct ledger_store *s, const char *event, int64_t after,
                                    int64_t limit, json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_door_list, "tii", event, after, limit);
    while (ledger_next(s, row, &status)) {
        char code[TICKET_CODE_BYTES + 1];
        ledger_ticket_code(s, sqlite3_column_int64(row, 6), (uint32_t)sqlite3_column_int64(row, 0),
                           code);
        json_t *ticket = json_pack("{sI ss ss ss ss ss ss ss sI}", "seat",
                                   (json_int_t)sqlite3_column_int64(row, 0), "section",
                                   ledger_text(row, 1), "row", ledger_text(row, 2), "number",
                                   ledger_text(row, 3), "category", ledger_text(row, 4), "type",
                                   ledger_text(row, 8), "order", ledger_text(row, 5), "code", code,
                                   "used_ms", (json_int_t)sqlite3_column_int64(row, 7));
        assert(ticket != NULL);
        (void)json_array_append_new(list, ticket);
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}
