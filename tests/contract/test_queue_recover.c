/* The contract of a line that survives the loss of its storage's data, put to the Redis adapter and
 * to the fake alike: what receipts put back, what they do not, and that nobody is admitted before
 * everybody had the time to come back. */
#include <criterion/criterion.h>

#include "support/queue_calls.h"

enum { FIRST_EPOCH = 1, NEXT_EPOCH = 2, WINDOW_MS = 300 };

static struct queue_fake_settings settings_of(enum queue_phase phase)
{
    struct queue_fake_settings settings = queue_usual;
    settings.phase = phase;
    settings.recovery_ms = WINDOW_MS;
    return settings;
}

/* `count` people wait, numbered from 0, so the sequence is the number plus one. */
static void fill_line(struct queue_bench *b, int count)
{
    for (int i = 0; i < count; i++)
        queue_join(b, i & 1, queue_numbered(i).id);
}

/* The registrar's word that nothing was used up. */
static void say_nothing_was_used(struct queue_bench *b)
{
    struct queue_fake_before before = {0};
    queue_bench_set_before(b, &before);
}

static void lose_everything(struct queue_bench *b, int64_t seq, int64_t admissions, int64_t head)
{
    struct queue_mark mark = {.seq = seq, .admissions = admissions, .head = head};
    queue_bench_recover(b, NEXT_EPOCH, QUEUE_DATA_LOST, &mark);
}

static void end_window(struct queue_bench *b)
{
    queue_bench_wait(b, WINDOW_MS + 20);
    queue_next_tick(b);
    queue_reread(b);
}

static struct place claim(struct queue_bench *b, int number)
{
    return queue_restore(b, number & 1, queue_numbered(number).id, number + 1, FIRST_EPOCH);
}

/* --- an empty storage --- */

CONTRACT(an_empty_line_is_rebuilt_in_the_old_order)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    static const int order[] = {7, 2, 9, 0, 4, 3, 8};
    enum { BACK = sizeof order / sizeof order[0] };
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    fill_line(b, 10);
    lose_everything(b, 9, 0, 0); /* the last note is a little old */
    say_nothing_was_used(b);
    for (int i = 0; i < BACK; i++) {
        struct place place = claim(b, order[i]);
        cr_assert_eq(place.state, PLACE_WAITING, "%d: %d", order[i], place.state);
        cr_assert_eq(place.seq, order[i] + 1);
    }
    end_window(b);
    for (int i = 1; i < BACK; i++)
        queue_next_tick(b);
    static const int64_t expected[BACK] = {1, 3, 4, 5, 8, 9, 10};
    cr_assert_eq(b->admitted_count, BACK);
    for (int i = 0; i < BACK; i++)
        cr_assert_eq(b->admitted[i].seq, expected[i]);
    cr_assert_eq(queue_join(b, 0, "new").seq, 11, "behind all who ever had a place");
}

CONTRACT(nobody_is_admitted_and_nobody_new_comes_in_while_it_recovers)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    queue_bench_configure(b, &settings);
    fill_line(b, 3);
    lose_everything(b, 3, 0, 0);
    say_nothing_was_used(b);
    claim(b, 1);
    int64_t ends_ms = 0;
    for (int i = 0; i < 5; i++) {
        queue_next_tick(b);
        cr_assert_eq(b->last.inside, 0);
        cr_assert_gt(b->last.recovers_at_ms, b->last.at_ms);
        ends_ms = b->last.recovers_at_ms;
    }
    struct place place = queue_join(b, 0, "new");
    cr_assert_eq(place.state, PLACE_RECOVERING);
    cr_assert_eq(place.deadline_ms, ends_ms);
    cr_assert_eq(queue_join(b, 0, queue_numbered(1).id).state, PLACE_WAITING,
                 "who has a place is told it");
    end_window(b);
    cr_assert_geq(b->last.at_ms, ends_ms);
    cr_assert_eq(b->last.recovers_at_ms, 0);
    cr_assert_eq(b->admitted_count, 1);
    cr_assert_eq(queue_join(b, 0, "new").state, PLACE_WAITING);
}

CONTRACT(the_same_receipt_twice_changes_nothing)
{
    struct queue_fake_settings settings = settings_of(PHASE_PAUSED);
    queue_bench_configure(b, &settings);
    fill_line(b, 3);
    lose_everything(b, 3, 0, 0);
    say_nothing_was_used(b);
    for (int i = 0; i < 6; i++) {
        struct place place = claim(b, 1 + i % 2);
        cr_assert_eq(place.seq, 2 + i % 2);
        cr_assert_eq(place.is_new, i < 2);
    }
    queue_next_tick(b);
    cr_assert_eq(b->last.waiting, 2);
    cr_assert_eq(queue_restore(b, 0, queue_numbered(1).id, 3, FIRST_EPOCH).seq, 2,
                 "nor does an older or newer one of the same visitor");
    cr_assert_eq(queue_restore(b, 0, "other", 2, FIRST_EPOCH).state, PLACE_GONE,
                 "a number that somebody has is not given twice");
    queue_leave(b, 0, queue_numbered(1).id);
    struct place place = claim(b, 1);
    cr_assert_eq(place.state, PLACE_GONE, "left meanwhile");
    cr_assert_eq(place.reason, GONE_LEFT);
}

CONTRACT(what_was_used_up_before_the_loss_is_not_put_back)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    queue_bench_configure(b, &settings);
    fill_line(b, 8);
    lose_everything(b, 8, 4, 4);
    queue_bench_set_bought(b, queue_numbered(0).id, 3);
    queue_bench_set_bought(b, queue_numbered(1).id, 1);
    struct queue_fake_before before = {
        .head = 4, .gone_count = 1, .gone = {6}, .inside_count = 1, .inside = {queue_numbered(3)}};
    queue_bench_set_before(b, &before);
    cr_assert_eq(claim(b, 0).state, PLACE_SERVED);
    struct place place = claim(b, 1);
    cr_assert_eq(place.state, PLACE_GONE);
    cr_assert_eq(place.reason, GONE_SERVED);
    place = claim(b, 2);
    cr_assert_eq(place.state, PLACE_GONE);
    cr_assert_eq(place.reason, GONE_MISSED);
    place = claim(b, 5);
    cr_assert_eq(place.state, PLACE_GONE);
    cr_assert_eq(place.reason, GONE_LEFT);
    place = claim(b, 6);
    cr_assert_eq(place.state, PLACE_WAITING);
    place = claim(b, 3);
    cr_assert_eq(place.state, PLACE_WAITING, "was inside: the turn begins anew");
    cr_assert_eq(place.seq, 4);
    end_window(b);
    cr_assert_eq(b->admitted[0].seq, 4);
    cr_assert_eq(b->admitted[0].admission, 5, "admissions go on being counted");
    cr_assert_eq(b->admitted[1].seq, 7);
}

CONTRACT(receipts_wait_for_the_registrar_but_not_for_ever)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    queue_bench_configure(b, &settings);
    fill_line(b, 3);
    lose_everything(b, 3, 0, 0);
    struct place place = claim(b, 0);
    cr_assert_eq(place.state, PLACE_RECOVERING, "nothing was decided");
    cr_assert_gt(place.deadline_ms, place.now_ms);
    queue_bench_wait(b, WINDOW_MS / 2 + 20);
    cr_assert_eq(claim(b, 0).state, PLACE_WAITING);
}

CONTRACT(who_comes_after_the_window_is_too_late)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    fill_line(b, 6);
    lose_everything(b, 6, 0, 0);
    say_nothing_was_used(b);
    claim(b, 1);
    claim(b, 4);
    queue_bench_wait(b, WINDOW_MS + 20);
    struct place place = claim(b, 0);
    cr_assert_eq(place.state, PLACE_GONE, "also before a tick has noticed");
    cr_assert_eq(place.reason, GONE_TOO_LATE);
    queue_next_tick(b);
    static const int late[] = {0, 2, 5};
    for (int i = 0; i < 3; i++) {
        place = claim(b, late[i]);
        cr_assert_eq(place.state, PLACE_GONE);
        cr_assert_eq(place.reason, GONE_TOO_LATE);
    }
    place = queue_join(b, 0, queue_numbered(0).id);
    cr_assert_eq(place.seq, 7, "may join anew, at the end");
}

CONTRACT(places_are_exact_after_the_window)
{
    enum { PEOPLE = 3 * RECOVER_FILL_MAX / 100 };
    struct queue_fake_settings settings = settings_of(PHASE_PAUSED);
    queue_bench_configure(b, &settings);
    lose_everything(b, PEOPLE * 100, 0, 50);
    say_nothing_was_used(b);
    for (int i = 1; i < PEOPLE; i++) /* every hundredth comes back */
        queue_restore(b, 0, queue_numbered(i).id, i * 100, FIRST_EPOCH);
    queue_leave(b, 0, queue_numbered(5).id);
    queue_bench_wait(b, WINDOW_MS + 20);
    int calls = 0;
    for (; !queue_tick(b, 0); calls++)
        cr_assert_lt(calls, 1000);
    queue_reread(b);
    cr_assert_eq(b->last.waiting, PEOPLE - 2);
    for (int i = 1, ahead = 0; i < PEOPLE; i++) {
        if (i == 5)
            continue;
        cr_assert_eq(line_view_ahead(&b->view, i * 100), ahead, "%d", i);
        ahead++;
    }
    cr_assert_eq(queue_join(b, 0, "new").seq, PEOPLE * 100 + 1);
}

CONTRACT(receipts_of_this_epoch_put_nothing_back)
{
    struct queue_fake_settings settings = settings_of(PHASE_PAUSED);
    queue_bench_configure(b, &settings);
    fill_line(b, 4);
    lose_everything(b, 4, 0, 0);
    say_nothing_was_used(b);
    struct place place = queue_restore(b, 0, queue_numbered(0).id, 1, NEXT_EPOCH);
    cr_assert_eq(place.state, PLACE_GONE);
    cr_assert_eq(place.reason, GONE_UNKNOWN);
    claim(b, 1);
    place = queue_restore(b, 0, queue_numbered(1).id, 2, NEXT_EPOCH);
    cr_assert_eq(place.state, PLACE_WAITING);
    cr_assert_eq(place.seq, 2);
}

CONTRACT(the_first_data_there_ever_was_opens_at_once)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    struct queue_mark mark = {0};
    queue_bench_configure(b, &settings);
    queue_bench_recover(b, NEXT_EPOCH, QUEUE_DATA_FIRST, &mark);
    cr_assert_eq(queue_join(b, 0, "a").seq, 1);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 1);
}

CONTRACT(a_line_that_was_joined_a_moment_before_the_loss_is_waited_for)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    queue_bench_configure(b, &settings);
    fill_line(b, 2);
    lose_everything(b, 0, 0, 0); /* nothing was noted yet */
    say_nothing_was_used(b);
    cr_assert_eq(queue_join(b, 0, "new").state, PLACE_RECOVERING);
    cr_assert_eq(claim(b, 1).seq, 2);
    end_window(b);
    cr_assert_eq(queue_join(b, 0, "new").seq, 3);
}

CONTRACT(those_who_waited_when_the_sale_was_closed_keep_their_places_too)
{
    struct queue_fake_settings settings = settings_of(PHASE_CLOSED);
    queue_bench_configure(b, &queue_usual);
    fill_line(b, 3);
    queue_bench_configure(b, &settings);
    lose_everything(b, 3, 0, 0);
    say_nothing_was_used(b);
    cr_assert_eq(claim(b, 1).seq, 2);
    cr_assert_eq(queue_join(b, 0, "new").state, PLACE_NOT_OPEN);
    end_window(b);
    settings.phase = PHASE_OPEN;
    queue_bench_configure(b, &settings);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 1);
    cr_assert_eq(b->admitted[0].seq, 2);
}

CONTRACT(without_a_window_nothing_is_put_back)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    settings.recovery_ms = 0;
    queue_bench_configure(b, &settings);
    fill_line(b, 3);
    lose_everything(b, 3, 0, 0);
    struct place place = claim(b, 1);
    cr_assert_eq(place.state, PLACE_GONE);
    cr_assert_eq(place.reason, GONE_TOO_LATE);
    cr_assert_eq(queue_join(b, 0, "new").seq, 4);
    queue_next_tick(b);
    cr_assert_eq(b->admitted_count, 1);
}

/* --- a restart with the data --- */

CONTRACT(a_restart_that_lost_nothing_keeps_every_place)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    settings.active_cap = 2;
    queue_bench_configure(b, &settings);
    fill_line(b, 6);
    queue_next_tick(b);
    queue_enter(b, 0, queue_numbered(0).id);
    queue_leave(b, 0, queue_numbered(1).id);
    queue_leave(b, 0, queue_numbered(4).id);
    struct queue_mark mark = {.seq = 6, .admissions = 2, .head = 2};
    queue_bench_recover(b, NEXT_EPOCH, QUEUE_DATA_KEPT, &mark);
    queue_reread(b);
    cr_assert_eq(claim(b, 0).state, PLACE_ENTERED);
    struct place place = claim(b, 1);
    cr_assert_eq(place.state, PLACE_GONE, "a turn that is over stays over");
    cr_assert_eq(place.reason, GONE_LEFT);
    cr_assert_eq(claim(b, 2).seq, 3);
    place = claim(b, 4);
    cr_assert_eq(place.state, PLACE_GONE, "who has left has left");
    cr_assert_eq(place.reason, GONE_LEFT);
    cr_assert_eq(queue_join(b, 0, "new").state, PLACE_RECOVERING,
                 "a moment for those who were there");
    queue_next_tick(b);
    cr_assert_eq(b->last.inside, 1);
    end_window(b);
    cr_assert_eq(queue_join(b, 0, "new").seq, 7);
    queue_leave(b, 0, queue_numbered(0).id);
    cr_assert_eq(claim(b, 0).reason, GONE_LEFT);
}

CONTRACT(the_last_second_comes_back_by_receipts)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    settings.admit_per_tick = 1;
    queue_bench_configure(b, &settings);
    fill_line(b, 8);
    queue_next_tick(b);
    queue_bench_forget(b, 6); /* 6, 7 and 8 are not in the data any more; the note says 7 */
    struct queue_mark mark = {.seq = 7, .admissions = 1, .head = 1};
    queue_bench_recover(b, NEXT_EPOCH, QUEUE_DATA_KEPT, &mark);
    queue_reread(b);
    cr_assert_eq(claim(b, 7).seq, 8);
    cr_assert_eq(claim(b, 5).seq, 6);
    struct place place = claim(b, 0);
    cr_assert_eq(place.state, PLACE_ADMITTED);
    cr_assert_eq(queue_restore(b, 0, "thief", 3, FIRST_EPOCH).state, PLACE_GONE,
                 "what the data knows is not up for claims");
    end_window(b);
    for (int i = 0; i < 5; i++)
        queue_next_tick(b);
    static const int64_t expected[] = {2, 3, 4, 5, 6, 8};
    for (int i = 0; i < 6; i++)
        cr_assert_eq(b->admitted[i].seq, expected[i]);
    cr_assert_eq(queue_join(b, 0, "new").seq, 9);
}

CONTRACT(a_second_loss_in_the_window_starts_the_window_anew)
{
    struct queue_fake_settings settings = settings_of(PHASE_OPEN);
    queue_bench_configure(b, &settings);
    fill_line(b, 4);
    lose_everything(b, 4, 0, 0);
    say_nothing_was_used(b);
    cr_assert_eq(claim(b, 2).seq, 3);
    queue_bench_wait(b, WINDOW_MS - 100);
    struct queue_mark mark = {.seq = 4};
    queue_bench_recover(b, NEXT_EPOCH + 1, QUEUE_DATA_KEPT, &mark);
    queue_reread(b);
    say_nothing_was_used(b);
    queue_bench_wait(b, 150);
    struct place place = claim(b, 1);
    cr_assert_eq(place.state, PLACE_WAITING, "the first recovery was not finished");
    cr_assert_eq(place.seq, 2);
    cr_assert_eq(queue_restore(b, 0, queue_numbered(2).id, 3, NEXT_EPOCH).seq, 3);
    end_window(b);
    cr_assert_eq(b->admitted[0].seq, 2);
    cr_assert_eq(b->admitted[1].seq, 3);
}
