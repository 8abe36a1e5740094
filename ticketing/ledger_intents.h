/* What was checked out and is not decided yet: noted before the payment provider is called, so that
 * money which is authorised there is known here whatever Redis forgets
 * (docs/decisions/0045-the-intent-before-the-call.md).
 *
 *   intended --order--> capture_due      intended --void, or nobody pays any more--> void_due
 */
#ifndef STANCHION_LEDGER_INTENTS_H
#define STANCHION_LEDGER_INTENTS_H

#include "ticketing/ledger_store.h"

/* So long after the time to pay is over an intent is looked for: by then the sweep's `void` is
 * here. One that is still being paid (the deadline was moved on) is looked for again as late. */
#define INTENT_MARGIN_MS 10000

struct ledger_intent {
    char order[ORDER_ID_BYTES + 1], event[EVENT_ID_BYTES_MAX + 1], visitor[VISITOR_ID_BYTES + 1];
};

/* Notes an entry of kind OUTBOX_INTENT, within a transaction. An order that is known already keeps
 * what it has. */
enum ledger_status ledger_write_intent(struct ledger_store *s, const struct outbox_entry *entry,
                                       int64_t now_ms);
/* Those to be looked for at now_ms, at most `max`, oldest first. */
enum ledger_status ledger_intents_overdue(struct ledger_store *s, int64_t now_ms,
                                          struct ledger_intent *out, size_t max, size_t *count);
/* It is still being paid: looked for again then. Within a transaction. */
enum ledger_status ledger_intent_later(struct ledger_store *s, const char *order, int64_t at_ms);
/* Nobody pays it any more: it is to be voided. Within a transaction; nothing when it was decided
 * meanwhile. */
enum ledger_status ledger_intent_void(struct ledger_store *s, const char *order, const char *reason,
                                      int64_t now_ms);
/* Redis may have forgotten payments: all are looked for at at_ms at the latest. Within a
 * transaction. */
enum ledger_status ledger_intents_hurry(struct ledger_store *s, int64_t at_ms);

#endif
