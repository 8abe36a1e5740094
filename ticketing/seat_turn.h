/* Private to seat_redis: the operations of one event's visitors that wait for the end of the loop's
 * turn, sent as one call of lua/turn.lua. Lifetime: from the first operation to the last answer. */
#ifndef STANCHION_SEAT_TURN_H
#define STANCHION_SEAT_TURN_H

#include "server/base/redis_link.h"
#include "ticketing/seat_redis.h"
#include "ticketing/seat_store.h"

/* A fuller turn is sent at once and a new one begun: Redis is blocked for 0.3 ms at most. */
#define SEAT_TURN_OPERATIONS_MAX 32

/* What one visitor asks; the script finds its function by this number. */
enum seat_operation {
    SEAT_OPERATION_HOLD = 1,
    SEAT_OPERATION_HOLD_AREA,
    SEAT_OPERATION_RELEASE,
    SEAT_OPERATION_STATE,
    SEAT_OPERATION_CHECKOUT,
    SEAT_OPERATION_INTENT,
    SEAT_OPERATION_SETTLE,
    SEAT_OPERATION_DECLINE,
    SEAT_OPERATION_COUNT
};

/* "hold" and so on: its file in lua/. */
const char *seat_operation_name(enum seat_operation kind);

struct seat_turn;

/* NULL without memory. epoch as in seat_redis_set_epoch, plan as a seats_plan_fn gives it. */
struct seat_turn *seat_turn_create(const char *event, int64_t epoch, const char *plan);
bool seat_turn_is_for(const struct seat_turn *turn, const char *event, int64_t epoch,
                      const char *plan);
/* Begins an operation; what its file calls its text is added next, and copied. `fn` may be NULL; it
 * is called once, after seat_turn_send. */
void seat_turn_begin(struct seat_turn *turn, enum seat_operation kind, const char *visitor,
                     seats_hold_fn *fn, void *ctx);
/* With its end. */
void seat_turn_add_text(struct seat_turn *turn, const char *text);
void seat_turn_add_number(struct seat_turn *turn, int64_t number);
/* Packed; a seat of a plan. */
void seat_turn_add_seat(struct seat_turn *turn, uint32_t seat, uint16_t category);
/* Whether the next operation must go into another turn. */
bool seat_turn_is_full(const struct seat_turn *turn);
/* Sends everything; the turn is no longer the caller's. `*under_way` counts it until it is answered
 * and must live until then. When it cannot be sent, every operation hears so before this returns.
 */
void seat_turn_send(struct seat_turn *turn, struct redis_link *link, size_t script,
                    size_t *under_way);

#endif
