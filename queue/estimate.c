/* See the header. */
#include "queue/estimate.h"

#include <math.h>

#include "queue/phase.h"

void estimate_init(struct estimate *e)
{
    *e = (struct estimate){0};
}

void estimate_set_allowed(struct estimate *e, double admit_per_tick, int64_t tick_ms)
{
    bool is_usable = admit_per_tick > 0 && tick_ms > 0;
    e->allowed_per_ms = is_usable ? admit_per_tick / (double)tick_ms : 0;
}

static void average_add(struct estimate_average *a, double span_ms, double per_ms,
                        double elapsed_ms)
{
    double keep = exp(-elapsed_ms / span_ms);
    a->per_ms = a->per_ms * keep + per_ms * (1 - keep);
    a->weight = a->weight * keep + (1 - keep);
}

void estimate_on_tick(struct estimate *e, enum queue_phase phase, int64_t elapsed_ms,
                      int64_t admitted_count)
{
    e->is_moving = queue_phase_admits(phase);
    if (!e->is_moving || elapsed_ms <= 0)
        return;
    double per_ms = (double)admitted_count / (double)elapsed_ms;
    average_add(&e->fast, ESTIMATE_FAST_MS, per_ms, (double)elapsed_ms);
    average_add(&e->slow, ESTIMATE_SLOW_MS, per_ms, (double)elapsed_ms);
    e->tick_ms = elapsed_ms;
    if (e->ticks_count < ESTIMATE_TICKS_MIN)
        e->ticks_count++;
}

static double rate_of(const struct estimate *e, const struct estimate_average *a)
{
    double per_ms = a->weight > 0 ? a->per_ms / a->weight : 0;
    bool is_above = e->allowed_per_ms > 0 && per_ms > e->allowed_per_ms;
    return is_above ? e->allowed_per_ms : per_ms;
}

bool estimate_wait(const struct estimate *e, int64_t ahead, struct estimate_range *range)
{
    if (!e->is_moving || e->ticks_count < ESTIMATE_TICKS_MIN || ahead < 0)
        return false;
    double fast = rate_of(e, &e->fast), slow = rate_of(e, &e->slow);
    double rate_high = fmax(fast, slow) * (1 + ESTIMATE_MARGIN);
    double rate_low = fmin(fast, slow) * (1 - ESTIMATE_MARGIN);
    if (e->allowed_per_ms > 0)
        rate_high = fmin(rate_high, e->allowed_per_ms);
    if (!(rate_low > 0))
        return false;
    /* The next tick admits at the earliest at once and at the latest a tick from now. */
    double high_ms = (double)(ahead + 1) / rate_low + (double)e->tick_ms;
    if (!(high_ms <= (double)ESTIMATE_MS_MAX))
        return false;
    range->low_ms = (int64_t)((double)ahead / rate_high);
    range->high_ms = (int64_t)ceil(high_ms);
    return true;
}
