/* See the header. */
#include "loadtest/tester_load.h"

#include <stdio.h>

#define BUSY_SHARE 0.9   /* of a processor: a loop that has no time left */
#define BUSY_SECONDS 2.5 /* for so long, or for a tenth of the run */
#define BUSY_PART 0.1
#define LATE_P99_US 20000
#define FULL_SHARE 0.97 /* of the machine */
#define OWN_SHARE 0.5   /* of what is used on it */
#define RATE_SHARE 0.7  /* of what the calibration found */

/* Seconds of the run in which something was the case. */
struct lengths {
    double busy, full, all;
    double connects_max, messages_max; /* per second */
};

static void look_at(const struct timeline_point *p, unsigned cores, struct tester_load *load,
                    struct lengths *l)
{
    double connects = (double)(p->counts[TIMELINE_ARRIVED] + p->counts[TIMELINE_RECONNECTS]);
    double messages = (double)(p->counts[TIMELINE_PUSHES] + p->counts[TIMELINE_JOINED] +
                               p->counts[TIMELINE_HOLDS]);
    l->all += p->seconds;
    l->busy += p->busiest > BUSY_SHARE ? p->seconds : 0;
    bool is_full = p->machine > FULL_SHARE && p->tester > OWN_SHARE * cores;
    l->full += is_full ? p->seconds : 0;
    load->busiest_mean += p->busiest * p->seconds;
    load->busiest_max = p->busiest > load->busiest_max ? p->busiest : load->busiest_max;
    load->machine_max = p->machine > load->machine_max ? p->machine : load->machine_max;
    if (p->seconds < 0.5)
        return; /* a rest of a second tells no rate */
    l->connects_max =
        connects / p->seconds > l->connects_max ? connects / p->seconds : l->connects_max;
    l->messages_max =
        messages / p->seconds > l->messages_max ? messages / p->seconds : l->messages_max;
}

static bool is_long(double seconds, const struct lengths *l)
{
    return seconds > BUSY_SECONDS || (seconds >= 1 && seconds > BUSY_PART * l->all);
}

static bool is_near(double rate, double most)
{
    return most > 0 && rate > RATE_SHARE * most;
}

void tester_load_read(const struct timeline *t, const struct histogram *late, unsigned cores,
                      const struct tester_rates *rates, struct tester_load *load)
{
    struct lengths l = {0};
    *load = (struct tester_load){.late_p99_us = histogram_quantile_us(late, 0.99)};
    for (uint32_t i = 0; i < t->count; i++)
        look_at(&t->points[i], cores, load, &l);
    if (l.all > 0)
        load->busiest_mean /= l.all;
    int n = 0;
    if (is_long(l.busy, &l))
        n = snprintf(
            load->why, sizeof load->why,
            "the tester, not the server, may have been the limit: its busiest process used "
            "up a core for %.0f s (more --processes, or a machine of its own)",
            l.busy);
    else if (load->late_p99_us > LATE_P99_US)
        n = snprintf(
            load->why, sizeof load->why,
            "the tester was late: 1 %% of its timers by more than %.0f ms, which is in the "
            "latencies",
            (double)load->late_p99_us / 1000);
    else if (is_long(l.full, &l))
        n = snprintf(
            load->why, sizeof load->why,
            "the machine was full for %.0f s, and most of it was the tester: the server can "
            "do more than this run shows",
            l.full);
    else if (rates && (is_near(l.connects_max, rates->connects_per_s) ||
                       is_near(l.messages_max, rates->messages_per_s)))
        n = snprintf(load->why, sizeof load->why,
                     "%.0f connects and %.0f messages a second are near the most that this tester "
                     "can do here (%.0f and %.0f, calibrated)",
                     l.connects_max, l.messages_max, rates->connects_per_s, rates->messages_per_s);
    load->is_limit = n > 0;
}
