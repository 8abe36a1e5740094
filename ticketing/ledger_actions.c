/* See the header. */
#include "ticketing/ledger_actions.h"

#include <assert.h>
#include "ticketing/ledger_sqlite.h"

enum ledger_status ledger_action_add(struct ledger_store *s, const struct ledger_action *action,
                                     int64_t *nr)
{
    assert(s->is_in_transaction);
    enum ledger_status status = ledger_run(
        s, ledger_use(s, STATEMENT_action_add,
                      "itttttt"
                      "ti",
                      action->at_ms, action->who, action->via, action->verb, action->event,
                      action->before, action->after, action->note, action->undoes));
    if (status == LEDGER_OK)
        *nr = sqlite3_last_insert_rowid(s->db);
    return status;
}

static json_t *text_or_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? json_null()
                                                           : json_string(ledger_text(row, column));
}

static json_t *number_or_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? json_null()
               : json_integer(sqlite3_column_int64(row, column));
}

static json_t *object_or_null(sqlite3_stmt *row, int column)
{
    json_t *object = json_loads(ledger_text(row, column), 0, NULL);
    return object != NULL ? object : json_null();
}

static json_t *read_row(sqlite3_stmt *row)
{
    json_t *action = json_pack(
        "{sI sI ss ss ss so so so ss so so}", "nr", (json_int_t)sqlite3_column_int64(row, 0),
        "at_ms", (json_int_t)sqlite3_column_int64(row, 1), "who", ledger_text(row, 2), "via",
        ledger_text(row, 3), "verb", ledger_text(row, 4), "event", text_or_null(row, 5), "before",
        object_or_null(row, 6), "after", object_or_null(row, 7), "note", ledger_text(row, 8),
        "undoes", number_or_null(row, 9), "undone_by", number_or_null(row, 10));
    assert(action != NULL);
    return action;
}

enum ledger_status ledger_action_get(struct ledger_store *s, int64_t nr, json_t **out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_action_get, "i", nr);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *out = read_row(row);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_actions_page(struct ledger_store *s, const char *event, int64_t before,
                                       int64_t limit, json_t **out, int64_t *next)
{
    enum ledger_status status;
    json_t *list = json_array();
    /* one more than asked for tells whether there are more */
    sqlite3_stmt *row =
        event == NULL ? ledger_use(s, STATEMENT_actions_page, "ii", before, limit + 1)
                      : ledger_use(s, STATEMENT_actions_of_event, "iit", before, limit + 1, event);
    while (ledger_next(s, row, &status))
        (void)json_array_append_new(list, read_row(row));
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    size_t count = json_array_size(list);
    bool has_more = count > (size_t)limit;
    if (has_more)
        (void)json_array_remove(list, count - 1);
    const json_t *last = json_array_get(list, json_array_size(list) - 1);
    *next = has_more ? json_integer_value(json_object_get(last, "nr")) : 0;
    *out = list;
    return LEDGER_OK;
}
