/* The contract of seat_store.h while the ledger is away and when it comes back: time stands still
 * for holds, and a deadline that was told is never ended early. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "server/base/limits.h"
#include "support/seat_contract.h"

/* As server/ledger/beat.c does it. */
static void come_back(struct seat_world *w)
{
    int64_t since_ms = seat_world_now(w);
    cr_expect_not(seat_world_sign(w, 0), "not before deadlines have moved on");
    seat_world_thaw(w);
    cr_expect(seat_world_sign(w, since_ms));
}

CONTRACT(holds_are_frozen_while_the_ledger_is_away)
{
    seat_world_admit(w, "late", seat_world_now(w) + 2000, true);
    seats_expect_result(ask_hold(w, "late", "7"), HOLD_OK, "7");
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_silence(w, 4000); /* missed 1000 ms ago: `late` was over before */
    struct hold told = ask_state(w, "anna");
    cr_expect_eq(told.deadline_ms - told.now_ms, 2000, "the clock stands");
    cr_expect_eq(ask_sweep(w), 1);
    seats_expect_result(ask_state(w, "late"), HOLD_NONE, "");
    seat_world_silence(w, 600000);
    cr_expect_eq(ask_sweep(w), 0);
    told = ask_state(w, "anna");
    seats_expect_result(told, HOLD_OK, "1");
    cr_expect_eq(told.deadline_ms - told.now_ms, 2000, "and stands");
    seats_expect_result(ask_checkout(w, "anna", "o_1", "1"), HOLD_LEDGER_BEHIND, "1");
    seats_expect_result(ask_hold(w, "anna", "2"), HOLD_OK, "1 2");
    seats_expect_consistent(w);
    come_back(w);
    struct hold now = ask_state(w, "anna");
    cr_expect_eq(now.deadline_ms, told.deadline_ms);
    seat_world_pass(w, 1999);
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_result(ask_state(w, "anna"), HOLD_OK, "1 2");
    cr_expect_eq(seat_world_admission(w, "anna"), seat_world_now(w) + 1);
    seat_world_pass(w, 1);
    cr_expect_eq(ask_sweep(w), 1);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_NOT_ADMITTED, "");
    seats_expect_consistent(w);
}

CONTRACT(a_payment_is_frozen_and_settled_in_an_outage)
{
    int64_t fence = ask_to_pay(w, "anna", "1", "o_1");
    int64_t other_fence = ask_to_pay(w, "ben", "2", "o_2");
    seat_world_pass(w, 500);
    seat_world_silence(w, 400); /* less than 3 s: time goes on */
    cr_expect_eq(ask_state(w, "ben").deadline_ms - seat_world_now(w), HALL_PAY_MS - 900);
    seat_world_pass(w, 0);
    seat_world_beat(w, seat_world_now(w) - LEDGER_AWAY_MS);
    seat_world_silence(w, 90000);
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_result(ask_settle(w, "anna", "o_1", fence), HOLD_OK, "1");
    come_back(w);
    seats_expect_result(ask_decline(w, "ben", "o_2", other_fence), HOLD_OK, "2");
    seats_expect_result(ask_checkout(w, "ben", "o_3", "2"), HOLD_OK, "2");
    cr_expect_eq(ask_state(w, "ben").deadline_ms, seat_world_now(w) + HALL_PAY_MS - 900,
                 "a new checkout keeps the moved deadline");
    seat_world_pass(w, HALL_PAY_MS - 900);
    cr_expect_eq(ask_sweep(w), 1);
    cr_expect_eq(seat_world_outbox_count(w), 2);
    seats_expect_consistent(w);
}

/* The ledger dies after it has made up for its absence and before it beats: that it was there
 * counts as a sign of life, and what it adds the next time is only what was added since. */
CONTRACT(a_thaw_that_is_repeated_counts_nothing_twice)
{
    seat_world_admit(w, "anna", seat_world_now(w) + 10000, true);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    int64_t beat_ms = seat_world_now(w);
    seat_world_silence(w, 10000);
    seat_world_thaw(w);
    seat_world_beat(w, beat_ms);
    cr_expect_eq(ask_state(w, "anna").deadline_ms - seat_world_now(w), 7000);
    seat_world_silence(w, 5000);
    cr_expect_eq(ask_state(w, "anna").deadline_ms - seat_world_now(w), 4000);
    seat_world_thaw(w);
    cr_expect_eq(ask_state(w, "anna").deadline_ms - seat_world_now(w), 4000);
    seat_world_thaw(w);
    cr_expect_eq(ask_state(w, "anna").deadline_ms - seat_world_now(w), 4000);
    seats_expect_consistent(w);
}

/* The hold stays until the deadline that was told, and its answers never name an earlier one. */
static void expect_kept(struct seat_world *w, int64_t told_ms)
{
    cr_expect_geq(ask_state(w, "anna").deadline_ms, told_ms);
    seat_world_pass(w, told_ms - 1 - seat_world_now(w));
    cr_expect_eq(ask_sweep(w), 0);
    seats_expect_result(ask_state(w, "anna"), HOLD_OK, "1");
}

/* Between the moment when all have been made up for and the beat others are asked, too. */
CONTRACT(what_is_told_between_thaw_and_beat_is_kept)
{
    ask_admit(w, "anna");
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_silence(w, 10000);
    int64_t since_ms = seat_world_now(w);
    seat_world_thaw(w);
    seat_world_silence(w, 1500);
    int64_t told_ms = ask_state(w, "anna").deadline_ms;
    cr_expect(seat_world_sign(w, since_ms));
    expect_kept(w, told_ms);
}

/* The ledger's turn begins before it is missed and ends afterwards. */
CONTRACT(a_beat_that_comes_late_takes_no_time_back)
{
    seat_world_admit(w, "anna", seat_world_now(w) + 10000, true);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_silence(w, LEDGER_AWAY_MS);
    cr_expect(seat_world_sign(w, 0), "nothing has stood still yet");
    seat_world_silence(w, LEDGER_AWAY_MS + 700);
    int64_t told_ms = ask_state(w, "anna").deadline_ms;
    come_back(w);
    expect_kept(w, told_ms);
}

/* Making up for it takes so long that the ledger is missed again. */
CONTRACT(a_thaw_that_takes_too_long_is_repeated)
{
    seat_world_admit(w, "anna", seat_world_now(w) + 10000, true);
    seats_expect_result(ask_hold(w, "anna", "1"), HOLD_OK, "1");
    seat_world_silence(w, 10000);
    int64_t since_ms = seat_world_now(w);
    seat_world_thaw(w);
    seat_world_silence(w, LEDGER_AWAY_MS + 700);
    int64_t told_ms = ask_state(w, "anna").deadline_ms;
    cr_expect_not(seat_world_sign(w, since_ms));
    since_ms = seat_world_now(w);
    seat_world_thaw(w);
    cr_expect(seat_world_sign(w, since_ms));
    expect_kept(w, told_ms);
}
