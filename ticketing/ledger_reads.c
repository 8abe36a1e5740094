/* Reading orders back: for visitors, for exports, for the rebuilding of Redis, for audits. */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEATS_STEP 4096

/* The rows of a statement about an order as tickets. */
static enum ledger_status append_tickets(struct ledger_store *s, enum ledger_statement which,
                                         const char *order, json_t *list)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, which, "t", order);
    while (ledger_next(s, row, &status)) {
        char code[TICKET_CODE_BYTES + 1];
        ledger_ticket_code(s, sqlite3_column_int64(row, 6), (uint32_t)sqlite3_column_int64(row, 0),
                           code);
        json_t *ticket = json_pack(
            "{sIssssssssss sI ss}", "seat", (json_int_t)sqlite3_column_int64(row, 0), "section",
            ledger_text(row, 1), "row", ledger_text(row, 2), "number", ledger_text(row, 3),
            "category", ledger_text(row, 4), "type", ledger_text(row, 7), "price_minor",
            (json_int_t)sqlite3_column_int64(row, 5), "code", code);
        assert(ticket != NULL);
        if (which == STATEMENT_refunded_of_order)
            (void)json_object_set_new(ticket, "refunded", json_true());
        (void)json_array_append_new(list, ticket);
    }
    return status;
}

/* What stands first, then what was given back. */
static enum ledger_status tickets(struct ledger_store *s, const char *order, json_t **out)
{
    json_t *list = json_array();
    enum ledger_status status = append_tickets(s, STATEMENT_sold_of_order, order, list);
    if (status == LEDGER_OK)
        status = append_tickets(s, STATEMENT_refunded_of_order, order, list);
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}

enum ledger_status ledger_order_json(struct ledger_store *s, const char *order, json_t **out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_order_get, "t", order);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    json_t *object =
        json_pack("{ssssssss sI sI ss}", "order", order, "event", ledger_text(row, 0), "visitor",
                  ledger_text(row, 1), "intent", ledger_text(row, 8), "committed_ms",
                  (json_int_t)sqlite3_column_int64(row, 6), "amount_minor",
                  (json_int_t)sqlite3_column_int64(row, 3), "currency", ledger_text(row, 4));
    assert(object != NULL);
    (void)sqlite3_reset(row);
    json_t *list = NULL;
    status = tickets(s, order, &list);
    if (status != LEDGER_OK) {
        json_decref(object);
        return status;
    }
    (void)json_object_set_new(object, "tickets", list);
    *out = object;
    return LEDGER_OK;
}

static enum ledger_status append_order(struct ledger_store *s, const char *order, json_t *list)
{
    json_t *object = NULL;
    enum ledger_status status = ledger_order_json(s, order, &object);
    if (status == LEDGER_OK)
        (void)json_array_append_new(list, object);
    return status;
}

enum ledger_status ledger_orders_of(struct ledger_store *s, const char *event, const char *visitor,
                                    json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_orders_of_visitor, "tt", visitor, event);
    while (ledger_next(s, row, &status)) {
        status = append_order(s, ledger_text(row, 0), list);
        if (status != LEDGER_OK) {
            (void)sqlite3_reset(row);
            break;
        }
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}

static json_t *page_row(sqlite3_stmt *row)
{
    json_t *object = json_pack(
        "{sI ss ss ss ss sI ss sI sI ss ss}", "nr", (json_int_t)sqlite3_column_int64(row, 0),
        "order", ledger_text(row, 1), "event", ledger_text(row, 2), "visitor", ledger_text(row, 3),
        "intent", ledger_text(row, 4), "amount_minor", (json_int_t)sqlite3_column_int64(row, 5),
        "currency", ledger_text(row, 6), "authorised_ms", (json_int_t)sqlite3_column_int64(row, 7),
        "committed_ms", (json_int_t)sqlite3_column_int64(row, 8), "payment_state",
        ledger_text(row, 9), "email", ledger_text(row, 10));
    assert(object != NULL);
    return object;
}

/* The rows of a statement about orders, each with its tickets; *last is the number of the last. */
static enum ledger_status read_page(struct ledger_store *s, sqlite3_stmt *row, bool has_refunded,
                                    json_t **rows, int64_t *last)
{
    enum ledger_status status;
    json_t *list = json_array();
    while (ledger_next(s, row, &status)) {
        json_t *object = page_row(row), *seats = NULL;
        *last = sqlite3_column_int64(row, 0);
        if (has_refunded)
            (void)json_object_set_new(object, "refunded_minor",
                                      json_integer(sqlite3_column_int64(row, 11)));
        (void)json_array_append_new(list, object);
        status = tickets(s, ledger_text(row, 1), &seats);
        if (status != LEDGER_OK) {
            (void)sqlite3_reset(row);
            break;
        }
        (void)json_object_set_new(object, "tickets", seats);
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *rows = list;
    return LEDGER_OK;
}

enum ledger_status ledger_orders_page(struct ledger_store *s, const char *event, int64_t after,
                                      int64_t limit, json_t **rows, int64_t *next)
{
    int64_t last = 0;
    enum ledger_status status = read_page(
        s, ledger_use(s, STATEMENT_orders_page, "iti", after, event, limit), false, rows, &last);
    if (status == LEDGER_OK)
        *next = (int64_t)json_array_size(*rows) == limit ? last : 0;
    return status;
}

enum ledger_status ledger_orders_find(struct ledger_store *s, const char *event,
                                      const struct ledger_search *search, int64_t before,
                                      int64_t limit, json_t **rows, int64_t *next)
{
    int64_t last = 0;
    enum ledger_status status =
        read_page(s,
                  ledger_use(s, STATEMENT_orders_find, "tiitti", event, before, limit, search->kind,
                             search->text, search->number),
                  true, rows, &last);
    if (status == LEDGER_OK)
        *next = (int64_t)json_array_size(*rows) == limit ? last : 0;
    return status;
}

enum ledger_status ledger_seat_owner(struct ledger_store *s, const char *event, uint32_t seat,
                                     char *order)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_sold_owner, "ti", event, (int64_t)seat);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    int bytes = snprintf(order, ORDER_ID_BYTES + 1, "%s", ledger_text(row, 0));
    (void)sqlite3_reset(row);
    return bytes > 0 && bytes <= ORDER_ID_BYTES ? LEDGER_OK : LEDGER_CORRUPT;
}

enum ledger_status ledger_seat_list(struct ledger_store *s, sqlite3_stmt *row, uint32_t **seats,
                                    size_t *count)
{
    enum ledger_status status;
    uint32_t *list = NULL;
    size_t used = 0, room = 0;
    while (ledger_next(s, row, &status)) {
        if (used == room) {
            room += SEATS_STEP;
            list = reallocarray(list, room, sizeof *list);
            assert(list != NULL);
        }
        list[used++] = (uint32_t)sqlite3_column_int64(row, 0);
    }
    if (status != LEDGER_OK) {
        free(list);
        return status;
    }
    *seats = list;
    *count = used;
    return LEDGER_OK;
}

enum ledger_status ledger_sold_seats(struct ledger_store *s, const char *event, uint32_t **seats,
                                     size_t *count)
{
    return ledger_seat_list(s, ledger_use(s, STATEMENT_sold_of_event, "t", event), seats, count);
}

enum ledger_status ledger_orders_each(struct ledger_store *s, const char *event,
                                      ledger_order_fn *on_order, void *ctx)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_orders_of_event, "t", event);
    while (ledger_next(s, row, &status))
        on_order(ctx, ledger_text(row, 0), ledger_text(row, 1), sqlite3_column_int64(row, 2));
    return status;
}

enum ledger_status ledger_counts(struct ledger_store *s, struct ledger_counts *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_counts, "");
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    *out = (struct ledger_counts){
        .orders = sqlite3_column_int64(row, 0),
        .dead = sqlite3_column_int64(row, 1),
        .failed = sqlite3_column_int64(row, 2),
        .captures_due = sqlite3_column_int64(row, 3),
        .voids_due = sqlite3_column_int64(row, 4),
        .mails_due = sqlite3_column_int64(row, 5),
        .mails_failed = sqlite3_column_int64(row, 6),
    };
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_sold_count(struct ledger_store *s, int64_t *count)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_sold_all, "");
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_IO : status;
    *count = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

enum ledger_status ledger_dead_page(struct ledger_store *s, int64_t after, int64_t limit,
                                    json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, STATEMENT_dead_page, "ii", after, limit);
    while (ledger_next(s, row, &status)) {
        json_t *body = json_string(ledger_text(row, 4)); /* NULL when it is not UTF-8 */
        json_t *object = json_pack(
            "{sI sI ss ss so ss sI}", "nr", (json_int_t)sqlite3_column_int64(row, 0), "epoch",
            (json_int_t)sqlite3_column_int64(row, 1), "stream_id", ledger_text(row, 2), "order",
            ledger_text(row, 3), "body", body != NULL ? body : json_string("(not UTF-8)"), "reason",
            ledger_text(row, 5), "at_ms", (json_int_t)sqlite3_column_int64(row, 6));
        assert(object != NULL);
        (void)json_object_set_new(object, "replayed_ms",
                                  sqlite3_column_type(row, 7) == SQLITE_NULL
                                      ? json_null()
                                      : json_integer(sqlite3_column_int64(row, 7)));
        (void)json_array_append_new(list, object);
    }
    if (status != LEDGER_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return LEDGER_OK;
}

static enum ledger_status sales_of(struct ledger_store *s, enum ledger_statement which,
                                   int64_t *after_nr, ledger_sales_fn *on_part, void *ctx)
{
    enum ledger_status status;
    int64_t last = *after_nr;
    sqlite3_stmt *row = ledger_use(s, which, "i", *after_nr);
    while (ledger_next(s, row, &status)) {
        const struct ledger_sales part = {ledger_text(row, 0), sqlite3_column_int64(row, 1),
                                          sqlite3_column_int64(row, 2),
                                          sqlite3_column_int64(row, 3)};
        on_part(ctx, &part);
        if (sqlite3_column_int64(row, 4) > last)
            last = sqlite3_column_int64(row, 4);
    }
    *after_nr = last;
    return status;
}

enum ledger_status ledger_sales_since(struct ledger_store *s, int64_t *orders_nr,
                                      int64_t *refunds_nr, ledger_sales_fn *on_part, void *ctx)
{
    enum ledger_status status = sales_of(s, STATEMENT_sales_since, orders_nr, on_part, ctx);
    return status == LEDGER_OK ? sales_of(s, STATEMENT_refunded_since, refunds_nr, on_part, ctx)
                               : status;
}
