/* See the header. */
#include "ticketing/ledger_refunds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "ticketing/ledger_sqlite.h"
#include "ticketing/ledger_stock.h"

#define WITHHELD_NAME "refunded"

static const char *const state_words[] = {
    [LEDGER_PAYOUT_DUE] = "due", [LEDGER_PAYOUT_PAID] = "paid", [LEDGER_PAYOUT_FAILED] = "failed"};

static void copy(char *out, size_t out_bytes, const char *text)
{
    (void)snprintf(out, out_bytes, "%s", text); /* lengths were checked when the row was written */
}

/* --- which seats --- */

struct order {
    int64_t nr, event_nr;
    size_t seats_count;
    uint32_t seats[HOLD_SEATS_MAX]; /* all that it ever had */
};

static enum ledger_status find_order(struct ledger_store *s, const char *id, struct order *order,
                                     struct ledger_refund *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_refund_order, "t", id);
    *order = (struct order){0};
    while (ledger_next(s, row, &status)) {
        if (order->seats_count == HOLD_SEATS_MAX)
            continue;
        order->nr = sqlite3_column_int64(row, 0);
        order->event_nr = sqlite3_column_int64(row, 1);
        copy(out->event, sizeof out->event, ledger_text(row, 2));
        copy(out->visitor, sizeof out->visitor, ledger_text(row, 3));
        copy(out->currency, sizeof out->currency, ledger_text(row, 4));
        order->seats[order->seats_count++] = (uint32_t)sqlite3_column_int64(row, 5);
    }
    if (status != LEDGER_OK)
        return status;
    return order->seats_count > 0 ? LEDGER_OK : LEDGER_NOT_FOUND;
}

static bool has_seat(const struct order *order, uint32_t seat)
{
    for (size_t i = 0; i < order->seats_count; i++)
        if (order->seats[i] == seat)
            return true;
    return false;
}

static bool find_strangers(const struct order *order, const struct ledger_refund_request *request,
                           struct ledger_refund *out)
{
    for (size_t i = 0; request->seats != NULL && i < request->seats_count; i++)
        if (!has_seat(order, request->seats[i]) && out->strangers_count < HOLD_SEATS_MAX)
            out->strangers[out->strangers_count++] = request->seats[i];
    return out->strangers_count > 0;
}

/* --- giving back --- */

/* Moves one seat from `sold` to `refunds`; without effect when that has happened before. */
static enum ledger_status give_back(struct ledger_store *s, const struct order *order,
                                    const struct ledger_refund_request *request, uint32_t seat,
                                    struct ledger_refund *out)
{
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_refund_insert, "iiiiitt", order->event_nr,
                                 (int64_t)seat, order->nr, request->now_ms,
                                 (int64_t)request->is_withheld, request->by_whom, request->reason));
    if (status != LEDGER_OK)
        return status;
    if (sqlite3_changes(s->db) == 0) {
        out->before_count++;
        return LEDGER_OK;
    }
    out->seats[out->count++] = seat;
    status = ledger_run(
        s, ledger_use(s, STATEMENT_sold_delete, "iii", order->event_nr, (int64_t)seat, order->nr));
    if (status == LEDGER_OK && request->is_withheld)
        status = ledger_run(s, ledger_use(s, STATEMENT_withheld_insert, "iiti", order->event_nr,
                                          (int64_t)seat, WITHHELD_NAME, request->now_ms));
    if (status != LEDGER_OK)
        return status;
    const char *change =
        stock_change_word(request->is_withheld ? STOCK_REFUND_WITHHOLD : STOCK_REFUND);
    return ledger_run(s, ledger_use(s, STATEMENT_stock_note, "iitt", order->event_nr, (int64_t)seat,
                                    change, out->visitor));
}

static enum ledger_status price_of(struct ledger_store *s, const struct order *order, uint32_t seat,
                                   int64_t *price_minor)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_refund_price, "ii", order->nr, (int64_t)seat);
    *price_minor = 0;
    if (!ledger_next(s, row, &status))
        return status;
    *price_minor = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    return LEDGER_OK;
}

static enum ledger_status owe(struct ledger_store *s, const struct order *order,
                              const struct ledger_refund_request *request,
                              const struct ledger_refund *out)
{
    if (out->amount_minor == 0)
        return LEDGER_OK;
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_journal_refund, "iiitt", request->now_ms, order->nr,
                                 out->amount_minor, out->currency, request->reason));
    if (status != LEDGER_OK)
        return status;
    return ledger_run(s, ledger_use(s, STATEMENT_payout_insert, "iiti", order->nr,
                                    out->amount_minor, out->currency, request->now_ms));
}

enum ledger_status ledger_refund(struct ledger_store *s,
                                 const struct ledger_refund_request *request,
                                 struct ledger_refund *out)
{
    struct order order;
    assert(s->is_in_transaction);
    *out = (struct ledger_refund){0};
    enum ledger_status status = find_order(s, request->order, &order, out);
    if (status != LEDGER_OK)
        return status;
    if (find_strangers(&order, request, out))
        return LEDGER_REFUSED;
    const uint32_t *seats = request->seats != NULL ? request->seats : order.seats;
    size_t count = request->seats != NULL ? request->seats_count : order.seats_count;
    for (size_t i = 0; i < count && status == LEDGER_OK; i++)
        status = give_back(s, &order, request, seats[i], out);
    for (size_t i = 0; i < out->count && status == LEDGER_OK; i++) {
        int64_t price_minor;
        status = price_of(s, &order, out->seats[i], &price_minor);
        out->amount_minor += price_minor;
    }
    return status == LEDGER_OK ? owe(s, &order, request, out) : status;
}

/* --- payouts --- */

enum ledger_status ledger_payouts_due(struct ledger_store *s, int64_t now_ms,
                                      struct ledger_payout *out, size_t max, size_t *count)
{
    enum ledger_status status;
    size_t found = 0;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_payouts_due, "ii", now_ms, (int64_t)max);
    while (ledger_next(s, row, &status)) {
        struct ledger_payout *payout = &out[found++];
        payout->nr = sqlite3_column_int64(row, 0);
        payout->amount_minor = sqlite3_column_int64(row, 1);
        payout->attempts = sqlite3_column_int64(row, 2);
        copy(payout->order, sizeof payout->order, ledger_text(row, 3));
        copy(payout->intent, sizeof payout->intent, ledger_text(row, 4));
        payout->paid_minor = sqlite3_column_int64(row, 5);
    }
    if (status == LEDGER_OK)
        *count = found;
    return status;
}

enum ledger_status ledger_payout_update(struct ledger_store *s, const struct ledger_payout *payout,
                                        enum ledger_payout_state state, int64_t next_try_ms,
                                        const char *reason, int64_t now_ms)
{
    assert(s->is_in_transaction);
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_payout_update, "ititi", payout->nr,
                                 state_words[state], next_try_ms, reason, now_ms));
    if (status != LEDGER_OK || sqlite3_changes(s->db) == 0 || state != LEDGER_PAYOUT_PAID)
        return status; /* no change: it had been paid already */
    return ledger_run(s, ledger_use(s, STATEMENT_journal_refund_paid, "ii", payout->nr, now_ms));
}

/* --- what happened to an order --- */

/* The rows of a statement about the order as objects; `names` in the order of its columns, a '#' in
 * front of those that are numbers. */
static enum ledger_status collect(struct ledger_store *s, enum ledger_statement which,
                                  const char *order, const char *const *names, json_t **out)
{
    enum ledger_status status;
    json_t *list = json_array();
    sqlite3_stmt *row = ledger_use(s, which, "t", order);
    while (ledger_next(s, row, &status)) {
        json_t *object = json_object();
        for (int i = 0; names[i] != NULL; i++) {
            bool is_number = names[i][0] == '#';
            json_t *value = is_number ? json_integer(sqlite3_column_int64(row, i))
                                      : json_string(ledger_text(row, i));
            (void)json_object_set_new(object, names[i] + is_number, value);
        }
        (void)json_array_append_new(list, object);
    }
    *out = list;
    return status;
}

enum ledger_status ledger_order_history(struct ledger_store *s, const char *order, json_t *object)
{
    static const char *const payment[] = {
        "state", "intent", "#amount_minor", "#attempts", "reason", "#changed_ms", NULL};
    static const char *const refunds[] = {"#seat",    "section",      "row",    "number",
                                          "category", "#price_minor", "#at_ms", "by",
                                          "reason",   "#withheld",    "type",   NULL};
    static const char *const payouts[] = {"#nr",    "#amount_minor", "state", "#attempts",
                                          "reason", "#changed_ms",   NULL};
    static const char *const journal[] = {"#nr",           "#at_ms",   "kind", "debit", "credit",
                                          "#amount_minor", "currency", "note", NULL};
    static const struct {
        const char *name;
        enum ledger_statement which;
        const char *const *columns;
    } parts[] = {{"payment", STATEMENT_history_payment, payment},
                 {"refunds", STATEMENT_history_refunds, refunds},
                 {"payouts", STATEMENT_history_payouts, payouts},
                 {"journal", STATEMENT_history_journal, journal}};
    enum ledger_status status = LEDGER_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == LEDGER_OK; i++) {
        json_t *list = NULL;
        status = collect(s, parts[i].which, order, parts[i].columns, &list);
        (void)json_object_set_new(object, parts[i].name, list);
    }
    return status;
}
