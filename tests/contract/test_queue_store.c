/* The contract of queue_store.h, put to the Redis adapter and to the fake alike: joining and ticks.
 * Its second half is test_queue_inside.c. */
#include <stdlib.h>

#include "support/queue_calls.h"

/* --- joining --- */

CONTRACT(places_follow_the_order_of_joining)
{
    queue_bench_configure(b, &queue_usual);
    cr_assert_eq(queue_join(b, 0, "a").seq, 1);
    cr_assert_eq(queue_join(b, 1, "b").seq, 2);
    struct place place = queue_join(b, 0, "c");
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.seq, 3);
    cr_assert_eq(place.phase, PHASE_OPEN);
    cr_assert(place.is_new);
    cr_assert_leq(llabs(place.now_ms - queue_bench_now_ms(b)), 2000);
}

CONTRACT(joining_again_changes_nothing)
{
    queue_bench_configure(b, &queue_usual);
    queue_join(b, 0, "a");
    queue_join(b, 0, "b");
    for (int i = 0; i < 4; i++) {
        struct place place = queue_join(b, i & 1, "a");
        cr_assert_eq(place.state, PLACE_WAITING);
        cr_assert_eq(place.seq, 1);
        cr_assert_not(place.is_new);
    }
    cr_assert_eq(queue_join(b, 0, "c").seq, 3, "repeating took no sequence");
}

CONTRACT(somebody_twice_in_a_batch_has_one_place)
{
    queue_bench_configure(b, &queue_usual);
    queue_join(b, 0, "old");
    struct queue_visitor batch[] = {queue_named("a"), queue_named("b"), queue_named("a"),
                                    queue_named("old"), queue_named("b")};
    static const int64_t seqs[] = {2, 3, 2, 1, 3};
    static const bool is_new[] = {true, true, false, false, false};
    struct queue_answer a;
    queue_join_batch(b, 1, batch, 5, &a);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(a.places[i].state, PLACE_WAITING);
        cr_assert_eq(a.places[i].seq, seqs[i]);
        cr_assert_eq(a.places[i].is_new, is_new[i]);
    }
    cr_assert_eq(queue_join(b, 0, "c").seq, 4);
}

CONTRACT(the_largest_batch_keeps_its_order)
{
    struct queue_visitor batch[JOIN_BATCH_MAX];
    struct queue_answer a;
    queue_bench_configure(b, &queue_usual);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < JOIN_BATCH_MAX; i++)
            batch[i] = queue_numbered(round * JOIN_BATCH_MAX + i);
        queue_join_batch(b, round, batch, JOIN_BATCH_MAX, &a);
        for (int i = 0; i < JOIN_BATCH_MAX; i++)
            cr_assert_eq(a.places[i].seq, round * JOIN_BATCH_MAX + i + 1);
    }
}

CONTRACT(only_some_phases_take_new_visitors)
{
    static const bool takes[PHASE_COUNT] = {
        [PHASE_PREQUEUE] = true, [PHASE_OPEN] = true, [PHASE_PAUSED] = true};
    queue_bench_configure(b, &queue_usual);
    queue_join(b, 0, "old");
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct queue_fake_settings settings = queue_usual;
        settings.phase = (enum queue_phase)i;
        queue_bench_configure(b, &settings);
        struct place place = queue_join(b, 0, queue_numbered(i).id);
        cr_assert_eq(place.state, takes[i] ? PLACE_WAITING : PLACE_NOT_OPEN, "phase %d", i);
        cr_assert_eq(place.phase, (enum queue_phase)i);
        place = queue_join(b, 0, "old");
        cr_assert_eq(place.state, PLACE_WAITING, "who has a place keeps it, phase %d", i);
        cr_assert_eq(place.seq, 1);
    }
}

CONTRACT(an_event_nobody_knows_takes_nobody)
{
    cr_assert_eq(queue_join(b, 0, "a").state, PLACE_NOT_OPEN);
    cr_assert_not(queue_tick(b, 0));
}

CONTRACT(the_line_has_an_end)
{
    struct queue_fake_settings settings = queue_usual;
    settings.waiting_max = 3;
    queue_bench_configure(b, &settings);
    struct queue_visitor batch[] = {queue_named("a"), queue_named("b"), queue_named("c"),
                                    queue_named("d"), queue_named("a")};
    struct queue_answer a;
    queue_join_batch(b, 0, batch, 5, &a);
    cr_assert_eq(a.places[2].seq, 3);
    cr_assert_eq(a.places[3].state, PLACE_FULL);
    cr_assert_eq(a.places[4].seq, 1);
    cr_assert_eq(queue_join(b, 1, "e").state, PLACE_FULL);
    cr_assert_eq(queue_join(b, 1, "b").state, PLACE_WAITING);
    queue_leave(b, 0, "b");
    cr_assert_eq(queue_join(b, 1, "e").seq, 4, "refusing took no sequence");
}

CONTRACT(a_crowd_leaves_in_one_call)
{
    queue_bench_configure(b, &queue_usual);
    struct queue_visitor all[6], leaving[6];
    struct queue_answer a;
    for (int i = 0; i < 6; i++)
        all[i] = queue_numbered(i);
    queue_join_batch(b, 0, all, 6, &a);
    queue_next_tick(b);
    cr_assert_eq(queue_look(b, 0, all[0].id).state, PLACE_ADMITTED);
    cr_assert_eq(queue_look(b, 0, all[2].id).state, PLACE_WAITING, "two a tick");
    const int order[] = {4, 0, 9, 4, 2, 0};
    for (size_t i = 0; i < 6; i++)
        leaving[i] = queue_numbered(order[i]);
    queue_leave_batch(b, 1, leaving, 6, &a);
    static const enum place_state states[] = {PLACE_WAITING, PLACE_ADMITTED, PLACE_NONE,
                                              PLACE_NONE,    PLACE_WAITING,  PLACE_NONE};
    static const int64_t seqs[] = {5, 1, 0, 0, 3, 0};
    for (size_t i = 0; i < 6; i++) {
        cr_expect_eq(a.places[i].state, states[i], "the %zu. who leaves", i);
        cr_expect_eq(a.places[i].seq, seqs[i], "the %zu. who leaves", i);
    }
    cr_expect_eq(a.places[1].admission, 1);
    cr_expect_eq(queue_look(b, 0, all[1].id).state, PLACE_ADMITTED, "who stays is left alone");
    cr_expect_eq(queue_look(b, 0, all[3].id).seq, 4);
    cr_expect_eq(queue_look(b, 0, all[4].id).state, PLACE_NONE);
}

CONTRACT(joining_and_leaving_in_a_circle_is_bounded)
{
    struct queue_fake_settings settings = queue_usual;
    settings.waiting_max = 5;
    settings.phase = PHASE_PREQUEUE;
    queue_bench_configure(b, &settings);
    queue_join(b, 0, "first");
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(queue_join(b, 0, "a").state, PLACE_WAITING);
        queue_leave(b, 0, "a");
    }
    cr_assert_eq(queue_join(b, 0, "a").state, PLACE_FULL);
    queue_leave(b, 0, "first");
    queue_next_tick(b);
    cr_assert_eq(queue_join(b, 0, "a").seq, 7, "the head has passed those who left");
}

CONTRACT(who_has_bought_enough_is_served)
{
    queue_bench_configure(b, &queue_usual);
    queue_bench_set_bought(b, "a", 3);
    queue_bench_set_bought(b, "b", 2);
    cr_assert_eq(queue_join(b, 0, "a").state, PLACE_SERVED);
    cr_assert_eq(queue_join(b, 0, "b").seq, 1);
}

/* --- ticks --- */

CONTRACT(a_tick_comes_once_in_its_time)
{
    struct queue_fake_settings settings = queue_usual;
    settings.tick_ms = 60000;
    queue_bench_configure(b, &settings);
    struct queue_answer answers[40];
    for (int i = 0; i < 40; i++) {
        struct queue_store *store = b->store[i & 1];
        answers[i] = (struct queue_answer){.bench = b};
        b->pending++;
        cr_assert_eq(store->tick(store, BENCH_EVENT, queue_on_tick, &answers[i]), QUEUE_OK);
    }
    queue_bench_settle(b);
    cr_assert_eq(b->due, 1);
    cr_assert_eq(b->reports_count, 1);
}

CONTRACT(ticks_admit_in_order_at_the_rate)
{
    queue_bench_configure(b, &queue_usual);
    for (int i = 0; i < 7; i++)
        queue_join(b, i & 1, queue_numbered(i).id);
    for (size_t admitted = 2; admitted <= 6; admitted += 2) {
        queue_next_tick(b);
        cr_assert_eq(b->admitted_count, admitted);
        cr_assert_eq(b->last.head, (int64_t)admitted);
        cr_assert_eq(b->last.waiting, 7 - (int64_t)admitted);
        cr_assert_eq(b->last.inside, (int64_t)admitted);
        cr_assert_eq(b->last.seq, 7);
        cr_assert_eq(b->last.free, 1000);
    }
    for (int i = 0; i < 6; i++)
        cr_assert_str_eq(b->admitted[i].visitor.id, queue_numbered(i).id);
    cr_assert_eq(b->admitted[5].deadline_ms, b->last.at_ms + queue_usual.claim_ms);
    struct place place = queue_join(b, 0, queue_numbered(0).id);
    cr_assert_eq(place.state, PLACE_ADMITTED);
    cr_assert_eq(place.seq, 1);
    cr_assert_eq(place.admission, 1);
    cr_assert_eq(place.deadline_ms, b->admitted[0].deadline_ms);
}

CONTRACT(fractions_of_a_visitor_are_carried)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 0.3;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        queue_join(b, 0, queue_numbered(i).id);
    static const size_t expected[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3};
    for (int i = 0; i < 10; i++) {
        queue_next_tick(b);
        cr_assert_eq(b->admitted_count, expected[i], "tick %d: %zu", i + 1, b->admitted_count);
    }
}

CONTRACT(the_cap_is_hard_and_freed_slots_are_refilled)
{
    struct queue_fake_settings settings = queue_usual;
    settings.active_cap = 3;
    settings.admit_per_tick = 10;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 8; i++)
        queue_join(b, 0, queue_numbered(i).id);
    for (int i = 0; i < 4; i++)
        queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 3);
    struct place place = queue_leave(b, 1, queue_numbered(1).id);
    cr_assert_eq(place.state, PLACE_ADMITTED, "tells what was given up");
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 4);
    cr_assert_eq(b->last.inside, 3);
    cr_assert_eq(b->admitted[3].seq, 4);
}

CONTRACT(a_freed_slot_is_refilled_at_once_within_the_allowance)
{
    struct queue_fake_settings settings = queue_usual;
    settings.active_cap = 3;
    settings.admit_per_tick = 5.5;
    settings.tick_ms = 2000; /* all before the next tick happens within it, on any machine */
    settings.refill_at_once = true;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    int64_t tick = b->last.tick, at_ms = b->last.at_ms;
    cr_assert_eq(b->admitted_count, 3);
    cr_assert_not(queue_refill(b, 0), "nobody has gone");
    cr_assert_eq(b->last.tick, tick, "and nothing was told");
    for (size_t i = 0; i < 2; i++) {
        queue_leave(b, 0, b->admitted[i].visitor.id);
        cr_assert(queue_refill(b, (int)i));
        cr_assert_eq(b->admitted_count, 4 + i);
        cr_assert(b->last.is_refill);
        cr_assert_eq(b->last.tick, tick + 1 + (int64_t)i, "numbered like a tick");
        cr_assert_eq(b->last.inside, 3);
        cr_assert_eq(b->last.head, 4 + (int64_t)i);
    }
    queue_leave(b, 0, b->admitted[2].visitor.id);
    cr_assert_not(queue_refill(b, 0), "five in a tick and not one more");
    queue_leave(b, 0, b->admitted[3].visitor.id);
    queue_bench_wait(b, at_ms + 2000 - queue_bench_now_ms(b));
    queue_next_tick(b);
    cr_assert_not(b->last.is_refill);
    cr_assert_leq(b->last.at_ms, at_ms + 3900, "the grid has not moved");
    cr_assert_eq(b->admitted_count, 7);
}

CONTRACT(a_refill_keeps_to_phase_setting_and_stock)
{
    struct queue_fake_settings settings = queue_usual;
    settings.active_cap = 2;
    settings.admit_per_tick = 50;
    settings.tick_ms = 60000;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        queue_join(b, 0, queue_numbered(i).id);
    cr_assert(queue_refill(b, 0), "a refill while the tick is due is the tick");
    cr_assert_not(b->last.is_refill);
    queue_leave(b, 0, b->admitted[0].visitor.id);
    cr_assert_not(queue_refill(b, 0), "not wanted");
    settings.refill_at_once = true;
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    cr_assert_not(queue_refill(b, 0), "paused");
    settings.phase = PHASE_OPEN;
    settings.free = 0;
    settings.holds = 1;
    queue_bench_configure(b, &settings);
    cr_assert_not(queue_refill(b, 0), "nothing left to sell");
    settings.free = 10;
    settings.holds = 0;
    queue_bench_configure(b, &settings);
    cr_assert(queue_refill(b, 0));
    cr_assert_eq(b->admitted_count, 3);
    cr_assert_eq(b->admitted[2].seq, 3);
}

CONTRACT(settings_count_from_the_next_tick)
{
    struct queue_fake_settings settings = queue_usual;
    settings.active_cap = 0;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 20; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 0);
    settings.active_cap = 5;
    settings.admit_per_tick = 50;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 5);
    settings.active_cap = 2; /* lower than those inside: nobody is thrown out, nobody comes in */
    queue_bench_configure(b, &settings);
    queue_leave(b, 0, queue_numbered(0).id);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 5);
    cr_assert_eq(b->last.inside, 4);
}

CONTRACT(no_more_are_admitted_than_there_are_seats)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 50;
    settings.free = 2;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 9; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    settings.free = 0;
    settings.holds = 1;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "a hold may come back");
    settings.holds = 0;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_SOLD_OUT);
    cr_assert_eq(b->last.waiting, 7);
    cr_assert_eq(queue_join(b, 0, "late").state, PLACE_NOT_OPEN);
    settings.free = 1;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "a seat came back");
    cr_assert_eq(b->admitted_count, 3);
    settings.free = -1;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN, "no inventory is not sold out");
    cr_assert_eq(b->admitted_count, 3);
}

CONTRACT(a_standby_line_waits_for_seats_that_come_back)
{
    struct queue_fake_settings settings = queue_usual;
    settings.free = 0;
    settings.standby = true;
    queue_bench_configure(b, &settings);
    struct place place = queue_join(b, 0, "a");
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.phase, PHASE_SOLD_OUT);
    queue_join(b, 1, "b");
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_SOLD_OUT);
    cr_assert_eq(b->last.waiting, 2);
    cr_assert_eq(b->admitted_count, 0);
    settings.free = 1;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN);
    cr_assert_eq(b->admitted_count, 1, "as many as there are seats");
    cr_assert_str_eq(b->admitted[0].visitor.id, "a");
    settings.free = 0;
    settings.standby = false;
    queue_bench_configure(b, &settings);
    cr_assert_eq(queue_join(b, 0, "c").state, PLACE_NOT_OPEN);
    cr_assert_eq(queue_join(b, 0, "b").state, PLACE_WAITING, "a place is kept");
}

CONTRACT(a_pause_admits_nobody_and_loses_nobody)
{
    struct queue_fake_settings settings = queue_usual;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 6; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 5; i++)
        queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(b->last.phase, PHASE_PAUSED);
    cr_assert_eq(b->last.waiting, 4);
    cr_assert_eq(queue_join(b, 0, "new").seq, 7, "the line may be joined meanwhile");
    cr_assert_eq(queue_enter(b, 0, queue_numbered(0).id).state, PLACE_ENTERED);
    settings.phase = PHASE_OPEN;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 4, "nothing was saved up");
    cr_assert_eq(b->admitted[2].seq, 3);
}

#define FAR_MS 600000 /* a moment that does not come during a test */

static void wait_for_moment(struct queue_bench *b, int64_t at_ms)
{
    while (queue_bench_now_ms(b) < at_ms)
        queue_bench_wait(b, 1);
}

/* The grid of ticks is coarse here: only the moment itself can make a tick due. */
CONTRACT(the_opening_is_a_tick_of_its_own)
{
    struct queue_fake_settings settings = queue_usual;
    settings.phase = PHASE_PREQUEUE;
    settings.tick_ms = 1000;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 9; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    settings.opens_at_ms = queue_bench_now_ms(b) + 250;
    queue_bench_configure(b, &settings);
    while (queue_bench_now_ms(b) < settings.opens_at_ms) {
        int64_t before_ms = queue_bench_now_ms(b);
        bool was_due = queue_tick(b, 0);
        cr_assert(!was_due || queue_bench_now_ms(b) >= settings.opens_at_ms, "%ld ms early",
                  (long)(settings.opens_at_ms - before_ms));
        if (!was_due)
            queue_bench_wait(b, 1);
    }
    cr_assert(b->last.phase == PHASE_OPEN || queue_tick(b, 1), "no tick at the opening");
    cr_assert_eq(b->last.phase, PHASE_OPEN);
    cr_assert_geq(b->last.at_ms, settings.opens_at_ms);
    cr_assert_eq(b->admitted_count, 2);
    for (int i = 0; i < 20; i++) {
        bool was_due = queue_tick(b, i & 1);
        if (queue_bench_now_ms(b) >= settings.opens_at_ms + settings.tick_ms)
            break; /* a very busy machine: another tick may be due by now */
        cr_assert_not(was_due, "the opening comes once");
    }
    wait_for_moment(b, settings.opens_at_ms + settings.tick_ms);
    cr_assert(b->admitted_count > 2 || queue_tick(b, 0), "the grid began at the opening");
    cr_assert_eq(b->admitted_count, 4);
}

CONTRACT(the_schedule_closes_by_itself)
{
    struct queue_fake_settings settings = queue_usual;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 300; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    cr_assert_eq(queue_enter(b, 0, queue_numbered(0).id).state, PLACE_ENTERED);
    settings.closes_at_ms = queue_bench_now_ms(b) + 200;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, b->last.at_ms < settings.closes_at_ms ? PHASE_OPEN : PHASE_CLOSED);
    wait_for_moment(b, settings.closes_at_ms);
    size_t admitted = b->admitted_count;
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_CLOSED);
    cr_assert_eq(b->admitted_count, admitted);
    cr_assert_eq(queue_join(b, 0, "late").state, PLACE_NOT_OPEN);
    cr_assert_eq(queue_enter(b, 0, queue_numbered(0).id).state, PLACE_ENTERED, "the turn goes on");
    cr_assert_eq(queue_enter(b, 0, queue_numbered(1).id).state, PLACE_NOT_OPEN, "not claimed");
    cr_assert_eq(queue_join(b, 0, queue_numbered(299).id).state, PLACE_WAITING, "nobody is lost");
}

CONTRACT(the_schedule_opens_by_itself)
{
    struct queue_fake_settings settings = queue_usual;
    int64_t now = queue_bench_now_ms(b);
    settings.phase = PHASE_ANNOUNCED;
    settings.prequeue_at_ms = now + FAR_MS;
    settings.opens_at_ms = now + 2 * FAR_MS;
    queue_bench_configure(b, &settings);
    cr_assert_eq(queue_join(b, 0, "a").state, PLACE_NOT_OPEN);
    settings.prequeue_at_ms = queue_bench_now_ms(b) + 100;
    queue_bench_configure(b, &settings);
    wait_for_moment(b, settings.prequeue_at_ms);
    struct place place = queue_join(b, 0, "a");
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.phase, PHASE_PREQUEUE);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 0);
    settings.opens_at_ms = queue_bench_now_ms(b) + 100;
    queue_bench_configure(b, &settings);
    wait_for_moment(b, settings.opens_at_ms);
    queue_next_tick(b);
    cr_assert_eq(b->last.phase, PHASE_OPEN);
    cr_assert_eq(b->admitted_count, 1);
}
