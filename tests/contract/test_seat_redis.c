/* The seats in Redis held against the fake, over random operations; and what only Redis can do. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/clock.h"
#include "support/redis_server.h"
#include "support/seat_ask.h"
#include "ticketing/seat_redis.h"

/* --- random operations: Redis against the fake --- */

#define MODEL_VISITORS 30
#define MODEL_STEPS 8000

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

static unsigned results_seen[HOLD_RESULT_COUNT];

static void expect_same(const struct hold *redis, const struct hold *fake, const char *what)
{
    cr_assert_eq(redis->result, fake->result, "%s: result %d, model %d", what, redis->result,
                 fake->result);
    results_seen[fake->result]++;
    cr_assert_eq(redis->is_paying, fake->is_paying, "%s: is_paying", what);
    cr_assert_eq(redis->fence, fake->fence, "%s: fence", what);
    cr_assert_eq(redis->deadline_ms, fake->deadline_ms, "%s: deadline", what);
    cr_assert_eq(redis->now_ms, fake->now_ms, "%s: now", what);
    cr_assert_eq(redis->amount_minor, fake->amount_minor, "%s: amount", what);
    cr_assert_str_eq(redis->order, fake->order, "%s: order", what);
    cr_assert_str_eq(redis->intent, fake->intent, "%s: intent", what);
    cr_assert_str_eq(redis->offer, fake->offer, "%s: offer", what);
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
    struct hold now = ask_state(m->fake, visitor);
    struct hold same = ask_state(m->redis, visitor);
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
    switch (draw(m, 6)) {
    case 0:
    case 1:
        held_text(m, visitor, text, sizeof(text));
        (void)snprintf(m->last[who].order, sizeof(m->last[who].order), "o_%u", m->orders_count++);
        redis = ask_checkout(m->redis, visitor, order, text);
        fake = ask_checkout(m->fake, visitor, order, text);
        m->last[who].fence = fake.fence;
        expect_same(&redis, &fake, "checkout");
        break;
    case 2:
        redis = ask_intent(m->redis, visitor, order, "pi_1");
        fake = ask_intent(m->fake, visitor, order, "pi_1");
        expect_same(&redis, &fake, "intent");
        break;
    case 3:
        redis = ask_settle(m->redis, visitor, order, fence);
        fake = ask_settle(m->fake, visitor, order, fence);
        expect_same(&redis, &fake, "settle");
        break;
    case 4:
        redis = ask_decline_lost(m->redis, visitor, order, fence);
        fake = ask_decline_lost(m->fake, visitor, order, fence);
        expect_same(&redis, &fake, "decline after a loss");
        break;
    default:
        redis = ask_decline(m->redis, visitor, order, fence);
        fake = ask_decline(m->fake, visitor, order, fence);
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
        redis = ask_hold(m->redis, visitor, text);
        fake = ask_hold(m->fake, visitor, text);
        expect_same(&redis, &fake, "hold");
        break;
    case 3: {
        uint32_t count = 1 + draw(m, 4);
        redis = ask_area(m->redis, visitor, count);
        fake = ask_area(m->fake, visitor, count);
        expect_same(&redis, &fake, "hold_area");
        break;
    }
    case 4:
        if (draw(m, 2) == 0)
            draw_seats(m, text, sizeof(text));
        redis = ask_release(m->redis, visitor, text);
        fake = ask_release(m->fake, visitor, text);
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
        cr_assert_eq(ask_sweep(m->redis), ask_sweep(m->fake));
        break;
    default:
        step_payment(m, who, visitor);
    }
}

/* One world of each kind, the same operations in both. Seats sold stay sold, so plays are short and
 * many. */
static void play(uint64_t seed, int steps)
{
    struct model m = {.random = seed,
                      .redis = seat_world_create(WORLD_REDIS),
                      .fake = seat_world_create(WORLD_FAKE)};
    seat_world_limit_orders(m.redis, seed % 2 == 0 ? 3 : 0);
    seat_world_limit_orders(m.fake, seed % 2 == 0 ? 3 : 0);
    for (int i = 0; i < steps; i++) {
        step(&m);
        if (i % 100 != 99)
            continue;
        seats_expect_consistent(m.redis);
        seats_expect_consistent(m.fake);
        struct ask_seen redis = ask_look(m.redis), fake = ask_look(m.fake);
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
        play(seeds[i], 1500);
    for (int result = HOLD_OK; result < HOLD_LEDGER_BEHIND; result++)
        cr_expect_gt(results_seen[result], 0, "result %d came %u times", result,
                     results_seen[result]);
}

/* --- only in Redis --- */

Test(seat_store_redis_only, the_scripts_take_their_time_from_redis)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS_REAL_TIME);
    seat_world_admit(w, "anna", clock_wall_ms() + 60000, true);
    int64_t before_ms = clock_wall_ms();
    struct hold held = ask_hold(w, "anna", "1");
    cr_expect_eq(held.result, HOLD_OK);
    cr_expect_geq(held.now_ms, before_ms);
    cr_expect_leq(held.now_ms, clock_wall_ms());
    seat_world_free(w);
}

Test(seat_store_redis_only, a_full_outbox_refuses_checkouts)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    ask_admit(w, "anna");
    (void)ask_hold(w, "anna", "1");
    redis_server_run(seat_world_redis(w), "EVAL %s 0",
                     "for i = 1, 20000 do redis.call('XADD', 'outbox', '*', 'body', '{}') end");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_LEDGER_BEHIND, "1");
    redis_server_run(seat_world_redis(w), "XTRIM outbox MAXLEN 19999");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_OK, "1");
    seats_expect_result(ask_settle(w, "anna", "o_1", ask_state(w, "anna").fence), HOLD_OK, "1");
    seat_world_free(w);
}

Test(seat_store_redis_only, freeing_never_touches_a_sold_seat)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    ask_admit(w, "anna");
    (void)ask_hold(w, "anna", "1 2");
    redis_server_run(seat_world_redis(w), "BITFIELD ev:" HALL ":seats SET u8 #1 3");
    seats_expect_result(ask_release(w, "anna", ""), HOLD_OK, "");
    seats_expect_states(w, "1", SEAT_SOLD);
    seats_expect_states(w, "2", SEAT_FREE);
    int64_t fence = ask_to_pay(w, "anna", "4 5", "o_1");
    redis_server_run(seat_world_redis(w), "BITFIELD ev:" HALL ":seats SET u8 #4 3");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    seats_expect_states(w, "4", SEAT_SOLD);
    seats_expect_states(w, "5", SEAT_FREE);
    seats_expect_void(w, 0, "o_1", "anna", "ledger_refused", 200, "EUR");
    seat_world_free(w);
}

Test(seat_store_redis_only, the_first_write_is_refused_when_memory_is_short)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    int64_t fence = ask_to_pay(w, "anna", "1", "o_1");
    redis_server_run(seat_world_redis(w), "CONFIG SET maxmemory 1");
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome o = {0};
    cr_assert_eq(s->settle(s, HALL, "anna", "o_1", fence, "{}", ask_on_hold, &o), SEATS_OK);
    seat_world_run(w, &o.is_done);
    cr_expect_eq(o.status, SEATS_UNKNOWN);
    redis_server_run(seat_world_redis(w), "CONFIG SET maxmemory 0");
    seats_expect_states(w, "1", SEAT_PAYING);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    seats_expect_consistent(w);
    seat_world_free(w);
}

/* --- restore --- */

struct restored {
    bool is_done;
    enum seats_status status;
    struct seat_restored is;
};

static void on_restored(void *ctx, enum seats_status status, const struct seat_restored *is)
{
    struct restored *restored = ctx;
    restored->is_done = true;
    restored->status = status;
    if (is != NULL)
        restored->is = *is;
}

/* What the ledger knows: as the hall was loaded, with `sold` in addition. */
static struct restored restore(struct seat_world *w, enum seat_restore_mode mode, uint32_t sold)
{
    uint8_t states[HALL_SEATS], categories[HALL_SEATS];
    for (uint32_t seat = 0; seat < HALL_SEATS; seat++) {
        categories[seat] = (uint8_t)hall_category(seat);
        states[seat] = seat == 9                    ? SEAT_NOT_FOR_SALE
                       : seat == 19 || seat == sold ? SEAT_SOLD
                                                    : SEAT_FREE;
    }
    struct restored restored = {0};
    cr_assert_eq(seat_redis_restore(seat_world_store(w), HALL, mode, states, categories, HALL_SEATS,
                                    on_restored, &restored),
                 SEATS_OK);
    seat_world_run(w, &restored.is_done);
    return restored;
}

/* A sale that the ledger has not heard of, a hold and a payment. */
static void busy_hall(struct seat_world *w)
{
    int64_t fence = ask_to_pay(w, "sold", "1", "o_1");
    seats_expect_result(ask_settle(w, "sold", "o_1", fence), HOLD_OK, "1");
    ask_admit(w, "holds");
    seats_expect_result(ask_hold(w, "holds", "2 12"), HOLD_OK, "2 12");
    ask_to_pay(w, "pays", "3 4", "o_2");
}

Test(seat_store_redis_only, a_merge_keeps_what_redis_sold_and_holds)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    busy_hall(w);
    int64_t version = ask_look(w).version;
    redis_server_run(seat_world_redis(w), "HSET ev:" HALL ":counts free 7 free:0 99");
    struct restored restored = restore(w, SEAT_RESTORE_MERGE, 5);
    cr_assert_eq(restored.status, SEATS_OK);
    cr_expect_eq(restored.is.version, version + 1);
    cr_expect_eq(restored.is.sold_count, 3);
    cr_expect_eq(restored.is.free_count, HALL_SEATS - 1 - 3 - 4);
    cr_expect_eq(restored.is.dropped_count, 0);
    seats_expect_states(w, "1 5 19", SEAT_SOLD);
    seats_expect_states(w, "2 12", SEAT_HELD);
    seats_expect_states(w, "3 4", SEAT_PAYING);
    cr_expect(seat_map_needs_snapshot(seat_world_map(w, version + 1)), "readers are told");
    struct seat_fake_counts counts;
    seat_world_counts(w, &counts);
    cr_expect_eq(counts.free, restored.is.free_count);
    cr_expect_eq(counts.free_of[0], 10 - 1 - 5);
    cr_expect_eq(counts.free_of[1], 10 - 1 - 1);
    cr_expect_eq(counts.free_of[2], 20);
    seat_world_free(w);
}

Test(seat_store_redis_only, a_merge_drops_a_hold_on_a_seat_that_is_sold)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    busy_hall(w);
    int64_t fence = ask_state(w, "pays").fence;
    struct restored restored = restore(w, SEAT_RESTORE_MERGE, 4);
    cr_expect_eq(restored.is.dropped_count, 1);
    seats_expect_result(ask_state(w, "pays"), HOLD_NONE, "");
    seats_expect_result(ask_state(w, "holds"), HOLD_OK, "2 12");
    seats_expect_states(w, "3", SEAT_FREE);
    seats_expect_states(w, "4", SEAT_SOLD);
    seats_expect_void(w, 1, "o_2", "pays", "ledger_refused", 200, "EUR");
    seats_expect_result(ask_settle(w, "pays", "o_2", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 2);
    seat_world_free(w);
}

Test(seat_store_redis_only, a_replace_is_the_ledgers_word_alone)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    busy_hall(w);
    struct restored restored = restore(w, SEAT_RESTORE_REPLACE, 5);
    cr_expect_eq(restored.is.dropped_count, 2);
    cr_expect_eq(restored.is.free_count, HALL_SEATS - 3);
    seats_expect_states(w, "1 2 3 4 12", SEAT_FREE);
    seats_expect_states(w, "5 19", SEAT_SOLD);
    seats_expect_result(ask_state(w, "holds"), HOLD_NONE, "");
    seats_expect_void(w, 1, "o_2", "pays", "ledger_refused", 200, "EUR");
    cr_expect_eq(redis_server_number(seat_world_redis(w), "ZCARD ev:" HALL ":holds"), 0);
    seat_world_free(w);
}

Test(seat_store_redis_only, restore_alone_may_run_without_an_epoch)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    redis_server_run(seat_world_redis(w), "DEL epoch");
    cr_expect_eq(restore(w, SEAT_RESTORE_MERGE, 5).status, SEATS_EPOCH, "the store knows another");
    seat_redis_set_epoch(seat_world_store(w), 0);
    cr_expect_eq(restore(w, SEAT_RESTORE_MERGE, 5).status, SEATS_OK);
    struct ask_outcome o = {0};
    struct seat_store *s = seat_world_store(w);
    cr_assert_eq(s->state(s, HALL, "anna", ask_on_hold, &o), SEATS_OK);
    seat_world_run(w, &o.is_done);
    cr_expect_eq(o.status, SEATS_EPOCH, "no epoch is not an epoch");
    redis_server_run(seat_world_redis(w), "SET epoch 5");
    cr_expect_eq(restore(w, SEAT_RESTORE_MERGE, 5).status, SEATS_EPOCH);
    seat_world_free(w);
}

static long long scripts_called(struct seat_world *w)
{
    redisContext *redis = redisConnectUnix(redis_server_socket(seat_world_redis(w)));
    redisReply *reply = redisCommand(redis, "INFO commandstats");
    const char *at = strstr(reply->str, "cmdstat_evalsha:calls=");
    long long calls = at != NULL ? strtoll(strchr(at, '=') + 1, NULL, 10) : 0;
    freeReplyObject(reply);
    redisFree(redis);
    return calls;
}

Test(seat_store_redis_only, what_comes_while_a_call_is_under_way_shares_the_next)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome alone = {0}, shared[5] = {0};
    long long before = scripts_called(w);
    cr_assert_eq(s->state(s, HALL, "anna", ask_on_hold, &alone), SEATS_OK);
    seat_redis_before_sleep(s);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(s->state(s, HALL, "ben", ask_on_hold, &shared[i]), SEATS_OK);
        seat_redis_before_sleep(s); /* waits for the answer to the first */
    }
    seat_world_turn(w, &alone.is_done);
    seat_world_turn(w, &shared[4].is_done);
    cr_expect_eq(scripts_called(w) - before, 2);
    cr_expect_eq(shared[0].status, SEATS_OK);
    seat_world_free(w);
}

Test(seat_store_redis_only, who_waits_for_a_call_that_is_lost_hears_of_it)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    struct seat_store *s = seat_world_store(w);
    struct ask_outcome lost = {0}, waiting = {0};
    cr_assert_eq(s->state(s, HALL, "anna", ask_on_hold, &lost), SEATS_OK);
    seat_redis_before_sleep(s);
    cr_assert_eq(s->state(s, HALL, "ben", ask_on_hold, &waiting), SEATS_OK);
    redis_server_kill(seat_world_redis(w));
    seat_world_turn(w, &waiting.is_done);
    cr_expect_eq(lost.status, SEATS_UNKNOWN);
    cr_expect_eq(waiting.status, SEATS_DOWN);
    redis_server_restart(seat_world_redis(w));
    seat_world_free(w);
}

Test(seat_store_redis_only, without_redis_nothing_is_sent)
{
    struct seat_world *w = seat_world_create(WORLD_REDIS);
    struct seat_store *s = seat_world_store(w);
    redis_server_kill(seat_world_redis(w));
    struct ask_outcome first = {0}, second = {0};
    if (s->state(s, HALL, "anna", ask_on_hold, &first) == SEATS_OK) {
        seat_world_run(w, &first.is_done);
        cr_expect_eq(first.status, SEATS_UNKNOWN);
    }
    cr_expect_eq(s->state(s, HALL, "anna", ask_on_hold, &second), SEATS_DOWN);
    cr_expect_not(second.is_done);
    redis_server_restart(seat_world_redis(w));
    seat_world_free(w);
}
