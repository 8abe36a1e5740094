/* A gateway's view of a line: exact places, missed ticks, and the same against a simulated line. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue/line_view.h"

static struct line_state state_at(int64_t tick, int64_t head, int64_t seq)
{
    return (struct line_state){
        .tick = tick, .at_ms = tick * 1000, .head = head, .seq = seq, .phase = PHASE_OPEN};
}

static struct tick_report report_at(int64_t tick, int64_t head, int64_t seq)
{
    return (struct tick_report){.tick = tick,
                                .at_ms = tick * 1000,
                                .head = head,
                                .seq = seq,
                                .waiting = seq - head,
                                .phase = PHASE_OPEN};
}

Test(line_view, places_are_counted_behind_the_head)
{
    struct line_view view;
    line_view_init(&view);
    int64_t gone[] = {12, 15};
    struct line_state state = state_at(5, 10, 30);
    state.gone = gone;
    state.gone_count = 2;
    cr_assert_not(view.is_known);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK);
    cr_assert_eq(line_view_ahead(&view, 3), 0);
    cr_assert_eq(line_view_ahead(&view, 11), 0);
    cr_assert_eq(line_view_ahead(&view, 13), 1);
    cr_assert_eq(line_view_ahead(&view, 30), 17);
    int64_t more[] = {20, 15};
    struct tick_report report = report_at(6, 14, 40);
    report.gone = more;
    report.gone_count = 2;
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_OK);
    cr_assert_eq(line_view_ahead(&view, 16), 0);
    cr_assert_eq(line_view_ahead(&view, 30), 13);
    cr_assert_eq(view.departures.count, 2);
    line_view_release(&view);
}

Test(line_view, a_missed_tick_is_noticed_and_only_a_newer_state_mends_it)
{
    struct line_view view;
    line_view_init(&view);
    struct tick_report report = report_at(3, 0, 9);
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_GAP, "nothing known yet");
    struct line_state state = state_at(2, 0, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_GAP, "older than what was heard");
    cr_assert(view.is_known);
    state = state_at(3, 1, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK);
    report = report_at(4, 2, 9);
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_OK);
    report = report_at(6, 4, 9);
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_GAP);
    cr_assert_eq(view.head, 2, "the last known place stays");
    report = report_at(7, 5, 9);
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_GAP);
    state = state_at(6, 4, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_GAP);
    state = state_at(7, 5, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK);
    line_view_release(&view);
}

Test(line_view, old_news_is_ignored)
{
    struct line_view view;
    line_view_init(&view);
    struct line_state state = state_at(7, 5, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK);
    struct tick_report report = report_at(7, 1, 9);
    cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_OLD);
    state = state_at(6, 1, 9);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OLD);
    cr_assert_eq(view.head, 5);
    estimate_set_limits(&view.estimate, &(struct estimate_limits){50, 1000, 500, 0});
    line_view_clear(&view);
    cr_assert_not(view.is_known);
    cr_assert_eq(view.estimate.limits.cap, 500, "the configured limits stay");
    state = state_at(1, 1, 1);
    cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK, "a new epoch may count anew");
    line_view_release(&view);
}

Test(line_view, the_time_before_the_first_report_tells_no_rate)
{
    struct line_view view;
    line_view_init(&view);
    struct line_state state = state_at(1, 0, 100);
    state.at_ms = 0;
    line_view_on_state(&view, &state);
    for (int64_t tick = 2; tick < 8; tick++) {
        struct tick_report report = report_at(tick, tick, 100);
        report.at_ms = 100000000 + tick * 1000;
        report.admitted_count = 1;
        line_view_on_report(&view, &report);
    }
    struct estimate_range range;
    cr_assert(estimate_wait(&view.estimate, 10, &range));
    cr_assert_leq(range.high_ms, 15000);
    line_view_release(&view);
}

/* 10 a second, half of them by refills between the ticks. */
Test(line_view, refills_count_for_the_rate)
{
    struct line_view view;
    line_view_init(&view);
    struct line_state state = state_at(0, 0, 10000);
    line_view_on_state(&view, &state);
    for (int64_t tick = 1; tick < 200; tick++) {
        bool is_refill = tick % 2 == 0;
        struct tick_report report = report_at(tick, tick * 5, 10000);
        report.at_ms = (tick + 1) / 2 * 1000 + (is_refill ? 3 : 0);
        report.is_refill = is_refill;
        report.admitted_count = 5;
        cr_assert_eq(line_view_on_report(&view, &report), LINE_VIEW_OK);
    }
    struct estimate_range range;
    cr_assert(estimate_wait(&view.estimate, 1000, &range));
    cr_assert_leq(range.low_ms, 100000);
    cr_assert_geq(range.high_ms, 100000);
    cr_assert_leq(range.high_ms, 120000);
    line_view_release(&view);
}

/* The phase may come by a re-reading before the next tick tells it. */
Test(line_view, a_line_that_stands_still_foretells_nothing)
{
    struct line_view view;
    struct estimate_range range;
    line_view_init(&view);
    struct line_state state = state_at(0, 0, 10000);
    line_view_on_state(&view, &state);
    for (int64_t tick = 1; tick < 10; tick++) {
        struct tick_report report = report_at(tick, tick * 5, 10000);
        report.admitted_count = 5;
        line_view_on_report(&view, &report);
    }
    int64_t moving_ms = view.moving_ms;
    cr_assert_eq(moving_ms, 9000);
    cr_assert(estimate_wait(&view.estimate, 100, &range));
    state = state_at(9, 45, 10000);
    state.phase = PHASE_PAUSED;
    state.at_ms = 9400;
    line_view_on_state(&view, &state);
    cr_assert_not(estimate_wait(&view.estimate, 100, &range), "paused");
    cr_assert_eq(view.moving_ms, 9400, "until then it moved");
    state.phase = PHASE_OPEN;
    state.recovers_at_ms = 30000;
    state.at_ms = 20000;
    line_view_on_state(&view, &state);
    cr_assert_not(estimate_wait(&view.estimate, 100, &range), "recovering");
    state.recovers_at_ms = 0;
    state.draw = DRAW_PENDING;
    line_view_on_state(&view, &state);
    cr_assert_not(estimate_wait(&view.estimate, 100, &range), "drawing");
    state.draw = DRAW_DONE;
    state.at_ms = 30000;
    line_view_on_state(&view, &state);
    cr_assert(estimate_wait(&view.estimate, 100, &range), "goes on");
    cr_assert_eq(view.moving_ms, 9400, "the clock stood still");
    line_view_release(&view);
}

/* A line of up to LINE_MAX sequences, each waiting, gone or admitted, driven at random. */
#define LINE_MAX 500
enum fate { UNBORN, WAITING, GONE, ADMITTED };

struct simulated {
    enum fate fate[LINE_MAX + 1];
    int64_t seq, head, tick;
    int64_t gone_new[LINE_MAX];
    size_t gone_new_count;
};

static void sim_leave(struct simulated *sim)
{
    int64_t seq = 1 + rand() % LINE_MAX;
    if (sim->fate[seq] != WAITING)
        return;
    sim->fate[seq] = GONE;
    sim->gone_new[sim->gone_new_count++] = seq;
}

static void sim_admit(struct simulated *sim, int count)
{
    for (int64_t seq = sim->head + 1; seq <= sim->seq && count > 0; seq++) {
        if (sim->fate[seq] != WAITING)
            continue;
        sim->fate[seq] = ADMITTED;
        sim->head = seq;
        count--;
    }
}

static void sim_tick(struct simulated *sim, struct line_view *view)
{
    for (int i = rand() % 20; i > 0 && sim->seq < LINE_MAX; i--)
        sim->fate[++sim->seq] = WAITING;
    for (int i = rand() % 12; i > 0; i--)
        sim_leave(sim);
    sim_admit(sim, rand() % 6);
    struct tick_report report = report_at(++sim->tick, sim->head, sim->seq);
    report.gone = sim->gone_new;
    report.gone_count = sim->gone_new_count;
    cr_assert_eq(line_view_on_report(view, &report), LINE_VIEW_OK);
    sim->gone_new_count = 0;
}

Test(line_view, equals_counting_the_line)
{
    unsigned seed = (unsigned)time(NULL);
    for (int round = 0; round < 60; round++, seed++) {
        srand(seed);
        struct simulated sim = {0};
        struct line_view view;
        line_view_init(&view);
        struct line_state state = state_at(0, 0, 0);
        cr_assert_eq(line_view_on_state(&view, &state), LINE_VIEW_OK);
        for (int i = 0; i < 60; i++) {
            sim_tick(&sim, &view);
            int64_t ahead = 0;
            for (int64_t seq = 1; seq <= sim.seq; seq++) {
                if (sim.fate[seq] != WAITING)
                    continue;
                cr_assert_eq(line_view_ahead(&view, seq), ahead, "seed %u", seed);
                ahead++;
            }
        }
        line_view_release(&view);
    }
}
