/* Dead letters: outbox entries that could not be written, and the second try for them.
 *
 *   look (reads only) -> the seats are set aside in Redis
 *     -> replay (one transaction: order, seats, payment to be captured, journal, the letter's
 *        replayed_ms, the work for Redis)
 *     -> Redis is told
 *
 * A letter is replayed at most once. Its payment was to be voided when it died; only as long as
 * nobody has tried that yet it can be captured instead: money that may have gone back is never
 * taken for an order.
 */
#ifndef STANCHION_LEDGER_DEAD_H
#define STANCHION_LEDGER_DEAD_H

#include "ticketing/ledger_store.h"

enum replay_verdict {
    REPLAY_OK,         /* may be replayed */
    REPLAY_BEFORE,     /* was replayed before */
    REPLAY_NO_SUCH,    /* no letter of that number */
    REPLAY_UNREADABLE, /* the body is not a whole order */
    REPLAY_VOIDED,     /* its payment was voided, or that was tried */
    REPLAY_GIVEN_UP,   /* the visitor gave it up or was too late, before it died */
    REPLAY_SEAT_TAKEN, /* somebody else owns a seat by now */
    REPLAY_REFUSED,    /* the reason it died for is still there, or another one */
    REPLAY_VERDICT_COUNT
};

struct ledger_replay {
    int64_t nr;
    enum replay_verdict verdict;
    bool stands;                      /* the order is in the ledger: its seats are its own */
    char order[ORDER_ID_BYTES + 1];   /* "" when it could not be read */
    char reason[LEDGER_REASON_BYTES]; /* one sentence unless OK or BEFORE */
    struct outbox_entry entry;        /* when the body is readable, else zero */
    char *body;                       /* owns the text of `entry` */
    struct ledger_result result;      /* after ledger_replay: what was written */
};

/* A word for machines: "seat_taken". Static. */
const char *replay_verdict_word(enum replay_verdict verdict);
/* Reads a letter and says what stands against replaying it, without writing anything. LEDGER_OK
 * whenever there is a verdict; the caller releases. */
enum ledger_status ledger_replay_look(struct ledger_store *s, int64_t nr,
                                      struct ledger_replay *out);
/* Within the caller's transaction, after a look that said OK: writes the order and the work for
 * Redis. The verdict may become REFUSED; then the caller rolls back. */
enum ledger_status ledger_replay(struct ledger_store *s, struct ledger_replay *replay,
                                 int64_t now_ms);
void ledger_replay_release(struct ledger_replay *replay);

#endif
