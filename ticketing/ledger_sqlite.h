/* Private to the ledger's SQLite adapter: its struct, its statements and the helpers its files
 * share. */
#ifndef STANCHION_LEDGER_SQLITE_H
#define STANCHION_LEDGER_SQLITE_H

#include <sqlite3.h>
#include "ticketing/ledger_store.h"
#include "ticketing/ledger_tickets.h"

/* Names in sql/statements.sql. */
#define LEDGER_STATEMENTS(X)                                                                       \
    X(begin)                                                                                       \
    X(commit)                                                                                      \
    X(rollback)                                                                                    \
    X(entry_begin)                                                                                 \
    X(entry_keep)                                                                                  \
    X(entry_undo)                                                                                  \
    X(meta_get)                                                                                    \
    X(meta_set)                                                                                    \
    X(order_event)                                                                                 \
    X(order_insert)                                                                                \
    X(order_get)                                                                                   \
    X(sold_insert)                                                                                 \
    X(sold_owner)                                                                                  \
    X(sold_of_order)                                                                               \
    X(sold_of_event)                                                                               \
    X(orders_last)                                                                                 \
    X(orders_of_event)                                                                             \
    X(orders_of_visitor)                                                                           \
    X(orders_page)                                                                                 \
    X(counts)                                                                                      \
    X(sold_all)                                                                                    \
    X(sold_count)                                                                                  \
    X(audit_sums)                                                                                  \
    X(audit_orders)                                                                                \
    X(audit_strays)                                                                                \
    X(audit_payments)                                                                              \
    X(journal_sale)                                                                                \
    X(journal_capture)                                                                             \
    X(audit_journal_sums)                                                                          \
    X(audit_journal)                                                                               \
    X(sold_delete)                                                                                 \
    X(refunded_of_order)                                                                           \
    X(audit_refunds)                                                                               \
    X(refund_order)                                                                                \
    X(refund_insert)                                                                               \
    X(refund_price)                                                                                \
    X(journal_refund)                                                                              \
    X(journal_refund_paid)                                                                         \
    X(payout_insert)                                                                               \
    X(payouts_due)                                                                                 \
    X(payout_update)                                                                               \
    X(history_payment)                                                                             \
    X(history_refunds)                                                                             \
    X(history_payouts)                                                                             \
    X(history_journal)                                                                             \
    X(ticket_find)                                                                                 \
    X(scan_insert)                                                                                 \
    X(door_list)                                                                                   \
    X(link_put)                                                                                    \
    X(link_get)                                                                                    \
    X(mails_outdate)                                                                               \
    X(mails_count)                                                                                 \
    X(mail_insert)                                                                                 \
    X(mail_due)                                                                                    \
    X(mail_update)                                                                                 \
    X(mails_of_order)                                                                              \
    X(withheld_insert)                                                                             \
    X(withheld_delete)                                                                             \
    X(withheld_of_event)                                                                           \
    X(stock_note)                                                                                  \
    X(stock_work)                                                                                  \
    X(stock_done)                                                                                  \
    X(dead_insert)                                                                                 \
    X(dead_page)                                                                                   \
    X(dead_get)                                                                                    \
    X(dead_replayed)                                                                               \
    X(payment_forget)                                                                              \
    X(payment_insert)                                                                              \
    X(payment_get)                                                                                 \
    X(payments_due)                                                                                \
    X(money_of)                                                                                    \
    X(money_captured)                                                                              \
    X(money_last)                                                                                  \
    X(money_returned)                                                                              \
    X(payment_update)                                                                              \
    X(intent_insert)                                                                               \
    X(intents_overdue)                                                                             \
    X(intent_later)                                                                                \
    X(intent_void)                                                                                 \
    X(intents_hurry)                                                                               \
    X(event_insert)                                                                                \
    X(plan_insert)                                                                                 \
    X(event_settings)                                                                              \
    X(event_get)                                                                                   \
    X(event_orders)                                                                                \
    X(event_drop_plan)                                                                             \
    X(event_drop_withheld)                                                                         \
    X(event_drop_work)                                                                             \
    X(event_drop)                                                                                  \
    X(event_list)                                                                                  \
    X(event_plan)                                                                                  \
    X(sales_since)                                                                                 \
    X(refunded_since)                                                                              \
    X(orders_find)                                                                                 \
    X(account_get)                                                                                 \
    X(account_put)                                                                                 \
    X(account_list)                                                                                \
    X(account_owners)                                                                              \
    X(action_add)                                                                                  \
    X(action_get)                                                                                  \
    X(actions_page)                                                                                \
    X(actions_of_event)                                                                            \
    X(visitor_add)                                                                                 \
    X(visitor_get)                                                                                 \
    X(visitor_password)                                                                            \
    X(signed_out_add)                                                                              \
    X(signed_out_drop)                                                                             \
    X(signed_out_page)

enum ledger_statement {
#define X(name) STATEMENT_##name,
    LEDGER_STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

/* What orders are compared with, read once a transaction: nearly all are for the same event. */
struct ledger_known_event {
    char id[EVENT_ID_BYTES_MAX + 1]; /* "" = none is known */
    char currency[16];
    int64_t nr, seats_count;
};

struct ledger_store {
    sqlite3 *db;
    const struct token_keys *keys;
    int lock_fd; /* held for as long as the store is open */
    bool is_in_transaction;
    int64_t restored_after[LEDGER_RESTORES_MAX]; /* highest order of each backup it started from */
    int64_t restores_count;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    char problem[LEDGER_REASON_BYTES];
    struct ledger_known_event known_event;
};

/* Readies a statement and binds its parameters in order: 'i' int64_t, 't' const char * (NULL binds
 * NULL). Texts must live until the statement was run. */
sqlite3_stmt *ledger_use(struct ledger_store *s, enum ledger_statement which, const char *kinds,
                         ...);
/* Steps to the end and resets. */
enum ledger_status ledger_run(struct ledger_store *s, sqlite3_stmt *statement);
/* true = a row stands in the statement. At the end or on failure: reset, *status says which. */
bool ledger_next(struct ledger_store *s, sqlite3_stmt *statement, enum ledger_status *status);
/* The first column of all rows; the caller frees *seats. */
enum ledger_status ledger_seat_list(struct ledger_store *s, sqlite3_stmt *row, uint32_t **seats,
                                    size_t *count);
/* What a SQLite result code means to us; remembers the message. */
enum ledger_status ledger_judge(struct ledger_store *s, int code);
/* The part of ledger_write_order that a replay shares (ledger_orders.c): writes the order, its
 * seats, its payment and its sale, or undoes all of it with VERDICT_DEAD and a reason. No dead
 * letter, no void. */
enum ledger_status ledger_order_try(struct ledger_store *s, const struct outbox_entry *entry,
                                    int64_t now_ms, struct ledger_result *out);
/* When the ledger is opened: what restored_after says, with the backup that this file may be. */
enum ledger_status ledger_restores_load(struct ledger_store *s);
/* What the word in the column `state` of `payments` means. */
enum ledger_payment_state ledger_payment_state_of(const char *word);
/* Text of a column, "" for NULL. */
const char *ledger_text(sqlite3_stmt *statement, int column);

#endif
