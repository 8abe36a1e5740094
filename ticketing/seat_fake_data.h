/* Private to the fake: what it knows. seat_fake.c decides, seat_fake_world.c arranges, delivers and
 * looks. */
#ifndef STANCHION_SEAT_FAKE_DATA_H
#define STANCHION_SEAT_FAKE_DATA_H

#include "ticketing/seat_fake.h"

struct visitor {
    char id[VISITOR_ID_BYTES + 1];
    int64_t admitted_until_ms; /* 0 = not admitted */
    bool is_entered, has_hold;
    uint32_t bought_count;
    struct hold hold; /* result, now_ms, seats_max, free_count unused */
    char currency[4];
    char *offer;                                 /* of the last checkout; owned */
    int64_t pay_deadline_ms, select_deadline_ms; /* 0 before the first checkout */
};

struct told_order {
    char order[ORDER_ID_BYTES + 1];
    bool is_sold;
};

/* The most that one operation changes is a sweep. */
#define MAP_TEXT_BYTES_MAX (SWEEP_HOLDS_MAX * HOLD_SEATS_MAX * 12)

struct event {
    char id[EVENT_ID_BYTES_MAX + 1];
    uint32_t seats_per_visitor_max, seats_per_order_max;
    int64_t pay_ms, fence;
    size_t seats_count, visitors_count, told_count;
    uint8_t *states, *categories;
    struct visitor **visitors;
    struct told_order *told;
    struct seat_fake_counts counts;
    char changes[MAP_TEXT_BYTES_MAX]; /* of the operation under way, as in map:{E} */
};

struct completion {
    enum seats_status status;
    seats_hold_fn *on_hold;
    seats_sweep_fn *on_sweep;
    seats_snapshot_fn *on_snapshot;
    void *ctx;
    struct hold hold;
    size_t swept_count, states_count;
    int64_t version;
    uint8_t *states;
    char *offer; /* of `hold`; owned */
};

struct seat_fake {
    struct seat_store port; /* first: the store is this */
    bool is_current;
    int64_t now_ms, beat_ms, thawed_ms;
    size_t events_count, entries_count, completions_count, outbox_max, intents_count;
    struct event *events;
    struct seat_fake_entry *entries;
    struct completion *completions;
    seat_fake_map_fn *on_map;
    void *map_ctx;
};

struct seat_fake *seat_fake_self(struct seat_store *store);
/* The time that deadlines are held against (docs/decisions/0030). */
int64_t seat_fake_deadline_clock(const struct seat_fake *self);
/* The array with room for one element more; aborts without memory. */
void *seat_fake_grown(void *array, size_t count, size_t size);
/* Asserts that it fits. */
void seat_fake_copy(char *out, size_t out_bytes_max, const char *text);
/* Asserts that the fake knows it. */
struct event *seat_fake_event_of(struct seat_fake *self, const char *id);
/* Made when it is new. */
struct visitor *seat_fake_visitor_of(struct event *event, const char *id);
void seat_fake_free(struct seat_store *store);

#endif
