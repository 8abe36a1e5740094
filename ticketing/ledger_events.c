/* Events and their plans. */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static enum ledger_status sold_count(struct ledger_store *s, const char *id, int64_t *count)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_sold_count, "t", id);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    *count = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_event_load(struct ledger_store *s, const struct ledger_event *event,
                                     int64_t now_ms)
{
    assert(s->is_in_transaction);
    s->known_event.id[0] = '\0';
    int64_t sold = 0;
    enum ledger_status status = sold_count(s, event->id, &sold);
    if (status == LEDGER_OK && sold > 0 && !event->keeps_sold)
        return LEDGER_REFUSED;
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_event_insert, "tttttti", event->id,
                                          event->name, event->currency, event->time_zone,
                                          event->phase, event->settings, now_ms));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_plan_insert, "ttii", event->id, event->plan,
                                          event->seats_count, now_ms));
    return status;
}

enum ledger_status ledger_event_settings_set(struct ledger_store *s, const char *id,
                                             const char *phase, const char *settings)
{
    assert(s->is_in_transaction);
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_event_settings, "ttt", id, phase, settings));
    if (status == LEDGER_OK && sqlite3_changes(s->db) == 0)
        return LEDGER_NOT_FOUND;
    return status;
}

static enum ledger_status has_orders(struct ledger_store *s, const char *id, bool *has)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_event_orders, "t", id);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    *has = sqlite3_column_int(row, 0) != 0;
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_event_delete(struct ledger_store *s, const char *id)
{
    assert(s->is_in_transaction);
    bool has = false;
    enum ledger_status status = has_orders(s, id, &has);
    if (status == LEDGER_OK && has)
        return LEDGER_REFUSED;
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_event_drop_plan, "t", id));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_event_drop_withheld, "t", id));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_event_drop_work, "t", id));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_event_drop, "t", id));
    if (status == LEDGER_OK && sqlite3_changes(s->db) == 0)
        return LEDGER_NOT_FOUND;
    return status;
}

enum ledger_status ledger_event_json(struct ledger_store *s, const char *id, json_t **out)
{
    enum ledger_status status;
    int64_t sold = 0;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_event_get, "t", id);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    json_t *settings = json_loads(ledger_text(row, 5), 0, NULL);
    json_t *object = json_pack("{ss ss ss ss ss so* sI sI}", "id", ledger_text(row, 0), "name",
                               ledger_text(row, 1), "currency", ledger_text(row, 2), "time_zone",
                               ledger_text(row, 3), "phase", ledger_text(row, 4), "settings",
                               settings, "created_ms", (json_int_t)sqlite3_column_int64(row, 6),
                               "seats", (json_int_t)sqlite3_column_int64(row, 7));
    assert(object != NULL);
    (void)sqlite3_reset(row);
    status = json_is_object(settings) ? sold_count(s, id, &sold) : LEDGER_CORRUPT;
    if (status != LEDGER_OK) {
        json_decref(object);
        return status;
    }
    (void)json_object_set_new(object, "sold", json_integer(sold));
    *out = object;
    return LEDGER_OK;
}

enum ledger_status ledger_event_ids(struct ledger_store *s, json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_event_list, "");
    while (ledger_next(s, row, &status))
        (void)json_array_append_new(list, json_string(ledger_text(row, 0)));
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}

enum ledger_status ledger_event_plan(struct ledger_store *s, const char *id, char **out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_event_plan, "t", id);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    char *plan = strdup(ledger_text(row, 0));
    assert(plan != NULL);
    (void)sqlite3_reset(row);
    *out = plan;
    return LEDGER_OK;
}
