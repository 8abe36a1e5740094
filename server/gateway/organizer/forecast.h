/* What a change of a sale will do, said before it is done (docs/organizer.md, Steering). Pure: the
 * sale's figures and the change in, sentences out. */
#ifndef STANCHION_ORGANIZER_FORECAST_H
#define STANCHION_ORGANIZER_FORECAST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"

struct forecast_sale {
    enum queue_phase phase;
    int64_t waiting, inside, held, free;
    int64_t tick_ms;
    int64_t admit_milli; /* visitors per tick in thousandths, as set */
    int64_t cap;         /* active_cap */
    int64_t seats_per_visitor_max;
    int64_t stay_ms; /* how long somebody is inside at most: choosing and paying */
};

/* What would be set; what is not in `has_` stays. */
struct forecast_change {
    bool has_phase, has_rate, has_cap, has_message, has_other;
    enum queue_phase phase;
    int64_t tick_ms;     /* that goes with the rate; always set */
    int64_t admit_milli; /* with has_rate */
    int64_t cap;         /* with has_cap */
    int64_t message_bytes;
};

/* An array of EFFECT, never empty. */
json_t *forecast_change(const struct forecast_sale *sale, const struct forecast_change *change);
/* Seats come on sale, or are kept: `taken` of them are in somebody's hands. */
json_t *forecast_release(const struct forecast_sale *sale, int64_t seats);
json_t *forecast_withhold(int64_t seats, int64_t taken);

/* "84,000" into out. */
void forecast_number(int64_t number, char *out, size_t out_bytes_max);

#endif
