/* The checks of places kept, turns not claimed, the opening and the draw: a correct story is green,
 * one planted violation of each kind is found. Likewise the figures about the line. */
#include <criterion/criterion.h>
#include <string.h>

#include "loadtest/checker_line.h"
#include "loadtest/dice.h"
#include "loadtest/line_pace.h"

#define VISITORS 60
#define LATE 10 /* of them, the last, came after the opening */
#define OPENS_MS 5000

static struct history_visitor visitors[VISITORS];
static const struct history history = {.visitors = visitors, .visitors_count = VISITORS};

/* 50 came early and drew places, 10 came later; all were admitted and entered. */
static void correct_story(void)
{
    uint32_t lots[VISITORS - LATE];
    struct dice dice;
    dice_init(&dice, 4711, 1);
    for (uint32_t i = 0; i < VISITORS - LATE; i++)
        lots[i] = i;
    for (uint32_t i = VISITORS - LATE; i-- > 1;) {
        uint32_t k = (uint32_t)dice_between(&dice, 0, i), swap = lots[i];
        lots[i] = lots[k];
        lots[k] = swap;
    }
    for (uint32_t i = 0; i < VISITORS; i++) {
        bool is_late = i >= VISITORS - LATE;
        int64_t drawn = is_late ? i : lots[i];
        visitors[i] = (struct history_visitor){.seq = 100 + drawn,
                                               .early_seq = HISTORY_NONE,
                                               .other_seq = HISTORY_NONE,
                                               .again_admission = HISTORY_NONE,
                                               .again_ms = HISTORY_NONE,
                                               .asked_ms = is_late ? OPENS_MS + 100 + i : 1000 + i,
                                               .admission = drawn + 1,
                                               .admitted_ms = OPENS_MS + 10 + 100 * (drawn / 10),
                                               .returns = i % 3,
                                               .expired_ms = HISTORY_NONE};
        struct history_visitor *v = &visitors[i];
        v->told_ms = v->asked_ms + 2;
        v->tick_ms = v->admitted_ms;
        v->claim_until_ms = v->admitted_ms + 5000;
        v->entered_ms = v->admitted_ms + 50;
        if (drawn != i) {
            v->is_drawn = true;
            v->early_seq = 100 + i;
        }
        memcpy(v->id, "visitor", sizeof "visitor");
    }
}

static void become_no_show(struct history_visitor *v)
{
    v->entered_ms = HISTORY_NONE;
    v->stays_away = true;
    v->expiry = HISTORY_EXPIRY_NO_SHOW;
    v->expired_ms = v->claim_until_ms + 400;
}

enum check { KEPT, NO_SHOWS, OPENING, DRAW, CHECK_COUNT };

static void expect_red(unsigned mask)
{
    struct finding f[CHECK_COUNT];
    checker_places_kept(&history, &f[KEPT]);
    checker_no_shows(&history, 60000, &f[NO_SHOWS]);
    checker_opening(&history, OPENS_MS, &f[OPENING]);
    checker_draw(&history, OPENS_MS, &f[DRAW]);
    for (int i = 0; i < CHECK_COUNT; i++)
        cr_expect_eq(f[i].state, mask & 1u << i ? FINDING_FAILED : FINDING_OK, "%s: %s", f[i].name,
                     f[i].text);
}

Test(checker_line, a_correct_story_is_green)
{
    correct_story();
    become_no_show(&visitors[3]);
    expect_red(0);
}

Test(checker_line, an_empty_history_is_green)
{
    struct finding f;
    const struct history none = {0};
    checker_draw(&none, OPENS_MS, &f);
    cr_expect_eq(f.state, FINDING_OK);
    checker_opening(&none, OPENS_MS, &f);
    cr_expect_eq(f.state, FINDING_OK);
}

Test(checker_line, a_place_lost_on_return)
{
    correct_story();
    visitors[7].lost_place = true;
    expect_red(1u << KEPT);
}

Test(checker_line, another_place_on_return)
{
    correct_story();
    visitors[7].other_seq = 999;
    expect_red(1u << KEPT);
}

Test(checker_line, a_turn_taken_too_early)
{
    correct_story();
    become_no_show(&visitors[3]);
    visitors[3].expired_ms = visitors[3].claim_until_ms - 100;
    expect_red(1u << NO_SHOWS);
}

Test(checker_line, a_turn_taken_too_late)
{
    correct_story();
    become_no_show(&visitors[3]);
    visitors[3].expired_ms = visitors[3].claim_until_ms + 5000;
    expect_red(1u << NO_SHOWS);
}

Test(checker_line, a_turn_taken_from_who_had_entered)
{
    correct_story();
    become_no_show(&visitors[3]);
    visitors[3].entered_ms = visitors[3].admitted_ms + 10;
    expect_red(1u << NO_SHOWS);
}

Test(checker_line, a_turn_that_never_ends)
{
    correct_story();
    become_no_show(&visitors[3]);
    visitors[3].expiry = HISTORY_EXPIRY_NONE;
    expect_red(1u << NO_SHOWS);
    visitors[3].stays_away = false; /* was not there to hear it */
    expect_red(0);
    visitors[3].has_late_turn = true; /* but came back and still had it */
    expect_red(1u << NO_SHOWS);
}

Test(checker_line, somebody_in_before_the_opening)
{
    correct_story();
    visitors[3].admitted_ms = OPENS_MS - 1;
    expect_red(1u << OPENING);
}

Test(checker_line, a_drawn_place_that_nobody_had)
{
    correct_story();
    visitors[0].is_drawn = true;
    visitors[0].early_seq = 100;
    visitors[0].seq = 500;
    expect_red(1u << DRAW);
}

Test(checker_line, a_latecomer_before_the_draw)
{
    correct_story();
    visitors[VISITORS - 1].seq = 99;
    expect_red(1u << DRAW);
    correct_story();
    visitors[VISITORS - 1].is_drawn = true;
    visitors[VISITORS - 1].early_seq = visitors[VISITORS - 1].seq + 5;
    expect_red(1u << DRAW);
}

/* It asked before the opening, and was put in line after it, behind somebody who came then. */
Test(checker_line, who_was_put_in_line_late_by_a_busy_gateway)
{
    correct_story();
    struct history_visitor *v = &visitors[VISITORS - 1];
    v->asked_ms = OPENS_MS - 20;
    v->told_ms = OPENS_MS + 700;
    expect_red(0);
    v->told_ms = OPENS_MS - 5;
    expect_red(1u << DRAW);
}

Test(checker_line, no_draw_at_all)
{
    correct_story();
    for (int i = 0; i < VISITORS - LATE; i++) {
        visitors[i].is_drawn = false;
        visitors[i].seq = 100 + i;
    }
    expect_red(1u << DRAW);
}

Test(checker_line, who_left_before_the_opening_drew_nothing)
{
    correct_story();
    for (int i = 0; i < VISITORS - LATE; i++) { /* their places as they came, but they are gone */
        visitors[i].is_drawn = false;
        visitors[i].seq = 100 + i;
        visitors[i].admission = visitors[i].admitted_ms = visitors[i].entered_ms = HISTORY_NONE;
        visitors[i].waiting_ms = OPENS_MS - 1;
    }
    expect_red(0);
}

Test(checker_line, a_draw_turned_upside_down)
{
    correct_story();
    for (int i = 0; i < VISITORS - LATE; i++) {
        visitors[i].is_drawn = true;
        visitors[i].early_seq = 100 + i;
        visitors[i].seq = 100 + VISITORS - LATE - 1 - i;
    }
    expect_red(1u << DRAW);
}

Test(checker_line, somebody_in_while_the_line_recovers)
{
    struct finding f;
    struct history h = history;
    correct_story();
    checker_recovery(&h, &f);
    cr_expect_eq(f.state, FINDING_NOT_CHECKED, "the server never said that it recovers");
    h.lost_ms = OPENS_MS + 250; /* between two ticks */
    h.recovering_ms = OPENS_MS + 300;
    checker_recovery(&h, &f);
    cr_expect_eq(f.state, FINDING_OK, "%s", f.text);
    visitors[3].again_ms = OPENS_MS + 299;
    checker_recovery(&h, &f);
    cr_expect_eq(f.state, FINDING_FAILED);
    visitors[3].again_ms = HISTORY_NONE;
    h.recovering_ms = OPENS_MS + 310; /* the next tick admitted too soon */
    checker_recovery(&h, &f);
    cr_expect_eq(f.violations, 10, "%s", f.text);
}

struct intervals {
    int64_t from_ms[VISITORS], ms[VISITORS];
    int count;
};

static void on_interval(void *ctx, int64_t from_ms, int64_t interval_ms)
{
    struct intervals *all = ctx;
    all->from_ms[all->count] = from_ms;
    all->ms[all->count++] = interval_ms;
}

Test(line_pace, ticks_are_the_moments_of_admission)
{
    struct intervals all = {0};
    correct_story();
    visitors[9].tick_ms = HISTORY_NONE; /* heard of its turn by asking, some time later */
    visitors[9].admitted_ms += 37;
    line_pace_ticks(&history, on_interval, &all);
    cr_assert_eq(all.count, 5);
    for (int i = 0; i < 5; i++)
        cr_expect(all.from_ms[i] == OPENS_MS + 10 + 100 * i && all.ms[i] == 100);
}

Test(line_pace, figures)
{
    struct line_pace pace;
    correct_story();
    for (int i = 0; i < VISITORS; i++)
        visitors[i].told_ms = 1000 + 20 * i;
    become_no_show(&visitors[3]);
    line_pace_read(&history, OPENS_MS, &pace);
    cr_expect_float_eq(pace.joins_per_s, 50, 0.01);
    cr_expect_eq(pace.first_admission_ms, 10);
    cr_expect_eq(pace.no_shows, 1);
    cr_expect_eq(pace.no_show_late_ms_max, 400);
    cr_expect_eq(pace.returns, 60);
    const struct history none = {0};
    line_pace_read(&none, 0, &pace);
    cr_expect(pace.joins_per_s == 0 && pace.first_admission_ms == HISTORY_NONE &&
              pace.no_show_late_ms_max == HISTORY_NONE);
}
