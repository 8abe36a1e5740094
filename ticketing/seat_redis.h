/* The seats of now in Redis: seat_store.h over redis_link, every decision a Lua script
 * (ticketing/lua).
 *
 * Create the link with all scripts it will need in one array and tell seat_redis where its own
 * begin:
 *
 *     const struct redis_script *scripts = seat_redis_scripts(&count);
 *     (copied to all[base..base+count))
 *     link = redis_link_create(loop, &(struct redis_link_options){.scripts = all, ...});
 *     store = seat_redis_create(link, base);
 *     seat_redis_set_epoch(store, epoch);
 */
#ifndef STANCHION_SEAT_REDIS_H
#define STANCHION_SEAT_REDIS_H

#include "server/base/redis_link.h"
#include "ticketing/seat_store.h"

enum seat_script {
    SEAT_SCRIPT_TURN, /* every operation of a visitor */
    SEAT_SCRIPT_SWEEP,
    SEAT_SCRIPT_SNAPSHOT,
    SEAT_SCRIPT_RESTORE,
    SEAT_SCRIPT_COUNT
};

/* SEAT_SCRIPT_COUNT scripts in the order of the enum, complete texts (prelude included). Static. */
const struct redis_script *seat_redis_scripts(size_t *count);

/* The link belongs to the caller and is freed before the store: completions still under way come
 * then. NULL when there is no memory. The epoch is unknown at first: everything but restore answers
 * SEATS_EPOCH. */
struct seat_store *seat_redis_create(struct redis_link *link, size_t script_base);
/* Sends what visitors asked since the last call: once per turn of the loop, before it sleeps. While
 * an earlier call of these is under way it waits for the answer, so that what arrives meanwhile
 * shares one call: the busier Redis, the less each costs it. Until then nothing of hold, hold_area,
 * release, state, checkout, intent, settle and decline is under way. When it cannot be sent, it is
 * told so from in here. */
void seat_redis_before_sleep(struct seat_store *store);
/* The same without waiting: before the link is freed. */
void seat_redis_flush(struct seat_store *store);
/* `epoch` > 0 as in the key `epoch`; 0 = recovering (the key is absent),
 * then only restore works. */
void seat_redis_set_epoch(struct seat_store *store, int64_t epoch);

/* The digest (server/base/digest.h) of the plan by which the caller names an event's seats, "" =
 * unknown. With it set, seats are taken by the published plan only: SEATS_EPOCH otherwise. */
#define SEATS_PLAN_CHARS_MAX 16
typedef const char *seats_plan_fn(void *ctx, const char *event);
void seat_redis_set_plan_of(struct seat_store *store, seats_plan_fn *plan_of, void *ctx);

/* A checkout is refused (HOLD_LEDGER_BEHIND) while so many entries or more wait in the outbox;
 * OUTBOX_ENTRIES_MAX at first. */
void seat_redis_set_outbox_max(struct seat_store *store, size_t entries_max);

enum seat_restore_mode { SEAT_RESTORE_MERGE, SEAT_RESTORE_REPLACE, SEAT_RESTORE_MODE_COUNT };

struct seat_restored {
    int64_t version, free_count, sold_count, dropped_count;
};
typedef void seats_restored_fn(void *ctx, enum seats_status status,
                               const struct seat_restored *restored);

/* The ledger's: creates or repairs an event's seats and counts (docs/redis.md, "Restoring the
 * seats"). One byte per seat of the plan: `states` SEAT_FREE, SEAT_SOLD or SEAT_NOT_FOR_SALE;
 * `categories` the index of its category. Copied. seats_count is 1 to PLAN_SEATS_MAX. Safe to
 * repeat. Statuses as in seat_store.h. */
enum seats_status seat_redis_restore(struct seat_store *store, const char *event,
                                     enum seat_restore_mode mode, const uint8_t *states,
                                     const uint8_t *categories, size_t seats_count,
                                     seats_restored_fn *fn, void *ctx);

#endif
