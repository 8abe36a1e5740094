/* Several operations in one turn of the loop: Redis, where they are one call that reads before all
 * and writes after all of them, held against the fake, which decides one after the other. Few
 * visitors and few seats, so that most turns have operations that depend on each other. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/redis_server.h"
#include "support/seat_ask.h"
#include "ticketing/seat_turn.h"

#define VISITORS 7
#define OPERATIONS_MAX (2 * SEAT_TURN_OPERATIONS_MAX) /* more than a call takes */

/* What is asked of both stores. */
struct question {
    enum seat_operation kind;
    uint32_t who;
    char visitor[8], order[ORDER_ID_BYTES + 1], offer[32];
    struct held_seat seats[6];
    uint32_t numbers[6];
    size_t count;
    int64_t amount_minor, fence;
    struct ask_outcome redis, fake;
};

struct play {
    struct seat_world *redis, *fake;
    uint64_t seed, random;
    uint32_t orders_count;
    int64_t fence_last;
    uint8_t states[HALL_SEATS]; /* when the turn began */
    bool was_paying[VISITORS];
    struct question questions[OPERATIONS_MAX];
    size_t count;
};

/* What has been met, over all plays: a test that never meets it shows nothing. */
static unsigned taken_in_the_turn, freed_in_the_turn, paid_in_the_turn, twice_in_the_turn;

static uint32_t draw(struct play *p, uint32_t below)
{
    p->random = p->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(p->random >> 33) % below;
}

/* --- asking --- */

static void draw_seats(struct play *p, struct question *q, uint32_t most)
{
    q->count = 1 + draw(p, most);
    for (size_t i = 0; i < q->count; i++) {
        q->numbers[i] = i > 0 && draw(p, 2) == 0 ? q->numbers[i - 1] + 1 : draw(p, HALL_SEATS + 2);
        q->seats[i] = (struct held_seat){q->numbers[i], hall_category(q->numbers[i])};
    }
}

/* The seats of the visitor's last hold in this turn, or before it; now and then others. */
static void draw_held(struct play *p, struct question *q, const struct hold before[VISITORS])
{
    const struct held_seat *held = before[q->who].seats;
    size_t count = before[q->who].seats_count;
    for (size_t i = 0; i < p->count; i++)
        if (p->questions[i].kind == SEAT_OPERATION_HOLD && p->questions[i].who == q->who) {
            held = p->questions[i].seats;
            count = p->questions[i].count;
        }
    q->count = count < 6 ? count : 6;
    memcpy(q->seats, held, q->count * sizeof(*held));
    if (q->count == 0 || draw(p, 8) == 0)
        draw_seats(p, q, 3);
}

/* An order of this visitor's: a new one, or the one last checked out. */
static void draw_order(struct play *p, struct question *q, const struct hold *before)
{
    (void)snprintf(q->order, sizeof(q->order), "%s",
                   before->is_paying ? before->order : "o_unknown");
    q->fence = before->fence > 0 ? before->fence : p->fence_last + 1 + draw(p, 3);
    for (size_t i = 0; i < p->count; i++)
        if (p->questions[i].kind == SEAT_OPERATION_CHECKOUT && p->questions[i].who == q->who &&
            draw(p, 4) != 0)
            memcpy(q->order, p->questions[i].order, sizeof(q->order));
    if (draw(p, 10) == 0)
        q->fence++;
}

static enum seat_operation draw_kind(struct play *p)
{
    static const enum seat_operation kinds[] = {
        SEAT_OPERATION_HOLD,     SEAT_OPERATION_HOLD,     SEAT_OPERATION_HOLD,
        SEAT_OPERATION_HOLD,     SEAT_OPERATION_HOLD,     SEAT_OPERATION_HOLD_AREA,
        SEAT_OPERATION_RELEASE,  SEAT_OPERATION_RELEASE,  SEAT_OPERATION_STATE,
        SEAT_OPERATION_CHECKOUT, SEAT_OPERATION_CHECKOUT, SEAT_OPERATION_CHECKOUT,
        SEAT_OPERATION_INTENT,   SEAT_OPERATION_SETTLE,   SEAT_OPERATION_SETTLE,
        SEAT_OPERATION_DECLINE,
    };
    return kinds[draw(p, sizeof(kinds) / sizeof(*kinds))];
}

static void draw_question(struct play *p, const struct hold before[VISITORS])
{
    struct question *q = &p->questions[p->count];
    *q = (struct question){.kind = draw_kind(p), .who = draw(p, VISITORS)};
    if (p->count > 0 && draw(p, 3) == 0)
        q->who = p->questions[p->count - 1].who;
    (void)snprintf(q->visitor, sizeof(q->visitor), "v%u", q->who);
    switch (q->kind) {
    case SEAT_OPERATION_HOLD:
        draw_seats(p, q, 4);
        break;
    case SEAT_OPERATION_RELEASE:
        draw_held(p, q, before);
        q->count = draw(p, 2) == 0 ? 0 : 1 + draw(p, (uint32_t)q->count);
        for (size_t i = 0; i < q->count; i++)
            q->numbers[i] = q->seats[i].seat;
        break;
    case SEAT_OPERATION_CHECKOUT:
        draw_held(p, q, before);
        q->amount_minor = draw(p, 3) == 0 ? 0 : 100 * (int64_t)q->count;
        (void)snprintf(q->order, sizeof(q->order), "o_%u", p->orders_count);
        (void)snprintf(q->offer, sizeof(q->offer), "[\"for o_%u\"]", p->orders_count++);
        break;
    default:
        draw_order(p, q, &before[q->who]);
        q->count = 1 + draw(p, 3);
    }
    p->count++;
}

static enum seats_status send(struct seat_store *s, const struct question *q, struct ask_outcome *o)
{
    char body[256];
    const struct area_request area = {HALL_AREA_FIRST, HALL_AREA_CAPACITY, (uint32_t)q->count, 2};
    const struct checkout wanted = {.order = q->order,
                                    .currency = "EUR",
                                    .amount_minor = q->amount_minor,
                                    .offer = q->offer,
                                    .seats = q->seats,
                                    .count = q->count};
    switch (q->kind) {
    case SEAT_OPERATION_HOLD:
        return s->hold(s, HALL, q->visitor, q->seats, q->count, ask_on_hold, o);
    case SEAT_OPERATION_HOLD_AREA:
        return s->hold_area(s, HALL, q->visitor, &area, ask_on_hold, o);
    case SEAT_OPERATION_RELEASE:
        return s->release(s, HALL, q->visitor, q->numbers, q->count, ask_on_hold, o);
    case SEAT_OPERATION_CHECKOUT:
        return s->checkout(s, HALL, q->visitor, &wanted, ask_on_hold, o);
    case SEAT_OPERATION_INTENT:
        return s->intent(s, HALL, q->visitor, q->order, "pi_1", ask_on_hold, o);
    case SEAT_OPERATION_SETTLE:
        (void)snprintf(body, sizeof(body),
                       "{\"kind\":\"order\",\"order\":\"%s\",\"event\":\"" HALL
                       "\",\"visitor\":\"%s\",\"amount_minor\":4711,\"currency\":\"CHF\"}",
                       q->order, q->visitor);
        return s->settle(s, HALL, q->visitor, q->order, q->fence, body, ask_on_hold, o);
    case SEAT_OPERATION_DECLINE:
        return s->decline(s, HALL, q->visitor, q->order, q->fence, NULL, ask_on_hold, o);
    default:
        return s->state(s, HALL, q->visitor, ask_on_hold, o);
    }
}

/* --- comparing --- */

static void note_what_was_met(struct play *p, const struct question *q)
{
    const struct hold *hold = &q->fake.hold;
    for (size_t i = 0; q->kind == SEAT_OPERATION_HOLD && i < hold->seats_count; i++) {
        uint32_t seat = hold->seats[i].seat;
        bool was_free = seat < HALL_SEATS && p->states[seat] == SEAT_FREE;
        taken_in_the_turn += hold->result == HOLD_TAKEN && was_free;
        for (size_t k = 0; k < q->count; k++)
            freed_in_the_turn += hold->result == HOLD_OK && q->seats[k].seat == seat && !was_free;
    }
    if (q->kind != SEAT_OPERATION_SETTLE || hold->result != HOLD_OK)
        return;
    paid_in_the_turn += hold->seats_count > 0 && !p->was_paying[q->who];
    twice_in_the_turn += hold->seats_count == 0;
}

static void expect_same(const struct play *p, const struct question *q)
{
    char what[80];
    const struct hold *redis = &q->redis.hold, *fake = &q->fake.hold;
    (void)snprintf(what, sizeof(what), "seed %" PRIu64 ": %s of %s, %zu of %zu", p->seed,
                   seat_operation_name(q->kind), q->visitor, (size_t)(q - p->questions), p->count);
    cr_assert(q->redis.is_done && q->fake.is_done, "%s", what);
    cr_assert_eq(q->redis.status, SEATS_OK, "%s: status %d", what, q->redis.status);
    cr_assert_eq(redis->result, fake->result, "%s: %d, not %d", what, redis->result, fake->result);
    cr_assert_eq(redis->is_paying, fake->is_paying, "%s: is_paying", what);
    cr_assert_eq(redis->fence, fake->fence, "%s: fence %" PRId64 ", not %" PRId64, what,
                 redis->fence, fake->fence);
    cr_assert_eq(redis->deadline_ms, fake->deadline_ms, "%s: deadline", what);
    cr_assert_eq(redis->now_ms, fake->now_ms, "%s: now", what);
    cr_assert_eq(redis->amount_minor, fake->amount_minor, "%s: amount", what);
    cr_assert_str_eq(redis->order, fake->order, "%s: order", what);
    cr_assert_str_eq(redis->intent, fake->intent, "%s: intent", what);
    cr_assert_str_eq(redis->offer, fake->offer, "%s: offer", what);
    cr_assert_eq(redis->seats_max, fake->seats_max, "%s: seats_max", what);
    cr_assert_eq(redis->free_count, fake->free_count, "%s: free_count", what);
    cr_assert_eq(redis->seats_count, fake->seats_count, "%s: seats", what);
    for (size_t i = 0; i < fake->seats_count; i++)
        cr_assert(redis->seats[i].seat == fake->seats[i].seat &&
                      redis->seats[i].category == fake->seats[i].category,
                  "%s: seat", what);
}

static void expect_same_outbox(struct play *p)
{
    size_t count = seat_world_outbox_count(p->fake);
    cr_assert_eq(seat_world_outbox_count(p->redis), count, "seed %" PRIu64, p->seed);
    cr_assert_eq(seat_world_intents_count(p->redis), seat_world_intents_count(p->fake));
    for (size_t i = 0; i < count; i++) {
        struct seat_fake_entry fake = seat_world_outbox(p->fake, i);
        struct seat_fake_entry redis = seat_world_outbox(p->redis, i);
        cr_assert_str_eq(redis.order, fake.order);
        cr_assert_str_eq(redis.visitor, fake.visitor);
        cr_assert_eq(redis.is_void, fake.is_void);
        cr_assert_str_eq(redis.reason, fake.reason);
        cr_assert_eq(redis.amount_minor, fake.amount_minor);
    }
}

/* --- playing --- */

static void between_turns(struct play *p)
{
    for (uint32_t who = 0; who < VISITORS; who++) {
        char visitor[8];
        if (draw(p, 2) == 0)
            continue;
        (void)snprintf(visitor, sizeof(visitor), "v%u", who);
        int64_t deadline_ms =
            draw(p, 12) == 0 ? 0 : seat_world_now(p->fake) + 1 + (int64_t)draw(p, 2000);
        bool is_entered = draw(p, 12) != 0;
        seat_world_admit(p->redis, visitor, deadline_ms, is_entered);
        seat_world_admit(p->fake, visitor, deadline_ms, is_entered);
        if (draw(p, 6) == 0) {
            seat_world_set_bought(p->redis, visitor, 0);
            seat_world_set_bought(p->fake, visitor, 0);
        }
    }
    int64_t ms = draw(p, 300);
    seat_world_pass(p->redis, ms);
    seat_world_pass(p->fake, ms);
    if (draw(p, 4) == 0)
        cr_assert_eq(ask_sweep(p->redis), ask_sweep(p->fake));
}

static void look_before(struct play *p, struct hold before[VISITORS])
{
    struct ask_seen seen = ask_look(p->fake);
    memcpy(p->states, seen.states, sizeof(p->states));
    for (uint32_t who = 0; who < VISITORS; who++) {
        char visitor[8];
        (void)snprintf(visitor, sizeof(visitor), "v%u", who);
        struct hold same = ask_state(p->redis, visitor);
        before[who] = ask_state(p->fake, visitor);
        cr_assert_eq(same.result, before[who].result, "seed %" PRIu64 ": %s", p->seed, visitor);
        cr_assert_eq(same.seats_count, before[who].seats_count);
        p->was_paying[who] = before[who].is_paying;
        cr_assert_eq(seat_world_admission(p->redis, visitor),
                     seat_world_admission(p->fake, visitor), "seed %" PRIu64 ": admission of %s",
                     p->seed, visitor);
        if (before[who].fence > p->fence_last)
            p->fence_last = before[who].fence;
    }
}

static void turn(struct play *p)
{
    struct hold before[VISITORS];
    look_before(p, before);
    p->count = 0;
    uint32_t count = 1 + draw(p, draw(p, 6) == 0 ? OPERATIONS_MAX : 10);
    while (p->count < count)
        draw_question(p, before);
    for (size_t i = 0; i < count; i++) {
        struct question *q = &p->questions[i];
        cr_assert_eq(send(seat_world_store(p->redis), q, &q->redis), SEATS_OK);
        cr_assert_eq(send(seat_world_store(p->fake), q, &q->fake), SEATS_OK);
    }
    seat_world_run(p->redis, &p->questions[count - 1].redis.is_done);
    seat_world_run(p->fake, &p->questions[count - 1].fake.is_done);
    for (size_t i = 0; i < count; i++) {
        const struct question *q = &p->questions[i];
        expect_same(p, q);
        note_what_was_met(p, q);
        if (q->fake.hold.fence > p->fence_last)
            p->fence_last = q->fake.hold.fence;
    }
    struct ask_seen redis = ask_look(p->redis), fake = ask_look(p->fake);
    cr_assert_arr_eq(redis.states, fake.states, HALL_SEATS, "seed %" PRIu64, p->seed);
    seats_expect_consistent(p->redis);
}

/* Seats that are sold stay so: plays are short and many. */
static void play(uint64_t seed, int turns)
{
    struct play p = {.seed = seed,
                     .random = seed,
                     .redis = seat_world_create(WORLD_REDIS),
                     .fake = seat_world_create(WORLD_FAKE)};
    seat_world_limit_orders(p.redis, seed % 2 == 0 ? 3 : 0);
    seat_world_limit_orders(p.fake, seed % 2 == 0 ? 3 : 0);
    for (int i = 0; i < turns; i++) {
        between_turns(&p);
        turn(&p);
    }
    expect_same_outbox(&p);
    seat_world_free(p.redis);
    seat_world_free(p.fake);
}

Test(seat_turn, random_turns_agree_with_the_model)
{
    uint64_t seed = (uint64_t)time(NULL);
    for (uint64_t round = 0; round < 10; round++) {
        fprintf(stderr, "seed %" PRIu64 "\n", seed + round);
        play(seed + round, 30);
    }
}

Test(seat_turn, known_seeds)
{
    for (uint64_t seed = 1; seed <= 10; seed++)
        play(seed, 30);
    cr_expect_gt(taken_in_the_turn, 0, "a seat that somebody took in the same turn");
    cr_expect_gt(freed_in_the_turn, 0, "a seat that somebody gave back in the same turn");
    cr_expect_gt(paid_in_the_turn, 0, "checked out and settled in the same turn");
    cr_expect_gt(twice_in_the_turn, 0, "settled twice");
}
