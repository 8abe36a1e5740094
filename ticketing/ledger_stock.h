/* What is kept from sale, and what Redis has still to be told about it
 * (ticketing/sql/004_stock.sql).
 *
 * The ledger's word comes first, with a commit; the work list tells Redis afterwards and is emptied
 * when Redis has answered. Everything here that writes wants an open transaction.
 */
#ifndef STANCHION_LEDGER_STOCK_H
#define STANCHION_LEDGER_STOCK_H

#include <jansson.h>
#include "ticketing/ledger_store.h"

#define STOCK_NAME_BYTES_MAX 60
#define STOCK_WORK_MAX 500 /* told to Redis by one call */

enum stock_change {
    STOCK_WITHHOLD,
    STOCK_OFFER,
    STOCK_REFUND,          /* sold -> free */
    STOCK_REFUND_WITHHOLD, /* sold -> not for sale */
    STOCK_REPLAY,          /* set aside -> sold (ticketing/ledger_dead.h) */
    STOCK_CHANGE_COUNT
};

struct ledger_stock_work {
    int64_t nr;
    char event[EVENT_ID_BYTES_MAX + 1];
    uint32_t seat;
    enum stock_change change;
    char visitor[64]; /* of a refund or a replay: whose seats; "" otherwise */
};

/* The word in the work list and in ticketing/lua/stock.lua. */
const char *stock_change_word(enum stock_change change);

/* Keeps seats from sale under a name, and notes the work; those that are kept already stay as they
 * are. *changed counts the others. LEDGER_NOT_FOUND: no such event. */
enum ledger_status ledger_withhold(struct ledger_store *s, const char *event, const char *name,
                                   const uint32_t *seats, size_t count, int64_t now_ms,
                                   size_t *changed);
/* Gives seats back to sale: the named ones, or with seats NULL all under the name (NULL = any
 * name). */
enum ledger_status ledger_offer(struct ledger_store *s, const char *event, const char *name,
                                const uint32_t *seats, size_t count, size_t *changed);
/* Forgets that a seat is kept, without work: Redis would not have it (somebody holds it). */
enum ledger_status ledger_withheld_forget(struct ledger_store *s, const char *event, uint32_t seat);
/* {"name":[seats],...}; the caller owns it. */
enum ledger_status ledger_withheld_json(struct ledger_store *s, const char *event, json_t **out);
/* All kept seats of an event in ascending order; the caller frees *seats. */
enum ledger_status ledger_withheld_seats(struct ledger_store *s, const char *event,
                                         uint32_t **seats, size_t *count);

/* The oldest work, at most STOCK_WORK_MAX entries of one event. */
enum ledger_status ledger_stock_work(struct ledger_store *s,
                                     struct ledger_stock_work out[STOCK_WORK_MAX], size_t *count);
enum ledger_status ledger_stock_done(struct ledger_store *s, int64_t nr);

#endif
