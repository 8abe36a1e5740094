/* See the header. */
#include "ticketing/ledger_mails.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

enum ledger_status ledger_mails_outdate(struct ledger_store *s, const char *order, int64_t now_ms)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_mails_outdate, "ti", order, now_ms));
}

static enum ledger_status has_room(struct ledger_store *s, const char *order, int64_t now_ms)
{
    enum ledger_status status;
    sqlite3_stmt *row =
        ledger_use(s, STATEMENT_mails_count, "ti", order, now_ms - LEDGER_MAILS_WINDOW_MS);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    bool is_full = sqlite3_column_int64(row, 0) >= LEDGER_MAILS_DUE_MAX ||
                   sqlite3_column_int64(row, 1) >= LEDGER_MAILS_OF_ORDER_MAX;
    (void)sqlite3_reset(row);
    return is_full ? LEDGER_REFUSED : LEDGER_OK;
}

enum ledger_status ledger_mail_add(struct ledger_store *s, const char *order, const char *recipient,
                                   const struct ledger_link *link, int64_t now_ms)
{
    assert(s->is_in_transaction);
    enum ledger_status status = has_room(s, order, now_ms);
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_mail_insert, "ttiii", order, recipient,
                                          link->serial, link->ends_ms, now_ms));
    return status;
}

static void copy(char *out, size_t out_bytes, const char *text)
{
    int bytes = snprintf(out, out_bytes, "%s", text);
    assert(bytes >= 0 && (size_t)bytes < out_bytes); /* checked when the row was written */
}

enum ledger_status ledger_mail_due(struct ledger_store *s, int64_t now_ms, struct ledger_mail *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_mail_due, "i", now_ms);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *out = (struct ledger_mail){.nr = sqlite3_column_int64(row, 0),
                                .serial = sqlite3_column_int64(row, 4),
                                .ends_ms = sqlite3_column_int64(row, 5),
                                .attempts = sqlite3_column_int64(row, 6),
                                .made_ms = sqlite3_column_int64(row, 7)};
    copy(out->order, sizeof out->order, ledger_text(row, 1));
    copy(out->event, sizeof out->event, ledger_text(row, 2));
    copy(out->recipient, sizeof out->recipient, ledger_text(row, 3));
    (void)sqlite3_reset(row);
    struct ticket_link link = {.serial = out->serial, .ends_ms = out->ends_ms};
    copy(link.order, sizeof link.order, out->order);
    ticket_link_write(s->keys, &link, out->link);
    return LEDGER_OK;
}

enum ledger_status ledger_mail_update(struct ledger_store *s, const struct ledger_mail *mail,
                                      enum ledger_mail_state state, int64_t next_try_ms,
                                      const char *reason, int64_t now_ms)
{
    static const char *const words[] = {"due", "sent", "failed"};
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_mail_update, "ititi", mail->nr, words[state],
                                    next_try_ms, reason, now_ms));
}

enum ledger_status ledger_mails_of(struct ledger_store *s, const char *order, json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_mails_of_order, "t", order);
    while (ledger_next(s, row, &status)) {
        json_t *mail =
            json_pack("{ss ss sI ss sI}", "to", ledger_text(row, 0), "state", ledger_text(row, 1),
                      "attempts", (json_int_t)sqlite3_column_int64(row, 2), "reason",
                      ledger_text(row, 3), "at_ms", (json_int_t)sqlite3_column_int64(row, 4));
        assert(mail != NULL);
        (void)json_array_append_new(list, mail);
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}
