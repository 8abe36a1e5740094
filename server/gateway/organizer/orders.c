/* Orders and tickets on the console. Exports are put together page by page from the ledger's
 * answers, so that no single one is large, and sent in one piece. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"
#include "server/office/ticket_csv.h"

#define QUERY_BYTES_MAX 257
#define EXPORT_BYTES_MAX (128u << 20) /* beyond: 413, the command line has no such limit */

int organizer_orders(struct organizer_call *call)
{
    char query[QUERY_BYTES_MAX];
    organizer_query(call, "q", query, sizeof query);
    return organizer_ask(call, "orders.search",
                         json_pack("{ss ss sI sI}", "event", call->subject, "q", query, "before",
                                   (json_int_t)organizer_query_number(call, "before"), "limit",
                                   (json_int_t)organizer_query_number(call, "limit")),
                         200);
}

int organizer_order(struct organizer_call *call)
{
    return organizer_ask(call, "order.show", json_pack("{ss}", "order", call->subject), 200);
}

/* The body goes on with the subject added under `name`. */
static int pass_on(struct organizer_call *call, const char *verb, const char *name)
{
    json_t *args = json_copy(call->body);
    assert(args != NULL);
    if (name != NULL)
        json_object_set_new(args, name, json_string(call->subject));
    return organizer_ask(call, verb, args, 200);
}

int organizer_order_refund(struct organizer_call *call)
{
    return pass_on(call, "order.refund", "order");
}

int organizer_order_resend(struct organizer_call *call)
{
    return pass_on(call, "order.resend", "order");
}

int organizer_ticket_check(struct organizer_call *call)
{
    return pass_on(call, "ticket.check", NULL);
}

int organizer_withheld(struct organizer_call *call)
{
    return organizer_ask(call, "stock.list", json_pack("{ss}", "event", call->subject), 200);
}

int organizer_withhold(struct organizer_call *call)
{
    return pass_on(call, "stock.withhold", "event");
}

int organizer_release(struct organizer_call *call)
{
    return pass_on(call, "stock.release", "event");
}

/* --- exports --- */

enum export_kind { EXPORT_ORDERS_CSV, EXPORT_ORDERS_JSON, EXPORT_DOOR_CSV };

/* One export; lives until its answer. */
struct export
{
    struct gateway *gateway;
    struct http_wait *wait;
    enum export_kind kind;
    char event[ORGANIZER_SUBJECT_BYTES], who[ORGANIZER_NAME_BYTES_MAX + 1];
    FILE *out;
    char *text;
    size_t bytes;
    size_t rows_count;
    json_int_t after;
    bool is_first;
};

static void ask_page(struct export *run);

/* Frees the export; its text is the response's unless it is NULL. */
static void end(struct export *run)
{
    if (run->out != NULL)
        (void)fclose(run->out);
    free(run->text);
    free(run);
}

static void deliver(struct export *run)
{
    if (run->kind == EXPORT_ORDERS_JSON)
        (void)fputs("]}", run->out);
    bool is_whole = fclose(run->out) == 0;
    run->out = NULL;
    if (!is_whole) {
        organizer_refuse_later(run->wait, 503, "busy", "There is not enough memory for this.");
        end(run);
        return;
    }
    struct http_response response = {.status = 200,
                                     .content_type = run->kind == EXPORT_ORDERS_JSON
                                                         ? "application/json"
                                                         : "text/csv; charset=utf-8",
                                     .body = run->text,
                                     .body_bytes = run->bytes,
                                     .owned = run->text};
    http_wait_answer(run->wait, &response);
    run->text = NULL;
    end(run);
}

static void write_first(struct export *run, const json_t *columns)
{
    if (run->kind == EXPORT_ORDERS_CSV) {
        orders_csv_header(run->out, columns);
    } else if (run->kind == EXPORT_DOOR_CSV) {
        door_csv_header(run->out, false);
    } else {
        (void)fputs("{\"columns\":", run->out);
        (void)json_dumpf(columns, run->out, JSON_COMPACT);
        (void)fputs(",\"rows\":[", run->out);
    }
}

static void write_row(struct export *run, const json_t *columns, const json_t *row)
{
    if (run->kind == EXPORT_ORDERS_CSV) {
        orders_csv_row(run->out, columns, row);
    } else if (run->kind == EXPORT_DOOR_CSV) {
        door_csv_row(run->out, row, false);
    } else {
        (void)fputs(run->rows_count > 0 ? "," : "", run->out);
        (void)json_dumpf(row, run->out, JSON_COMPACT);
    }
    run->rows_count++;
}

static void on_page(void *ctx, const json_t *answer)
{
    struct export *run = ctx;
    const json_t *columns = json_object_get(answer, "columns"),
                 *next = json_object_get(answer, "next");
    json_t *rows = json_object_get(answer, "rows"), *row;
    size_t i;
    if (rows == NULL) {
        organizer_answer_office(run->wait, answer, 200);
        end(run);
        return;
    }
    if (run->is_first)
        write_first(run, columns);
    run->is_first = false;
    json_array_foreach(rows, i, row)
        write_row(run, columns, row);
    if (run->wait->wsi == NULL || (fflush(run->out) == 0 && run->bytes > EXPORT_BYTES_MAX)) {
        organizer_refuse_later(run->wait, 413, "too_large",
                               "This export is too large for the page: use the command line.");
        end(run);
    } else if (json_is_integer(next) && json_array_size(rows) > 0) {
        run->after = json_integer_value(next);
        ask_page(run);
    } else {
        deliver(run);
    }
}

static void ask_page(struct export *run)
{
    bool is_door = run->kind == EXPORT_DOOR_CSV;
    json_t *args = json_pack("{ss sI}", "event", run->event, "after", run->after);
    if (!organizer_ask_for(run->gateway, run->who, is_door ? "door.list" : "orders.export", args,
                           on_page, run))
        on_page(run, NULL);
}

static int start_export(struct organizer_call *call, enum export_kind kind)
{
    struct export *run = calloc(1, sizeof *run);
    assert(run != NULL);
    run->gateway = call->gateway;
    run->kind = kind;
    run->is_first = true;
    run->after = kind == EXPORT_DOOR_CSV ? -1 : 0;
    memcpy(run->event, call->subject, sizeof run->event);
    memcpy(run->who, call->who.name, sizeof run->who);
    run->out = open_memstream(&run->text, &run->bytes);
    assert(run->out != NULL);
    run->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    ask_page(run);
    return 0;
}

int organizer_orders_csv(struct organizer_call *call)
{
    return start_export(call, EXPORT_ORDERS_CSV);
}

int organizer_orders_json(struct organizer_call *call)
{
    return start_export(call, EXPORT_ORDERS_JSON);
}

int organizer_door_csv(struct organizer_call *call)
{
    return start_export(call, EXPORT_DOOR_CSV);
}
