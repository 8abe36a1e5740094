/* See the header. */
#include "queue/estimate.h"

#include <math.h>

#include "queue/phase.h"

void estimate_init(struct estimate *e)
{
    *e = (struct estimate){0};
}

void estimate_set_limits(struct estimate *e, const struct estimate_limits *limits)
{
    e->limits = *limits;
}

void estimate_set_phase(struct estimate *e, enum queue_phase phase)
{
    e->is_moving = queue_phase_admits(phase);
}

/* --- learning --- */

static void average_add(struct estimate_average *a, double span_ms, double per_ms,
                        double elapsed_ms)
{
    double keep = exp(-elapsed_ms / span_ms);
    a->per_ms = a->per_ms * keep + per_ms * (1 - keep);
    a->weight = a->weight * keep + (1 - keep);
}

/* A tick that admitted everybody, or filled the house, says nothing about how many it might have
 * admitted. */
static bool tells_rate(const struct estimate *e, const struct estimate_tick *tick)
{
    bool has_room = e->limits.cap <= 0 || tick->inside < e->limits.cap;
    return tick->waiting > 0 && has_room;
}

static void learn_turn(struct estimate *e, const struct estimate_tick *tick)
{
    double ended = (double)(e->inside + tick->admitted - tick->inside);
    double keep = exp(-(double)tick->elapsed_ms / ESTIMATE_SLOW_MS);
    ended = ended > 0 ? ended : 0;
    e->inside_ms = e->inside_ms * keep + (double)e->inside * (double)tick->elapsed_ms;
    e->ended = e->ended * keep + ended;
    double stayed = (double)(tick->inside - tick->admitted);
    e->age_ms += (double)tick->elapsed_ms;
    e->age_ms = tick->inside > 0 && stayed > 0 ? e->age_ms * stayed / (double)tick->inside : 0;
}

void estimate_on_tick(struct estimate *e, const struct estimate_tick *tick)
{
    estimate_set_phase(e, tick->phase);
    if (tick->elapsed_ms > 0 && e->ticks_count > 0)
        learn_turn(e, tick);
    e->inside = tick->inside;
    if (!e->is_moving || tick->elapsed_ms <= 0)
        return;
    if (tells_rate(e, tick)) {
        double per_ms = (double)tick->admitted / (double)tick->elapsed_ms;
        average_add(&e->fast, ESTIMATE_FAST_MS, per_ms, (double)tick->elapsed_ms);
        average_add(&e->slow, ESTIMATE_SLOW_MS, per_ms, (double)tick->elapsed_ms);
    }
    if (tick->waiting + tick->left > 0) {
        double share = (double)tick->left / (double)(tick->waiting + tick->left);
        average_add(&e->giving_up, ESTIMATE_SLOW_MS, share / (double)tick->elapsed_ms,
                    (double)tick->elapsed_ms);
    }
    e->tick_ms = tick->elapsed_ms;
    if (e->ticks_count < ESTIMATE_TICKS_MIN)
        e->ticks_count++;
}

/* --- answering --- */

static double allowed_of(const struct estimate *e)
{
    bool is_known = e->limits.admit_per_tick > 0 && e->limits.tick_ms > 0;
    return is_known ? e->limits.admit_per_tick / (double)e->limits.tick_ms : 0;
}

static double rate_of(const struct estimate *e, const struct estimate_average *a)
{
    double allowed = allowed_of(e);
    double per_ms = a->weight > 0 ? a->per_ms / a->weight : allowed;
    return allowed > 0 && per_ms > allowed ? allowed : per_ms;
}

/* How long until so many are admitted: at `rate` until `cap` are inside, of whom each stays
 * turn_ms, then as they leave. inside(t) = rate turn - (rate turn - inside) exp(-t / turn). */
static double wait_of(const struct estimate *e, double count, double rate, double turn_ms)
{
    double cap = (double)e->limits.cap, inside = (double)e->inside, level = rate * turn_ms;
    if (cap <= 0 || level <= cap)
        return count / rate;
    if (isinf(turn_ms)) /* nobody has left yet: as far as there is room, and no word beyond */
        return count <= cap - inside ? count / rate : INFINITY;
    double full_ms = inside < cap ? turn_ms * log((level - inside) / (level - cap)) : 0;
    if (count <= rate * full_ms)
        return count / rate;
    return full_ms + (count - rate * full_ms) * turn_ms / cap;
}

/* The line before me shrinks by a share of itself all the time, besides what is admitted. */
static double shortened(const struct estimate *e, double wait_ms, double more_or_less)
{
    double share = e->giving_up.weight > 0 ? e->giving_up.per_ms / e->giving_up.weight : 0;
    share *= more_or_less;
    return share * wait_ms > 1e-6 ? log1p(share * wait_ms) / share : wait_ms;
}

/* The longest a turn takes on average; infinite while none has ended. */
static double turn_high(const struct estimate *e)
{
    double turn_ms = INFINITY;
    double ended_surely = e->ended - 2 * sqrt(e->ended); /* of that many some came by chance */
    if (ended_surely > 0)
        turn_ms = e->inside_ms / ended_surely;
    if (e->limits.turn_ms_max > 0)
        turn_ms = fmin(turn_ms, (double)e->limits.turn_ms_max);
    return fmax(turn_ms, e->age_ms);
}

bool estimate_wait(const struct estimate *e, int64_t ahead, struct estimate_range *range)
{
    if (!e->is_moving || e->ticks_count < ESTIMATE_TICKS_MIN || ahead < 0)
        return false;
    double fast = rate_of(e, &e->fast), slow = rate_of(e, &e->slow), allowed = allowed_of(e);
    double rate_high = fmax(fast, slow) * (1 + ESTIMATE_MARGIN);
    double rate_low = fmin(fast, slow) * (1 - ESTIMATE_MARGIN);
    if (allowed > 0)
        rate_high = fmin(rate_high, allowed);
    if (!(rate_low > 0))
        return false;
    /* The next tick admits at the earliest at once and at the latest a tick from now. */
    double turn_long = turn_high(e) * (1 + ESTIMATE_MARGIN);
    double turn_short = fmin(e->age_ms, turn_high(e)) * (1 - ESTIMATE_MARGIN);
    double low_ms = wait_of(e, (double)ahead, rate_high, turn_short);
    double high_ms = wait_of(e, (double)ahead + 1, rate_low, turn_long);
    low_ms = shortened(e, low_ms, 1 + ESTIMATE_MARGIN);
    high_ms = shortened(e, high_ms, 1 - ESTIMATE_MARGIN) + (double)e->tick_ms;
    if (!(high_ms <= (double)ESTIMATE_MS_MAX))
        return false;
    range->low_ms = (int64_t)low_ms;
    range->high_ms = (int64_t)ceil(high_ms);
    if (range->low_ms > range->high_ms)
        range->low_ms = range->high_ms;
    return true;
}
