/* Writing orders: one entry of the outbox, undone alone when it cannot stand.
 *
 * The order of the checks is the order of trust. The order's number makes repetition harmless; the
 * key of `sold` makes a second sale impossible whatever the rest of the house believed. A refusal
 * leaves three things behind: the dead letter, the debt to void the payment, and nothing else.
 */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEATS_TEXT_BYTES (HOLD_SEATS_MAX * 12 + 3)

static void refuse(struct ledger_result *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void refuse(struct ledger_result *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(out->reason, sizeof out->reason, format,
                    values); /* a long one is cut: it is for people */
    va_end(values);
    out->verdict = VERDICT_DEAD;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* "[17,18]" in ascending order: the same seats always give the same text. */
static void seats_text(const struct outbox_entry *entry, char out[SEATS_TEXT_BYTES])
{
    uint32_t seats[HOLD_SEATS_MAX];
    size_t used = 0;
    for (size_t i = 0; i < entry->seats_count; i++)
        seats[i] = entry->seats[i].seat;
    qsort(seats, entry->seats_count, sizeof seats[0], by_number);
    for (size_t i = 0; i < entry->seats_count; i++) {
        int bytes =
            snprintf(out + used, SEATS_TEXT_BYTES - used, "%c%u", i == 0 ? '[' : ',', seats[i]);
        assert(bytes > 0 && used + (size_t)bytes + 2 < SEATS_TEXT_BYTES);
        used += (size_t)bytes;
    }
    out[used] = ']';
    out[used + 1] = '\0';
}

static enum ledger_status read_event(struct ledger_store *s, const char *id)
{
    enum ledger_status status;
    struct ledger_known_event *known = &s->known_event;
    sqlite3_stmt *statement = ledger_use(s, STATEMENT_order_event, "t", id);
    if (!ledger_next(s, statement, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    known->nr = sqlite3_column_int64(statement, 0);
    known->seats_count = sqlite3_column_int64(statement, 2);
    (void)snprintf(known->currency, sizeof known->currency, "%s", ledger_text(statement, 1));
    int bytes = snprintf(known->id, sizeof known->id, "%s", id);
    assert(bytes > 0 && (size_t)bytes < sizeof known->id);
    (void)sqlite3_reset(statement);
    return LEDGER_OK;
}

/* The event's number in the ledger, or a refusal. */
static enum ledger_status find_event(struct ledger_store *s, const struct outbox_entry *entry,
                                     int64_t *event_nr, struct ledger_result *out)
{
    const struct ledger_known_event *known = &s->known_event;
    enum ledger_status status = LEDGER_OK;
    if (strcmp(known->id, entry->event) != 0)
        status = read_event(s, entry->event);
    if (status == LEDGER_NOT_FOUND) {
        refuse(out, "there is no event %s", entry->event);
        return LEDGER_OK;
    }
    if (status != LEDGER_OK)
        return status;
    *event_nr = known->nr;
    if (strcmp(known->currency, entry->currency) != 0)
        refuse(out, "currency %s is not the event's", entry->currency);
    for (size_t i = 0; i < entry->seats_count; i++)
        if (entry->seats[i].seat >= known->seats_count)
            refuse(out, "seat %u is not in the plan", entry->seats[i].seat);
    return LEDGER_OK;
}

/* The order's number is taken: by the same order, or by another one? */
static enum ledger_status compare(struct ledger_store *s, const struct outbox_entry *entry,
                                  const char *seats, struct ledger_result *out)
{
    enum ledger_status status;
    sqlite3_stmt *statement = ledger_use(s, STATEMENT_order_get, "t", entry->order);
    if (!ledger_next(s, statement, &status))
        return status == LEDGER_OK ? LEDGER_CORRUPT : status;
    bool is_same = strcmp(ledger_text(statement, 0), entry->event) == 0 &&
                   strcmp(ledger_text(statement, 1), entry->visitor) == 0 &&
                   sqlite3_column_int64(statement, 2) == entry->fence &&
                   sqlite3_column_int64(statement, 3) == entry->amount_minor &&
                   strcmp(ledger_text(statement, 4), entry->currency) == 0 &&
                   strcmp(ledger_text(statement, 5), seats) == 0;
    out->committed_ms = sqlite3_column_int64(statement, 6);
    out->order_nr = sqlite3_column_int64(statement, 7);
    (void)sqlite3_reset(statement);
    if (is_same)
        out->verdict = VERDICT_REPEATED;
    else
        refuse(out, "order %s stands in the ledger with other content", entry->order);
    return LEDGER_OK;
}

static enum ledger_status insert_seats(struct ledger_store *s, const struct outbox_entry *entry,
                                       int64_t event_nr, struct ledger_result *out)
{
    for (size_t i = 0; i < entry->seats_count; i++) {
        const struct outbox_seat *seat = &entry->seats[i];
        enum ledger_status status = ledger_run(
            s, ledger_use(s, STATEMENT_sold_insert, "iiiittttt", event_nr, (int64_t)seat->seat,
                          out->order_nr, seat->price_minor, seat->section, seat->row, seat->number,
                          seat->category, seat->type));
        if (status == LEDGER_REFUSED) {
            refuse(out, "seat %u is already sold", seat->seat);
            return LEDGER_OK;
        }
        if (status != LEDGER_OK)
            return status;
    }
    return LEDGER_OK;
}

/* The money: nothing to do for a free order; a payment that was given up already is the end of the
 * order. */
static enum ledger_status insert_payment(struct ledger_store *s, const struct outbox_entry *entry,
                                         int64_t now_ms, struct ledger_result *out)
{
    const char *state = entry->amount_minor == 0 ? "none" : "capture_due";
    enum ledger_status status = ledger_run(
        s, ledger_use(s, STATEMENT_payment_insert, "ttittit", entry->order, entry->intent,
                      entry->amount_minor, entry->currency, state, now_ms, ""));
    if (status == LEDGER_OK && sqlite3_changes(s->db) == 0)
        refuse(out, "the payment of order %s was given up before", entry->order);
    return status;
}

/* What the visitor owes is ours now; the capture turns it into money. */
static enum ledger_status enter_sale(struct ledger_store *s, const struct outbox_entry *entry,
                                     int64_t now_ms, const struct ledger_result *out)
{
    if (out->verdict == VERDICT_DEAD || entry->amount_minor == 0)
        return LEDGER_OK;
    return ledger_run(s, ledger_use(s, STATEMENT_journal_sale, "iiit", now_ms, out->order_nr,
                                    entry->amount_minor, entry->currency));
}

static enum ledger_status insert_all(struct ledger_store *s, const struct outbox_entry *entry,
                                     int64_t now_ms, struct ledger_result *out)
{
    int64_t event_nr = 0;
    char seats[SEATS_TEXT_BYTES];
    seats_text(entry, seats);
    enum ledger_status status = find_event(s, entry, &event_nr, out);
    if (status != LEDGER_OK || out->verdict == VERDICT_DEAD)
        return status;
    status = ledger_run(s, ledger_use(s, STATEMENT_order_insert, "titiitittii", entry->order,
                                      event_nr, entry->visitor, entry->fence, entry->epoch,
                                      entry->intent, entry->amount_minor, entry->currency, seats,
                                      entry->at_ms, now_ms));
    if (status != LEDGER_OK)
        return status;
    if (sqlite3_changes(s->db) == 0)
        return compare(s, entry, seats, out);
    out->order_nr = sqlite3_last_insert_rowid(s->db);
    status = insert_seats(s, entry, event_nr, out);
    if (status != LEDGER_OK || out->verdict == VERDICT_DEAD)
        return status;
    status = insert_payment(s, entry, now_ms, out);
    return status == LEDGER_OK ? enter_sale(s, entry, now_ms, out) : status;
}

static bool stands(struct ledger_store *s, const char *order, enum ledger_status *status)
{
    sqlite3_stmt *statement = ledger_use(s, STATEMENT_order_get, "t", order);
    bool does = ledger_next(s, statement, status);
    if (does)
        (void)sqlite3_reset(statement);
    return does;
}

enum ledger_status ledger_write_void(struct ledger_store *s, const struct outbox_entry *entry,
                                     int64_t now_ms, bool *order_stands)
{
    enum ledger_status status;
    *order_stands = stands(s, entry->order, &status);
    if (*order_stands || status != LEDGER_OK)
        return status;
    const char *state = entry->amount_minor == 0 ? "none" : "void_due";
    return ledger_run(s, ledger_use(s, STATEMENT_payment_insert, "ttittit", entry->order,
                                    entry->intent, entry->amount_minor, entry->currency, state,
                                    now_ms, entry->reason));
}

enum ledger_status ledger_write_dead(struct ledger_store *s, const char *order, const char *reason,
                                     const struct ledger_origin *origin)
{
    return ledger_run(s,
                      ledger_use(s, STATEMENT_dead_insert, "itttti", origin->epoch,
                                 origin->stream_id, order, origin->body, reason, origin->now_ms));
}

enum ledger_status ledger_write_order_hopefully(struct ledger_store *s,
                                                const struct outbox_entry *entry, int64_t now_ms,
                                                struct ledger_result *out)
{
    out->verdict = VERDICT_WRITTEN;
    out->reason[0] = '\0';
    out->committed_ms = now_ms;
    enum ledger_status status = insert_all(s, entry, now_ms, out);
    if (status != LEDGER_REFUSED)
        return status;
    refuse(out, "%s", s->problem); /* a rule of the schema that has no sentence of its own above */
    return LEDGER_OK;
}

enum ledger_status ledger_order_try(struct ledger_store *s, const struct outbox_entry *entry,
                                    int64_t now_ms, struct ledger_result *out)
{
    enum ledger_status status = ledger_run(s, ledger_use(s, STATEMENT_entry_begin, ""));
    if (status != LEDGER_OK)
        return status;
    status = ledger_write_order_hopefully(s, entry, now_ms, out);
    if (status == LEDGER_OK && out->verdict == VERDICT_DEAD)
        status = ledger_run(s, ledger_use(s, STATEMENT_entry_undo, ""));
    if (status == LEDGER_OK)
        status = ledger_run(s, ledger_use(s, STATEMENT_entry_keep, ""));
    return status;
}

enum ledger_status ledger_write_order(struct ledger_store *s, const struct outbox_entry *entry,
                                      const struct ledger_origin *origin, struct ledger_result *out)
{
    bool order_stands;
    assert(s->is_in_transaction && entry->kind == OUTBOX_ORDER);
    enum ledger_status status = ledger_order_try(s, entry, origin->now_ms, out);
    if (status != LEDGER_OK || out->verdict != VERDICT_DEAD)
        return status;
    status = ledger_write_dead(s, entry->order, out->reason, origin);
    if (status == LEDGER_OK)
        status = ledger_write_void(s, entry, origin->now_ms, &order_stands);
    return status;
}
