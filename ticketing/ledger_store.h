/* The port to the truth forever: orders, payments owed, events, accounts. Parts of it have headers
 * of their own: ledger_accounts.h, ledger_actions.h, ledger_stock.h, ledger_refunds.h, ...
 *
 * One adapter, ledger_sqlite.c (WAL, synchronous=FULL, one connection). One process has it open for
 * writing; a second one is refused (LEDGER_IN_USE). Everything is written between ledger_begin and
 * ledger_commit: nothing is on disk before ledger_commit said LEDGER_OK, everything is afterwards.
 * Within a transaction an order that cannot be written is undone alone; the others stand.
 *
 * After LEDGER_IO, LEDGER_FULL or LEDGER_CORRUPT from any function the caller must stop
 * acknowledging, close the store and leave the process: what the file holds is known again only
 * after it has been opened anew.
 */
#ifndef STANCHION_LEDGER_STORE_H
#define STANCHION_LEDGER_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "server/base/token.h"
#include "ticketing/outbox_entry.h"

#define LEDGER_REASON_BYTES 200

enum ledger_status {
    LEDGER_OK = 0,
    LEDGER_NOT_FOUND,
    LEDGER_REFUSED, /* a rule of the schema forbids it */
    LEDGER_IN_USE,  /* another process has it open for writing */
    LEDGER_NEWER,   /* written by a newer program */
    LEDGER_FULL,    /* no space left on the disk */
    LEDGER_IO,      /* reading, writing or fsync failed */
    LEDGER_CORRUPT, /* not a ledger, or damaged */
    LEDGER_STATUS_COUNT
};

struct ledger_store;

/* Opens or creates the file (mode 0600) and migrates it. `why` (LEDGER_REASON_BYTES) gets one
 * sentence on failure. `keys` must outlive the store. */
enum ledger_status ledger_open(const char *path, const struct token_keys *keys,
                               struct ledger_store **out, char *why);
/* Rolls an open transaction back. NULL is fine. */
void ledger_close(struct ledger_store *s);
/* One sentence about the last failure; valid until the next call. */
const char *ledger_problem(const struct ledger_store *s);
const char *ledger_status_word(enum ledger_status status);

enum ledger_status ledger_begin(struct ledger_store *s);
enum ledger_status ledger_commit(struct ledger_store *s); /* with fsync */
enum ledger_status ledger_rollback(struct ledger_store *s);

/* Numbers kept in `meta`; LEDGER_NOT_FOUND when never set. */
enum ledger_status ledger_number_get(struct ledger_store *s, const char *name, int64_t *out);
enum ledger_status ledger_number_set(struct ledger_store *s, const char *name, int64_t value);

/* --- orders --- */

enum ledger_verdict {
    VERDICT_WRITTEN,  /* new */
    VERDICT_REPEATED, /* stood there already with the same content; nothing changed */
    VERDICT_DEAD,     /* refused: reason is valid; a row in `dead`, its payment is to be voided */
    VERDICT_COUNT
};

struct ledger_result {
    enum ledger_verdict verdict;
    int64_t committed_ms; /* unless dead; true once ledger_commit said so */
    int64_t order_nr;     /* unless dead: its number in the ledger */
    char reason[LEDGER_REASON_BYTES];
};

/* Where an entry came from, for the dead letter. */
struct ledger_origin {
    const char *stream_id, *body;
    int64_t epoch, now_ms;
};

/* Writes an order with its seats and its payment, or a dead letter. LEDGER_OK whenever there is a
 * verdict. */
enum ledger_status ledger_write_order(struct ledger_store *s, const struct outbox_entry *entry,
                                      const struct ledger_origin *origin,
                                      struct ledger_result *out);
/* The same without a way back for one order, which is cheaper: when the verdict is VERDICT_DEAD, or
 * anything but LEDGER_OK comes back, the whole transaction must be rolled back. */
enum ledger_status ledger_write_order_hopefully(struct ledger_store *s,
                                                const struct outbox_entry *entry, int64_t now_ms,
                                                struct ledger_result *out);
/* Notes that the order's payment is to be voided. *order_stands: the order is in the ledger, so
 * nothing was noted. */
enum ledger_status ledger_write_void(struct ledger_store *s, const struct outbox_entry *entry,
                                     int64_t now_ms, bool *order_stands);
enum ledger_status ledger_write_dead(struct ledger_store *s, const char *order, const char *reason,
                                     const struct ledger_origin *origin);

/* The order as
 * `{"order","event","visitor","intent","committed_ms","amount_minor","currency","tickets":[...]}`;
 * the caller owns it. */
enum ledger_status ledger_order_json(struct ledger_store *s, const char *order, json_t **out);
/* JSON array of the above for one visitor, oldest first. */
enum ledger_status ledger_orders_of(struct ledger_store *s, const char *event, const char *visitor,
                                    json_t **out);
/* Up to `limit` orders after number `after` (0 = from the start), of one event or all (NULL), with
 * their payment state and the e-mail address of the account that ordered ("" = an anonymous
 * visitor). *next is the number to go on from, 0 at the end. */
enum ledger_status ledger_orders_page(struct ledger_store *s, const char *event, int64_t after,
                                      int64_t limit, json_t **rows, int64_t *next);
/* What an event has taken by some of its orders and refunds. */
struct ledger_sales {
    const char *event;
    int64_t orders, amount_minor, refunded_minor;
};
typedef void ledger_sales_fn(void *ctx, const struct ledger_sales *part);
/* Calls on_part for the orders and refunds behind these numbers, which move on to the last ones. */
enum ledger_status ledger_sales_since(struct ledger_store *s, int64_t *orders_nr,
                                      int64_t *refunds_nr, ledger_sales_fn *on_part, void *ctx);
/* What is looked for among the orders of an event. */
struct ledger_search {
    const char
        *kind; /* all, order (its beginning), email, nr, seat, label ("section row number") */
    const char *text; /* of order, email, label; otherwise "" */
    int64_t number;   /* of nr, seat; otherwise 0 */
};
/* Up to `limit` orders with a number below `before`, newest first, as ledger_orders_page gives them
 * and with `refunded_minor`. *next is the `before` to go on with, 0 at the end. */
enum ledger_status ledger_orders_find(struct ledger_store *s, const char *event,
                                      const struct ledger_search *search, int64_t before,
                                      int64_t limit, json_t **rows, int64_t *next);
/* The order that owns a seat, copied to `order` (ORDER_ID_BYTES + 1); LEDGER_NOT_FOUND when it is
 * not sold. */
enum ledger_status ledger_seat_owner(struct ledger_store *s, const char *event, uint32_t seat,
                                     char *order);
/* All sold seats of an event in ascending order; the caller frees *seats. */
enum ledger_status ledger_sold_seats(struct ledger_store *s, const char *event, uint32_t **seats,
                                     size_t *count);
/* Calls on_order for each order of an event, oldest first. */
typedef void ledger_order_fn(void *ctx, const char *order, const char *visitor,
                             int64_t seats_count);
enum ledger_status ledger_orders_each(struct ledger_store *s, const char *event,
                                      ledger_order_fn *on_order, void *ctx);
/* What does not agree within the ledger, as an array of sentences that begin with missing,
 * duplicate, different or unintended; empty when all is well. Reads every row once. */
enum ledger_status ledger_self_check(struct ledger_store *s, json_t **out);
/* The same on one moment of the file, for a store that was opened for reading: its writer goes on
 * meanwhile. */
enum ledger_status ledger_self_check_moment(struct ledger_store *s, json_t **out);
/* Opens an existing ledger beside its writer, for reading only. LEDGER_NOT_FOUND, LEDGER_NEWER, or
 * LEDGER_CORRUPT with one sentence in `why`; ledger_close ends it. */
enum ledger_status ledger_open_reading(const char *path, struct ledger_store **out, char *why);
/* Whether ledger_open could do something with the file, looked at for reading only: LEDGER_OK also
 * for one of an older program; LEDGER_NOT_FOUND; LEDGER_NEWER, LEDGER_CORRUPT or LEDGER_IO with one
 * sentence in `why`. */
enum ledger_status ledger_look(const char *path, char *why);
/* From another thread: what the store does right now ends with LEDGER_IO. */
void ledger_interrupt(struct ledger_store *s);

/* Cheap: asked every second. Orders are never deleted, so the highest number is their count. */
struct ledger_counts {
    int64_t orders, dead, captures_due, voids_due, failed;
    int64_t mails_due, mails_failed; /* letters that wait, and that nobody could be given */
};
enum ledger_status ledger_counts(struct ledger_store *s, struct ledger_counts *out);
/* All sold seats, counted one by one. */
enum ledger_status ledger_sold_count(struct ledger_store *s, int64_t *count);
enum ledger_status ledger_dead_page(struct ledger_store *s, int64_t after, int64_t limit,
                                    json_t **out);

/* --- payments --- */

enum ledger_payment_state {
    LEDGER_PAYMENT_NONE,
    LEDGER_PAYMENT_CAPTURE_DUE,
    LEDGER_PAYMENT_CAPTURED,
    LEDGER_PAYMENT_VOID_DUE,
    LEDGER_PAYMENT_VOIDED,
    LEDGER_PAYMENT_FAILED,
    LEDGER_PAYMENT_INTENDED, /* checked out, not decided yet (ledger_intents.h) */
    LEDGER_PAYMENT_STATE_COUNT
};

struct ledger_payment {
    char order[64], intent[64], currency[4];
    int64_t amount_minor, attempts;
    bool was_given_up; /* void_due for another reason than the ledger's refusal (payment_get) */
    int64_t refunded_minor; /* given back by the provider (ledger_money_of only) */
    bool has_payouts_due;   /* more is to be given back (likewise) */
    enum ledger_payment_state state;
};

/* What is owed and due at now_ms, at most `max`, oldest first. */
enum ledger_status ledger_payments_due(struct ledger_store *s, int64_t now_ms,
                                       struct ledger_payment *out, size_t max, size_t *count);
/* Sets state and intent, counts the attempt. next_try_ms and reason matter
 * while something is due. */
enum ledger_status ledger_payment_update(struct ledger_store *s,
                                         const struct ledger_payment *payment, int64_t next_try_ms,
                                         const char *reason, int64_t now_ms);
enum ledger_status ledger_payment_get(struct ledger_store *s, const char *order,
                                      struct ledger_payment *out);
/* For an intent that no order stands for: `order` is to be voided. Nothing when it was decided
 * already. */
enum ledger_status ledger_payment_void_due(struct ledger_store *s,
                                           const struct ledger_payment *payment, const char *reason,
                                           int64_t now_ms);

/* --- events --- */

struct ledger_event {
    const char *id, *name, *currency, *time_zone, *phase;
    const char *settings; /* JSON object */
    const char *plan;     /* PLAN as JSON text */
    int64_t seats_count;
    bool keeps_sold; /* the plan has all sold seats where they were */
};

/* Inserts or replaces event and plan. LEDGER_REFUSED when seats of it are sold, unless the plan
 * keeps them. */
enum ledger_status ledger_event_load(struct ledger_store *s, const struct ledger_event *event,
                                     int64_t now_ms);
/* Removes an event with its plan and its allotments. LEDGER_REFUSED when there is an order of it,
 * even one that was given back; LEDGER_NOT_FOUND when there is no such event. */
enum ledger_status ledger_event_delete(struct ledger_store *s, const char *id);
enum ledger_status ledger_event_settings_set(struct ledger_store *s, const char *id,
                                             const char *phase, const char *settings);
/* `{"id","name","currency","time_zone","phase","settings":{},"created_ms","seats","sold"}` */
enum ledger_status ledger_event_json(struct ledger_store *s, const char *id, json_t **out);
enum ledger_status ledger_event_ids(struct ledger_store *s, json_t **out); /* array of strings */
enum ledger_status ledger_event_plan(struct ledger_store *s, const char *id,
                                     char **out); /* caller frees */

/* --- accounts of visitors (server/base/account_id.h) --- */

/* Inserts the account of a canonical address. One that is there stays as it is, and the repeat is
 * counted: so both write the same amount and take the same time. */
enum ledger_status ledger_visitor_add(struct ledger_store *s, const char *email, const char *hash,
                                      int64_t now_ms);
/* `{"hash","visitor"}`, or LEDGER_NOT_FOUND. */
enum ledger_status ledger_visitor_get(struct ledger_store *s, const char *email, json_t **out);
/* LEDGER_NOT_FOUND when there is no such account. */
enum ledger_status ledger_visitor_password(struct ledger_store *s, const char *email,
                                           const char *hash);
/* Remembers a session (16 hex digits) as signed out until it would have ended, and forgets those
 * that have ended at now_ms. Repeating it changes nothing. */
enum ledger_status ledger_signed_out_add(struct ledger_store *s, const char *session,
                                         int64_t ends_ms, int64_t now_ms);
/* Up to `limit` sessions after `after` ("" = from the start) that have not ended:
 * `[["session",ends_ms],...]` in their order. */
enum ledger_status ledger_signed_out(struct ledger_store *s, const char *after, int64_t now_ms,
                                     int64_t limit, json_t **out);

#endif
