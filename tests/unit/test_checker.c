/* The checker of stampede: a correct history is green, and one planted violation of each kind turns
 * exactly the check red that is there for it. */
#include <criterion/criterion.h>
#include <string.h>

#include "loadtest/checker_line.h"

#define VISITORS 6
#define ORDERS 4

/* Six visitors in line; four were admitted, three bought, one left; two still wait. */
struct story {
    struct history_visitor visitors[VISITORS];
    struct history_order orders[ORDERS];
    struct history_hold holds[ORDERS];
    struct ledger_order rows[ORDERS];
    struct ledger_seat seats[ORDERS * 2];
    struct history_sample samples[3];
    struct provider_capture captures[ORDERS];
    struct provider provider;
    struct history history;
    struct ledger ledger;
    int64_t cap, lost_ms;
};

/* "visitor0", "o_order3": one digit is enough here. */
static void name(char *out, const char *prefix, int number)
{
    size_t bytes = strlen(prefix);
    memcpy(out, prefix, bytes);
    out[bytes] = (char)('0' + number);
    out[bytes + 1] = '\0';
}

static void set_visitor(struct history_visitor *v, int i)
{
    *v = (struct history_visitor){.seq = 100 + i,
                                  .other_seq = HISTORY_NONE,
                                  .admission = HISTORY_NONE,
                                  .other_admission = HISTORY_NONE,
                                  .admitted_ms = HISTORY_NONE,
                                  .again_admission = HISTORY_NONE,
                                  .again_ms = HISTORY_NONE,
                                  .waiting_ms = 500};
    name(v->id, "visitor", i);
    if (i < 4) {
        v->admission = i + 1;
        v->admitted_ms = 1000 * (1 + i / 2); /* two per tick */
        v->inside_until_ms = v->admitted_ms + 1000;
        v->end = i < 3 ? HISTORY_END_BOUGHT : HISTORY_END_LEFT;
    }
}

static void set_order(struct story *s, int i)
{
    struct history_order *o = &s->orders[i];
    *o = (struct history_order){.state = HISTORY_ORDER_CONFIRMED,
                                .visitor = (uint32_t)i,
                                .amount_minor = 200,
                                .seats_count = 2,
                                .seats = {(uint32_t)i * 2, (uint32_t)i * 2 + 1}};
    name(o->id, "o_order", i);
    s->holds[i] = (struct history_hold){.visitor = (uint32_t)i,
                                        .seats_count = 2,
                                        .paid = i < 3,
                                        .released = i == 3,
                                        .seats = {(uint32_t)i * 2, (uint32_t)i * 2 + 1}};
    s->rows[i] = (struct ledger_order){.amount_minor = 200};
    memcpy(s->rows[i].id, o->id, sizeof o->id);
    memcpy(s->rows[i].visitor, s->visitors[i].id, sizeof s->rows[i].visitor);
    memcpy(s->rows[i].payment, "captured", sizeof "captured");
    s->captures[i].amount_minor = 200;
    memcpy(s->captures[i].order, o->id, sizeof o->id);
    for (int k = 0; k < 2; k++) {
        s->seats[2 * i + k] =
            (struct ledger_seat){.seat = (uint32_t)(2 * i + k), .price_minor = 100};
        memcpy(s->seats[2 * i + k].order, o->id, sizeof o->id);
    }
}

static struct story correct_story(void)
{
    static struct story s;
    s = (struct story){.cap = 2};
    for (int i = 0; i < VISITORS; i++)
        set_visitor(&s.visitors[i], i);
    for (int i = 0; i < ORDERS; i++)
        set_order(&s, i);
    s.orders[3].state = HISTORY_ORDER_OPEN;
    for (int i = 0; i < 3; i++)
        s.samples[i] = (struct history_sample){1000 * i, i};
    return s;
}

enum check {
    TOLD_ONCE,
    SOLD_ONCE,
    HAVE_ROWS,
    ORDER,
    CAP,
    ONE_PLACE,
    KEPT,
    MONEY,
    HOLDS,
    TAKEN,
    CHECK_COUNT
};

static void run_checks(struct story *s, struct finding f[CHECK_COUNT])
{
    s->history = (struct history){.visitors = s->visitors,
                                  .orders = s->orders,
                                  .holds = s->holds,
                                  .visitors_count = VISITORS,
                                  .lost_ms = s->lost_ms,
                                  .orders_count = ORDERS,
                                  .holds_count = ORDERS};
    if (s->ledger.orders_count == 0)
        s->ledger = (struct ledger){.orders_count = 3, .seats_count = 6};
    s->ledger.orders = s->rows;
    s->ledger.seats = s->seats;
    checker_seats_told_once(&s->history, &f[TOLD_ONCE]);
    checker_seats_sold_once(&s->ledger, &f[SOLD_ONCE]);
    checker_confirmed_have_rows(&s->history, &s->ledger, &f[HAVE_ROWS]);
    checker_order_of_admission(&s->history, &f[ORDER]);
    checker_cap(&s->history, s->samples, 3, s->cap, &f[CAP]);
    checker_one_place(&s->history, &f[ONE_PLACE]);
    checker_places_kept(&s->history, &f[KEPT]);
    checker_money(&s->history, &s->ledger, &f[MONEY]);
    checker_holds(&s->history, &f[HOLDS]);
    if (!s->provider.captures)
        s->provider = (struct provider){s->captures, 3};
    checker_money_taken(&s->history, &s->ledger, &s->provider, &s->provider, &f[TAKEN]);
}

/* Exactly the checks in the mask (1 << check) must be red, each with a text. */
static void expect_red(struct story *s, unsigned mask)
{
    struct finding f[CHECK_COUNT];
    run_checks(s, f);
    for (int i = 0; i < CHECK_COUNT; i++) {
        enum finding_state wanted = mask & 1u << i ? FINDING_FAILED : FINDING_OK;
        cr_expect_eq(f[i].state, wanted, "%s: %s: %s", f[i].name, finding_state_name(f[i].state),
                     f[i].text);
        cr_expect(f[i].text[0] != '\0');
        cr_expect_eq(f[i].violations > 0, wanted == FINDING_FAILED);
    }
}

Test(checker, a_correct_history_is_green)
{
    struct story s = correct_story();
    expect_red(&s, 0);
}

Test(checker, an_empty_history_is_green)
{
    struct finding f;
    struct history h = {0};
    struct ledger l = {0};
    checker_seats_told_once(&h, &f);
    cr_expect_eq(f.state, FINDING_OK);
    checker_confirmed_have_rows(&h, &l, &f);
    cr_expect_eq(f.state, FINDING_OK);
    checker_cap(&h, NULL, 0, 5, &f);
    cr_expect_eq(f.state, FINDING_OK);
}

Test(checker, a_seat_confirmed_twice)
{
    struct story s = correct_story();
    s.orders[1].seats[0] = 0;
    expect_red(&s, 1u << TOLD_ONCE | 1u << HAVE_ROWS);
}

Test(checker, a_seat_twice_in_one_confirmation)
{
    struct story s = correct_story();
    s.orders[1].seats[1] = s.orders[1].seats[0];
    struct finding f[CHECK_COUNT];
    run_checks(&s, f);
    cr_expect_eq(f[TOLD_ONCE].state, FINDING_FAILED);
}

Test(checker, a_seat_twice_in_the_ledger)
{
    struct story s = correct_story();
    s.seats[2].seat = 0;
    s.orders[1].seats[0] = 0;
    expect_red(&s, 1u << TOLD_ONCE | 1u << SOLD_ONCE);
}

Test(checker, a_seat_of_a_stranger_sold_again)
{
    struct story s = correct_story();
    s.ledger = (struct ledger){.orders_count = 4, .seats_count = 8};
    memcpy(s.rows[3].visitor, "stranger", sizeof "stranger");
    memcpy(s.rows[3].id, "o_other", sizeof "o_other");
    for (int i = 6; i < 8; i++)
        memcpy(s.seats[i].order, "o_other", sizeof "o_other");
    expect_red(&s, 0);
    s.seats[6].seat = 1;
    expect_red(&s, 1u << SOLD_ONCE);
}

Test(checker, confirmed_without_a_row)
{
    struct story s = correct_story();
    s.ledger = (struct ledger){.orders_count = 2, .seats_count = 4};
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY | 1u << TAKEN);
}

Test(checker, a_row_of_somebody_else)
{
    struct story s = correct_story();
    memcpy(s.rows[1].visitor, s.visitors[0].id, sizeof s.rows[1].visitor);
    expect_red(&s, 1u << HAVE_ROWS);
}

Test(checker, a_row_with_other_seats)
{
    struct story s = correct_story();
    s.seats[2].seat = 99;
    expect_red(&s, 1u << HAVE_ROWS);
}

Test(checker, a_row_with_a_seat_missing)
{
    struct story s = correct_story();
    s.seats[5] = s.seats[4];
    s.ledger = (struct ledger){.orders_count = 3, .seats_count = 5};
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY);
}

Test(checker, a_row_with_another_amount)
{
    struct story s = correct_story();
    s.rows[1].amount_minor = 199;
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY | 1u << TAKEN);
}

Test(checker, a_row_that_nobody_asked_to_pay)
{
    struct story s = correct_story();
    s.ledger = (struct ledger){.orders_count = 4, .seats_count = 8};
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY | 1u << TAKEN);
}

Test(checker, a_row_of_an_unknown_order)
{
    struct story s = correct_story();
    memcpy(s.rows[2].id, "o_new", sizeof "o_new");
    for (int i = 4; i < 6; i++)
        memcpy(s.seats[i].order, "o_new", sizeof "o_new");
    s.orders[2].state = HISTORY_ORDER_PAY_SENT;
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY | 1u << TAKEN);
}

Test(checker, a_row_after_money_was_said_not_to_be_taken)
{
    struct story s = correct_story();
    s.orders[2].state = HISTORY_ORDER_UNSOLD;
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY);
    s.orders[2].state = HISTORY_ORDER_DECLINED;
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY);
}

Test(checker, a_paid_order_without_an_answer_is_no_violation)
{
    struct story s = correct_story();
    s.orders[2].state = HISTORY_ORDER_PAY_SENT;
    expect_red(&s, 0);
}

Test(checker, an_order_twice_in_the_ledger)
{
    struct story s = correct_story();
    s.ledger = (struct ledger){.orders_count = 4, .seats_count = 6};
    s.rows[3] = s.rows[2];
    expect_red(&s, 1u << HAVE_ROWS | 1u << MONEY);
}

Test(checker, a_confirmation_that_differs_from_the_payment)
{
    struct story s = correct_story();
    s.orders[0].was_changed = true;
    expect_red(&s, 1u << HAVE_ROWS);
}

Test(checker, a_confirmed_order_missing_in_the_tickets)
{
    struct story s = correct_story();
    s.visitors[0].lost_ticket = true;
    expect_red(&s, 1u << HAVE_ROWS);
}

Test(checker, admitted_out_of_order)
{
    struct story s = correct_story();
    s.visitors[0].admission = 2;
    s.visitors[1].admission = 1;
    expect_red(&s, 1u << ORDER);
}

Test(checker, overtaken_while_staying)
{
    struct story s = correct_story();
    s.visitors[1].admission = s.visitors[1].admitted_ms = HISTORY_NONE;
    s.visitors[1].waiting_ms = 2001; /* two and three were admitted at 2000 */
    expect_red(&s, 1u << ORDER);
    s.visitors[1].waiting_ms = 2000;
    expect_red(&s, 0);
}

Test(checker, passed_after_having_left_is_no_violation)
{
    struct story s = correct_story();
    s.visitors[1].admission = s.visitors[1].admitted_ms = HISTORY_NONE;
    s.visitors[1].end = HISTORY_END_LEFT;
    expect_red(&s, 0);
}

Test(checker, more_inside_than_the_cap)
{
    struct story s = correct_story();
    s.visitors[0].inside_until_ms = 2001;
    expect_red(&s, 1u << CAP);
}

Test(checker, the_server_itself_says_too_many)
{
    struct story s = correct_story();
    s.samples[1].inside = 3;
    expect_red(&s, 1u << CAP);
}

Test(checker, without_a_cap_nothing_is_claimed)
{
    struct story s = correct_story();
    struct finding f;
    s.cap = -1;
    struct finding all[CHECK_COUNT];
    run_checks(&s, all);
    f = all[CAP];
    cr_expect_eq(f.state, FINDING_NOT_CHECKED);
}

Test(checker, two_places_for_one_visitor)
{
    struct story s = correct_story();
    s.visitors[2].other_seq = 777;
    expect_red(&s, 1u << ONE_PLACE | 1u << KEPT);
}

Test(checker, two_admissions_for_one_visitor)
{
    struct story s = correct_story();
    s.visitors[2].other_admission = 777;
    expect_red(&s, 1u << ONE_PLACE);
}

Test(checker, one_place_for_two_visitors)
{
    struct story s = correct_story();
    s.visitors[5].seq = s.visitors[4].seq;
    expect_red(&s, 1u << ONE_PLACE);
}

Test(checker, a_lost_place)
{
    struct story s = correct_story();
    s.visitors[5].lost_place = true;
    expect_red(&s, 1u << KEPT);
}

Test(checker, seat_prices_do_not_add_up)
{
    struct story s = correct_story();
    s.seats[0].price_minor = 99;
    expect_red(&s, 1u << MONEY);
}

Test(checker, a_sold_order_whose_payment_is_void)
{
    struct story s = correct_story();
    memcpy(s.rows[0].payment, "voided", sizeof "voided");
    expect_red(&s, 1u << MONEY);
}

Test(checker, money_taken_for_no_order)
{
    struct story s = correct_story();
    s.provider = (struct provider){s.captures, 4}; /* that of order 3 was never asked to be paid */
    expect_red(&s, 1u << TAKEN);
}

Test(checker, money_taken_twice)
{
    struct story s = correct_story();
    s.provider = (struct provider){s.captures, 4};
    memcpy(s.captures[3].order, s.captures[1].order, sizeof s.captures[3].order);
    expect_red(&s, 1u << TAKEN);
}

Test(checker, more_money_taken_than_the_order_is_over)
{
    struct story s = correct_story();
    s.captures[2].amount_minor = 201;
    expect_red(&s, 1u << TAKEN);
}

Test(checker, money_that_was_not_taken)
{
    struct story s = correct_story();
    s.provider = (struct provider){s.captures, 2};
    expect_red(&s, 1u << TAKEN);
    memcpy(s.rows[2].payment, "capture_due", sizeof "capture_due");
    expect_red(&s, 0); /* on its way */
}

Test(checker, money_of_others_is_none_of_ours)
{
    struct story s = correct_story();
    s.provider = (struct provider){s.captures, 4};
    memcpy(s.captures[3].order, "o_other", sizeof "o_other");
    expect_red(&s, 0);
}

/* Both were read while money was being taken: the provider has it before the ledger says so. */
Test(checker, money_taken_while_the_books_are_read)
{
    struct story s = correct_story();
    struct finding f;
    expect_red(&s, 0);
    const struct provider before = {s.captures, 2}, after = {s.captures, 3};
    checker_money_taken(&s.history, &s.ledger, &before, &after, &f);
    cr_expect_eq(f.state, FINDING_OK, "%s", f.text);
}

Test(checker, a_hold_that_ended_twice)
{
    struct story s = correct_story();
    s.holds[0].released = 1;
    expect_red(&s, 1u << HOLDS);
}

Test(checker, a_hold_that_was_paid_twice)
{
    struct story s = correct_story();
    s.holds[0].paid = 2;
    expect_red(&s, 1u << HOLDS);
}

Test(checker, a_hold_that_vanished)
{
    struct story s = correct_story();
    s.holds[0].paid = 0;
    s.holds[0].was_lost = true;
    expect_red(&s, 1u << HOLDS);
}

/* Redis forgot everything at 1500: zero and one were inside and are let in again, then two and
 * three get their first turn. */
static struct story story_with_loss(void)
{
    struct story s = correct_story();
    s.lost_ms = 1500;
    for (int i = 0; i < 4; i++) {
        struct history_visitor *v = &s.visitors[i];
        if (i < 2) {
            v->again_admission = 3 + i;
            v->again_ms = 3000;
        } else {
            v->admission = 3 + i;
            v->admitted_ms = 4000;
        }
        v->inside_until_ms = (i < 2 ? 3000 : 4000) + 1000;
    }
    return s;
}

Test(checker, let_in_again_after_a_loss)
{
    struct story s = story_with_loss();
    expect_red(&s, 0);
    s.visitors[0].again_ms = 2500; /* 3 inside at once would be too many */
    s.visitors[0].inside_until_ms = 4500;
    expect_red(&s, 1u << CAP);
}

Test(checker, let_in_again_behind_later_ones)
{
    struct story s = story_with_loss();
    s.visitors[1].again_admission = 7;
    expect_red(&s, 1u << ORDER);
}

Test(checker, numbers_from_before_a_loss_may_come_again)
{
    struct story s = story_with_loss();
    for (int i = 0; i < 2; i++) {
        s.visitors[i].again_admission = 1 + i;
        s.visitors[2 + i].admission = 3 + i;
    }
    s.visitors[1].again_admission = 3; /* twice after the loss */
    s.visitors[2].admission = 3;
    expect_red(&s, 1u << ORDER | 1u << ONE_PLACE);
    s.visitors[1].again_admission = 2;
    s.visitors[0].admission = 3; /* once before, once after */
    s.visitors[1].admission = 4;
    expect_red(&s, 0);
}

Test(checker, a_loss_ends_what_was_before_it)
{
    struct story s = story_with_loss();
    s.visitors[0].again_admission = s.visitors[0].again_ms = HISTORY_NONE; /* did not come back */
    s.visitors[0].inside_until_ms = 600000;
    expect_red(&s, 0);
    s.lost_ms = 0;
    s.visitors[1].again_admission = s.visitors[1].again_ms = HISTORY_NONE;
    s.visitors[1].inside_until_ms = 600000;
    expect_red(&s, 1u << CAP);
}

Test(checker, only_holds_from_before_a_loss_may_vanish)
{
    struct story s = story_with_loss();
    s.holds[0].paid = 0;
    s.holds[0].was_lost = true;
    s.holds[0].taken_ms = 1400;
    expect_red(&s, 0);
    s.holds[0].taken_ms = 3100;
    expect_red(&s, 1u << HOLDS);
}

Test(checker, clashes_of_holds)
{
    struct finding f;
    struct history_clash clashes[HISTORY_CLASHES_MAX] = {{17, 1, 2}};
    checker_holds_apart(clashes, 0, &f);
    cr_expect_eq(f.state, FINDING_OK);
    checker_holds_apart(clashes, 1, &f);
    cr_expect_eq(f.state, FINDING_FAILED);
    cr_expect(strstr(f.text, "seat 17"), "%s", f.text);
    checker_holds_apart(clashes, 5000, &f);
    cr_expect_eq(f.violations, 5000);
}
