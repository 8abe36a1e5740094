/* The seats of now in memory, for tests: seat_store.h without Redis, and the model the Redis
 * scripts are held against.
 *
 * Time, admissions and the ledger's beat are told to it. Operations decide at once; their
 * completions wait until seat_fake_deliver(). Out of memory aborts. A fake knows only the events
 * given to it; asking for another is a programmer's error.
 */
#ifndef STANCHION_SEAT_FAKE_H
#define STANCHION_SEAT_FAKE_H

#include "ticketing/seat_store.h"

struct seat_fake_event {
    uint32_t seats_per_visitor_max;
    int64_t pay_ms;
    const uint8_t *states;     /* enum seat_state, copied */
    const uint8_t *categories; /* index of each seat's category, copied */
    size_t seats_count;
    int64_t version; /* of the map */
};

struct seat_fake_entry {
    bool is_void;
    char order[ORDER_ID_BYTES + 1], visitor[VISITOR_ID_BYTES + 1], reason[16], currency[4];
    int64_t amount_minor; /* of a void */
};

struct seat_fake_counts {
    int64_t version, free, sold, free_of[PLAN_CATEGORIES_MAX];
};

typedef void seat_fake_map_fn(void *ctx, const char *event, const char *text);

/* Completions not delivered when it is freed never come. */
struct seat_store *seat_fake_create(void);
void seat_fake_deliver(struct seat_store *store);

void seat_fake_add_event(struct seat_store *store, const char *id,
                         const struct seat_fake_event *is);
void seat_fake_set_now(struct seat_store *store, int64_t now_ms);
/* False: everything answers SEATS_EPOCH. True at first. */
void seat_fake_set_current(struct seat_store *store, bool is_current);
void seat_fake_set_ledger(struct seat_store *store, int64_t beat_ms, size_t outbox_max);
/* What ticketing/lua/thaw.lua does, to all events: before the ledger's next beat. */
void seat_fake_thaw(struct seat_store *store);
/* What ticketing/lua/beat.lua does: false = nothing, because time has stood still. */
bool seat_fake_beat(struct seat_store *store, int64_t thawed_ms);
void seat_fake_set_bought(struct seat_store *store, const char *event, const char *visitor,
                          uint32_t seats);
/* The most seats of one order; 0 = none. */
void seat_fake_limit_orders(struct seat_store *store, const char *event, uint32_t seats);
/* deadline_ms 0 takes the admission away. */
void seat_fake_admit(struct seat_store *store, const char *event, const char *visitor,
                     int64_t deadline_ms, bool is_entered);
/* Deadline of the admission; 0 when there is none. */
int64_t seat_fake_admission(struct seat_store *store, const char *event, const char *visitor);
/* Called at once for each text of map:{E}. */
void seat_fake_on_map(struct seat_store *store, seat_fake_map_fn *on_map, void *ctx);

/* Orders and voids. Of the intents only the number is kept. */
size_t seat_fake_outbox_count(struct seat_store *store);
size_t seat_fake_intents_count(struct seat_store *store);
const struct seat_fake_entry *seat_fake_outbox(struct seat_store *store, size_t index);
void seat_fake_counts(struct seat_store *store, const char *event, struct seat_fake_counts *counts);

#endif
