/* One event with its seats, either in Redis (real scripts, a private redis-server) or in the fake,
 * for the contract suite of seat_store.h.
 *
 * The clock is the test's in both: in Redis the scripts' one reading of TIME is replaced by a
 * reading of a list that the world writes, so a deadline can be hit to the millisecond. Failures to
 * arrange abort the test.
 */
#ifndef STANCHION_TEST_SEAT_WORLD_H
#define STANCHION_TEST_SEAT_WORLD_H

#include "ticketing/seat_fake.h"
#include "ticketing/seat_map.h"
#include "ticketing/seat_redis.h"

/* The event "hall": seats 0-9 category 0, 10-19 category 1, 20-39 a standing area of category 2.
 * Seat 9 is not for sale, seat 19 is sold. At most 4 seats a visitor, 1000 ms to pay. */
#define HALL "hall"
#define HALL_SEATS 40
#define HALL_AREA_FIRST 20
#define HALL_AREA_CAPACITY 20
#define HALL_PAY_MS 1000
#define WORLD_START_MS INT64_C(1790000000123)

enum world_kind { WORLD_FAKE, WORLD_REDIS, WORLD_REDIS_REAL_TIME };

struct seat_world;
struct redis_server;

struct seat_world *seat_world_create(enum world_kind kind);
void seat_world_free(struct seat_world *world);
struct seat_store *seat_world_store(struct seat_world *world);
/* NULL for the fake. */
struct redis_server *seat_world_redis(struct seat_world *world);

int64_t seat_world_now(const struct seat_world *world);
/* Time goes on; the ledger beats. */
void seat_world_pass(struct seat_world *world, int64_t ms);
/* Time goes on, and the ledger is silent. */
void seat_world_silence(struct seat_world *world, int64_t ms);
/* The ledger makes up for its absence. */
void seat_world_thaw(struct seat_world *world);
/* The ledger's own beat; false = it must thaw first. thawed_ms: when it
 * began to, 0 = it did not. */
bool seat_world_sign(struct seat_world *world, int64_t thawed_ms);
void seat_world_beat(struct seat_world *world, int64_t beat_ms);
void seat_world_admit(struct seat_world *world, const char *visitor, int64_t deadline_ms,
                      bool is_entered);
int64_t seat_world_admission(struct seat_world *world, const char *visitor);
void seat_world_set_bought(struct seat_world *world, const char *visitor, unsigned seats);
/* The setting seats_per_order_max. */
void seat_world_limit_orders(struct seat_world *world, unsigned seats);
/* The storage gets another epoch than the store knows. */
void seat_world_lose_epoch(struct seat_world *world);

/* Runs until *is_done. */
void seat_world_run(struct seat_world *world, const bool *is_done);

/* As a gateway's loop does it: what was asked is sent when it is time, and answers are read, until
 * is_done. Redis only. */
void seat_world_turn(struct seat_world *world, const bool *is_done);
/* Orders and voids; the intents, which stand before them, are counted on their own. */
size_t seat_world_outbox_count(struct seat_world *world);
size_t seat_world_intents_count(struct seat_world *world);
struct seat_fake_entry seat_world_outbox(struct seat_world *world, size_t index);
void seat_world_counts(struct seat_world *world, struct seat_fake_counts *counts);
/* The map that was fed with every text of map:{E} and one snapshot at the start; pumped until
 * `version`. */
struct seat_map *seat_world_map(struct seat_world *world, int64_t version);

#endif
