/* The contract of seat_store.h: every case runs against the fake and against the real scripts in a
 * real Redis. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/seat_contract.h"

/* --- holding --- */

CONTRACT(a_hold_says_everything_about_itself)
{
    ask_admit(w, "anna");
    struct hold held = ask_hold(w, "anna", "3 12");
    seats_expect_result(held, HOLD_OK, "3 12");
    cr_expect_eq(held.now_ms, seat_world_now(w));
    cr_expect_eq(held.deadline_ms, seat_world_now(w) + 5000, "the admission's");
    cr_expect_eq(held.seats_max, 4);
    cr_expect_not(held.is_paying);
    cr_expect_gt(held.fence, 0);
    seats_expect_states(w, "3 12", SEAT_HELD);
    struct hold now = ask_state(w, "anna");
    seats_expect_result(now, HOLD_OK, "3 12");
    cr_expect_eq(now.fence, held.fence);
    cr_expect_eq(now.deadline_ms, held.deadline_ms);
    seats_expect_result(ask_state(w, "ben"), HOLD_NONE, "");
    seats_expect_consistent(w);
}

CONTRACT(of_two_visitors_one_gets_the_seat)
{
    ask_admit(w, "anna");
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "anna", "5"), HOLD_OK, "5");
    seats_expect_result(ask_hold(w, "ben", "5"), HOLD_TAKEN, "5");
    seats_expect_result(ask_state(w, "ben"), HOLD_NONE, "");
    seats_expect_result(ask_state(w, "anna"), HOLD_OK, "5");
    seats_expect_consistent(w);
}

CONTRACT(all_seats_or_none)
{
    ask_admit(w, "anna");
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "anna", "5 15"), HOLD_OK, "5 15");
    seats_expect_result(ask_hold(w, "ben", "4 5 6 15"), HOLD_TAKEN, "5 15");
    seats_expect_states(w, "4 6", SEAT_FREE);
    seats_expect_result(ask_hold(w, "ben", "4 6"), HOLD_OK, "4 6");
    seats_expect_result(ask_hold(w, "ben", "7 5"), HOLD_TAKEN, "5");
    seats_expect_result(ask_state(w, "ben"), HOLD_OK, "4 6");
    seats_expect_consistent(w);
}

CONTRACT(sold_not_for_sale_and_missing_seats_are_not_free)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "8 9 19"), HOLD_TAKEN, "9 19");
    seats_expect_result(ask_hold(w, "anna", "39 40 99999"), HOLD_TAKEN, "40 99999");
    seats_expect_states(w, "8 39", SEAT_FREE);
    seats_expect_consistent(w);
}

CONTRACT(a_seat_named_twice_counts_once)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1 1 2 1 2"), HOLD_OK, "1 2");
    struct hold more = ask_hold(w, "anna", "2 3 1 4");
    seats_expect_result(more, HOLD_OK, "1 2 3 4");
    struct hold same = ask_hold(w, "anna", "4 3 2 1");
    seats_expect_result(same, HOLD_OK, "1 2 3 4");
    cr_expect_eq(same.fence, more.fence);
    seats_expect_consistent(w);
}

CONTRACT(the_limit_counts_held_and_bought)
{
    ask_admit(w, "anna");
    struct hold many = ask_hold(w, "anna", "1 2 3 4 5");
    seats_expect_result(many, HOLD_TOO_MANY, "");
    cr_expect_eq(many.seats_max, 4);
    seats_expect_result(ask_hold(w, "anna", "1 2 3"), HOLD_OK, "1 2 3");
    seats_expect_result(ask_hold(w, "anna", "4 5"), HOLD_TOO_MANY, "1 2 3");
    seats_expect_result(ask_area(w, "anna", 2), HOLD_TOO_MANY, "1 2 3");
    seats_expect_result(ask_hold(w, "anna", "4"), HOLD_OK, "1 2 3 4");
    ask_admit(w, "ben");
    seat_world_set_bought(w, "ben", 3);
    seats_expect_result(ask_hold(w, "ben", "10 11"), HOLD_TOO_MANY, "");
    seats_expect_result(ask_hold(w, "ben", "10"), HOLD_OK, "10");
    seats_expect_consistent(w);
}

CONTRACT(an_order_has_a_limit_of_its_own)
{
    seat_world_limit_orders(w, 2);
    ask_admit(w, "anna");
    struct hold many = ask_hold(w, "anna", "1 2 3");
    seats_expect_result(many, HOLD_TOO_MANY, "");
    cr_expect_eq(many.seats_max, 2);
    seats_expect_result(ask_area(w, "anna", 3), HOLD_TOO_MANY, "");
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seats_expect_result(ask_hold(w, "anna", "2 3"), HOLD_TOO_MANY, "1");
    seats_expect_result(ask_area(w, "anna", 2), HOLD_TOO_MANY, "1");
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    ask_admit(w, "anna"); /* the next order has the limit anew; the visitor's goes on */
    fence = ask_to_pay(w, "anna", "3 4", "o_2");
    seats_expect_result(ask_settle(w, "anna", "o_2", fence), HOLD_OK, "3 4");
    ask_admit(w, "anna");
    struct hold more = ask_hold(w, "anna", "5");
    seats_expect_result(more, HOLD_TOO_MANY, "");
    cr_expect_eq(more.seats_max, 4);
    seats_expect_consistent(w);
}

CONTRACT(what_was_bought_counts_at_the_next_visit)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2 3", "o_1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1 2 3");
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "4 5"), HOLD_TOO_MANY, "");
    seats_expect_result(ask_hold(w, "anna", "4"), HOLD_OK, "4");
}

CONTRACT(only_who_was_admitted_and_entered_may_hold)
{
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seats_expect_result(ask_area(w, "anna", 1), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w) + 5000, false);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w), true);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seat_world_admit(w, "anna", seat_world_now(w) + 1, true);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seats_expect_consistent(w);
}

CONTRACT(an_area_is_given_out_to_the_last_place)
{
    static const char *const visitors[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 5; i++) {
        seat_world_pass(w, 7);
        ask_admit(w, visitors[i]);
        struct hold held = ask_area(w, visitors[i], i == 4 ? 3 : 4);
        cr_assert_eq(held.result, HOLD_OK);
        cr_assert_eq(held.seats_count, i == 4 ? 3 : 4);
        for (size_t j = 0; j < held.seats_count; j++) {
            cr_expect(held.seats[j].seat >= HALL_AREA_FIRST && held.seats[j].seat < HALL_SEATS);
            cr_expect_eq(held.seats[j].category, 2);
        }
    }
    ask_admit(w, "f");
    struct hold full = ask_area(w, "f", 2);
    seats_expect_result(full, HOLD_AREA_FULL, "");
    cr_expect_eq(full.free_count, 1);
    cr_expect_eq(ask_area(w, "f", 1).result, HOLD_OK);
    cr_expect_eq(ask_area(w, "f", 1).free_count, 0);
    cr_expect_eq(ask_area(w, "f", 1).result, HOLD_AREA_FULL);
    seats_expect_consistent(w);
}

CONTRACT(seats_and_area_share_a_hold)
{
    ask_admit(w, "anna");
    int64_t fence = ask_hold(w, "anna", "1 2").fence;
    struct hold both = ask_area(w, "anna", 2);
    cr_assert_eq(both.result, HOLD_OK);
    cr_expect_eq(both.seats_count, 4);
    cr_expect_eq(both.fence, fence);
    seats_expect_consistent(w);
}

/* --- giving back --- */

CONTRACT(a_part_or_all_is_given_back)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1 2 13"), HOLD_OK, "1 2 13");
    seats_expect_result(ask_release(w, "anna", "2 7"), HOLD_OK, "1 13");
    seats_expect_states(w, "2 7", SEAT_FREE);
    seats_expect_result(ask_release(w, "anna", "7"), HOLD_OK, "1 13");
    int64_t fence = ask_state(w, "anna").fence;
    seats_expect_result(ask_release(w, "anna", "13 1"), HOLD_OK, "");
    seats_expect_result(ask_release(w, "anna", ""), HOLD_NONE, "");
    seats_expect_result(ask_hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    cr_expect_gt(ask_state(w, "anna").fence, fence, "a new hold has a new fence");
    seats_expect_result(ask_release(w, "anna", ""), HOLD_OK, "");
    seats_expect_states(w, "1 2 13", SEAT_FREE);
    cr_expect_eq(seat_world_outbox_count(w), 0);
    seats_expect_consistent(w);
}

/* --- time --- */

CONTRACT(a_hold_ends_exactly_at_its_deadline)
{
    ask_admit(w, "anna");
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    seat_world_pass(w, 4999);
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_states(w, "1 2", SEAT_HELD);
    seats_expect_result(ask_state(w, "anna"), HOLD_OK, "1 2");
    seat_world_pass(w, 1);
    cr_expect_eq(ask_sweep(w), 1);
    seats_expect_states(w, "1 2", SEAT_FREE);
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_result(ask_state(w, "anna"), HOLD_NONE, "");
    cr_expect_eq(seat_world_outbox_count(w), 0);
    seats_expect_consistent(w);
}

CONTRACT(a_late_sweep_gives_nobody_more_time)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_pass(w, 5000);
    seats_expect_result(ask_state(w, "anna"), HOLD_NONE, "");
    seats_expect_states(w, "1", SEAT_FREE);
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "ben", "2"), HOLD_OK, "2");
    seat_world_pass(w, 5000);
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "ben", "3"), HOLD_OK, "3");
    seats_expect_states(w, "2", SEAT_FREE);
    seats_expect_consistent(w);
}

CONTRACT(a_sweep_is_bounded_and_comes_to_an_end)
{
    seat_world_admit(w, "keeper", seat_world_now(w) + 9000, true);
    seats_expect_result(ask_hold(w, "keeper", "0"), HOLD_OK, "0");
    for (int i = 1; i <= 30; i++) {
        char visitor[16];
        (void)snprintf(visitor, sizeof(visitor), "v%d", i);
        ask_admit(w, visitor);
        cr_assert_eq(ask_area(w, visitor, 1).result,
                     i <= HALL_AREA_CAPACITY ? HOLD_OK : HOLD_AREA_FULL);
    }
    seat_world_pass(w, 5000);
    size_t swept = 0, more;
    while ((more = ask_sweep(w)) > 0)
        swept += more;
    cr_expect_eq(swept, HALL_AREA_CAPACITY);
    seats_expect_result(ask_state(w, "keeper"), HOLD_OK, "0");
    seats_expect_consistent(w);
}

/* --- paying --- */

CONTRACT(a_payment_runs_and_is_settled)
{
    ask_admit(w, "anna");
    struct hold held = ask_hold(w, "anna", "1 12");
    seat_world_pass(w, 100);
    struct hold paying = ask_checkout(w, "anna", "o_1", "12 1");
    seats_expect_result(paying, HOLD_OK, "1 12");
    cr_expect(paying.is_paying);
    cr_expect_str_eq(paying.order, "o_1");
    cr_expect_str_eq(paying.intent, "");
    cr_expect_str_eq(paying.offer, "[\"12 1 for o_1\"]", "what was offered is kept");
    cr_expect_str_eq(held.offer, "");
    cr_expect_eq(paying.amount_minor, 200);
    cr_expect_eq(paying.fence, held.fence);
    cr_expect_eq(paying.deadline_ms, seat_world_now(w) + HALL_PAY_MS);
    cr_expect_eq(seat_world_admission(w, "anna"), paying.deadline_ms, "the admission follows");
    seats_expect_states(w, "1 12", SEAT_PAYING);
    cr_expect_str_eq(ask_intent(w, "anna", "o_1", "pi_1").intent, "pi_1");
    cr_expect_str_eq(ask_state(w, "anna").intent, "pi_1");
    cr_expect_str_eq(ask_state(w, "anna").offer, paying.offer);
    seats_expect_result(ask_intent(w, "anna", "o_2", "pi_2"), HOLD_NO_ORDER, "");
    seats_expect_result(ask_settle(w, "anna", "o_1", paying.fence), HOLD_OK, "1 12");
    seats_expect_states(w, "1 12", SEAT_SOLD);
    seats_expect_result(ask_state(w, "anna"), HOLD_NONE, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0, "the admission has ended");
    seats_expect_result(ask_hold(w, "anna", "3"), HOLD_NOT_ADMITTED, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    struct seat_fake_entry entry = seat_world_outbox(w, 0);
    cr_expect_not(entry.is_void);
    cr_expect_str_eq(entry.order, "o_1");
    seats_expect_consistent(w);
}

CONTRACT(settling_twice_tells_the_ledger_once)
{
    int64_t fence = ask_to_pay(w, "anna", "1", "o_1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "");
    seat_world_pass(w, 100000);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    struct seat_fake_counts counts;
    seat_world_counts(w, &counts);
    cr_expect_eq(counts.sold, 2, "one more than at the start");
    seats_expect_consistent(w);
}

CONTRACT(a_checkout_repeated_answers_the_running_payment)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    int64_t deadline_ms = ask_state(w, "anna").deadline_ms;
    seat_world_pass(w, 10);
    struct hold again = ask_checkout(w, "anna", "o_2", "1 2");
    seats_expect_result(again, HOLD_OK, "1 2");
    cr_expect_str_eq(again.order, "o_1");
    cr_expect_eq(again.deadline_ms, deadline_ms);
    cr_expect_eq(again.fence, fence);
    seats_expect_consistent(w);
}

CONTRACT(a_checkout_is_about_exactly_the_seats_held)
{
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_NONE, "");
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1 2"), HOLD_OK, "1 2");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_TAKEN, "1 2");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1 2 3"), HOLD_TAKEN, "1 2");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1 3"), HOLD_TAKEN, "1 2");
    seats_expect_result(ask_checkout(w, "anna", "o_1", ""), HOLD_TAKEN, "1 2");
    seats_expect_states(w, "1 2", SEAT_HELD);
    cr_expect_eq(seat_world_admission(w, "anna"), seat_world_now(w) + 5000);
    seats_expect_result(ask_checkout(w, "anna", "o_1", "2 1 1"), HOLD_OK, "1 2");
    seats_expect_consistent(w);
}

CONTRACT(who_has_left_cannot_pay)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_admit(w, "anna", 0, false);
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_NOT_ADMITTED, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0);
    seats_expect_result(ask_release(w, "anna", ""), HOLD_OK, "");
    cr_expect_eq(seat_world_admission(w, "anna"), 0);
    seats_expect_consistent(w);
}

CONTRACT(paying_fixes_the_hold)
{
    ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_hold(w, "anna", "3"), HOLD_PAYING, "1 2");
    seats_expect_result(ask_area(w, "anna", 1), HOLD_PAYING, "1 2");
    seats_expect_result(ask_release(w, "anna", "1"), HOLD_PAYING, "1 2");
    seats_expect_states(w, "1 2", SEAT_PAYING);
    seats_expect_states(w, "3", SEAT_FREE);
    cr_expect_eq(seat_world_outbox_count(w), 0);
}

CONTRACT(a_late_settle_is_voided_once)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seat_world_pass(w, HALL_PAY_MS);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    seats_expect_void(w, 0, "o_1", "anna", "time_out", 200, "EUR");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(ask_sweep(w), 0);
    cr_expect_eq(seat_world_outbox_count(w), 1);
    seats_expect_states(w, "1 2", SEAT_FREE);
    seats_expect_consistent(w);
}

CONTRACT(a_settle_in_the_last_millisecond_is_in_time)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seat_world_pass(w, HALL_PAY_MS - 1);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    cr_expect_not(seat_world_outbox(w, 0).is_void);
}

CONTRACT(a_swept_payment_is_voided_and_a_settle_after_it_adds_nothing)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    (void)ask_intent(w, "anna", "o_1", "pi_1");
    seat_world_pass(w, HALL_PAY_MS);
    cr_expect_eq(ask_sweep(w), 1);
    cr_assert_eq(seat_world_outbox_count(w), 1);
    seats_expect_void(w, 0, "o_1", "anna", "time_out", 200, "EUR");
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "ben", "1 2"), HOLD_OK, "1 2");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    seats_expect_states(w, "1 2", SEAT_HELD);
    seats_expect_result(ask_state(w, "ben"), HOLD_OK, "1 2");
    seats_expect_consistent(w);
}

CONTRACT(an_unknown_order_is_voided_from_its_snapshot)
{
    seats_expect_result(ask_settle(w, "anna", "o_9", 1), HOLD_NO_ORDER, "");
    cr_assert_eq(seat_world_outbox_count(w), 1);
    seats_expect_void(w, 0, "o_9", "anna", "time_out", 4711, "CHF");
    seats_expect_consistent(w);
}

CONTRACT(another_fence_or_visitor_settles_nothing)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    ask_admit(w, "ben");
    seats_expect_result(ask_decline(w, "anna", "o_1", fence + 1), HOLD_NO_ORDER, "");
    seats_expect_result(ask_decline(w, "ben", "o_1", fence), HOLD_NO_ORDER, "");
    seats_expect_states(w, "1 2", SEAT_PAYING);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence + 1), HOLD_NO_ORDER, "");
    seats_expect_states(w, "1 2", SEAT_PAYING);
    seats_expect_void(w, 0, "o_1", "anna", "given_up", 4711, "CHF");
    seats_expect_consistent(w);
}

CONTRACT(after_a_decline_a_new_checkout_keeps_the_deadline)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    int64_t deadline_ms = ask_state(w, "anna").deadline_ms;
    (void)ask_intent(w, "anna", "o_1", "pi_1");
    seat_world_pass(w, 300);
    struct hold declined = ask_decline(w, "anna", "o_1", fence);
    seats_expect_result(declined, HOLD_OK, "1 2");
    cr_expect_not(declined.is_paying);
    cr_expect_str_eq(declined.offer, "", "the next checkout offers anew");
    cr_expect_eq(declined.deadline_ms, deadline_ms);
    seats_expect_states(w, "1 2", SEAT_HELD);
    seats_expect_result(ask_decline(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    struct hold again = ask_checkout(w, "anna", "o_2", "1 2");
    seats_expect_result(again, HOLD_OK, "1 2");
    cr_expect_str_eq(again.order, "o_2");
    cr_expect_str_eq(again.intent, "");
    cr_expect_str_eq(again.offer, "[\"1 2 for o_2\"]");
    cr_expect_eq(again.deadline_ms, deadline_ms, "no more time");
    cr_expect_eq(seat_world_admission(w, "anna"), deadline_ms);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    seats_expect_states(w, "1 2", SEAT_PAYING);
    cr_assert_eq(seat_world_outbox_count(w), 1);
    seats_expect_void(w, 0, "o_1", "anna", "given_up", 4711, "CHF");
    seats_expect_result(ask_settle(w, "anna", "o_2", again.fence), HOLD_OK, "1 2");
    cr_expect_eq(seat_world_outbox_count(w), 2);
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_consistent(w);
}

CONTRACT(a_declined_hold_ends_at_the_payments_deadline)
{
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_decline(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    seat_world_pass(w, HALL_PAY_MS - 1);
    seats_expect_result(ask_state(w, "anna"), HOLD_OK, "1 2");
    seat_world_pass(w, 1);
    cr_expect_eq(ask_sweep(w), 1);
    cr_expect_eq(seat_world_outbox_count(w), 0, "a declined payment needs no void");
    seats_expect_consistent(w);
}

CONTRACT(a_decline_after_a_loss_is_told_unless_something_was)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_decline_lost(w, "anna", "o_9", 1), HOLD_NO_ORDER, "");
    seats_expect_void(w, 0, "o_9", "anna", "ledger_refused", 4711, "CHF");
    seats_expect_result(ask_decline_lost(w, "anna", "o_9", 1), HOLD_NO_ORDER, "");
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_decline_lost(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    cr_expect_eq(seat_world_outbox_count(w), 1, "it is not lost: who declined it tells it");
    struct hold again = ask_checkout(w, "anna", "o_2", "1 2");
    seats_expect_result(ask_settle(w, "anna", "o_2", again.fence), HOLD_OK, "1 2");
    seats_expect_result(ask_decline_lost(w, "anna", "o_2", again.fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 2, "what is sold is never told as unsold");
    seats_expect_states(w, "1 2", SEAT_SOLD);
    seats_expect_consistent(w);
}

CONTRACT(who_holds_nothing_is_told_whether_the_turn_goes_on)
{
    cr_expect_eq(ask_state(w, "anna").deadline_ms, 0);
    ask_admit(w, "anna");
    struct hold none = ask_state(w, "anna");
    cr_expect_eq(none.result, HOLD_NONE);
    cr_expect_eq(none.deadline_ms, seat_world_admission(w, "anna"));
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1 2");
    cr_expect_eq(ask_state(w, "anna").deadline_ms, 0, "a sale ends it");
}

CONTRACT(giving_up_a_payment_voids_it_and_turns_the_clock_back)
{
    int64_t selection_ms = seat_world_now(w) + 5000;
    int64_t fence = ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_release(w, "anna", ""), HOLD_OK, "");
    seats_expect_void(w, 0, "o_1", "anna", "given_up", 200, "EUR");
    cr_expect_eq(seat_world_admission(w, "anna"), selection_ms);
    seats_expect_states(w, "1 2", SEAT_FREE);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_NO_ORDER, "");
    cr_expect_eq(seat_world_outbox_count(w), 1);
    seats_expect_states(w, "1", SEAT_HELD);
    seats_expect_consistent(w);
}

CONTRACT(a_checkout_notes_what_is_about_to_be_paid)
{
    ask_admit(w, "anna");
    (void)ask_hold(w, "anna", "1 2");
    struct hold first = ask_checkout(w, "anna", "o_1", "1 2");
    cr_expect_eq(seat_world_intents_count(w), 1);
    cr_expect_gt(first.note.ms, 0);
    struct hold again = ask_checkout(w, "anna", "o_2", "1 2");
    cr_expect(again.note.ms == first.note.ms && again.note.nr == first.note.nr);
    struct hold now = ask_state(w, "anna");
    cr_expect(now.note.ms == first.note.ms && now.note.nr == first.note.nr);
    cr_expect_eq(seat_world_intents_count(w), 1, "a repeated checkout notes nothing");
    struct hold declined = ask_decline(w, "anna", "o_1", first.fence);
    cr_expect_eq(declined.note.ms, 0);
    struct hold second = ask_checkout(w, "anna", "o_3", "1 2");
    cr_expect(outbox_mark_has(&second.note, &first.note));
    cr_expect_not(outbox_mark_has(&first.note, &second.note));
    cr_expect_eq(seat_world_intents_count(w), 2);
    cr_expect_eq(seat_world_outbox_count(w), 0);
}

CONTRACT(a_checkout_free_of_charge_notes_nothing)
{
    ask_admit(w, "anna");
    (void)ask_hold(w, "anna", "1");
    struct hold paying = ask_checkout_free(w, "anna", "o_1", "1");
    seats_expect_result(paying, HOLD_OK, "1");
    cr_expect_eq(paying.note.ms, 0);
    cr_expect_eq(seat_world_intents_count(w), 0);
    seats_expect_result(ask_settle(w, "anna", "o_1", paying.fence), HOLD_OK, "1");
    cr_expect_eq(seat_world_outbox_count(w), 1);
}

CONTRACT(naming_every_seat_gives_up_a_payment_too)
{
    ask_to_pay(w, "anna", "1 2", "o_1");
    seats_expect_result(ask_release(w, "anna", "2 1"), HOLD_OK, "");
    seats_expect_void(w, 0, "o_1", "anna", "given_up", 200, "EUR");
    seats_expect_consistent(w);
}

CONTRACT(without_the_ledger_no_payment_starts_but_one_is_settled)
{
    int64_t fence = ask_to_pay(w, "anna", "1", "o_1");
    ask_admit(w, "ben");
    seats_expect_result(ask_hold(w, "ben", "2"), HOLD_OK, "2");
    seat_world_beat(w, seat_world_now(w) - LEDGER_AWAY_MS - 1);
    seats_expect_result(ask_checkout(w, "ben", "o_2", "2"), HOLD_LEDGER_BEHIND, "2");
    seats_expect_states(w, "2", SEAT_HELD);
    struct hold running = ask_checkout(w, "anna", "o_3", "1");
    seats_expect_result(running, HOLD_OK, "1");
    cr_expect_str_eq(running.order, "o_1");
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    seat_world_beat(w, seat_world_now(w) - LEDGER_AWAY_MS);
    seats_expect_result(ask_checkout(w, "ben", "o_2", "2"), HOLD_OK, "2");
    seats_expect_consistent(w);
}

/* --- another epoch --- */

CONTRACT(in_another_epoch_nothing_is_decided)
{
    ask_admit(w, "anna");
    int64_t version = ask_look(w).version;
    seat_world_lose_epoch(w);
    struct seat_store *s = seat_world_store(w);
    struct held_seat seat = {1, 0};
    struct area_request area = {HALL_AREA_FIRST, HALL_AREA_CAPACITY, 1, 2};
    struct ask_outcome o[8] = {0};
    (void)s->hold(s, HALL, "anna", &seat, 1, ask_on_hold, &o[0]);
    (void)s->hold_area(s, HALL, "anna", &area, ask_on_hold, &o[1]);
    (void)s->release(s, HALL, "anna", NULL, 0, ask_on_hold, &o[2]);
    (void)s->state(s, HALL, "anna", ask_on_hold, &o[3]);
    const struct checkout wanted = {.order = "o_1",
                                    .currency = "EUR",
                                    .amount_minor = 1,
                                    .offer = "",
                                    .seats = &seat,
                                    .count = 1};
    (void)s->checkout(s, HALL, "anna", &wanted, ask_on_hold, &o[4]);
    (void)s->intent(s, HALL, "anna", "o_1", "pi_1", ask_on_hold, &o[5]);
    (void)s->settle(s, HALL, "anna", "o_1", 1, "{}", ask_on_hold, &o[6]);
    (void)s->decline(s, HALL, "anna", "o_1", 1, NULL, ask_on_hold, &o[7]);
    struct ask_swept swept = {0};
    (void)s->sweep(s, HALL, ask_on_sweep, &swept);
    struct ask_seen seen = {0};
    (void)s->snapshot(s, HALL, ask_on_snapshot, &seen);
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
