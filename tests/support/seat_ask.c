/* See seat_ask.h. */
#include "support/seat_ask.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- asking and waiting --- */

#define OFFER_BYTES 256
#define OFFERS_KEPT 64
#define BODY_BYTES 256

/* A copy that outlives the completion, for as many questions as a test remembers. */
static const char *keep_offer(const char *offer)
{
    static char kept[OFFERS_KEPT][OFFER_BYTES];
    static size_t next;
    if (offer == NULL)
        return "";
    char *copy = kept[next++ % OFFERS_KEPT];
    cr_assert_lt(snprintf(copy, OFFER_BYTES, "%s", offer), OFFER_BYTES);
    return copy;
}

void ask_on_hold(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask_outcome *outcome = ctx;
    cr_assert_not(outcome->is_done, "a second completion");
    cr_assert_eq(hold != NULL, status == SEATS_OK);
    outcome->is_done = true;
    outcome->status = status;
    if (hold != NULL)
        outcome->hold = *hold;
    outcome->hold.offer = keep_offer(outcome->hold.offer);
}

static struct hold wait_for(struct seat_world *w, enum seats_status sent,
                            struct ask_outcome *outcome)
{
    cr_assert_eq(sent, SEATS_OK);
    cr_assert_not(outcome->is_done, "completed before the call returned");
    seat_world_run(w, &outcome->is_done);
    cr_assert_eq(outcome->status, SEATS_OK);
    return outcome->hold;
}

/* Categories of the hall, as its world has them. */
uint16_t hall_category(uint32_t seat)
{
    return (uint16_t)(seat < 20 ? seat / 10 : 2);
}

/* "3 4 17" -> seats with categories. */
static size_t seats_of(const char *text, struct held_seat *seats)
{
    size_t count = 0;
    char *end;
    for (const char *at = text; *at != '\0'; at = *end == ' ' ? end + 1 : end) {
        uint32_t seat = (uint32_t)strtoul(at, &end, 10);
        cr_assert(end > at && count < HOLD_SEATS_MAX);
        seats[count++] = (struct held_seat){.seat = seat, .category = hall_category(seat)};
    }
    return count;
}

struct hold ask_hold(struct seat_world *w, const char *visitor, const char *text)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    struct ask_outcome o = {0};
    return wait_for(w, s->hold(s, HALL, visitor, seats, seats_of(text, seats), ask_on_hold, &o),
                    &o);
}

struct hold ask_area(struct seat_world *w, const char *visitor, uint32_t count)
{
    struct seat_store *s = seat_world_store(w);
    struct area_request area = {HALL_AREA_FIRST, HALL_AREA_CAPACITY, count, 2};
    struct ask_outcome o = {0};
    return wait_for(w, s->hold_area(s, HALL, visitor, &area, ask_on_hold, &o), &o);
}

struct hold ask_release(struct seat_world *w, const char *visitor, const char *text)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    uint32_t numbers[HOLD_SEATS_MAX];
    size_t count = seats_of(text, seats);
    for (size_t i = 0; i < count; i++)
        numbers[i] = seats[i].seat;
    struct ask_outcome o = {0};
    return wait_for(w, s->release(s, HALL, visitor, numbers, count, ask_on_hold, &o), &o);
}

struct hold ask_state(struct seat_world *w, const char *visitor)
{
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome o = {0};
    return wait_for(w, s->state(s, HALL, visitor, ask_on_hold, &o), &o);
}

static struct hold check_out(struct seat_world *w, const char *visitor, const char *order,
                             const char *text, int64_t price_minor)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    size_t count = seats_of(text, seats);
    struct ask_outcome o = {0};
    char offer[OFFER_BYTES];
    int printed = snprintf(offer, sizeof offer, "[\"%s for %s\"]", text, order);
    cr_assert(printed > 0 && printed < (int)sizeof offer);
    const struct checkout wanted = {.order = order,
                                    .currency = "EUR",
                                    .amount_minor = (int64_t)count * price_minor,
                                    .offer = offer,
                                    .seats = seats,
                                    .count = count};
    return wait_for(w, s->checkout(s, HALL, visitor, &wanted, ask_on_hold, &o), &o);
}

struct hold ask_checkout(struct seat_world *w, const char *visitor, const char *order,
                         const char *text)
{
    return check_out(w, visitor, order, text, 100);
}

struct hold ask_checkout_free(struct seat_world *w, const char *visitor, const char *order,
                              const char *text)
{
    return check_out(w, visitor, order, text, 0);
}

struct hold ask_intent(struct seat_world *w, const char *visitor, const char *order,
                       const char *name)
{
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome o = {0};
    return wait_for(w, s->intent(s, HALL, visitor, order, name, ask_on_hold, &o), &o);
}

static void write_body(char body[BODY_BYTES], const char *visitor, const char *order)
{
    int printed = snprintf(body, BODY_BYTES,
                           "{\"kind\":\"order\",\"order\":\"%s\",\"event\":\"" HALL
                           "\",\"visitor\":\"%s\",\"amount_minor\":4711,\"currency\":\"CHF\"}",
                           order, visitor);
    cr_assert(printed > 0 && printed < BODY_BYTES);
}

struct hold ask_settle(struct seat_world *w, const char *visitor, const char *order, int64_t fence)
{
    struct seat_store *s = seat_world_store(w);
    char body[BODY_BYTES];
    write_body(body, visitor, order);
    struct ask_outcome o = {0};
    return wait_for(w, s->settle(s, HALL, visitor, order, fence, body, ask_on_hold, &o), &o);
}

struct hold ask_decline(struct seat_world *w, const char *visitor, const char *order, int64_t fence)
{
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome o = {0};
    return wait_for(w, s->decline(s, HALL, visitor, order, fence, NULL, ask_on_hold, &o), &o);
}

struct hold ask_decline_lost(struct seat_world *w, const char *visitor, const char *order,
                             int64_t fence)
{
    struct seat_store *s = seat_world_store(w);
    char body[BODY_BYTES];
    write_body(body, visitor, order);
    struct ask_outcome o = {0};
    return wait_for(w, s->decline(s, HALL, visitor, order, fence, body, ask_on_hold, &o), &o);
}

void ask_on_sweep(void *ctx, enum seats_status status, size_t expired_count)
{
    *(struct ask_swept *)ctx = (struct ask_swept){true, status, expired_count};
}

size_t ask_sweep(struct seat_world *w)
{
    struct seat_store *s = seat_world_store(w);
    struct ask_swept swept = {0};
    cr_assert_eq(s->sweep(s, HALL, ask_on_sweep, &swept), SEATS_OK);
    cr_assert_not(swept.is_done);
    seat_world_run(w, &swept.is_done);
    cr_assert_eq(swept.status, SEATS_OK);
    return swept.count;
}

void ask_on_snapshot(void *ctx, enum seats_status status, const struct seat_snapshot *snapshot)
{
    struct ask_seen *seen = ctx;
    seen->is_done = true;
    seen->status = status;
    if (snapshot == NULL)
        return;
    cr_assert_leq(snapshot->count, HALL_SEATS);
    seen->version = snapshot->version;
    seen->count = snapshot->count;
    memcpy(seen->states, snapshot->states, snapshot->count);
}

struct ask_seen ask_look(struct seat_world *w)
{
    struct seat_store *s = seat_world_store(w);
    struct ask_seen seen = {0};
    cr_assert_eq(s->snapshot(s, HALL, ask_on_snapshot, &seen), SEATS_OK);
    cr_assert_not(seen.is_done);
    seat_world_run(w, &seen.is_done);
    cr_assert_eq(seen.status, SEATS_OK);
    cr_assert_eq(seen.count, HALL_SEATS);
    return seen;
}

/* --- expecting --- */

static void seats_expect_seats(const struct hold *hold, const char *text)
{
    struct held_seat wanted[HOLD_SEATS_MAX];
    size_t count = seats_of(text, wanted);
    cr_assert_eq(hold->seats_count, count, "%zu seats instead of %s", hold->seats_count, text);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(hold->seats[i].seat, wanted[i].seat, "seat %u in place of %u",
                     hold->seats[i].seat, wanted[i].seat);
        cr_expect_eq(hold->seats[i].category, wanted[i].category);
    }
}

void seats_expect_result(struct hold hold, enum hold_result result, const char *seats)
{
    cr_assert_eq(hold.result, result, "result %d instead of %d", hold.result, result);
    seats_expect_seats(&hold, seats);
}

void seats_expect_states(struct seat_world *w, const char *text, enum seat_state wanted)
{
    struct held_seat seats[HOLD_SEATS_MAX];
    struct ask_seen seen = ask_look(w);
    for (size_t i = 0, count = seats_of(text, seats); i < count; i++)
        cr_expect_eq(seen.states[seats[i].seat], wanted, "seat %u is %d instead of %d",
                     seats[i].seat, seen.states[seats[i].seat], wanted);
}

/* The counts say what the seats say, in all and per category; so does a
 * map fed only with messages. */
void seats_expect_consistent(struct seat_world *w)
{
    struct ask_seen seen = ask_look(w);
    struct seat_fake_counts counts, recount = {.version = seen.version};
    seat_world_counts(w, &counts);
    for (uint32_t seat = 0; seat < HALL_SEATS; seat++) {
        recount.free += seen.states[seat] == SEAT_FREE;
        recount.sold += seen.states[seat] == SEAT_SOLD;
        recount.free_of[hall_category(seat)] += seen.states[seat] == SEAT_FREE;
    }
    cr_assert_eq(counts.version, recount.version);
    cr_assert_eq(counts.free, recount.free, "free: %" PRId64 " instead of %" PRId64, counts.free,
                 recount.free);
    cr_assert_eq(counts.sold, recount.sold, "sold: %" PRId64 " instead of %" PRId64, counts.sold,
                 recount.sold);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(counts.free_of[i], recount.free_of[i], "free of category %d", i);
    struct seat_map *map = seat_world_map(w, seen.version);
    cr_assert_eq(seat_map_version(map), seen.version);
    for (uint32_t seat = 0; seat < HALL_SEATS; seat++)
        cr_assert_eq(seat_map_state(map, seat), (enum seat_state)seen.states[seat],
                     "the map says %d about seat %u, not %d", seat_map_state(map, seat), seat,
                     seen.states[seat]);
}

void seats_expect_void(struct seat_world *w, size_t index, const char *order, const char *visitor,
                       const char *reason, int64_t amount_minor, const char *currency)
{
    cr_assert_gt(seat_world_outbox_count(w), index);
    struct seat_fake_entry entry = seat_world_outbox(w, index);
    cr_expect(entry.is_void);
    cr_expect_str_eq(entry.order, order);
    cr_expect_str_eq(entry.visitor, visitor);
    cr_expect_str_eq(entry.reason, reason);
    cr_expect_str_eq(entry.currency, currency);
    cr_expect_eq(entry.amount_minor, amount_minor);
}

void ask_admit(struct seat_world *w, const char *visitor)
{
    seat_world_admit(w, visitor, seat_world_now(w) + 5000, true);
}

/* A visitor who is admitted, holds the seats and pays for them under `order`. Returns the fence. */
int64_t ask_to_pay(struct seat_world *w, const char *visitor, const char *seats, const char *order)
{
    ask_admit(w, visitor);
    seats_expect_result(ask_hold(w, visitor, seats), HOLD_OK, seats);
    struct hold paying = ask_checkout(w, visitor, order, seats);
    seats_expect_result(paying, HOLD_OK, seats);
    cr_assert(paying.is_paying);
    return paying.fence;
}
