/* The contract of seat_store.h: every case runs against the fake and against the real scripts in a
 * real Redis. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/clock.h"
#include "support/redis_server.h"
#include "support/seat_world.h"

#define CONTRACT(name)                                                                             \
    static void name(struct seat_world *w);                                                        \
    Test(seat_store_fake, name)                                                                    \
    {                                                                                              \
        struct seat_world *world = seat_world_create(WORLD_FAKE);                                  \
        name(world);                                                                               \
        seat_world_free(world);                                                                    \
    }                                                                                              \
    Test(seat_store_redis, name)                                                                   \
    {                                                                                              \
        struct seat_world *world = seat_world_create(WORLD_REDIS);                                 \
        name(world);                                                                               \
        seat_world_free(world);                                                                    \
    }                                                                                              \
    static void name(struct seat_world *w)

/* --- asking and waiting --- */

struct outcome {
    bool is_done;
    enum seats_status status;
    struct hold hold;
};

static void on_hold(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct outcome *outcome = ctx;
    cr_assert_not(outcome->is_done, "a second completion");
    cr_assert_eq(hold != NULL, status == SEATS_OK);
    outcome->is_done = true;
    outcome->status = status;
    if (hold != NULL)
        outcome->hold = *hold;
}

static struct hold wait_for(struct seat_world *w, enum seats_status sent, struct outcome *outcome)
{
    cr_assert_eq(sent, SEATS_OK);
    cr_assert_not(outcome->is_done, "completed before the call returned");
    seat_world_run(w, &outcome->is_done);
    cr_assert_eq(outcome->status, SEATS_OK);
    return outcome->hold;
}

/* Categories of the hall, as its world has them. */
static uint16_t category_of(uint32_t seat)
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
        seats[count++] = (struct held_seat){.seat = seat, .category = category_of(seat)};
    }
    return count;
}

static struct hold hold(struct seat_world *w, const char *visitor, const char *text)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    struct outcome o = {0};
    return wait_for(w, s->hold(s, HALL, visitor, seats, seats_of(text, seats), on_hold, &o), &o);
}

static struct hold hold_area(struct seat_world *w, const char *visitor, uint32_t count)
{
    struct seat_store *s = seat_world_store(w);
    struct area_request area = {HALL_AREA_FIRST, HALL_AREA_CAPACITY, count, 2};
    struct outcome o = {0};
    return wait_for(w, s->hold_area(s, HALL, visitor, &area, on_hold, &o), &o);
}

static struct hold give_back(struct seat_world *w, const char *visitor, const char *text)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    uint32_t numbers[HOLD_SEATS_MAX];
    size_t count = seats_of(text, seats);
    for (size_t i = 0; i < count; i++)
        numbers[i] = seats[i].seat;
    struct outcome o = {0};
    return wait_for(w, s->release(s, HALL, visitor, numbers, count, on_hold, &o), &o);
}

static struct hold state(struct seat_world *w, const char *visitor)
{
    struct seat_store *s = seat_world_store(w);
    struct outcome o = {0};
    return wait_for(w, s->state(s, HALL, visitor, on_hold, &o), &o);
}

static struct hold checkout(struct seat_world *w, const char *visitor, const char *order,
                            const char *text)
{
    struct seat_store *s = seat_world_store(w);
    struct held_seat seats[HOLD_SEATS_MAX];
    size_t count = seats_of(text, seats);
    struct outcome o = {0};
    return wait_for(w,
                    s->checkout(s, HALL, visitor, order, (int64_t)count * 100, "EUR", seats, count,
                                on_hold, &o),
                    &o);
}

static struct hold intent(struct seat_world *w, const char *visitor, const char *order,
                          const char *name)
{
    struct seat_store *s = seat_world_store(w);
    struct outcome o = {0};
    return wait_for(w, s->intent(s, HALL, visitor, order, name, on_hold, &o), &o);
}

static struct hold settle(struct seat_world *w, const char *visitor, const char *order,
                          int64_t fence)
{
    struct seat_store *s = seat_world_store(w);
    char body[256];
    int printed = snprintf(body, sizeof(body),
                           "{\"kind\":\"order\",\"order\":\"%s\",\"event\":\"" HALL
                           "\",\"visitor\":\"%s\",\"amount_minor\":4711,\"currency\":\"CHF\"}",
                           order, visitor);
    cr_assert(printed > 0 && printed < (int)sizeof(body));
    struct outcome o = {0};
    return wait_for(w, s->settle(s, HALL, visitor, order, fence, body, on_hold, &o), &o);
}

static struct hold decline(struct seat_world *w, const char *visitor, const char *order,
                           int64_t fence)
{
    struct seat_store *s = seat_world_store(w);
    struct outcome o = {0};
    return wait_for(w, s->decline(s, HALL, visitor, order, fence, on_hold, &o), &o);
}

struct swept {
    bool is_done;
    enum seats_status status;
    size_t count;
};

static void on_sweep(void *ctx, enum seats_status status, size_t expired_count)
{
    *(struct swept *)ctx = (struct swept){true, status, expired_count};
}

static size_t sweep(struct seat_world *w)
{
    struct seat_store *s = seat_world_store(w);
    struct swept swept = {0};
    cr_assert_eq(s->sweep(s, HALL, on_sweep, &swept), SEATS_OK);
    cr_assert_not(swept.is_done);
    seat_world_run(w, &swept.is_done);
    cr_assert_eq(swept.status, SEATS_OK);
    return swept.count;
}

struct seen {
    bool is_done;
    enum seats_status status;
    int64_t version;
    size_t count;
    uint8_t states[HALL_SEATS];
};

static void on_snapshot(void *ctx, enum seats_status status, const struct seat_snapshot *snapshot)
{
    struct seen *seen = ctx;
    seen->is_done = true;
    seen->status = status;
    if (snapshot == NULL)
        return;
    cr_assert_leq(snapshot->count, HALL_SEATS);
    seen->version = snapshot->version;
    seen->count = snapshot->count;
    memcpy(seen->states, snapshot->states, snapshot->count);
}

static struct seen look(struct seat_world *w)
{
    struct seat_store *s = seat_world_store(w);
    struct seen seen = {0};
    cr_assert_eq(s->snapshot(s, HALL, on_snapshot, &seen), SEATS_OK);
    cr_assert_not(seen.is_done);
    seat_world_run(w, &seen.is_done);
    cr_assert_eq(seen.status, SEATS_OK);
    cr_assert_eq(seen.count, HALL_SEATS);
    return seen;
}

/* --- expecting --- */

static void expect_seats(const struct hold *hold, const char *text)
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

static void expect_result(struct hold hold, enum hold_result result, const char *seats)
{
    cr_assert_eq(hold.result, result, "result %d instead of %d", hold.result, result);
    expect_seats(&hold, seats);
}

static void expect_states(struct seat_world *w, const char *text, enum seat_state wanted)
{
    struct held_seat seats[HOLD_SEATS_MAX];
    struct seen seen = look(w);
    for (size_t i = 0, count = seats_of(text, seats); i < count; i++)
        cr_expect_eq(seen.states[seats[i].seat], wanted, "seat %u is %d instead of %d",
                     seats[i].seat, seen.states[seats[i].seat], wanted);
}

/* The counts say what the seats say, in all and per category; so does a map fed only with messages.
 */
static void expect_consistent(struct seat_world *w)
{
    struct seen seen = look(w);
    struct seat_fake_counts counts, recount = {.version = seen.version};
    seat_world_counts(w, &counts);
    for (uint32_t seat = 0; seat < HALL_SEATS; seat++) {
        recount.free += seen.states[seat] == SEAT_FREE;
        recount.sold += seen.states[seat] == SEAT_SOLD;
        recount.free_of[category_of(seat)] += seen.states[seat] == SEAT_FREE;
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

static void expect_void(struct seat_world *w, size_t index, const char *order, const char *visitor,
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

static void admit(struct seat_world *w, const char *visitor)
{
    seat_world_admit(w, visitor, seat_world_now(w) + 5000, true);
}

/* A visitor who is admitted, holds the seats and pays for them under `order`. Returns the fence. */
static int64_t bring_to_pay(struct seat_world *w, const char *visitor, const char *seats,
                            const char *order)
{
    admit(w, visitor);
    expect_result(hold(w, visitor, seats), HOLD_OK, seats);
    struct hold paying = checkout(w, visitor, order, seats);
    expect_result(paying, HOLD_OK, seats);
    cr_assert(paying.is_paying);
    return paying.fence;
}

/* --- holding --- */

CONTRACT(a_hold_says_everything_about_itself)
{
    admit(w, "anna");
    struct hold held = hold(w, "anna", "3 12");
    expect_result(held, HOLD_OK, "3 12");
    cr_expect_eq(held.now_ms, seat_world_now(w));
    cr_expect_eq(held.deadline_ms, seat_world_now(w) + 5000, "the admission's");
    cr_expect_eq(held.seats_max, 4);
    cr_expect_not(held.is_paying);
    cr_expect_gt(held.fence, 0);
    expect_states(w, "3 12", SEAT_HELD);
    struct hold now = state(w, "anna");
    expect_result(now, HOLD_OK, "3 12");
    cr_expect_eq(now.fence, held.fence);
    cr_expect_eq(now.deadline_ms, held.deadline_ms);
    expect_result(state(w, "ben"), HOLD_NONE, "");
    expect_consistent(w);
}

CONTRACT(of_two_visitors_one_gets_the_seat)
{
    admit(w, "anna");
    admit(w, "ben");
    expect_result(hold(w, "anna", "5"), HOLD_OK, "5");
    expect_result(hold(w, "ben", "5"), HOLD_TAKEN, "5");
    expect_result(state(w, "ben"), HOLD_NONE, "");
    expect_result(state(w, "anna"), HOLD_OK, "5");
    expect_consistent(w);
}

CONTRACT(all_seats_or_none)
{
    admit(w, "anna");
    admit(w, "ben");
    expect_result(hold(w, "anna", "5 15"), HOLD_OK, "5 15");
    expect_result(hold(w, "ben", "4 5 6 15"), HOLD_TAKEN, "5 15");
    expect_states(w, "4 6", SEAT_FREE);
    expect_result(hold(w, "ben", "4 6"), HOLD_OK, "4 6");
    expect_result(hold(w, "ben", "7 5"), HOLD_TAKEN, "5");
    expect_result(state(w, "ben"), HOLD_OK, "4 6");
    expect_consistent(w);
}

CONTRACT(sold_not_for_sale_and_missing_seats_are_not_free)
{
    admit(w, "anna");
    expect_result(hold(w, "anna", "8 9 19"), HOLD_TAKEN, "9 19");
    expect_result(hold(w, "anna", "39 40 99999"), HOLD_TAKEN, "40 99999");
    expect_states(w, "8 39", SEAT_FREE);
    expect_consistent(w);
}

CONTRACT(a_seat_named_twice_counts_once)
{
    admit(w, "anna");
    expect_result(hold(w, "anna", "1 1 2 1 2"), HOLD_OK, "1 2");
    struct hold more = hold(w, "anna", "2 3 1 4");
    expect_result(more, HOLD_OK, "1 2 3 4");
    struct hold same = hold(w, "anna", "4 3 2 1");
    expect_result(same, HOLD_OK, "1 2 3 4");
    cr_expect_eq(same.fence, more.fence);
    expect_consistent(w);
}

CONTRACT(the_limit_counts_held_and_bought)
{
    admit(w, "anna");
    struct hold many = hold(w, "anna", "1 2 3 4 5");
    expect_result(many, HOLD_TOO_MANY, "");
    cr_expect_eq(many.seats_max, 4);
    expect_result(hold(w, "anna", "1 2 3"), HOLD_OK, "1 2 3");
    expect_result(hold(w, "anna", "4 5"), HOLD_TOO_MANY, "1 2 3");
    expect_result(hold_area(w, "anna", 2), HOLD_TOO_MANY, "1 2 3");
    expect_result(hold(w, "anna", "4"), HOLD_OK, "1 2 3 4");
    admit(w, "ben");
    seat_world_set_bought(w, "ben", 3);
    expect_result(hold(w, "ben", "10 11"), HOLD_TOO_MANY, "");
    expect_result(hold(w, "ben", "10"), HOLD_OK, "10");
    expect_consistent(w);
}

CONTRACT(what_was_bought_counts_at_the_next_visit)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2 3", "o_1");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "1 2 3");
    admit(w, "anna");
    expect_result(hold(w, "anna", "4 5"), HOLD_TOO_MANY, "");
    expect_result(hold(w, "anna", "4"), HOLD_OK, "4");
}

CONTRACT(only_who_was_admitted_and_entered_may_hold)
{
    expect_result(hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    expect_result(hold_area(w, "anna", 1), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w) + 5000, false);
    expect_result(hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w), true);
    expect_result(hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w) + 1, true);
    expect_result(hold(w, "anna", "1"), HOLD_OK, "1");
    expect_consistent(w);
}

CONTRACT(an_area_is_given_out_to_the_last_place)
{
    static const char *const visitors[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 5; i++) {
        seat_world_pass(w, 7);
        admit(w, visitors[i]);
        struct hold held = hold_area(w, visitors[i], i == 4 ? 3 : 4);
        cr_assert_eq(held.result, HOLD_OK);
        cr_assert_eq(held.seats_count, i == 4 ? 3 : 4);
        for (size_t j = 0; j < held.seats_count; j++) {
            cr_expect(held.seats[j].seat >= HALL_AREA_FIRST && held.seats[j].seat < HALL_SEATS);
            cr_expect_eq(held.seats[j].category, 2);
        }
    }
    admit(w, "f");
    struct hold full = hold_area(w, "f", 2);
    expect_result(full, HOLD_AREA_FULL, "");
    cr_expect_eq(full.free_count, 1);
    cr_expect_eq(hold_area(w, "f", 1).result, HOLD_OK);
    cr_expect_eq(hold_area(w, "f", 1).free_count, 0);
    cr_expect_eq(hold_area(w, "f", 1).result, HOLD_AREA_FULL);
    expect_consistent(w);
}

CONTRACT(seats_and_area_share_a_hold)
{
    admit(w, "anna");
    int64_t fence = hold(w, "anna", "1 2").fence;
    struct hold both = hold_area(w, "anna", 2);
    cr_assert_eq(both.result, HOLD_OK);
    cr_expect_eq(both.seats_count, 4);
    cr_expect_eq(both.fence, fence);
    expect_consistent(w);
}

/* --- giving back --- */

CONTRACT(a_part_or_all_is_given_back)
{
    admit(w, "anna");
    expect_result(hold(w, "anna", "1 2 13"), HOLD_OK, "1 2 13");
    expect_result(give_back(w, "anna", "2 7"), HOLD_OK, "1 13");
    expect_states(w, "2 7", SEAT_FREE);
    expect_result(give_back(w, "anna", "7"), HOLD_OK, "1 13");
    int64_t fence = state(w, "anna").fence;
    expect_result(give_back(w, "anna", "13 1"), HOLD_OK, "");
    expect_result(give_back(w, "anna", ""), HOLD_NONE, "");
    expect_result(hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    cr_expect_gt(state(w, "anna").fence, fence, "a new hold has a new fence");
    expect_result(give_back(w, "anna", ""), HOLD_OK, "");
    expect_states(w, "1 2 13", SEAT_FREE);
    cr_expect_eq(seat_world_outbox_count(w), 0);
    expect_consistent(w);
}

/* --- time --- */

CONTRACT(a_hold_ends_exactly_at_its_deadline)
{
    admit(w, "anna");
    admit(w, "ben");
    expect_result(hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    seat_world_pass(w, 4999);
    cr_expect_eq(sweep(w), 0);
    expect_states(w, "1 2", SEAT_HELD);
    expect_result(state(w, "anna"), HOLD_OK, "1 2");
    seat_world_pass(w, 1);
    cr_expect_eq(sweep(w), 1);
    expect_states(w, "1 2", SEAT_FREE);
    cr_expect_eq(sweep(w), 0);
    expect_result(state(w, "anna"), HOLD_NONE, "");
    cr_expect_eq(seat_world_outbox_count(w), 0);
    expect_consistent(w);
}

CONTRACT(a_late_sweep_gives_nobody_more_time)
{
    admit(w, "anna");
    expect_result(hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_pass(w, 5000);
    expect_result(state(w, "anna"), HOLD_NONE, "");
    expect_states(w, "1", SEAT_FREE);
    admit(w, "ben");
    expect_result(hold(w, "ben", "2"), HOLD_OK, "2");
    seat_world_pass(w, 5000);
    admit(w, "ben");
    expect_result(hold(w, "ben", "3"), HOLD_OK, "3");
    expect_states(w, "2", SEAT_FREE);
    expect_consistent(w);
}

CONTRACT(a_sweep_is_bounded_and_comes_to_an_end)
{
    seat_world_admit(w, "keeper", seat_world_now(w) + 9000, true);
    expect_result(hold(w, "keeper", "0"), HOLD_OK, "0");
    for (int i = 1; i <= 30; i++) {
        char visitor[16];
        (void)snprintf(visitor, sizeof(visitor), "v%d", i);
        admit(w, visitor);
        cr_assert_eq(hold_area(w, visitor, 1).result,
                     i <= HALL_AREA_CAPACITY ? HOLD_OK : HOLD_AREA_FULL);
    }
    seat_world_pass(w, 5000);
    size_t swept = 0, more;
    while ((more = sweep(w)) > 0)
        swept += more;
    cr_expect_eq(swept, HALL_AREA_CAPACITY);
    expect_result(state(w, "keeper"), HOLD_OK, "0");
    expect_consistent(w);
}

/* --- paying --- */

CONTRACT(a_payment_runs_and_is_settled)
{
    admit(w, "anna");
    struct hold held = hold(w, "anna", "1 12");
    seat_world_pass(w, 100);
    struct hold paying = checkout(w, "anna", "o_1", "12 1");
    expect_result(paying, HOLD_OK, "1 12");
    cr_expect(paying.is_paying);
    cr_expect_str_eq(paying.order, "o_1");
    cr_expect_str_eq(paying.intent, "");
    cr_expect_eq(paying.amount_minor, 200);
    cr_expect_eq(paying.fence, held.fence);
    cr_expect_eq(paying.deadline_ms, seat_world_now(w) + HALL_PAY_MS);
    cr_expect_eq(seat_world_admission(w, "anna"), paying.deadline_ms, "the admission follows");
    expect_states(w, "1 12", SEAT_PAYING);
    cr_expect_str_eq(intent(w, "anna", "o_1", "pi_1").intent, "pi_1");
    cr_expect_str_eq(state(w, "anna").intent, "pi_1");
    expect_result(intent(w, "anna", "o_2", "pi_2"), HOLD_NO_ORDER, "");
    expect_result(settle(w, "anna", "o_1", paying.fence), HOLD_OK, "1 12");
    expect_states(w, "1 12", SEAT_SOLD);
    expect_result(state(w, "anna"), HOLD_NONE, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0, "the admission has ended");
    expect_result(hold(w, "anna", "3"), HOLD_NOT_ADMITTED, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    struct seat_fake_entry entry = seat_world_outbox(w, 0);
    cr_expect_not(entry.is_void);
    cr_expect_str_eq(entry.order, "o_1");
    expect_consistent(w);
}

CONTRACT(settling_twice_tells_the_ledger_once)
{
    int64_t fence = bring_to_pay(w, "anna", "1", "o_1");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "");
    seat_world_pass(w, 100000);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    struct seat_fake_counts counts;
    seat_world_counts(w, &counts);
    cr_expect_eq(counts.sold, 2, "one more than at the start");
    expect_consistent(w);
}

CONTRACT(a_checkout_repeated_answers_the_running_payment)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    int64_t deadline_ms = state(w, "anna").deadline_ms;
    seat_world_pass(w, 10);
    struct hold again = checkout(w, "anna", "o_2", "1 2");
    expect_result(again, HOLD_OK, "1 2");
    cr_expect_str_eq(again.order, "o_1");
    cr_expect_eq(again.deadline_ms, deadline_ms);
    cr_expect_eq(again.fence, fence);
    expect_consistent(w);
}

CONTRACT(a_checkout_is_about_exactly_the_seats_held)
{
    expect_result(checkout(w, "anna", "o_1", "1"), HOLD_NONE, "");
    admit(w, "anna");
    expect_result(hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    expect_result(checkout(w, "anna", "o_1", "1"), HOLD_TAKEN, "1 2");
    expect_result(checkout(w, "anna", "o_1", "1 2 3"), HOLD_TAKEN, "1 2");
    expect_result(checkout(w, "anna", "o_1", "1 3"), HOLD_TAKEN, "1 2");
    expect_result(checkout(w, "anna", "o_1", ""), HOLD_TAKEN, "1 2");
    expect_states(w, "1 2", SEAT_HELD);
    cr_expect_eq(seat_world_admission(w, "anna"), seat_world_now(w) + 5000);
    expect_result(checkout(w, "anna", "o_1", "2 1 1"), HOLD_OK, "1 2");
    expect_consistent(w);
}

CONTRACT(who_has_left_cannot_pay)
{
    admit(w, "anna");
    expect_result(hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_admit(w, "anna", 0, false);
    expect_result(checkout(w, "anna", "o_1", "1"), HOLD_NOT_ADMITTED, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0);
    expect_result(give_back(w, "anna", ""), HOLD_OK, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0);
    expect_consistent(w);
}

CONTRACT(paying_fixes_the_hold)
{
    bring_to_pay(w, "anna", "1 2", "o_1");
    expect_result(hold(w, "anna", "3"), HOLD_PAYING, "1 2");
    expect_result(hold_area(w, "anna", 1), HOLD_PAYING, "1 2");
    expect_result(give_back(w, "anna", "1"), HOLD_PAYING, "1 2");
    expect_states(w, "1 2", SEAT_PAYING);
    expect_states(w, "3", SEAT_FREE);
    cr_expect_eq(seat_world_outbox_count(w), 0);
}

CONTRACT(a_late_settle_is_voided_once)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    seat_world_pass(w, HALL_PAY_MS);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    expect_void(w, 0, "o_1", "anna", "time_out", 200, "EUR");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(sweep(w), 0);
    cr_expect_eq(seat_world_outbox_count(w), 1);
    expect_states(w, "1 2", SEAT_FREE);
    expect_consistent(w);
}

CONTRACT(a_settle_in_the_last_millisecond_is_in_time)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    seat_world_pass(w, HALL_PAY_MS - 1);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    cr_expect_not(seat_world_outbox(w, 0).is_void);
}

CONTRACT(a_swept_payment_is_voided_and_a_settle_after_it_adds_nothing)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    (void)intent(w, "anna", "o_1", "pi_1");
    seat_world_pass(w, HALL_PAY_MS);
    cr_expect_eq(sweep(w), 1);
    cr_assert_eq(seat_world_outbox_count(w), 1);
    expect_void(w, 0, "o_1", "anna", "time_out", 200, "EUR");
    admit(w, "ben");
    expect_result(hold(w, "ben", "1 2"), HOLD_OK, "1 2");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    expect_states(w, "1 2", SEAT_HELD);
    expect_result(state(w, "ben"), HOLD_OK, "1 2");
    expect_consistent(w);
}

CONTRACT(an_unknown_order_is_voided_from_its_snapshot)
{
    expect_result(settle(w, "anna", "o_9", 1), HOLD_NO_ORDER, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    expect_void(w, 0, "o_9", "anna", "time_out", 4711, "CHF");
    expect_consistent(w);
}

CONTRACT(another_fence_or_visitor_settles_nothing)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    admit(w, "ben");
    expect_result(decline(w, "anna", "o_1", fence + 1), HOLD_NO_ORDER, "");
    expect_result(decline(w, "ben", "o_1", fence), HOLD_NO_ORDER, "");
    expect_states(w, "1 2", SEAT_PAYING);
    expect_result(settle(w, "anna", "o_1", fence + 1), HOLD_NO_ORDER, "");
    expect_states(w, "1 2", SEAT_PAYING);
    expect_void(w, 0, "o_1", "anna", "given_up", 4711, "CHF");
    expect_consistent(w);
}

CONTRACT(after_a_decline_a_new_checkout_keeps_the_deadline)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    int64_t deadline_ms = state(w, "anna").deadline_ms;
    (void)intent(w, "anna", "o_1", "pi_1");
    seat_world_pass(w, 300);
    struct hold declined = decline(w, "anna", "o_1", fence);
    expect_result(declined, HOLD_OK, "1 2");
    cr_expect_not(declined.is_paying);
    cr_expect_eq(declined.deadline_ms, deadline_ms);
    expect_states(w, "1 2", SEAT_HELD);
    expect_result(decline(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    struct hold again = checkout(w, "anna", "o_2", "1 2");
    expect_result(again, HOLD_OK, "1 2");
    cr_expect_str_eq(again.order, "o_2");
    cr_expect_str_eq(again.intent, "");
    cr_expect_eq(again.deadline_ms, deadline_ms, "no more time");
    cr_expect_eq(seat_world_admission(w, "anna"), deadline_ms);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    expect_states(w, "1 2", SEAT_PAYING);
    cr_assert_eq(seat_world_outbox_count(w), 1);
    expect_void(w, 0, "o_1", "anna", "given_up", 4711, "CHF");
    expect_result(settle(w, "anna", "o_2", again.fence), HOLD_OK, "1 2");
    cr_expect_eq(seat_world_outbox_count(w), 2);
    cr_expect_eq(sweep(w), 0);
    expect_consistent(w);
}

CONTRACT(a_declined_hold_ends_at_the_payments_deadline)
{
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    expect_result(decline(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    seat_world_pass(w, HALL_PAY_MS - 1);
    expect_result(state(w, "anna"), HOLD_OK, "1 2");
    seat_world_pass(w, 1);
    cr_expect_eq(sweep(w), 1);
    cr_expect_eq(seat_world_outbox_count(w), 0, "a declined payment needs no void");
    expect_consistent(w);
}

CONTRACT(giving_up_a_payment_voids_it_and_turns_the_clock_back)
{
    int64_t selection_ms = seat_world_now(w) + 5000;
    int64_t fence = bring_to_pay(w, "anna", "1 2", "o_1");
    expect_result(give_back(w, "anna", ""), HOLD_OK, "");
    expect_void(w, 0, "o_1", "anna", "given_up", 200, "EUR");
    cr_expect_eq(seat_world_admission(w, "anna"), selection_ms);
    expect_states(w, "1 2", SEAT_FREE);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    expect_result(hold(w, "anna", "1"), HOLD_OK, "1");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    expect_states(w, "1", SEAT_HELD);
    expect_consistent(w);
}

CONTRACT(naming_every_seat_gives_up_a_payment_too)
{
    bring_to_pay(w, "anna", "1 2", "o_1");
    expect_result(give_back(w, "anna", "2 1"), HOLD_OK, "");
    expect_void(w, 0, "o_1", "anna", "given_up", 200, "EUR");
    expect_consistent(w);
}

CONTRACT(without_the_ledger_no_payment_starts_but_one_is_settled)
{
    int64_t fence = bring_to_pay(w, "anna", "1", "o_1");
    admit(w, "ben");
    expect_result(hold(w, "ben", "2"), HOLD_OK, "2");
    seat_world_beat(w, seat_world_now(w) - LEDGER_AWAY_MS - 1);
    expect_result(checkout(w, "ben", "o_2", "2"), HOLD_LEDGER_BEHIND, "2");
    expect_states(w, "2", SEAT_HELD);
    struct hold running = checkout(w, "anna", "o_3", "1");
    expect_result(running, HOLD_OK, "1");
    cr_expect_str_eq(running.order, "o_1");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    seat_world_beat(w, seat_world_now(w) - LEDGER_AWAY_MS);
    expect_result(checkout(w, "ben", "o_2", "2"), HOLD_OK, "2");
    expect_consistent(w);
}

/* --- another epoch --- */

CONTRACT(in_another_epoch_nothing_is_decided)
{
    admit(w, "anna");
    int64_t version = look(w).version;
    seat_world_lose_epoch(w);
    struct seat_store *s = seat_world_store(w);
    struct held_seat seat = {1, 0};
    struct area_request area = {HALL_AREA_FIRST, HALL_AREA_CAPACITY, 1, 2};
    struct outcome o[8] = {0};
    (void)s->hold(s, HALL, "anna", &seat, 1, on_hold, &o[0]);
    (void)s->hold_area(s, HALL, "anna", &area, on_hold, &o[1]);
    (void)s->release(s, HALL, "anna", NULL, 0, on_hold, &o[2]);
    (void)s->state(s, HALL, "anna", on_hold, &o[3]);
    (void)s->checkout(s, HALL, "anna", "o_1", 1, "EUR", &seat, 1, on_hold, &o[4]);
    (void)s->intent(s, HALL, "anna", "o_1", "pi_1", on_hold, &o[5]);
    (void)s->settle(s, HALL, "anna", "o_1", 1, "{}", on_hold, &o[6]);
    (void)s->decline(s, HALL, "anna", "o_1", 1, on_hold, &o[7]);
    struct swept swept = {0};
    (void)s->sweep(s, HALL, on_sweep, &swept);
    struct seen seen = {0};
    (void)s->snapshot(s, HALL, on_snapshot, &seen);
    seat_world_run(w, &seen.is_done);
    for (size_t i = 0; i < 8; i++)
        cr_expect(o[i].is_done && o[i].status == SEATS_EPOCH, "operation %zu", i);
    cr_expect(swept.is_done && swept.status == SEATS_EPOCH);
    cr_expect_eq(seen.status, SEATS_EPOCH);
    cr_expect_eq(seat_world_outbox_count(w), 0);
    struct seat_fake_counts counts;
    seat_world_counts(w, &counts);
    cr_expect_eq(counts.version, version);
}

/* --- random operations: Redis against the fake --- */

#define MODEL_VISITORS 14
#define MODEL_STEPS 4000

struct model {
    struct seat_world *redis, *fake;
    uint64_t random;
    uint32_t orders_count;
    struct {
        char order[ORDER_ID_BYTES + 1]; /* the last one tried */
        int64_t fence;
    } last[MODEL_VISITORS];
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(m->random >> 33) % below;
}

static void expect_same(const struct hold *redis, const struct hold *fake, const char *what)
{
    cr_assert_eq(redis->result, fake->result, "%s: result %d, model %d", what, redis->result,
                 fake->result);
    cr_assert_eq(redis->is_paying, fake->is_paying, "%s: is_paying", what);
    cr_assert_eq(redis->fence, fake->fence, "%s: fence", what);
    cr_assert_eq(redis->deadline_ms, fake->deadline_ms, "%s: deadline", what);
    cr_assert_eq(redis->now_ms, fake->now_ms, "%s: now", what);
    cr_assert_eq(redis->amount_minor, fake->amount_minor, "%s: amount", what);
    cr_assert_str_eq(redis->order, fake->order, "%s: order", what);
    cr_assert_str_eq(redis->intent, fake->intent, "%s: intent", what);
    cr_assert_eq(redis->seats_max, fake->seats_max, "%s: seats_max", what);
    cr_assert_eq(redis->free_count, fake->free_count, "%s: free_count", what);
    cr_assert_eq(redis->seats_count, fake->seats_count, "%s: seats_count", what);
    for (size_t i = 0; i < fake->seats_count; i++) {
        cr_assert_eq(redis->seats[i].seat, fake->seats[i].seat, "%s: seat", what);
        cr_assert_eq(redis->seats[i].category, fake->seats[i].category, "%s: category", what);
    }
}

/* One to five seats, as text. */
static void draw_seats(struct model *m, char *text, size_t text_bytes_max)
{
    size_t used = 0;
    for (uint32_t i = 0, count = 1 + draw(m, 5); i < count; i++)
        used += (size_t)snprintf(text + used, text_bytes_max - used, "%s%u", i > 0 ? " " : "",
                                 draw(m, HALL_SEATS + 1));
}

/* The seats the visitor holds, now and then not quite. */
static void held_text(struct model *m, const char *visitor, char *text, size_t text_bytes_max)
{
    struct hold now = state(m->fake, visitor);
    struct hold same = state(m->redis, visitor);
    expect_same(&same, &now, "state");
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = draw(m, 10) == 0; i < now.seats_count; i++)
        used += (size_t)snprintf(text + used, text_bytes_max - used, "%s%u", used > 0 ? " " : "",
                                 now.seats[i].seat);
}

static void both_admit(struct model *m, const char *visitor)
{
    int64_t deadline_ms = draw(m, 8) == 0 ? 0 : seat_world_now(m->fake) + 1 + draw(m, 3000);
    bool is_entered = draw(m, 6) != 0;
    seat_world_admit(m->redis, visitor, deadline_ms, is_entered);
    seat_world_admit(m->fake, visitor, deadline_ms, is_entered);
}

static void step_payment(struct model *m, uint32_t who, const char *visitor)
{
    char text[128];
    struct hold redis, fake;
    const char *order = m->last[who].order;
    int64_t fence = m->last[who].fence + (draw(m, 20) == 0);
    switch (draw(m, 5)) {
    case 0:
    case 1:
        held_text(m, visitor, text, sizeof(text));
        (void)snprintf(m->last[who].order, sizeof(m->last[who].order), "o_%u", m->orders_count++);
        redis = checkout(m->redis, visitor, order, text);
        fake = checkout(m->fake, visitor, order, text);
        m->last[who].fence = fake.fence;
        expect_same(&redis, &fake, "checkout");
        break;
    case 2:
        redis = intent(m->redis, visitor, order, "pi_1");
        fake = intent(m->fake, visitor, order, "pi_1");
        expect_same(&redis, &fake, "intent");
        break;
    case 3:
        redis = settle(m->redis, visitor, order, fence);
        fake = settle(m->fake, visitor, order, fence);
        expect_same(&redis, &fake, "settle");
        break;
    default:
        redis = decline(m->redis, visitor, order, fence);
        fake = decline(m->fake, visitor, order, fence);
        expect_same(&redis, &fake, "decline");
    }
}

static void step(struct model *m)
{
    char visitor[16], text[128] = "";
    uint32_t who = draw(m, MODEL_VISITORS);
    (void)snprintf(visitor, sizeof(visitor), "v%u", who);
    struct hold redis, fake;
    switch (draw(m, 12)) {
    case 0:
    case 1:
    case 2:
        draw_seats(m, text, sizeof(text));
        redis = hold(m->redis, visitor, text);
        fake = hold(m->fake, visitor, text);
        expect_same(&redis, &fake, "hold");
        break;
    case 3: {
        uint32_t count = 1 + draw(m, 4);
        redis = hold_area(m->redis, visitor, count);
        fake = hold_area(m->fake, visitor, count);
        expect_same(&redis, &fake, "hold_area");
        break;
    }
    case 4:
        if (draw(m, 2) == 0)
            draw_seats(m, text, sizeof(text));
        redis = give_back(m->redis, visitor, text);
        fake = give_back(m->fake, visitor, text);
        expect_same(&redis, &fake, "release");
        break;
    case 5:
    case 6:
        both_admit(m, visitor);
        break;
    case 7: {
        int64_t ms = draw(m, 250);
        seat_world_pass(m->redis, ms);
        seat_world_pass(m->fake, ms);
        break;
    }
    case 8:
        cr_assert_eq(sweep(m->redis), sweep(m->fake));
        break;
    default:
        step_payment(m, who, visitor);
    }
}

/* Nobody's purchases stop the play: what is sold comes back on sale with a fresh pair of worlds
 * each round. */
static void play(uint64_t seed, int steps)
{
    struct model m = {.random = seed,
                      .redis = seat_world_create(WORLD_REDIS),
                      .fake = seat_world_create(WORLD_FAKE)};
    for (int i = 0; i < steps; i++) {
        step(&m);
        if (i % 100 != 99)
            continue;
        expect_consistent(m.redis);
        expect_consistent(m.fake);
        struct seen redis = look(m.redis), fake = look(m.fake);
        cr_assert_eq(redis.version, fake.version, "seed %" PRIu64 " step %d", seed, i);
        cr_assert_arr_eq(redis.states, fake.states, HALL_SEATS);
    }
    cr_assert_eq(seat_world_outbox_count(m.redis), seat_world_outbox_count(m.fake));
    for (size_t i = 0; i < seat_world_outbox_count(m.fake); i++) {
        struct seat_fake_entry fake = seat_world_outbox(m.fake, i);
        struct seat_fake_entry redis = seat_world_outbox(m.redis, i);
        cr_assert_str_eq(redis.order, fake.order);
        cr_assert_str_eq(redis.visitor, fake.visitor);
        cr_assert_eq(redis.is_void, fake.is_void);
        cr_assert_str_eq(redis.reason, fake.reason);
        cr_assert_eq(redis.amount_minor, fake.amount_minor);
    }
    seat_world_free(m.redis);
    seat_world_free(m.fake);
}

Test(seat_store_model, random_operations_agree_with_the_model)
{
    uint64_t seed = (uint64_t)time(NULL);
    for (uint64_t round = 0; round < 8; round++) {
        fprintf(stderr, "seed %" PRIu64 "\n", seed + round);
        play(seed + round, MODEL_STEPS / 8);
    }
}

Test(seat_store_model, known_seeds)
{
    static const uint64_t seeds[] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
        play(seeds[i], 500);
}

/* --- only in Redis --- */

Test(seat_store_redis_only, the_scripts_take_their_time_from_redis)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS_REAL_TIME);
    seat_world_admit(w, "anna", clock_wall_ms() + 60000, true);
    int64_t before_ms = clock_wall_ms();
    struct hold held = hold(w, "anna", "1");
    cr_expect_eq(held.result, HOLD_OK);
    cr_expect_geq(held.now_ms, before_ms);
    cr_expect_leq(held.now_ms, clock_wall_ms());
    seat_world_free(w);
}

Test(seat_store_redis_only, a_full_outbox_refuses_checkouts)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    admit(w, "anna");
    (void)hold(w, "anna", "1");
    redis_server_run(seat_world_redis(w), "EVAL %s 0",
                     "for i = 1, 20000 do redis.call('XADD', 'outbox', '*', 'body', '{}') end");
    expect_result(checkout(w, "anna", "o_1", "1"), HOLD_LEDGER_BEHIND, "1");
    redis_server_run(seat_world_redis(w), "XTRIM outbox MAXLEN 19999");
    expect_result(checkout(w, "anna", "o_1", "1"), HOLD_OK, "1");
    expect_result(settle(w, "anna", "o_1", state(w, "anna").fence), HOLD_OK, "1");
    seat_world_free(w);
}

Test(seat_store_redis_only, freeing_never_touches_a_sold_seat)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    admit(w, "anna");
    (void)hold(w, "anna", "1 2");
    redis_server_run(seat_world_redis(w), "BITFIELD ev:" HALL ":seats SET u8 #1 3");
    expect_result(give_back(w, "anna", ""), HOLD_OK, "");
    expect_states(w, "1", SEAT_SOLD);
    expect_states(w, "2", SEAT_FREE);
    int64_t fence = bring_to_pay(w, "anna", "4 5", "o_1");
    redis_server_run(seat_world_redis(w), "BITFIELD ev:" HALL ":seats SET u8 #4 3");
    expect_result(settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    expect_states(w, "4", SEAT_SOLD);
    expect_states(w, "5", SEAT_FREE);
    expect_void(w, 0, "o_1", "anna", "ledger_refused", 200, "EUR");
    seat_world_free(w);
}

Test(seat_store_redis_only, the_first_write_is_refused_when_memory_is_short)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    int64_t fence = bring_to_pay(w, "anna", "1", "o_1");
    redis_server_run(seat_world_redis(w), "CONFIG SET maxmemory 1");
    struct seat_store *s = seat_world_store(w);
    struct outcome o = {0};
    cr_assert_eq(s->settle(s, HALL, "anna", "o_1", fence, "{}", on_hold, &o), SEATS_OK);
    seat_world_run(w, &o.is_done);
    cr_expect_eq(o.status, SEATS_UNKNOWN);
    redis_server_run(seat_world_redis(w), "CONFIG SET maxmemory 0");
    expect_states(w, "1", SEAT_PAYING);
    expect_result(settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    expect_consistent(w);
    seat_world_free(w);
}
