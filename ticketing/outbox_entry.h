/* What the outbox carries: that an order is about to be paid, a full snapshot of it, or the word
 * that its payment is to be given up.
 *
 * The reader is strict: an entry that is not exactly what docs/redis.md says is refused with a
 * reason, because what it leads to is written forever. Fields that we do not know are passed over,
 * a list or an object among them is refused. Strings live until _release.
 */
#ifndef STANCHION_OUTBOX_ENTRY_H
#define STANCHION_OUTBOX_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"

enum outbox_kind { OUTBOX_ORDER, OUTBOX_VOID, OUTBOX_INTENT, OUTBOX_KIND_COUNT };

struct outbox_seat {
    uint32_t seat;
    int64_t price_minor;
    const char *section, *row, *number, *category;
    const char *type; /* "" = one price for everybody */
};

struct outbox_entry {
    char *text; /* every string below; owned. NULL = released, or never read */
    enum outbox_kind kind;
    const char *order, *event, *visitor, *intent, *currency;
    const char *reason; /* of a void */
    int64_t fence, epoch, amount_minor, at_ms;
    int64_t until_ms; /* of an intent: the time to pay */
    size_t seats_count;
    struct outbox_seat seats[HOLD_SEATS_MAX];
};

/* Reads a body. NULL = good, and the entry is to be released; otherwise the reason (static text)
 * and nothing is owned. Where the order number could be read even so, `order_id` (ORDER_ID_BYTES +
 * 1) gets it, else "". */
const char *outbox_entry_read(const char *body, size_t body_bytes, struct outbox_entry *entry,
                              char *order_id);
void outbox_entry_release(struct outbox_entry *entry);

#endif
