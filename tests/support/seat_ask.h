/* Asking a seat store and waiting for the answer, and expecting what it should be: the words of the
 * contract suite.
 *
 * Seats are texts of indices ("3 17") of the hall of seat_world.h. Every ask_ asserts that the call
 * was sent, was not answered before it returned, was answered once, and with SEATS_OK.
 */
#ifndef STANCHION_TEST_SEAT_ASK_H
#define STANCHION_TEST_SEAT_ASK_H

#include "support/seat_world.h"

struct ask_outcome {
    bool is_done;
    enum seats_status status;
    struct hold hold;
};

struct ask_swept {
    bool is_done;
    enum seats_status status;
    size_t count;
};

struct ask_seen {
    bool is_done;
    enum seats_status status;
    int64_t version;
    size_t count;
    uint8_t states[HALL_SEATS];
};

/* Completions that fill the structs above (ctx). */
void ask_on_hold(void *ctx, enum seats_status status, const struct hold *hold);
void ask_on_sweep(void *ctx, enum seats_status status, size_t expired_count);
void ask_on_snapshot(void *ctx, enum seats_status status, const struct seat_snapshot *snapshot);

uint16_t hall_category(uint32_t seat);

struct hold ask_hold(struct seat_world *w, const char *visitor, const char *text);
struct hold ask_area(struct seat_world *w, const char *visitor, uint32_t count);
struct hold ask_release(struct seat_world *w, const char *visitor, const char *text);
struct hold ask_state(struct seat_world *w, const char *visitor);
/* 100 EUR cents for each seat named. */
struct hold ask_checkout(struct seat_world *w, const char *visitor, const char *order,
                         const char *text);
/* Nothing is to be paid. */
struct hold ask_checkout_free(struct seat_world *w, const char *visitor, const char *order,
                              const char *text);
struct hold ask_intent(struct seat_world *w, const char *visitor, const char *order,
                       const char *name);
/* With a snapshot over 4711 CHF centimes, to be told from the hold's own amount. */
struct hold ask_settle(struct seat_world *w, const char *visitor, const char *order, int64_t fence);
struct hold ask_decline(struct seat_world *w, const char *visitor, const char *order,
                        int64_t fence);
/* Of a payment that began before the storage lost data; with the same snapshot. */
struct hold ask_decline_lost(struct seat_world *w, const char *visitor, const char *order,
                             int64_t fence);
size_t ask_sweep(struct seat_world *w);
struct ask_seen ask_look(struct seat_world *w);

/* Admitted and entered, for 5000 ms. */
void ask_admit(struct seat_world *w, const char *visitor);
/* A visitor who is admitted, holds the seats and pays for them under `order`. Returns the fence. */
int64_t ask_to_pay(struct seat_world *w, const char *visitor, const char *seats, const char *order);

void seats_expect_result(struct hold hold, enum hold_result result, const char *seats);
void seats_expect_states(struct seat_world *w, const char *text, enum seat_state wanted);
/* The counts say what the seats say, in all and per category; so does a
 * map fed only with messages. */
void seats_expect_consistent(struct seat_world *w);
void seats_expect_void(struct seat_world *w, size_t index, const char *order, const char *visitor,
                       const char *reason, int64_t amount_minor, const char *currency);

#endif
