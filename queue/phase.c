/* See the header. The names stand in the order of enum queue_phase. */
#include "queue/phase.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [PHASE_DRAFT] = "draft",   [PHASE_ANNOUNCED] = "announced", [PHASE_PREQUEUE] = "prequeue",
    [PHASE_OPEN] = "open",     [PHASE_PAUSED] = "paused",       [PHASE_SOLD_OUT] = "sold_out",
    [PHASE_CLOSED] = "closed",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == PHASE_COUNT, "every phase has a name");

const char *queue_phase_name(enum queue_phase phase)
{
    assert(phase < PHASE_COUNT);
    return names[phase];
}

bool queue_phase_parse(const char *name, enum queue_phase *phase)
{
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *phase = (enum queue_phase)i;
            return true;
        }
    }
    return false;
}

static bool has_come(int64_t at_ms, int64_t now_ms)
{
    return at_ms > 0 && now_ms >= at_ms;
}

static enum queue_phase by_schedule(const struct phase_inputs *inputs, int64_t now_ms)
{
    enum queue_phase phase = inputs->operator_phase;
    if (phase == PHASE_ANNOUNCED && has_come(inputs->prequeue_at_ms, now_ms))
        phase = PHASE_PREQUEUE;
    if (phase == PHASE_ANNOUNCED || phase == PHASE_PREQUEUE) {
        if (has_come(inputs->opens_at_ms, now_ms))
            phase = PHASE_OPEN;
    }
    if (phase != PHASE_DRAFT && has_come(inputs->closes_at_ms, now_ms))
        phase = PHASE_CLOSED;
    return phase;
}

int64_t queue_phase_moment_ms(const struct phase_inputs *inputs, int64_t after_ms, int64_t until_ms)
{
    const int64_t moments[] = {inputs->prequeue_at_ms, inputs->opens_at_ms, inputs->closes_at_ms};
    int64_t last = 0;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        int64_t moment = moments[i];
        bool is_within = moment > after_ms && moment <= until_ms && moment > last;
        if (is_within && by_schedule(inputs, moment - 1) != by_schedule(inputs, moment))
            last = moment;
    }
    return last;
}

static enum queue_phase without_draw(const struct phase_inputs *inputs, int64_t now_ms)
{
    enum queue_phase phase = by_schedule(inputs, now_ms);
    bool is_empty = inputs->is_stock_known && inputs->free_count <= 0 && inputs->holds_count <= 0;
    return phase == PHASE_OPEN && is_empty ? PHASE_SOLD_OUT : phase;
}

enum queue_phase queue_phase_effective(const struct phase_inputs *inputs, int64_t now_ms)
{
    enum queue_phase phase = without_draw(inputs, now_ms);
    if (!inputs->is_draw_wanted || inputs->draw == DRAW_DONE)
        return phase;
    if (!inputs->is_draw_committed)
        return queue_phase_takes_joins(phase, true) ? PHASE_ANNOUNCED : phase;
    return phase == PHASE_OPEN || phase == PHASE_SOLD_OUT ? PHASE_PREQUEUE : phase;
}

bool queue_phase_draw_is_due(const struct phase_inputs *inputs, int64_t now_ms)
{
    enum queue_phase phase = without_draw(inputs, now_ms);
    return inputs->is_draw_wanted && inputs->is_draw_committed && inputs->draw == DRAW_NONE &&
           (phase == PHASE_OPEN || phase == PHASE_SOLD_OUT);
}

bool queue_phase_takes_joins(enum queue_phase phase, bool is_standby)
{
    return phase == PHASE_PREQUEUE || phase == PHASE_OPEN || phase == PHASE_PAUSED ||
           (phase == PHASE_SOLD_OUT && is_standby);
}

bool queue_phase_admits(enum queue_phase phase)
{
    return phase == PHASE_OPEN;
}
