/* How many visitors a tick admits: n = min(rate allowance with carry, cap - active, what is left to
 * sell).
 *
 * The rate may be fractional (0.3 per tick), so the allowance is counted in millionths of a
 * visitor, in whole numbers: ten ticks at 0.1 admit exactly one, which floating point does not
 * promise. Only the part below one visitor is carried; an allowance that the cap or an empty line
 * left unused is not saved up, or the next free moment would let a burst in.
 *
 * An event may refill at once: what a tick's allowance did not spend is then given to the next in
 * line as soon as somebody inside goes, before the next tick. More than the allowance is never
 * admitted between two ticks.
 *
 * A rate alone is the "amusement park", a cap alone (with a high rate) the "bank counter"; both
 * together are the same rule. queue/lua/tick.lua holds the same arithmetic;
 * tests/contract/test_queue_rules.c compares the two.
 */
#ifndef STANCHION_QUEUE_ADMISSION_H
#define STANCHION_QUEUE_ADMISSION_H

#include <stdint.h>

#define ADMISSION_MICRO INT64_C(1000000) /* one visitor */
#define ADMISSION_LAG_MS 3000            /* how far the ledger may be behind at the full rate */

struct admission_inputs {
    int64_t rate_micro;   /* admit_per_tick in millionths of a visitor */
    int64_t carry_micro;  /* what the last tick left, 0 to ADMISSION_MICRO - 1 */
    int64_t cap;          /* active_cap */
    int64_t active;       /* inside now, after expiry */
    int64_t left_to_sell; /* free seats */
    int64_t waiting;
};

struct admission {
    int64_t admit_count;   /* 0 to TICK_ADMIT_MAX, and never more than cap - active */
    int64_t carry_micro;   /* for the next tick */
    int64_t unspent_count; /* whole visitors of the allowance that were not admitted */
};

/* Negative inputs count as 0. */
struct admission admission_decide(const struct admission_inputs *inputs);
/* Between two ticks: how many of `unspent_count` may come in now. */
int64_t admission_refill(const struct admission_inputs *inputs, int64_t unspent_count);
/* The rate while the ledger is `lag_ms` behind with writing orders: as it is up to
 * ADMISSION_LAG_MS, then less in proportion, so 6 s behind is half the rate and a ledger that is
 * away lets the line come to a stand. */
int64_t admission_rate_behind(int64_t rate_micro, int64_t lag_ms);
/* 0.3 visitors -> 300000; rounds to the nearest millionth, negative and NaN give 0. */
int64_t admission_rate_micro(double admit_per_tick);

#endif
