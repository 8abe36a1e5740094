/* The contract of queue_store.h, put to the Redis adapter and to the fake alike. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/queue_bench.h"

/* Each contract becomes two tests: queue_redis::name and queue_fake::name. */
#define CONTRACT(name)                                                                             \
    static void name(struct queue_bench *b);                                                       \
    Test(queue_redis, name)                                                                        \
    {                                                                                              \
        struct queue_bench *b = queue_bench_redis();                                               \
        name(b);                                                                                   \
        queue_bench_free(b);                                                                       \
    }                                                                                              \
    Test(queue_fake, name)                                                                         \
    {                                                                                              \
        struct queue_bench *b = queue_bench_fake();                                                \
        name(b);                                                                                   \
        queue_bench_free(b);                                                                       \
    }                                                                                              \
    static void name(struct queue_bench *b)

/* Fast ticks; deadlines so long that nothing expires unless a test shortens them. */
static const struct queue_fake_settings usual = {.phase = PHASE_OPEN,
                                                 .tick_ms = 4,
                                                 .active_cap = 100,
                                                 .claim_ms = 600000,
                                                 .select_ms = 600000,
                                                 .seats_per_visitor_max = 3,
                                                 .waiting_max = 100000,
                                                 .admit_per_tick = 2,
                                                 .free = 1000};

/* --- one call at a time --- */

struct answer {
    struct queue_bench *bench;
    enum queue_status status;
    struct place places[JOIN_BATCH_MAX];
    bool was_due;
};

static void on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct answer *answer = ctx;
    answer->status = status;
    answer->bench->pending--;
    cr_assert_eq(places == NULL, status != QUEUE_OK);
    if (places)
        memcpy(answer->places, places, count * sizeof(places[0]));
}

static void on_place(void *ctx, enum queue_status status, const struct place *place)
{
    on_places(ctx, status, place, 1);
}

static void on_tick(void *ctx, enum queue_status status, bool was_due)
{
    struct answer *answer = ctx;
    answer->status = status;
    answer->was_due = was_due;
    answer->bench->pending--;
    answer->bench->due += was_due;
}

static struct queue_visitor named(const char *name)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "%s", name);
    return visitor;
}

static struct queue_visitor numbered(int number)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "visitor-%04u", (unsigned)number % 10000);
    return visitor;
}

/* Waits for the answer that `sent` promised. */
static struct answer *await(struct answer *answer, enum queue_status sent)
{
    struct queue_bench *bench = answer->bench;
    if (sent == QUEUE_OK) {
        bench->pending++;
        queue_bench_settle(bench);
    } else {
        answer->status = sent;
    }
    return answer;
}

static struct place join(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = named(name);
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[which]->join(b->store[which], BENCH_EVENT, &visitor, 1, on_places, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

static void join_batch(struct queue_bench *b, int which, const struct queue_visitor *visitors,
                       size_t count, struct answer *a)
{
    *a = (struct answer){.bench = b, .status = QUEUE_STATUS_COUNT};
    await(a, b->store[which]->join(b->store[which], BENCH_EVENT, visitors, count, on_places, a));
    cr_assert_eq(a->status, QUEUE_OK);
}

static struct place enter(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = named(name);
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[which]->enter(b->store[which], BENCH_EVENT, &visitor, on_place, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

static struct place look(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = named(name);
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[which]->look(b->store[which], BENCH_EVENT, &visitor, on_place, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

static struct place leave(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = named(name);
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[which]->leave(b->store[which], BENCH_EVENT, &visitor, on_place, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

static bool tick(struct queue_bench *b, int which)
{
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[which]->tick(b->store[which], BENCH_EVENT, on_tick, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.was_due;
}

/* Waits until a tick is due and runs it; its report has come when this returns. */
static void next_tick(struct queue_bench *b)
{
    for (int i = 0; i < 1000; i++) {
        if (tick(b, i & 1))
            return;
        queue_bench_wait(b, 1);
    }
    cr_assert_fail("no tick became due");
}

static void on_line(void *ctx, enum queue_status status, const struct line_state *line)
{
    struct answer *answer = ctx;
    answer->status = status;
    answer->bench->pending--;
    if (!line)
        return;
    struct line_view *view = &answer->bench->view;
    cr_assert_eq(line_view_on_state(view, line), LINE_VIEW_OK);
}

/* Re-reads the line into the bench's view. */
static void reread(struct queue_bench *b)
{
    struct answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    await(&a, b->store[0]->line(b->store[0], BENCH_EVENT, on_line, &a));
    cr_assert_eq(a.status, QUEUE_OK);
}

/* --- joining --- */

CONTRACT(places_follow_the_order_of_joining)
{
    queue_bench_configure(b, &usual);
    cr_assert_eq(join(b, 0, "a").seq, 1);
    cr_assert_eq(join(b, 1, "b").seq, 2);
    struct place place = join(b, 0, "c");
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.seq, 3);
    cr_assert_eq(place.phase, PHASE_OPEN);
    cr_assert(place.is_new);
    cr_assert_leq(llabs(place.now_ms - queue_bench_now_ms(b)), 2000);
}

CONTRACT(joining_again_changes_nothing)
{
    queue_bench_configure(b, &usual);
    join(b, 0, "a");
    join(b, 0, "b");
    for (int i = 0; i < 4; i++) {
        struct place place = join(b, i & 1, "a");
        cr_assert_eq(place.state, PLACE_WAITING);
        cr_assert_eq(place.seq, 1);
        cr_assert_not(place.is_new);
    }
    cr_assert_eq(join(b, 0, "c").seq, 3, "repeating took no sequence");
}

CONTRACT(somebody_twice_in_a_batch_has_one_place)
{
    queue_bench_configure(b, &usual);
    join(b, 0, "old");
    struct queue_visitor batch[] = {named("a"), named("b"), named("a"), named("old"), named("b")};
    static const int64_t seqs[] = {2, 3, 2, 1, 3};
    static const bool is_new[] = {true, true, false, false, false};
    struct answer a;
    join_batch(b, 1, batch, 5, &a);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(a.places[i].state, PLACE_WAITING);
        cr_assert_eq(a.places[i].seq, seqs[i]);
        cr_assert_eq(a.places[i].is_new, is_new[i]);
    }
    cr_assert_eq(join(b, 0, "c").seq, 4);
}

CONTRACT(the_largest_batch_keeps_its_order)
{
    struct queue_visitor batch[JOIN_BATCH_MAX];
    struct answer a;
    queue_bench_configure(b, &usual);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < JOIN_BATCH_MAX; i++)
            batch[i] = numbered(round * JOIN_BATCH_MAX + i);
        join_batch(b, round, batch, JOIN_BATCH_MAX, &a);
        for (int i = 0; i < JOIN_BATCH_MAX; i++)
            cr_assert_eq(a.places[i].seq, round * JOIN_BATCH_MAX + i + 1);
    }
}

CONTRACT(only_some_phases_take_new_visitors)
{
    static const bool takes[PHASE_COUNT] = {
        [PHASE_PREQUEUE] = true, [PHASE_OPEN] = true, [PHASE_PAUSED] = true};
    queue_bench_configure(b, &usual);
    join(b, 0, "old");
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct queue_fake_settings settings = usual;
        settings.phase = (enum queue_phase)i;
        queue_bench_configure(b, &settings);
        struct place place = join(b, 0, numbered(i).id);
        cr_assert_eq(place.state, takes[i] ? PLACE_WAITING : PLACE_NOT_OPEN, "phase %d", i);
        cr_assert_eq(place.phase, (enum queue_phase)i);
        place = join(b, 0, "old");
        cr_assert_eq(place.state, PLACE_WAITING, "who has a place keeps it, phase %d", i);
        cr_assert_eq(place.seq, 1);
    }
}

CONTRACT(an_event_nobody_knows_takes_nobody)
{
    cr_assert_eq(join(b, 0, "a").state, PLACE_NOT_OPEN);
    cr_assert_not(tick(b, 0));
}

CONTRACT(the_line_has_an_end)
{
    struct queue_fake_settings settings = usual;
    settings.waiting_max = 3;
    queue_bench_configure(b, &settings);
    struct queue_visitor batch[] = {named("a"), named("b"), named("c"), named("d"), named("a")};
    struct answer a;
    join_batch(b, 0, batch, 5, &a);
    cr_assert_eq(a.places[2].seq, 3);
    cr_assert_eq(a.places[3].state, PLACE_FULL);
    cr_assert_eq(a.places[4].seq, 1);
    cr_assert_eq(join(b, 1, "e").state, PLACE_FULL);
    cr_assert_eq(join(b, 1, "b").state, PLACE_WAITING);
    leave(b, 0, "b");
    cr_assert_eq(join(b, 1, "e").seq, 4, "refusing took no sequence");
}

CONTRACT(joining_and_leaving_in_a_circle_is_bounded)
{
    struct queue_fake_settings settings = usual;
    settings.waiting_max = 5;
    settings.phase = PHASE_PREQUEUE;
    queue_bench_configure(b, &settings);
    join(b, 0, "first");
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(join(b, 0, "a").state, PLACE_WAITING);
        leave(b, 0, "a");
    }
    cr_assert_eq(join(b, 0, "a").state, PLACE_FULL);
    leave(b, 0, "first");
    next_tick(b);
    cr_assert_eq(join(b, 0, "a").seq, 7, "the head has passed those who left");
}

CONTRACT(who_has_bought_enough_is_served)
{
    queue_bench_configure(b, &usual);
    queue_bench_set_bought(b, "a", 3);
    queue_bench_set_bought(b, "b", 2);
    cr_assert_eq(join(b, 0, "a").state, PLACE_SERVED);
    cr_assert_eq(join(b, 0, "b").seq, 1);
}

/* --- ticks --- */

CONTRACT(a_tick_comes_once_in_its_time)
{
    struct queue_fake_settings settings = usual;
    settings.tick_ms = 60000;
    queue_bench_configure(b, &settings);
    struct answer answers[40];
    for (int i = 0; i < 40; i++) {
        struct queue_store *store = b->store[i & 1];
        answers[i] = (struct answer){.bench = b};
        b->pending++;
        cr_assert_eq(store->tick(store, BENCH_EVENT, on_tick, &answers[i]), QUEUE_OK);
    }
    queue_bench_settle(b);
    cr_assert_eq(b->due, 1);
    cr_assert_eq(b->reports_count, 1);
}

CONTRACT(ticks_admit_in_order_at_the_rate)
{
    queue_bench_configure(b, &usual);
    for (int i = 0; i < 7; i++)
        join(b, i & 1, numbered(i).id);
    for (size_t admitted = 2; admitted <= 6; admitted += 2) {
        next_tick(b);
        cr_assert_eq(b->admitted_count, admitted);
        cr_assert_eq(b->last.head, (int64_t)admitted);
        cr_assert_eq(b->last.waiting, 7 - (int64_t)admitted);
        cr_assert_eq(b->last.inside, (int64_t)admitted);
        cr_assert_eq(b->last.seq, 7);
        cr_assert_eq(b->last.free, 1000);
    }
    for (int i = 0; i < 6; i++)
        cr_assert_str_eq(b->admitted[i].visitor.id, numbered(i).id);
    cr_assert_eq(b->admitted[5].deadline_ms, b->last.at_ms + usual.claim_ms);
    struct place place = join(b, 0, numbered(0).id);
    cr_assert_eq(place.state, PLACE_ADMITTED);
    cr_assert_eq(place.seq, 1);
    cr_assert_eq(place.admission, 1);
    cr_assert_eq(place.deadline_ms, b->admitted[0].deadline_ms);
}

CONTRACT(fractions_of_a_visitor_are_carried)
{
    struct queue_fake_settings settings = usual;
    settings.admit_per_tick = 0.3;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        join(b, 0, numbered(i).id);
    static const size_t expected[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3};
    for (int i = 0; i < 10; i++) {
        next_tick(b);
        cr_assert_eq(b->admitted_count, expected[i], "tick %d: %zu", i + 1, b->admitted_count);
    }
}

CONTRACT(the_cap_is_hard_and_freed_slots_are_refilled)
{
    struct queue_fake_settings settings = usual;
    settings.active_cap = 3;
    settings.admit_per_tick = 10;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 8; i++)
        join(b, 0, numbered(i).id);
    for (int i = 0; i < 4; i++)
        next_tick(b);
    cr_assert_eq(b->admitted_count, 3);
    struct place place = leave(b, 1, numbered(1).id);
    cr_assert_eq(place.state, PLACE_ADMITTED, "tells what was given up");
    next_tick(b);
    cr_assert_eq(b->admitted_count, 4);
    cr_assert_eq(b->last.inside, 3);
    cr_assert_eq(b->admitted[3].seq, 4);
}

CONTRACT(settings_count_from_the_next_tick)
{
    struct queue_fake_settings settings = usual;
    settings.active_cap = 0;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        join(b, 0, numbered(i).id);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 0);
    settings.active_cap = 5;
    settings.admit_per_tick = 50;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 5);
    settings.active_cap = 2; /* lower than those inside: nobody is thrown out, nobody comes in */
    queue_bench_configure(b, &settings);
    leave(b, 0, numbered(0).id);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 5);
    cr_assert_eq(b->last.inside, 4);
}

CONTRACT(no_more_are_admitted_than_there_are_seats)
{
    struct queue_fake_settings settings = usual;
    settings.admit_per_tick = 50;
    settings.free = 2;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 9; i++)
        join(b, 0, numbered(i).id);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    settings.free = 0;
    settings.holds = 1;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "a hold may come back");
    settings.holds = 0;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_SOLD_OUT);
    cr_assert_eq(b->last.waiting, 7);
    cr_assert_eq(join(b, 0, "late").state, PLACE_NOT_OPEN);
    settings.free = 1;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "a seat came back");
    cr_assert_eq(b->admitted_count, 3);
    settings.free = -1;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "no inventory is not sold out");
    cr_assert_eq(b->admitted_count, 3);
}

CONTRACT(a_pause_admits_nobody_and_loses_nobody)
{
    struct queue_fake_settings settings = usual;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 6; i++)
        join(b, 0, numbered(i).id);
    next_tick(b);
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 5; i++)
        next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(b->last.phase, PHASE_PAUSED);
    cr_assert_eq(b->last.waiting, 4);
    cr_assert_eq(join(b, 0, "new").seq, 7, "the line may be joined meanwhile");
    cr_assert_eq(enter(b, 0, numbered(0).id).state, PLACE_ENTERED);
    settings.phase = PHASE_OPEN;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 4, "nothing was saved up");
    cr_assert_eq(b->admitted[2].seq, 3);
}

CONTRACT(the_schedule_opens_by_itself)
{
    struct queue_fake_settings settings = usual;
    int64_t now = queue_bench_now_ms(b);
    settings.phase = PHASE_ANNOUNCED;
    settings.prequeue_at_ms = now + 150;
    settings.opens_at_ms = now + 300;
    queue_bench_configure(b, &settings);
    cr_assert_eq(join(b, 0, "a").state, PLACE_NOT_OPEN);
    queue_bench_wait(b, 150);
    struct place place = join(b, 0, "a");
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.phase, PHASE_PREQUEUE);
    next_tick(b);
    cr_assert_eq(b->admitted_count, 0);
    queue_bench_wait(b, 150);
    next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN);
    cr_assert_eq(b->admitted_count, 1);
}

/* --- inside --- */

CONTRACT(a_turn_is_claimed_once)
{
    queue_bench_configure(b, &usual);
    for (int i = 0; i < 3; i++)
        join(b, 0, numbered(i).id);
    cr_assert_eq(enter(b, 0, "nobody").state, PLACE_NONE);
    cr_assert_eq(enter(b, 0, numbered(0).id).state, PLACE_WAITING);
    next_tick(b);
    struct place place = enter(b, 0, numbered(0).id);
    cr_assert_eq(place.state, PLACE_ENTERED);
    cr_assert_eq(place.admission, 1);
    cr_assert_eq(place.seq, 1);
    cr_assert_eq(place.deadline_ms, place.now_ms + usual.select_ms);
    queue_bench_wait(b, 5);
    cr_assert_eq(enter(b, 1, numbered(0).id).deadline_ms, place.deadline_ms);
    cr_assert_eq(join(b, 1, numbered(0).id).state, PLACE_ENTERED);
    cr_assert_eq(join(b, 1, numbered(0).id).deadline_ms, place.deadline_ms);
    cr_assert_eq(join(b, 1, numbered(1).id).state, PLACE_ADMITTED);
    cr_assert_eq(leave(b, 1, numbered(0).id).state, PLACE_ENTERED);
    cr_assert_eq(enter(b, 1, numbered(0).id).state, PLACE_NONE);
}

CONTRACT(a_closed_event_lets_nobody_claim)
{
    struct queue_fake_settings settings = usual;
    queue_bench_configure(b, &settings);
    join(b, 0, "a");
    join(b, 0, "b");
    next_tick(b);
    enter(b, 0, "a");
    settings.phase = PHASE_CLOSED;
    queue_bench_configure(b, &settings);
    cr_assert_eq(enter(b, 0, "a").state, PLACE_ENTERED);
    cr_assert_eq(enter(b, 0, "b").state, PLACE_NOT_OPEN);
}

CONTRACT(missed_turns_and_used_up_time_end_in_their_own_way)
{
    struct queue_fake_settings settings = usual;
    settings.claim_ms = 100;
    settings.select_ms = 200;
    queue_bench_configure(b, &settings);
    join(b, 0, "shows");
    join(b, 0, "sleeps");
    next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(enter(b, 0, "shows").state, PLACE_ENTERED);
    queue_bench_wait(b, 110);
    cr_assert_eq(enter(b, 0, "sleeps").state, PLACE_NONE, "over, also before the tick notices");
    next_tick(b);
    cr_assert_eq(b->expired_count, 1);
    cr_assert_str_eq(b->expired[0].visitor.id, "sleeps");
    cr_assert(b->expired[0].is_no_show);
    cr_assert_eq(b->last.inside, 1);
    queue_bench_wait(b, 200);
    next_tick(b);
    cr_assert_eq(b->expired_count, 2, "each once");
    cr_assert_str_eq(b->expired[1].visitor.id, "shows");
    cr_assert_not(b->expired[1].is_no_show);
    cr_assert_eq(b->last.inside, 0);
    struct place place = join(b, 0, "sleeps");
    cr_assert_eq(place.seq, 3, "who missed the turn starts at the end");
    cr_assert(place.is_new);
}

CONTRACT(more_expired_than_a_tick_removes_still_count_as_inside)
{
    enum { PEOPLE = TICK_EXPIRE_MAX + 500, NEXT = 1200 };
    struct queue_fake_settings settings = usual;
    settings.active_cap = PEOPLE;
    settings.admit_per_tick = TICK_ADMIT_MAX;
    settings.claim_ms = 60;
    settings.free = 100000;
    queue_bench_configure(b, &settings);
    struct queue_visitor batch[100];
    struct answer a;
    for (int i = 0; i < PEOPLE + NEXT; i += 100) {
        for (int k = 0; k < 100; k++)
            batch[k] = numbered(i + k);
        join_batch(b, 0, batch, 100, &a);
    }
    next_tick(b);
    cr_assert_eq(b->last.inside, PEOPLE);
    settings.claim_ms = 600000;
    queue_bench_configure(b, &settings);
    queue_bench_wait(b, 70);
    next_tick(b);
    cr_assert_eq(b->expired_count, TICK_EXPIRE_MAX);
    cr_assert_eq(b->last.inside, PEOPLE);
    cr_assert_eq(b->admitted_count, PEOPLE + TICK_EXPIRE_MAX);
    next_tick(b);
    cr_assert_eq(b->expired_count, PEOPLE);
    cr_assert_eq(b->admitted_count, PEOPLE + NEXT);
}

/* --- leaving --- */

CONTRACT(looking_tells_the_place_and_changes_nothing)
{
    struct queue_fake_settings settings = usual;
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    cr_assert_eq(look(b, 0, "nobody").state, PLACE_NONE);
    cr_assert_eq(look(b, 1, "nobody").state, PLACE_NONE, "looking gives no place");
    join(b, 0, numbered(0).id);
    join(b, 0, numbered(1).id);
    cr_assert_eq(look(b, 1, numbered(1).id).state, PLACE_WAITING);
    cr_assert_eq(look(b, 1, numbered(1).id).seq, 2);
    next_tick(b);
    struct place place = look(b, 0, numbered(0).id);
    cr_assert_eq(place.state, PLACE_ADMITTED);
    cr_assert_eq(place.admission, 1);
    enter(b, 0, numbered(0).id);
    cr_assert_eq(look(b, 1, numbered(0).id).state, PLACE_ENTERED);
    leave(b, 0, numbered(0).id);
    cr_assert_eq(look(b, 1, numbered(0).id).state, PLACE_NONE);
}

CONTRACT(who_leaves_is_counted_out_of_the_places)
{
    struct queue_fake_settings settings = usual;
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 8; i++)
        join(b, 0, numbered(i).id);
    struct place place = leave(b, 1, numbered(4).id);
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.seq, 5);
    cr_assert_eq(leave(b, 0, numbered(4).id).state, PLACE_NONE);
    cr_assert_eq(leave(b, 0, "nobody").state, PLACE_NONE);
    leave(b, 0, numbered(2).id);
    next_tick(b);
    cr_assert_eq(b->gone_count, 2);
    cr_assert_eq(b->last.waiting, 5);
    cr_assert_eq(line_view_ahead(&b->view, 2), 0);
    cr_assert_eq(line_view_ahead(&b->view, 4), 1);
    cr_assert_eq(line_view_ahead(&b->view, 8), 4);
    line_view_clear(&b->view);
    reread(b);
    cr_assert_eq(line_view_ahead(&b->view, 8), 4, "re-reading tells the same");
    cr_assert_eq(b->view.waiting, 5);
    cr_assert_eq(b->view.inside, 1);
    cr_assert_eq(b->view.free, 1000);
    cr_assert_eq(b->view.phase, PHASE_OPEN);
    cr_assert_eq(join(b, 0, numbered(4).id).seq, 9, "back at the end");
    for (int i = 0; i < 6; i++)
        next_tick(b);
    cr_assert_eq(b->gone_count, 2, "each departure is told once");
    cr_assert_eq(b->last.head, 9);
    cr_assert_eq(b->view.departures.count, 0);
    reread(b);
    cr_assert_eq(b->view.departures.count, 0);
}

/* --- epochs --- */

CONTRACT(another_epoch_is_noticed_and_nothing_is_done)
{
    queue_bench_configure(b, &usual);
    join(b, 0, "a");
    queue_bench_set_epoch(b, 1, 2);
    struct queue_store *store = b->store[1];
    struct queue_visitor v = named("b");
    struct answer a = {.bench = b};
    cr_assert_eq(await(&a, store->join(store, BENCH_EVENT, &v, 1, on_places, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(await(&a, store->look(store, BENCH_EVENT, &v, on_place, &a))->status, QUEUE_EPOCH);
    cr_assert_eq(await(&a, store->enter(store, BENCH_EVENT, &v, on_place, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(await(&a, store->leave(store, BENCH_EVENT, &v, on_place, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(await(&a, store->tick(store, BENCH_EVENT, on_tick, &a))->status, QUEUE_EPOCH);
    cr_assert_eq(await(&a, store->line(store, BENCH_EVENT, on_line, &a))->status, QUEUE_EPOCH);
    cr_assert_eq(join(b, 0, "c").seq, 2);
    cr_assert_eq(b->reports_count, 0);
    queue_bench_replace(b, 2);
    queue_bench_configure(b, &usual);
    cr_assert_eq(await(&a, b->store[0]->tick(b->store[0], BENCH_EVENT, on_tick, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(join(b, 1, "b").seq, 1);
    queue_bench_set_epoch(b, 1, 0);
    cr_assert_eq(store->tick(store, BENCH_EVENT, on_tick, &a), QUEUE_EPOCH, "knows none: not sent");
}

/* --- what only Redis can show --- */

Test(queue_redis, departures_beyond_a_ticks_bound_are_told_by_the_next)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &usual);
    redis_server_run(b->server, "HSET ev:e:line seq 20000");
    redis_server_run(b->server, "ZADD ev:e:waiting 1 first");
    redis_server_run(b->server, "EVAL %s 1 ev:e:gone:new",
                     "for i = 2, 10008 do redis.call('RPUSH', KEYS[1], i) end");
    struct queue_fake_settings settings = usual;
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    next_tick(b);
    cr_assert_eq(b->gone_count, TICK_GONE_MAX);
    next_tick(b);
    cr_assert_eq(b->gone_count, TICK_GONE_MAX + 7);
    cr_assert_eq(b->gone[TICK_GONE_MAX + 6], 10008);
    queue_bench_free(b);
}

Test(queue_redis, a_dead_redis_is_said)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &usual);
    struct queue_visitor v = named("a");
    struct answer a = {.bench = b, .status = QUEUE_OK};
    struct queue_store *store = b->store[0];
    redis_server_kill(b->server);
    cr_assert_eq(await(&a, store->join(store, BENCH_EVENT, &v, 1, on_places, &a))->status,
                 QUEUE_UNKNOWN);
    cr_assert_eq(store->join(store, BENCH_EVENT, &v, 1, on_places, &a), QUEUE_DOWN);
    queue_bench_free(b);
}

Test(queue_redis, a_redis_that_refuses_to_write_is_said)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &usual);
    redis_server_run(b->server, "SET ev:e:waiting text");
    struct queue_visitor v = named("a");
    struct answer a = {.bench = b, .status = QUEUE_OK};
    struct queue_store *store = b->store[0];
    cr_assert_eq(await(&a, store->join(store, BENCH_EVENT, &v, 1, on_places, &a))->status,
                 QUEUE_UNKNOWN);
    queue_bench_free(b);
}
