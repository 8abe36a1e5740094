/* The contract of queue_store.h, put to the Redis adapter and to the fake alike: turns, leaving,
 * epochs, and what only a real Redis can show. Its first half is test_queue_store.c. */
#include "queue/admission.h"
#include "support/queue_calls.h"

/* --- inside --- */

CONTRACT(a_turn_is_claimed_once)
{
    queue_bench_configure(b, &queue_usual);
    for (int i = 0; i < 3; i++)
        queue_join(b, 0, queue_numbered(i).id);
    cr_assert_eq(queue_enter(b, 0, "nobody").state, PLACE_NONE);
    cr_assert_eq(queue_enter(b, 0, queue_numbered(0).id).state, PLACE_WAITING);
    queue_next_tick(b);
    struct place place = queue_enter(b, 0, queue_numbered(0).id);
    cr_assert_eq(place.state, PLACE_ENTERED);
    cr_assert_eq(place.admission, 1);
    cr_assert_eq(place.seq, 1);
    cr_assert_eq(place.deadline_ms, place.now_ms + queue_usual.select_ms);
    queue_bench_wait(b, 5);
    cr_assert_eq(queue_enter(b, 1, queue_numbered(0).id).deadline_ms, place.deadline_ms);
    cr_assert_eq(queue_join(b, 1, queue_numbered(0).id).state, PLACE_ENTERED);
    cr_assert_eq(queue_join(b, 1, queue_numbered(0).id).deadline_ms, place.deadline_ms);
    cr_assert_eq(queue_join(b, 1, queue_numbered(1).id).state, PLACE_ADMITTED);
    cr_assert_eq(queue_leave(b, 1, queue_numbered(0).id).state, PLACE_ENTERED);
    cr_assert_eq(queue_enter(b, 1, queue_numbered(0).id).state, PLACE_NONE);
}

CONTRACT(who_is_there_has_less_time_than_who_is_away)
{
    struct queue_fake_settings settings = queue_usual;
    settings.claim_ms = 100;
    settings.claim_away_ms = 600;
    settings.admit_per_tick = 4;
    queue_bench_configure(b, &settings);
    static const char *const names[] = {"there", "asleep", "quick", "late"};
    for (int i = 0; i < 4; i++)
        queue_join(b, 0, names[i]);
    queue_next_tick(b);
    int64_t at_ms = b->last.at_ms;
    cr_assert_eq(b->admitted[1].deadline_ms, at_ms + 600, "at first everyone has the longer time");
    int64_t selects_until_ms = queue_enter(b, 0, "quick").deadline_ms;
    cr_assert_eq(queue_present(b, 0, at_ms, "there"), 1);
    cr_assert_eq(queue_present(b, 1, at_ms, "there"), 0, "repeating changes nothing");
    cr_assert_eq(queue_present(b, 1, at_ms, "quick"), 0, "a claimed turn has its own time");
    cr_assert_eq(queue_present(b, 1, at_ms, "nobody"), 0);
    cr_assert_eq(queue_look(b, 0, "there").deadline_ms, at_ms + 100);
    cr_assert_eq(queue_look(b, 0, "quick").deadline_ms, selects_until_ms);
    cr_assert_eq(queue_look(b, 0, "asleep").deadline_ms, at_ms + 600);
    queue_bench_wait(b, 150);
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 1);
    cr_assert_str_eq(b->expired[0].visitor.id, "there");
    cr_assert_eq(queue_enter(b, 0, "late").state, PLACE_ENTERED, "the phone was asleep for longer");
    queue_bench_wait(b, 500);
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 2);
    cr_assert_str_eq(b->expired[1].visitor.id, "asleep");
}

CONTRACT(a_closed_event_lets_nobody_claim)
{
    struct queue_fake_settings settings = queue_usual;
    queue_bench_configure(b, &settings);
    queue_join(b, 0, "a");
    queue_join(b, 0, "b");
    queue_next_tick(b);
    queue_enter(b, 0, "a");
    settings.phase = PHASE_CLOSED;
    queue_bench_configure(b, &settings);
    cr_assert_eq(queue_enter(b, 0, "a").state, PLACE_ENTERED);
    cr_assert_eq(queue_enter(b, 0, "b").state, PLACE_NOT_OPEN);
}

CONTRACT(missed_turns_and_used_up_time_end_in_their_own_way)
{
    struct queue_fake_settings settings = queue_usual;
    settings.claim_ms = 100;
    settings.select_ms = 200;
    queue_bench_configure(b, &settings);
    queue_join(b, 0, "shows");
    queue_join(b, 0, "sleeps");
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 2);
    cr_assert_eq(queue_enter(b, 0, "shows").state, PLACE_ENTERED);
    queue_bench_wait(b, 110);
    cr_assert_eq(queue_enter(b, 0, "sleeps").state, PLACE_NONE,
                 "over, also before the tick notices");
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 1);
    cr_assert_str_eq(b->expired[0].visitor.id, "sleeps");
    cr_assert(b->expired[0].is_no_show);
    cr_assert_eq(b->last.inside, 1);
    queue_bench_wait(b, 200);
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 2, "each once");
    cr_assert_str_eq(b->expired[1].visitor.id, "shows");
    cr_assert_not(b->expired[1].is_no_show);
    cr_assert_eq(b->last.inside, 0);
    struct place place = queue_join(b, 0, "sleeps");
    cr_assert_eq(place.seq, 3, "who missed the turn starts at the end");
    cr_assert(place.is_new);
}

static void join_many(struct queue_bench *b, int count)
{
    struct queue_visitor batch[100];
    struct queue_answer a;
    for (int i = 0; i < count; i += 100) {
        for (int k = 0; k < 100; k++)
            batch[k] = queue_numbered(i + k);
        queue_join_batch(b, 0, batch, 100, &a);
    }
}

/* Runs a tick when it is due, but not what it leaves over. */
static void first_piece_of_a_tick(struct queue_bench *b)
{
    for (int i = 0; i < 1000 && !queue_tick(b, i & 1); i++)
        queue_bench_wait(b, 1);
}

CONTRACT(more_expired_than_a_tick_removes_still_count_as_inside)
{
    enum { PEOPLE = TICK_EXPIRE_MAX + 500, NEXT = 1200 };
    struct queue_fake_settings settings = queue_usual;
    settings.active_cap = PEOPLE;
    settings.admit_per_tick = TICK_ADMIT_MAX;
    settings.claim_ms = 1;
    settings.claim_away_ms = 600000;
    settings.free = 100000;
    queue_bench_configure(b, &settings);
    join_many(b, PEOPLE + NEXT);
    while (b->last.inside < PEOPLE)
        queue_next_tick(b);
    for (int i = 0; i < PEOPLE; i++)
        queue_present(b, i & 1, b->last.at_ms - 1, queue_numbered(i).id);
    queue_bench_wait(b, 2);
    first_piece_of_a_tick(b);
    cr_assert_eq(b->expired_count, TICK_EXPIRE_MAX);
    cr_assert_eq(b->last.inside, PEOPLE - TICK_EXPIRE_MAX + TICK_PIECE_MAX);
    cr_assert_eq(b->last.rest, TICK_EXPIRE_MAX - TICK_PIECE_MAX, "500 who are over still count");
    for (int i = 0; i < 3; i++)
        queue_next_tick(b);
    cr_assert_eq(b->expired_count, PEOPLE);
    cr_assert_eq(b->admitted_count, PEOPLE + NEXT);
}

static enum tick_outcome refill_outcome(struct queue_bench *b, int which)
{
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    struct queue_store *store = b->store[which];
    queue_await(&a, store->refill(store, BENCH_EVENT, queue_on_tick, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.outcome;
}

/* A large tick comes in pieces; a slow one, so that the next does not come between them. */
CONTRACT(a_tick_that_admits_many_leaves_a_rest_for_refills)
{
    enum { ALL = 2 * TICK_PIECE_MAX + 200 };
    struct queue_fake_settings settings = queue_usual;
    settings.tick_ms = 60000;
    settings.active_cap = 10 * ALL;
    settings.admit_per_tick = ALL;
    settings.free = 100000;
    queue_bench_configure(b, &settings);
    join_many(b, ALL + 100);
    cr_assert(queue_tick(b, 0));
    cr_assert_eq(b->admitted_count, TICK_PIECE_MAX);
    cr_assert_eq(b->last.rest, ALL - TICK_PIECE_MAX);
    cr_assert_not(b->last.is_refill);
    cr_assert_eq(refill_outcome(b, 1), TICK_MORE, "any gateway may go on");
    cr_assert(b->last.is_refill);
    cr_assert_eq(b->admitted_count, 2 * TICK_PIECE_MAX);
    cr_assert_eq(refill_outcome(b, 0), TICK_DONE);
    cr_assert_eq(b->admitted_count, ALL, "no more than the tick allows");
    cr_assert_eq(b->last.rest, 0);
    cr_assert_eq(refill_outcome(b, 1), TICK_NOT_DUE);
    cr_assert_eq(b->last.waiting, 100);
}

CONTRACT(the_rest_of_a_tick_keeps_the_cap_and_the_phase)
{
    enum { ALL = TICK_PIECE_MAX + 300 };
    struct queue_fake_settings settings = queue_usual;
    settings.tick_ms = 60000;
    settings.active_cap = ALL;
    settings.admit_per_tick = ALL;
    settings.free = 100000;
    queue_bench_configure(b, &settings);
    join_many(b, ALL);
    cr_assert(queue_tick(b, 0));
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    cr_assert_eq(refill_outcome(b, 0), TICK_NOT_DUE, "nobody is admitted while it is paused");
    settings.phase = PHASE_OPEN;
    settings.active_cap = TICK_PIECE_MAX + 10;
    queue_bench_configure(b, &settings);
    cr_assert_eq(refill_outcome(b, 0), TICK_DONE);
    cr_assert_eq(b->last.inside, TICK_PIECE_MAX + 10, "the cap of now, not that of the tick");
    settings.active_cap = ALL;
    queue_bench_configure(b, &settings);
    cr_assert_eq(refill_outcome(b, 0), TICK_NOT_DUE, "what did not come in is not owed");
}

/* --- looking and leaving --- */

CONTRACT(looking_tells_the_place_and_changes_nothing)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    cr_assert_eq(queue_look(b, 0, "nobody").state, PLACE_NONE);
    cr_assert_eq(queue_look(b, 1, "nobody").state, PLACE_NONE, "looking gives no place");
    queue_join(b, 0, queue_numbered(0).id);
    queue_join(b, 0, queue_numbered(1).id);
    cr_assert_eq(queue_look(b, 1, queue_numbered(1).id).state, PLACE_WAITING);
    cr_assert_eq(queue_look(b, 1, queue_numbered(1).id).seq, 2);
    queue_next_tick(b);
    struct place place = queue_look(b, 0, queue_numbered(0).id);
    cr_assert_eq(place.state, PLACE_ADMITTED);
    cr_assert_eq(place.admission, 1);
    queue_enter(b, 0, queue_numbered(0).id);
    cr_assert_eq(queue_look(b, 1, queue_numbered(0).id).state, PLACE_ENTERED);
    queue_leave(b, 0, queue_numbered(0).id);
    cr_assert_eq(queue_look(b, 1, queue_numbered(0).id).state, PLACE_NONE);
}

CONTRACT(a_batch_of_looks_answers_in_its_order)
{
    struct queue_fake_settings settings = queue_usual;
    struct queue_visitor batch[JOIN_BATCH_MAX];
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    settings.admit_per_tick = 2;
    settings.claim_ms = 50;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 2; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_next_tick(b);
    queue_enter(b, 0, queue_numbered(1).id);
    queue_bench_wait(b, 60); /* visitor 0 is over now, and no tick has noticed */
    for (int i = 2; i < 5; i++)
        queue_join(b, 0, queue_numbered(i).id);
    for (int i = 0; i < JOIN_BATCH_MAX; i++)
        batch[i] = queue_numbered(i % 7);
    struct queue_store *store = b->store[1];
    queue_await(&a, store->look(store, BENCH_EVENT, batch, JOIN_BATCH_MAX, queue_on_places, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    for (int i = 0; i < JOIN_BATCH_MAX; i++) {
        static const enum place_state states[7] = {PLACE_NONE,    PLACE_ENTERED, PLACE_WAITING,
                                                   PLACE_WAITING, PLACE_WAITING, PLACE_NONE,
                                                   PLACE_NONE};
        static const int64_t seqs[7] = {0, 2, 3, 4, 5, 0, 0};
        cr_assert_eq(a.places[i].state, states[i % 7], "%d: %d", i, a.places[i].state);
        cr_assert_eq(a.places[i].seq, seqs[i % 7]);
        cr_assert_eq(a.places[i].admission, i % 7 == 1 ? 2 : 0);
        cr_assert_eq(a.places[i].phase, PHASE_OPEN);
        cr_assert_not(a.places[i].is_new);
    }
}

CONTRACT(who_leaves_is_counted_out_of_the_places)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 8; i++)
        queue_join(b, 0, queue_numbered(i).id);
    struct place place = queue_leave(b, 1, queue_numbered(4).id);
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.seq, 5);
    cr_assert_eq(queue_leave(b, 0, queue_numbered(4).id).state, PLACE_NONE);
    cr_assert_eq(queue_leave(b, 0, "nobody").state, PLACE_NONE);
    queue_leave(b, 0, queue_numbered(2).id);
    queue_next_tick(b);
    cr_assert_eq(b->gone_count, 2);
    cr_assert_eq(b->last.waiting, 5);
    cr_assert_eq(line_view_ahead(&b->view, 2), 0);
    cr_assert_eq(line_view_ahead(&b->view, 4), 1);
    cr_assert_eq(line_view_ahead(&b->view, 8), 4);
    line_view_clear(&b->view);
    queue_reread(b);
    cr_assert_eq(line_view_ahead(&b->view, 8), 4, "re-reading tells the same");
    cr_assert_eq(b->view.waiting, 5);
    cr_assert_eq(b->view.inside, 1);
    cr_assert_eq(b->view.free, 1000);
    cr_assert_eq(b->view.phase, PHASE_OPEN);
    cr_assert_eq(queue_join(b, 0, queue_numbered(4).id).seq, 9, "back at the end");
    for (int i = 0; i < 6; i++)
        queue_next_tick(b);
    cr_assert_eq(b->gone_count, 2, "each departure is told once");
    cr_assert_eq(b->last.head, 9);
    cr_assert_eq(b->view.departures.count, 0);
    queue_reread(b);
    cr_assert_eq(b->view.departures.count, 0);
}

static enum place_reason why_gone(struct queue_bench *b, int person, int64_t seq)
{
    struct place place = queue_restore(b, 1, queue_numbered(person).id, seq, 1);
    cr_assert_eq(place.state, PLACE_GONE);
    return place.reason;
}

CONTRACT(who_left_is_told_so_by_the_receipt_however_late)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 1;
    settings.claim_ms = 1000;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 4; i++)
        queue_join(b, 0, queue_numbered(i).id);
    queue_leave(b, 0, queue_numbered(1).id);
    for (int i = 0; i < 4; i++)
        queue_next_tick(b);
    cr_assert_eq(b->last.head, 4, "the head has passed all of them");
    cr_assert_eq(why_gone(b, 1, 2), GONE_LEFT, "out of the line");
    cr_assert_eq(queue_enter(b, 0, queue_numbered(2).id).state, PLACE_ENTERED);
    queue_leave(b, 0, queue_numbered(2).id);
    cr_assert_eq(why_gone(b, 2, 3), GONE_LEFT, "out of the turn");
    queue_leave(b, 0, queue_numbered(3).id);
    cr_assert_eq(why_gone(b, 3, 4), GONE_LEFT, "before the turn was claimed");
    queue_bench_wait(b, settings.claim_ms + 10);
    queue_next_tick(b);
    cr_assert_eq(why_gone(b, 0, 1), GONE_MISSED, "who did not leave has missed it");
}

/* --- epochs --- */

CONTRACT(another_epoch_is_noticed_and_nothing_is_done)
{
    queue_bench_configure(b, &queue_usual);
    queue_join(b, 0, "a");
    queue_bench_set_epoch(b, 1, 2);
    struct queue_store *store = b->store[1];
    struct queue_visitor v = queue_named("b");
    struct queue_answer a = {.bench = b};
    cr_assert_eq(
        queue_await(&a, store->join(store, BENCH_EVENT, &v, 1, queue_on_places, &a))->status,
        QUEUE_EPOCH);
    cr_assert_eq(
        queue_await(&a, store->look(store, BENCH_EVENT, &v, 1, queue_on_places, &a))->status,
        QUEUE_EPOCH);
    cr_assert_eq(queue_await(&a, store->enter(store, BENCH_EVENT, &v, queue_on_place, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(
        queue_await(&a, store->leave(store, BENCH_EVENT, &v, 1, queue_on_places, &a))->status,
        QUEUE_EPOCH);
    cr_assert_eq(queue_await(&a, store->tick(store, BENCH_EVENT, queue_on_tick, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(queue_await(&a, store->line(store, BENCH_EVENT, queue_on_line, &a))->status,
                 QUEUE_EPOCH);
    cr_assert_eq(queue_join(b, 0, "c").seq, 2);
    cr_assert_eq(b->reports_count, 0);
    queue_bench_replace(b, 2);
    queue_bench_configure(b, &queue_usual);
    cr_assert_eq(
        queue_await(&a, b->store[0]->tick(b->store[0], BENCH_EVENT, queue_on_tick, &a))->status,
        QUEUE_EPOCH);
    cr_assert_eq(queue_join(b, 1, "b").seq, 1);
    queue_bench_set_epoch(b, 1, 0);
    cr_assert_eq(store->tick(store, BENCH_EVENT, queue_on_tick, &a), QUEUE_EPOCH,
                 "knows none: not sent");
}

CONTRACT(report_and_line_tell_the_same_figures)
{
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 2.5;
    settings.holds = 4;
    queue_bench_configure(b, &settings);
    queue_join(b, 0, "a");
    queue_next_tick(b);
    cr_assert_eq(b->last.holds, 4);
    cr_assert_eq(b->last.rate_micro, 2500000);
    cr_assert_eq(b->last.recovers_at_ms, 0);
    cr_assert_eq(b->last.draw, DRAW_NONE);
    settings.holds = 5;
    settings.admit_per_tick = 0.5;
    queue_bench_configure(b, &settings);
    queue_reread(b);
    cr_assert_eq(b->view.holds, 5);
    cr_assert_eq(b->view.rate_micro, 500000);
    cr_assert_eq(b->view.recovers_at_ms, 0);
    cr_assert_eq(b->view.draw, DRAW_NONE);
}

CONTRACT(the_line_slows_down_while_the_ledger_is_behind)
{
    static const struct {
        int64_t lag_ms;
        size_t least, most;
    } rows[] = {{2000, 30, 30}, {6000, 14, 15}, {60000, 1, 2}, {0, 30, 30}};
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 30;
    settings.active_cap = 1000;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 120; i++)
        queue_join(b, 0, queue_numbered(i).id);
    for (size_t i = 0; i < 4; i++) {
        size_t before = b->admitted_count;
        settings.lag_ms = rows[i].lag_ms;
        queue_bench_configure(b, &settings);
        queue_next_tick(b);
        size_t count = b->admitted_count - before;
        cr_assert(count >= rows[i].least && count <= rows[i].most, "%zu at a lag of %lld ms", count,
                  (long long)rows[i].lag_ms);
        cr_assert(b->last.lag_ms >= rows[i].lag_ms && b->last.lag_ms < rows[i].lag_ms + 1500);
        cr_assert_eq(b->last.rate_micro, admission_rate_behind(30000000, b->last.lag_ms));
        queue_reread(b);
        cr_assert_leq(llabs(b->view.rate_micro - b->last.rate_micro), 1000000);
    }
}

/* The ledger is away and nothing was sold since: its last sign of life tells. */
Test(queue_redis, a_silent_ledger_slows_the_line_down)
{
    struct queue_bench *b = queue_bench_redis();
    struct queue_fake_settings settings = queue_usual;
    settings.admit_per_tick = 30;
    queue_bench_configure(b, &settings);
    redis_server_run(b->server, "SET ledger:beat %lld", (long long)queue_bench_now_ms(b) - 30000);
    queue_next_tick(b);
    cr_assert(b->last.lag_ms >= 30000 && b->last.lag_ms < 32000);
    cr_assert(b->last.rate_micro > 2500000 && b->last.rate_micro <= 3000000);
    redis_server_run(b->server, "SET ledger:beat %lld", (long long)queue_bench_now_ms(b) + 500);
    queue_next_tick(b);
    cr_assert_eq(b->last.lag_ms, 0);
    queue_bench_free(b);
}

/* Turns stand still while the ledger is away, and go on where they stood. */
CONTRACT(turns_are_frozen_while_the_ledger_is_away)
{
    struct queue_fake_settings settings = queue_usual;
    settings.claim_ms = settings.claim_away_ms = settings.select_ms = 1000;
    settings.admit_per_tick = 2;
    queue_bench_configure(b, &settings);
    queue_join(b, 0, "in");
    queue_join(b, 0, "out");
    queue_next_tick(b);
    cr_assert_eq(queue_enter(b, 0, "in").state, PLACE_ENTERED);
    int64_t missed_ms = queue_bench_now_ms(b);
    queue_bench_beat(b, missed_ms - 3000);
    queue_bench_wait(b, 1500);
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 0, "nobody's turn ends");
    struct place place = queue_join(b, 1, "in");
    cr_assert_eq(place.state, PLACE_ENTERED);
    int64_t left_ms = place.deadline_ms - place.now_ms;
    cr_assert(left_ms > 0 && left_ms <= 1000, "%lld ms left", (long long)left_ms);
    place = queue_enter(b, 0, "out");
    cr_assert_eq(place.state, PLACE_ENTERED, "and one that was not claimed can be");
    queue_bench_thaw(b);
    queue_bench_beat(b, queue_bench_now_ms(b) + 60000);
    place = queue_join(b, 1, "in");
    cr_assert_eq(place.state, PLACE_ENTERED);
    cr_assert_leq(llabs(place.deadline_ms - place.now_ms - left_ms), 300);
    queue_bench_wait(b, 1300);
    queue_next_tick(b);
    cr_assert_eq(b->expired_count, 2);
    cr_assert_not(b->expired[0].is_no_show);
}

/* --- the adaptive rate --- */

/* The next call is in another interval. */
static void pass_interval(struct queue_bench *b)
{
    if (b->server)
        redis_server_run(b->server, "HINCRBY ev:e:pace at_ms -5000");
    else
        queue_bench_wait(b, PACE_INTERVAL_MS);
}

CONTRACT(slow_holds_slow_the_line_down_and_fast_ones_bring_it_back)
{
    struct queue_fake_settings settings = queue_usual;
    struct pace_decision d;
    settings.admit_per_tick = 10;
    settings.adaptive = true;
    settings.adapt_min = 6;
    settings.adapt_target_ms = 200;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 60; i++)
        queue_join(b, 0, queue_numbered(i).id);
    cr_assert_not(queue_pace(b, 0, 900, 50, &d), "the first interval begins");
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 10, "it begins at the upper bound");
    pass_interval(b);
    cr_assert(queue_pace(b, 0, 900, 50, &d));
    cr_assert_eq(d.reason, PACE_SLOWER);
    cr_assert_eq(d.rate_before_micro, 10000000);
    cr_assert_eq(d.rate_micro, 7000000);
    cr_assert_eq(d.p99_ms, 1000);
    cr_assert_eq(d.samples_count, 100, "all that was handed in");
    cr_assert_not(queue_pace(b, 1, 900, 50, &d), "once in an interval");
    queue_next_tick(b);
    cr_assert_eq(b->last.rate_micro, 7000000);
    cr_assert_eq(b->admitted_count, 17);
    pass_interval(b);
    cr_assert(queue_pace(b, 1, 900, 50, &d));
    cr_assert_eq(d.rate_micro, 6000000, "not below the lower bound");
    pass_interval(b);
    cr_assert(queue_pace(b, 1, 3, 100, &d));
    cr_assert_eq(d.reason, PACE_FASTER);
    cr_assert_eq(d.rate_micro, 6500000);
    settings.adaptive = false;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->last.rate_micro, 10000000, "switched off");
    pass_interval(b);
    cr_assert_not(queue_pace(b, 1, 900, 100, &d));
}

CONTRACT(few_holds_change_nothing_and_are_added_up)
{
    struct queue_fake_settings settings = queue_usual;
    struct pace_decision d;
    settings.adaptive = true;
    settings.adapt_target_ms = 200;
    queue_bench_configure(b, &settings);
    queue_pace(b, 0, 900, PACE_SAMPLES_MIN - 1, &d);
    pass_interval(b);
    cr_assert(queue_pace(b, 0, 900, 0, &d));
    cr_assert_eq(d.reason, PACE_NO_DATA);
    cr_assert_eq(d.samples_count, PACE_SAMPLES_MIN - 1);
    pass_interval(b);
    cr_assert(queue_pace(b, 1, 900, 1, &d));
    cr_assert_eq(d.reason, PACE_SLOWER, "from both gateways together");
}

/* --- what only Redis can show --- */

Test(queue_redis, recovery_and_draw_are_told)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &queue_usual);
    redis_server_run(b->server, "HSET ev:e:line recovers_at_ms 4000000000777 draw 1");
    queue_next_tick(b);
    cr_assert_eq(b->last.recovers_at_ms, 4000000000777);
    cr_assert_eq(b->last.draw, DRAW_PENDING);
    redis_server_run(b->server, "HSET ev:e:line recovers_at_ms 0 draw 2");
    queue_reread(b);
    cr_assert_eq(b->view.recovers_at_ms, 0);
    cr_assert_eq(b->view.draw, DRAW_DONE);
    queue_bench_free(b);
}

Test(queue_redis, departures_beyond_a_ticks_bound_are_told_by_the_next)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &queue_usual);
    redis_server_run(b->server, "HSET ev:e:line seq 20000");
    redis_server_run(b->server, "ZADD ev:e:waiting 1 first");
    redis_server_run(b->server, "EVAL %s 1 ev:e:gone:new",
                     "for i = 2, 10008 do redis.call('RPUSH', KEYS[1], i) end");
    struct queue_fake_settings settings = queue_usual;
    settings.phase = PHASE_PAUSED;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->gone_count, TICK_GONE_MAX);
    queue_next_tick(b);
    cr_assert_eq(b->gone_count, TICK_GONE_MAX + 7);
    cr_assert_eq(b->gone[TICK_GONE_MAX + 6], 10008);
    queue_bench_free(b);
}

Test(queue_redis, a_dead_redis_is_said)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &queue_usual);
    struct queue_visitor v = queue_named("a");
    struct queue_answer a = {.bench = b, .status = QUEUE_OK};
    struct queue_store *store = b->store[0];
    redis_server_kill(b->server);
    cr_assert_eq(
        queue_await(&a, store->join(store, BENCH_EVENT, &v, 1, queue_on_places, &a))->status,
        QUEUE_UNKNOWN);
    cr_assert_eq(store->join(store, BENCH_EVENT, &v, 1, queue_on_places, &a), QUEUE_DOWN);
    queue_bench_free(b);
}

Test(queue_redis, a_redis_that_refuses_to_write_is_said)
{
    struct queue_bench *b = queue_bench_redis();
    queue_bench_configure(b, &queue_usual);
    redis_server_run(b->server, "SET ev:e:waiting text");
    struct queue_visitor v = queue_named("a");
    struct queue_answer a = {.bench = b, .status = QUEUE_OK};
    struct queue_store *store = b->store[0];
    cr_assert_eq(
        queue_await(&a, store->join(store, BENCH_EVENT, &v, 1, queue_on_places, &a))->status,
        QUEUE_UNKNOWN);
    queue_bench_free(b);
}
