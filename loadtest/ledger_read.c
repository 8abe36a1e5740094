/* One read transaction, so that orders and seats are of the same moment. */
#include "loadtest/ledger_read.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char orders_sql[] =
    "SELECT o.id, o.visitor, o.amount_minor, coalesce(p.state, '') FROM orders o"
    " JOIN events e ON e.nr = o.event_id LEFT JOIN payments p ON p.order_id = o.id WHERE e.id = ?1";
static const char seats_sql[] = "SELECT s.seat, o.id, s.price_minor FROM sold s JOIN events e"
                                " ON e.nr = s.event_id JOIN orders o ON o.nr = s.order_nr"
                                " WHERE e.id = ?1";

/* 3: STATUS_SUCCEEDED of server/sandbox/store.h. Orders are ours, so their numbers are short. */
static const char captures_sql[] =
    "SELECT order_id, amount_minor FROM intents WHERE status = 3 AND length(order_id) <= 40";

static sqlite3 *open_file(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 2000);
        return db;
    }
    sqlite3_close(db);
    return NULL;
}

static bool copy_text(char *out, size_t out_bytes_max, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    int n = snprintf(out, out_bytes_max, "%s", text ? text : "");
    return n >= 0 && (size_t)n < out_bytes_max;
}

static bool take_order(void *item, sqlite3_stmt *row)
{
    struct ledger_order *o = item;
    o->amount_minor = sqlite3_column_int64(row, 2);
    return copy_text(o->id, sizeof o->id, row, 0) &&
           copy_text(o->visitor, sizeof o->visitor, row, 1) &&
           copy_text(o->payment, sizeof o->payment, row, 3);
}

static bool take_seat(void *item, sqlite3_stmt *row)
{
    struct ledger_seat *s = item;
    s->seat = (uint32_t)sqlite3_column_int64(row, 0);
    s->price_minor = sqlite3_column_int64(row, 2);
    return copy_text(s->order, sizeof s->order, row, 1);
}

/* Room for one more item of a growing array, or NULL. */
static void *next_item(void **items, uint32_t count, size_t item_bytes)
{
    bool is_full = (count & (count - 1)) == 0; /* grows when the count is a power of two */
    if (is_full) {
        void *more = count < STAMPEDE_LEDGER_ROWS_MAX
                         ? realloc(*items, ((size_t)count * 2 + 1) * item_bytes)
                         : NULL;
        if (!more)
            return NULL;
        *items = more;
    }
    return (char *)*items + (size_t)count * item_bytes;
}

static bool read_rows(sqlite3 *db, const char *sql, const char *event, size_t item_bytes,
                      bool (*take)(void *item, sqlite3_stmt *row), void **items, uint32_t *count)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
        return false;
    if (event)
        sqlite3_bind_text(row, 1, event, -1, SQLITE_STATIC);
    bool is_good = true;
    while (is_good && sqlite3_step(row) == SQLITE_ROW) {
        void *item = next_item(items, *count, item_bytes);
        is_good = item && take(item, row);
        *count += is_good;
    }
    return sqlite3_finalize(row) == SQLITE_OK && is_good;
}

bool ledger_read(const char *path, const char *event, struct ledger *l, char *why,
                 size_t why_bytes_max)
{
    *l = (struct ledger){0};
    sqlite3 *db = open_file(path);
    if (!db) {
        snprintf(why, why_bytes_max, "%s cannot be opened", path);
        return false;
    }
    void *orders = NULL, *seats = NULL;
    bool is_good =
        sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
        read_rows(db, orders_sql, event, sizeof *l->orders, take_order, &orders,
                  &l->orders_count) &&
        read_rows(db, seats_sql, event, sizeof *l->seats, take_seat, &seats, &l->seats_count);
    l->orders = orders;
    l->seats = seats;
    if (!is_good) {
        snprintf(why, why_bytes_max, "%s: %s", path,
                 sqlite3_errcode(db) ? sqlite3_errmsg(db)
                                     : "not enough memory, or an id that is too long");
        ledger_release(l);
    }
    sqlite3_close(db);
    return is_good;
}

void ledger_release(struct ledger *l)
{
    free(l->orders);
    free(l->seats);
    *l = (struct ledger){0};
}

static bool take_capture(void *item, sqlite3_stmt *row)
{
    struct provider_capture *c = item;
    c->amount_minor = sqlite3_column_int64(row, 1);
    return copy_text(c->order, sizeof c->order, row, 0);
}

bool ledger_read_provider(const char *path, struct provider *p, char *why, size_t why_bytes_max)
{
    *p = (struct provider){0};
    sqlite3 *db = open_file(path);
    void *captures = NULL;
    bool is_good = db && read_rows(db, captures_sql, NULL, sizeof *p->captures, take_capture,
                                   &captures, &p->captures_count);
    p->captures = captures;
    if (!is_good) {
        snprintf(why, why_bytes_max, "the provider's file %s cannot be read: %s", path,
                 db && sqlite3_errcode(db) ? sqlite3_errmsg(db)
                                           : "no such file, or not enough memory");
        ledger_release_provider(p);
    }
    sqlite3_close(db);
    return is_good;
}

void ledger_release_provider(struct provider *p)
{
    free(p->captures);
    *p = (struct provider){0};
}

/* Settings are texts or numbers. */
static int64_t read_cap(const char *settings)
{
    int64_t cap = -1;
    json_t *json = settings ? json_loads(settings, 0, NULL) : NULL;
    json_t *value = json_object_get(json, "active_cap");
    if (json_is_integer(value))
        cap = json_integer_value(value);
    else if (json_is_string(value))
        cap = strtoll(json_string_value(value), NULL, 10);
    json_decref(json);
    return cap;
}

int64_t ledger_read_cap(const char *path, const char *event)
{
    int64_t cap = -1;
    sqlite3_stmt *row = NULL;
    sqlite3 *db = open_file(path);
    if (db && sqlite3_prepare_v2(db, "SELECT settings FROM events WHERE id = ?1", -1, &row, NULL) ==
                  SQLITE_OK) {
        sqlite3_bind_text(row, 1, event, -1, SQLITE_STATIC);
        if (sqlite3_step(row) == SQLITE_ROW)
            cap = read_cap((const char *)sqlite3_column_text(row, 0));
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    return cap;
}
