/* The pulse of a sale: what gateways measure, merged in Redis once a second (figures.lua), and what
 * came back. One for each event that is under way or watched; lives as long as the event's entry.
 */
#ifndef STANCHION_ORGANIZER_PULSE_H
#define STANCHION_ORGANIZER_PULSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/pace.h"
#include "server/base/limits.h"

struct event_entry;
struct gateway;

#define PULSE_SETTLING_MAX 256 /* confirmations awaited at once; further ones are not timed */
#define PULSE_RATE_SAMPLES 4   /* rates are measured over the last 3 s */

struct pulse_latency {
    int64_t count, p50_ms, p99_ms; /* count 0: the others mean nothing */
};

/* An order on its way to the ledger. */
struct pulse_settling {
    char order[ORDER_ID_BYTES + 1];
    int64_t since_ms; /* monotonic; 0 = free */
    int64_t took_ms;  /* until it was confirmed; -1 = not yet */
    bool is_ours;     /* it was this gateway that settled it */
};

struct event_pulse {
    /* measured here since the last call */
    struct pace_histogram holds, confirms;
    struct pulse_settling settling[PULSE_SETTLING_MAX];
    bool is_asked;
    /* what all gateways have, from the last answer */
    int64_t heard_ms; /* monotonic; 0 = never */
    int64_t at_ms, orders, revenue_minor, refunded_minor, visitors, gateways;
    int64_t dead, failed;  /* of the whole server: dead letters, failed payments */
    int64_t mails_failed;  /* likewise: letters that could not be sent */
    int64_t error_percent; /* -1 = none */
    struct pulse_latency hold, confirm;
    struct {
        int64_t at_ms, arrivals, admissions;
    } recent[PULSE_RATE_SAMPLES];
    size_t recent_count;
};

/* A hold was answered; an order is being settled; it was settled, by us or by another gateway that
 * was faster (which may come after the next); an order was confirmed. Whoever has settled it counts
 * how long that took. */
void pulse_on_hold(struct event_entry *event, int64_t took_ms);
void pulse_on_settling(struct event_entry *event, const char *order);
void pulse_on_settled(struct event_entry *event, const char *order, bool is_ours);
void pulse_on_confirmed(struct event_entry *event, const char *order);
/* Once a second. */
void pulse_on_second(struct gateway *gateway);
void pulse_free(struct event_pulse *pulse);

/* The message `figures` of docs/organizer.md; a new object. */
json_t *pulse_figures(struct event_entry *event);
/* The columns of the history, in their order; a new array. */
json_t *pulse_columns(void);

#endif
