/* See the header. */
#include "ticketing/ledger_dead.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/ledger_sqlite.h"
#include "ticketing/ledger_stock.h"

static const char *const words[REPLAY_VERDICT_COUNT] = {
    [REPLAY_OK] = "ok",
    [REPLAY_BEFORE] = "before",
    [REPLAY_NO_SUCH] = "no_such_letter",
    [REPLAY_UNREADABLE] = "unreadable",
    [REPLAY_VOIDED] = "payment_voided",
    [REPLAY_GIVEN_UP] = "given_up",
    [REPLAY_SEAT_TAKEN] = "seat_taken",
    [REPLAY_REFUSED] = "refused",
};

const char *replay_verdict_word(enum replay_verdict verdict)
{
    assert(verdict < REPLAY_VERDICT_COUNT);
    return words[verdict];
}

static void judge(struct ledger_replay *replay, enum replay_verdict verdict, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
static void judge(struct ledger_replay *replay, enum replay_verdict verdict, const char *format,
                  ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(replay->reason, sizeof replay->reason, format,
                    values); /* a long one is cut: it is for people */
    va_end(values);
    replay->verdict = verdict;
}

/* The letter itself. */
static enum ledger_status read_letter(struct ledger_store *s, struct ledger_replay *out)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_dead_get, "i", out->nr);
    if (!ledger_next(s, row, &status)) {
        judge(out, REPLAY_NO_SUCH, "There is no dead letter of that number.");
        return status;
    }
    (void)snprintf(out->order, sizeof out->order, "%s", ledger_text(row, 0));
    out->body = strdup(ledger_text(row, 1));
    assert(out->body != NULL);
    if (sqlite3_column_int64(row, 2) > 0)
        out->verdict = REPLAY_BEFORE;
    (void)sqlite3_reset(row);
    if (out->verdict != REPLAY_OK)
        return LEDGER_OK;
    char order[ORDER_ID_BYTES + 1];
    const char *broken = outbox_entry_read(out->body, strlen(out->body), &out->entry, order);
    if (broken != NULL)
        judge(out, REPLAY_UNREADABLE, "It cannot be read: %s.", broken);
    else if (out->entry.kind != OUTBOX_ORDER)
        judge(out, REPLAY_UNREADABLE, "It is not an order.");
    return LEDGER_OK;
}

static enum ledger_status look_at_payment(struct ledger_store *s, struct ledger_replay *out)
{
    struct ledger_payment payment;
    enum ledger_status status = ledger_payment_get(s, out->order, &payment);
    if (status != LEDGER_OK)
        return status == LEDGER_NOT_FOUND ? LEDGER_OK : status;
    if (payment.state == LEDGER_PAYMENT_VOIDED)
        judge(out, REPLAY_VOIDED, "Its payment was voided: the visitor has the money back.");
    else if (payment.state == LEDGER_PAYMENT_VOID_DUE && payment.attempts > 0)
        judge(out, REPLAY_VOIDED,
              "Voiding its payment was tried: the visitor may have the money back.");
    else if (payment.state == LEDGER_PAYMENT_VOID_DUE || payment.state == LEDGER_PAYMENT_NONE) {
        if (payment.was_given_up)
            judge(out, REPLAY_GIVEN_UP, "Its payment had been given up before it died.");
    } else {
        judge(out, REPLAY_REFUSED, "Its payment is in a state that needs a person.");
    }
    return LEDGER_OK;
}

static enum ledger_status look_at_seats(struct ledger_store *s, struct ledger_replay *out)
{
    char owner[ORDER_ID_BYTES + 1];
    for (size_t i = 0; i < out->entry.seats_count; i++) {
        uint32_t seat = out->entry.seats[i].seat;
        enum ledger_status status = ledger_seat_owner(s, out->entry.event, seat, owner);
        if (status == LEDGER_OK)
            judge(out, REPLAY_SEAT_TAKEN, "Seat %u belongs to order %s by now.", seat, owner);
        if (status != LEDGER_NOT_FOUND)
            return status;
    }
    return LEDGER_OK;
}

enum ledger_status ledger_replay_look(struct ledger_store *s, int64_t nr, struct ledger_replay *out)
{
    *out = (struct ledger_replay){.nr = nr};
    enum ledger_status status = read_letter(s, out);
    if (status != LEDGER_OK || out->verdict != REPLAY_OK)
        return status;
    json_t *standing = NULL;
    status = ledger_order_json(s, out->order, &standing);
    json_decref(standing);
    out->stands = status == LEDGER_OK;
    if (status != LEDGER_NOT_FOUND) /* writing it compares the content */
        return status;
    status = look_at_payment(s, out);
    if (status == LEDGER_OK && out->verdict == REPLAY_OK)
        status = look_at_seats(s, out);
    return status;
}

static enum ledger_status note_seats(struct ledger_store *s, const struct outbox_entry *entry)
{
    enum ledger_status status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_order_event, "t", entry->event);
    if (!ledger_next(s, row, &status))
        return status == LEDGER_OK ? LEDGER_CORRUPT : status;
    int64_t event_nr = sqlite3_column_int64(row, 0);
    (void)sqlite3_reset(row);
    for (size_t i = 0; i < entry->seats_count && status == LEDGER_OK; i++)
        status = ledger_run(s, ledger_use(s, STATEMENT_stock_note, "iitt", event_nr,
                                          (int64_t)entry->seats[i].seat,
                                          stock_change_word(STOCK_REPLAY), entry->visitor));
    return status;
}

enum ledger_status ledger_replay(struct ledger_store *s, struct ledger_replay *replay,
                                 int64_t now_ms)
{
    assert(s->is_in_transaction && replay->verdict == REPLAY_OK);
    /* What is left then stands against the new payment, and the order is refused. */
    enum ledger_status status =
        ledger_run(s, ledger_use(s, STATEMENT_payment_forget, "t", replay->order));
    if (status == LEDGER_OK)
        status = ledger_order_try(s, &replay->entry, now_ms, &replay->result);
    if (status != LEDGER_OK)
        return status;
    if (replay->result.verdict == VERDICT_DEAD) {
        judge(replay, REPLAY_REFUSED, "The ledger refuses it again: %s.", replay->result.reason);
        return LEDGER_OK;
    }
    if (replay->result.verdict == VERDICT_WRITTEN)
        status = note_seats(s, &replay->entry);
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_dead_replayed, "ii", replay->nr, now_ms));
    return status;
}

void ledger_replay_release(struct ledger_replay *replay)
{
    outbox_entry_release(&replay->entry);
    free(replay->body);
    replay->body = NULL;
}
