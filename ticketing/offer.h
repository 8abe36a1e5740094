/* What a checkout offers: each held seat with its ticket type and price, and the sum.
 *
 * The offer is worked out once, from the plan of that moment, and kept with the hold as text. What
 * is shown, authorised, written and printed on the ticket is the offer: a plan that is published
 * meanwhile changes nothing of it. Pure: no I/O, no clock.
 */
#ifndef STANCHION_OFFER_H
#define STANCHION_OFFER_H

#include <jansson.h>
#include "ticketing/plan.h"
#include "ticketing/seat_store.h"

enum offer_status {
    OFFER_OK = 0,
    OFFER_BAD_TYPES,    /* not an object of seat numbers and whole numbers */
    OFFER_NOT_HELD,     /* it names a seat that is not among those held */
    OFFER_NO_SUCH_TYPE, /* the seat's category has no type of this index */
    OFFER_NO_SUCH_SEAT, /* the plan does not sell a held seat: it is being replaced */
    OFFER_STATUS_COUNT
};

struct offer {
    int64_t amount_minor;
    char *text; /* `seats` of an outbox body (docs/redis.md), as JSON; offer_release frees it */
};

/* Reads `types` of a checkout, {"17":1}: seat to index of its type; NULL or a seat that is not
 * named = type 0. out[i] belongs to seats[i]. When a seat is to blame it is in *seat. */
enum offer_status offer_read_types(const json_t *types, const struct plan *plan,
                                   const struct held_seat *seats, size_t count,
                                   uint8_t out[HOLD_SEATS_MAX], uint32_t *seat);

/* types[i], which must exist (OFFER_NO_SUCH_TYPE), belongs to seats[i]; at most HOLD_SEATS_MAX.
 * *out is set on OFFER_OK only. */
enum offer_status offer_make(const struct plan *plan, const struct held_seat *seats, size_t count,
                             const uint8_t *types, struct offer *out);
void offer_release(struct offer *offer);

#endif
