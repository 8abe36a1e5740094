/* Names and schedule of the phases. */
#include <criterion/criterion.h>

#include "queue/phase.h"

Test(phase, names_go_there_and_back)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        enum queue_phase phase = PHASE_COUNT;
        cr_assert(queue_phase_parse(queue_phase_name((enum queue_phase)i), &phase));
        cr_assert_eq(phase, (enum queue_phase)i);
    }
    cr_assert_str_eq(queue_phase_name(PHASE_SOLD_OUT), "sold_out");
}

Test(phase, other_words_are_refused)
{
    enum queue_phase phase = PHASE_CLOSED;
    cr_assert_not(queue_phase_parse("", &phase));
    cr_assert_not(queue_phase_parse("OPEN", &phase));
    cr_assert_not(queue_phase_parse("open ", &phase));
    cr_assert_eq(phase, PHASE_CLOSED, "nothing is set");
}

struct row {
    enum queue_phase operator_phase;
    int64_t prequeue_at, opens_at, now;
    int64_t free, holds; /* free -1 = stock not known */
    enum queue_phase expected;
};

static const struct row rows[] = {
    {PHASE_DRAFT, 10, 20, 30, 5, 0, PHASE_DRAFT},
    {PHASE_ANNOUNCED, 0, 0, 1000, 5, 0, PHASE_ANNOUNCED},
    {PHASE_ANNOUNCED, 10, 20, 9, 5, 0, PHASE_ANNOUNCED},
    {PHASE_ANNOUNCED, 10, 20, 10, 5, 0, PHASE_PREQUEUE},
    {PHASE_ANNOUNCED, 10, 20, 19, 5, 0, PHASE_PREQUEUE},
    {PHASE_ANNOUNCED, 10, 20, 20, 5, 0, PHASE_OPEN},
    {PHASE_ANNOUNCED, 0, 20, 19, 5, 0, PHASE_ANNOUNCED},
    {PHASE_ANNOUNCED, 0, 20, 20, 5, 0, PHASE_OPEN},
    {PHASE_ANNOUNCED, 30, 20, 25, 5, 0, PHASE_OPEN},
    {PHASE_ANNOUNCED, 10, 0, 1000, 5, 0, PHASE_PREQUEUE},
    {PHASE_PREQUEUE, 50, 20, 19, 5, 0, PHASE_PREQUEUE},
    {PHASE_PREQUEUE, 0, 20, 20, 5, 0, PHASE_OPEN},
    {PHASE_OPEN, 50, 60, 1, 5, 0, PHASE_OPEN},
    {PHASE_OPEN, 0, 0, 1, 0, 1, PHASE_OPEN},
    {PHASE_OPEN, 0, 0, 1, 0, 0, PHASE_SOLD_OUT},
    {PHASE_OPEN, 0, 0, 1, -1, 0, PHASE_OPEN},
    {PHASE_ANNOUNCED, 0, 20, 20, 0, 0, PHASE_SOLD_OUT},
    {PHASE_PREQUEUE, 0, 0, 1, 0, 0, PHASE_PREQUEUE},
    {PHASE_PAUSED, 10, 20, 30, 5, 0, PHASE_PAUSED},
    {PHASE_PAUSED, 10, 20, 30, 0, 0, PHASE_PAUSED},
    {PHASE_SOLD_OUT, 10, 20, 30, 5, 0, PHASE_SOLD_OUT},
    {PHASE_CLOSED, 10, 20, 30, 5, 0, PHASE_CLOSED},
};

Test(phase, the_schedule_moves_it_on)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct phase_inputs inputs = {.operator_phase = row->operator_phase,
                                      .prequeue_at_ms = row->prequeue_at,
                                      .opens_at_ms = row->opens_at,
                                      .is_stock_known = row->free >= 0,
                                      .free_count = row->free < 0 ? 0 : row->free,
                                      .holds_count = row->holds};
        enum queue_phase phase = queue_phase_effective(&inputs, row->now);
        cr_expect_eq(phase, row->expected, "row %zu: %s, expected %s", i, queue_phase_name(phase),
                     queue_phase_name(row->expected));
    }
}

Test(phase, the_schedule_closes_everything_but_drafts)
{
    static const struct {
        enum queue_phase operator_phase;
        int64_t opens_at, now, free;
        enum queue_phase expected;
    } closing[] = {
        {PHASE_ANNOUNCED, 20, 29, 5, PHASE_OPEN}, {PHASE_ANNOUNCED, 20, 30, 5, PHASE_CLOSED},
        {PHASE_PREQUEUE, 0, 30, 5, PHASE_CLOSED}, {PHASE_OPEN, 0, 29, 5, PHASE_OPEN},
        {PHASE_OPEN, 0, 30, 5, PHASE_CLOSED},     {PHASE_OPEN, 0, 30, 0, PHASE_CLOSED},
        {PHASE_PAUSED, 0, 31, 5, PHASE_CLOSED},   {PHASE_SOLD_OUT, 0, 30, 5, PHASE_CLOSED},
        {PHASE_DRAFT, 0, 30, 5, PHASE_DRAFT},     {PHASE_OPEN, 40, 35, 5, PHASE_CLOSED},
    };
    for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]); i++) {
        struct phase_inputs inputs = {.operator_phase = closing[i].operator_phase,
                                      .opens_at_ms = closing[i].opens_at,
                                      .closes_at_ms = 30,
                                      .is_stock_known = true,
                                      .free_count = closing[i].free};
        cr_expect_eq(queue_phase_effective(&inputs, closing[i].now), closing[i].expected, "%zu", i);
    }
}

Test(phase, moments_of_the_schedule)
{
    struct phase_inputs inputs = {.operator_phase = PHASE_ANNOUNCED,
                                  .prequeue_at_ms = 10,
                                  .opens_at_ms = 20,
                                  .closes_at_ms = 30};
    cr_expect_eq(queue_phase_moment_ms(&inputs, 0, 9), 0);
    cr_expect_eq(queue_phase_moment_ms(&inputs, 9, 10), 10);
    cr_expect_eq(queue_phase_moment_ms(&inputs, 10, 19), 0);
    cr_expect_eq(queue_phase_moment_ms(&inputs, 19, 25), 20);
    cr_expect_eq(queue_phase_moment_ms(&inputs, 20, 29), 0, "each once");
    cr_expect_eq(queue_phase_moment_ms(&inputs, 5, 35), 30, "the last");
    inputs.operator_phase = PHASE_OPEN;
    cr_expect_eq(queue_phase_moment_ms(&inputs, 0, 25), 0, "opened by hand before");
    cr_expect_eq(queue_phase_moment_ms(&inputs, 25, 30), 30);
    inputs.operator_phase = PHASE_DRAFT;
    cr_expect_eq(queue_phase_moment_ms(&inputs, 0, 100), 0);
}

Test(phase, who_may_join_and_who_is_admitted)
{
    static const bool joins[PHASE_COUNT] = {
        [PHASE_PREQUEUE] = true, [PHASE_OPEN] = true, [PHASE_PAUSED] = true};
    for (int i = 0; i < PHASE_COUNT; i++) {
        cr_expect_eq(queue_phase_takes_joins((enum queue_phase)i, false), joins[i]);
        cr_expect_eq(queue_phase_takes_joins((enum queue_phase)i, true),
                     joins[i] || i == PHASE_SOLD_OUT);
        cr_expect_eq(queue_phase_admits((enum queue_phase)i), i == PHASE_OPEN);
    }
}

struct draw_row {
    enum queue_phase operator_phase;
    bool is_committed;
    enum line_draw draw;
    enum queue_phase expected;
    bool is_due;
};

static const struct draw_row draw_rows[] = {
    {PHASE_DRAFT, false, DRAW_NONE, PHASE_DRAFT, false},
    {PHASE_ANNOUNCED, false, DRAW_NONE, PHASE_ANNOUNCED, false},
    {PHASE_PREQUEUE, false, DRAW_NONE, PHASE_ANNOUNCED, false},
    {PHASE_OPEN, false, DRAW_NONE, PHASE_ANNOUNCED, false},
    {PHASE_PAUSED, false, DRAW_NONE, PHASE_ANNOUNCED, false},
    {PHASE_CLOSED, false, DRAW_NONE, PHASE_CLOSED, false},
    {PHASE_PREQUEUE, true, DRAW_NONE, PHASE_PREQUEUE, false},
    {PHASE_OPEN, true, DRAW_NONE, PHASE_PREQUEUE, true},
    {PHASE_OPEN, true, DRAW_PENDING, PHASE_PREQUEUE, false},
    {PHASE_PAUSED, true, DRAW_NONE, PHASE_PAUSED, false},
    {PHASE_PAUSED, true, DRAW_PENDING, PHASE_PAUSED, false},
    {PHASE_CLOSED, true, DRAW_PENDING, PHASE_CLOSED, false},
    {PHASE_OPEN, true, DRAW_DONE, PHASE_OPEN, false},
    {PHASE_PREQUEUE, true, DRAW_DONE, PHASE_PREQUEUE, false},
};

Test(phase, a_draw_comes_before_the_opening)
{
    for (size_t i = 0; i < sizeof(draw_rows) / sizeof(draw_rows[0]); i++) {
        const struct draw_row *row = &draw_rows[i];
        struct phase_inputs inputs = {.operator_phase = row->operator_phase,
                                      .is_draw_wanted = true,
                                      .is_draw_committed = row->is_committed,
                                      .draw = row->draw};
        cr_expect_eq(queue_phase_effective(&inputs, 1), row->expected, "row %zu", i);
        cr_expect_eq(queue_phase_draw_is_due(&inputs, 1), row->is_due, "row %zu", i);
        inputs.is_draw_wanted = false;
        cr_expect_eq(queue_phase_effective(&inputs, 1), row->operator_phase, "row %zu", i);
    }
}
