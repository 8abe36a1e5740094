/* See the header. */
#include "ticketing/ledger_stock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/ledger_sqlite.h"

static const char *const words[STOCK_CHANGE_COUNT] = {
    [STOCK_WITHHOLD] = "withhold", [STOCK_OFFER] = "offer",
    [STOCK_REFUND] = "refund",     [STOCK_REFUND_WITHHOLD] = "refund_withhold",
    [STOCK_REPLAY] = "replay",
};

const char *stock_change_word(enum stock_change change)
{
    assert(change < STOCK_CHANGE_COUNT);
    return words[change];
}

static enum stock_change change_of(const char *word)
{
    for (size_t i = 0; i < STOCK_CHANGE_COUNT; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum stock_change)i;
    assert(!"the schema's CHECK allows only these words");
    return STOCK_OFFER;
}

static enum ledger_status find_event(struct ledger_store *s, const char *event, int64_t *nr)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_order_event, "t", event);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *nr = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

static enum ledger_status note(struct ledger_store *s, int64_t event_nr, uint32_t seat,
                               enum stock_change change)
{
    return ledger_run(
        s, ledger_use(s, STATEMENT_stock_note, "iitt", event_nr, (int64_t)seat, words[change], ""));
}

enum ledger_status ledger_withhold(struct ledger_store *s, const char *event, const char *name,
                                   const uint32_t *seats, size_t count, int64_t now_ms,
                                   size_t *changed)
{
    assert(s->is_in_transaction);
    int64_t nr = 0;
    *changed = 0;
    enum ledger_status status = find_event(s, event, &nr);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++) {
        status = ledger_run(s, ledger_use(s, STATEMENT_withheld_insert, "iiti", nr,
                                          (int64_t)seats[i], name, now_ms));
        if (status != LEDGER_OK || sqlite3_changes(s->db) == 0)
            continue;
        (*changed)++;
        status = note(s, nr, seats[i], STOCK_WITHHOLD);
    }
    return status;
}

/* Takes one seat out of the list and notes the work. */
static enum ledger_status offer_one(struct ledger_store *s, int64_t event_nr, const char *name,
                                    uint32_t seat, size_t *changed)
{
    enum ledger_status status = ledger_run(
        s, ledger_use(s, STATEMENT_withheld_delete, "iit", event_nr, (int64_t)seat, name));
    if (status != LEDGER_OK || sqlite3_changes(s->db) == 0)
        return status;
    (*changed)++;
    return note(s, event_nr, seat, STOCK_OFFER);
}

enum ledger_status ledger_offer(struct ledger_store *s, const char *event, const char *name,
                                const uint32_t *seats, size_t count, size_t *changed)
{
    assert(s->is_in_transaction);
    int64_t nr = 0;
    uint32_t *all = NULL;
    *changed = 0;
    enum ledger_status status = find_event(s, event, &nr);
    if (status == LEDGER_OK && seats == NULL) {
        status = ledger_withheld_seats(s, event, &all, &count);
        seats = all;
    }
    for (size_t i = 0; i < count && status == LEDGER_OK; i++)
        status = offer_one(s, nr, name, seats[i], changed);
    free(all);
    return status;
}

enum ledger_status ledger_withheld_forget(struct ledger_store *s, const char *event, uint32_t seat)
{
    int64_t nr = 0;
    enum ledger_status status = find_event(s, event, &nr);
    if (status != LEDGER_OK)
        return status;
    return ledger_run(
        s, ledger_use(s, STATEMENT_withheld_delete, "iit", nr, (int64_t)seat, (const char *)NULL));
}

enum ledger_status ledger_withheld_json(struct ledger_store *s, const char *event, json_t **out)
{
    enum ledger_status status;
    json_t *names = json_object();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_withheld_of_event, "t", event);
    while (ledger_next(s, row, &status)) {
        const char *name = ledger_text(row, 1);
        json_t *seats = json_object_get(names, name);
        if (seats == NULL) {
            seats = json_array();
            (void)json_object_set_new(names, name, seats);
        }
        (void)json_array_append_new(seats, json_integer(sqlite3_column_int64(row, 0)));
    }
    if (status != LEDGER_OK) {
        json_decref(names);
        return status;
    }
    *out = names;
    return LEDGER_OK;
}

enum ledger_status ledger_withheld_seats(struct ledger_store *s, const char *event,
                                         uint32_t **seats, size_t *count)
{
    sqlite3_stmt *row = ledger_use(s, STATEMENT_withheld_of_event, "t", event);
    return ledger_seat_list(s, row, seats, count);
}

enum ledger_status ledger_stock_work(struct ledger_store *s,
                                     struct ledger_stock_work out[STOCK_WORK_MAX], size_t *count)
{
    enum ledger_status status;
    size_t found = 0;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_stock_work, "i", (int64_t)STOCK_WORK_MAX);
    while (ledger_next(s, row, &status)) {
        struct ledger_stock_work *work = &out[found++];
        work->nr = sqlite3_column_int64(row, 0);
        work->seat = (uint32_t)sqlite3_column_int64(row, 2);
        work->change = change_of(ledger_text(row, 3));
        (void)snprintf(work->event, sizeof work->event, "%s", ledger_text(row, 1));
        (void)snprintf(work->visitor, sizeof work->visitor, "%s", ledger_text(row, 4));
    }
    if (status == LEDGER_OK)
        *count = found;
    return status;
}

enum ledger_status ledger_stock_done(struct ledger_store *s, int64_t nr)
{
    assert(s->is_in_transaction);
    return ledger_run(s, ledger_use(s, STATEMENT_stock_done, "i", nr));
}
