/* The port to the seats of now: holds and payments, one operation per decision.
 *
 * Seat states: FREE -> HELD -> PAYING -> SOLD; release and expiry lead back to FREE. Two adapters:
 * seat_redis.c (Lua, the truth) and seat_fake.c (memory, for tests), one contract suite
 * (tests/contract/test_seat_store.c). Completions come exactly once, never before the call returns.
 * With any status but SEATS_OK the outcome is NULL. SEATS_UNKNOWN means it may have happened: ask
 * `state` or repeat; every operation here is safe to repeat.
 */
#ifndef STANCHION_SEAT_STORE_H
#define STANCHION_SEAT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "ticketing/outbox_mark.h"

enum seat_state {
    SEAT_FREE,
    SEAT_HELD,
    SEAT_PAYING,
    SEAT_SOLD,
    SEAT_NOT_FOR_SALE,
    SEAT_STATE_COUNT
};

enum seats_status { SEATS_OK = 0, SEATS_DOWN, SEATS_UNKNOWN, SEATS_EPOCH, SEATS_STATUS_COUNT };

enum hold_result {
    HOLD_OK,            /* hold is valid */
    HOLD_NONE,          /* there is no hold (release, checkout, state) */
    HOLD_NOT_ADMITTED,  /* no running admission */
    HOLD_TAKEN,         /* seats[] lists the seats that are not free; nothing changed */
    HOLD_TOO_MANY,      /* more than a visitor or an order may have; seats_max valid: that limit */
    HOLD_AREA_FULL,     /* free_count valid */
    HOLD_PAYING,        /* a payment runs; hold is valid */
    HOLD_NO_ORDER,      /* settle/decline: no such running payment: late, given up or never was */
    HOLD_LEDGER_BEHIND, /* checkout: the ledger is away or its outbox full: paying must wait; hold
                           is valid */
    HOLD_RESULT_COUNT
};

struct held_seat {
    uint32_t seat;
    uint16_t category;
};

struct hold {
    enum hold_result result;
    bool is_paying;
    int64_t fence;
    int64_t deadline_ms;            /* of the hold: selection time, or payment time once paying */
    int64_t now_ms;                 /* storage time of the decision */
    int64_t amount_minor;           /* once paying */
    char order[ORDER_ID_BYTES + 1]; /* once paying */
    char intent[64];                /* once known */
    struct outbox_mark note; /* once paying: the order's `intent` in the outbox; none when free */
    const char *offer;       /* once paying: what the checkout offered, JSON; "" when it did
                                not say. Lives as long as the completion */
    uint32_t seats_max, free_count;
    size_t seats_count;
    struct held_seat seats[HOLD_SEATS_MAX];
};

/* What the map says (map:{E}), also the answer of `snapshot`: one byte
 * (enum seat_state) per seat. */
struct seat_snapshot {
    int64_t version;
    const uint8_t *states;
    size_t count;
};

typedef void seats_hold_fn(void *ctx, enum seats_status status, const struct hold *hold);
typedef void seats_snapshot_fn(void *ctx, enum seats_status status,
                               const struct seat_snapshot *snapshot);
typedef void seats_sweep_fn(void *ctx, enum seats_status status, size_t expired_count);

struct area_request {
    uint32_t first, capacity, count;
    uint16_t category;
};

/* What is to be paid, worked out by the caller for exactly `seats`. */
struct checkout {
    const char *order, *currency;
    int64_t amount_minor;
    const char *offer; /* kept with the hold and answered while the payment runs; may be "" */
    const struct held_seat *seats;
    size_t count;
};

struct seat_store {
    /* Adds seats to the visitor's hold: all or none. Seats already in it count once. */
    enum seats_status (*hold)(struct seat_store *s, const char *event, const char *visitor,
                              const struct held_seat *seats, size_t count, seats_hold_fn *fn,
                              void *ctx);
    /* Adds `count` free places of a standing area. */
    enum seats_status (*hold_area)(struct seat_store *s, const char *event, const char *visitor,
                                   const struct area_request *area, seats_hold_fn *fn, void *ctx);
    /* Gives back the named seats, or all when count is 0 (then also a running payment: the outbox
     * gets a `void`). HOLD_PAYING when only some are named during a payment. Names that are not
     * held are ignored. Giving up everything after a checkout turns the admission's deadline back
     * to the selection's. */
    enum seats_status (*release)(struct seat_store *s, const char *event, const char *visitor,
                                 const uint32_t *seats, size_t count, seats_hold_fn *fn, void *ctx);
    /* What the visitor holds now. HOLD_NONE has the deadline of the claimed turn, 0 = there is none
     * (any more). */
    enum seats_status (*state)(struct seat_store *s, const char *event, const char *visitor,
                               seats_hold_fn *fn, void *ctx);
    /* Fixes the hold for payment under `order`; pay_ms runs from the first checkout of this hold.
     * Repeated during a payment it answers the running one (HOLD_OK with its order, which need not
     * be that of `wanted`). When the hold has other seats by now: HOLD_TAKEN with the present ones,
     * nothing changed. After a decline a new
     * checkout (new order, same fence) does not extend the deadline. Unless it is free of charge,
     * the outbox gets an `intent` for the order; hold.note says which entry. */
    enum seats_status (*checkout)(struct seat_store *s, const char *event, const char *visitor,
                                  const struct checkout *wanted, seats_hold_fn *fn, void *ctx);
    /* Remembers the provider's intent for the order. */
    enum seats_status (*intent)(struct seat_store *s, const char *event, const char *visitor,
                                const char *order, const char *intent, seats_hold_fn *fn,
                                void *ctx);
    /* Authorised: PAYING -> SOLD and the snapshot goes to the outbox, if order and fence still
     * match and time is left; the admission ends. Otherwise HOLD_NO_ORDER and the outbox gets a
     * `void` for the order, once. A repeated settle of an order already settled: HOLD_OK without
     * seats, nothing again. `snapshot_json` is an outbox body of kind `order` (docs/redis.md). */
    enum seats_status (*settle)(struct seat_store *s, const char *event, const char *visitor,
                                const char *order, int64_t fence, const char *snapshot_json,
                                seats_hold_fn *fn, void *ctx);
    /* Declined: PAYING -> HELD with the payment's deadline. Otherwise HOLD_NO_ORDER. `lost_json` is
     * NULL, or, for a payment that began before the storage lost data, its outbox body as for
     * settle: then an order that nothing was said of gets a `void`, so that its buyer is told. */
    enum seats_status (*decline)(struct seat_store *s, const char *event, const char *visitor,
                                 const char *order, int64_t fence, const char *lost_json,
                                 seats_hold_fn *fn, void *ctx);
    /* Frees holds past their deadline, at most SWEEP_HOLDS_MAX; paying ones get a `void` in the
     * outbox. Anyone may call it at any time. */
    enum seats_status (*sweep)(struct seat_store *s, const char *event, seats_sweep_fn *fn,
                               void *ctx);
    enum seats_status (*snapshot)(struct seat_store *s, const char *event, seats_snapshot_fn *fn,
                                  void *ctx);
    void (*free)(struct seat_store *s);
};

#endif
