/* An event that is about to be written: put together from a request by event.load and event.edit,
 * then compared with what there is, written with its line in the log, and published.
 */
#ifndef STANCHION_EVENT_LOAD_H
#define STANCHION_EVENT_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include "server/office/office.h"
#include "server/office/office_plan.h"

#define EVENT_NAME_BYTES_MAX 200
#define TIME_ZONE_BYTES_MAX 64

/* Names are those of the request or of `before`, and live as long as they. Lifetime: a verb. */
struct event_load {
    const char *id, *name, *currency, *time_zone;
    struct plan *plan;
    json_t *settings;
    json_t *prices_before; /* of event.edit; NULL = a load */
    json_t *before;        /* the event as it is; NULL = a new one */
    struct plan_swap swap;
};

/* Whether there are letters and digits only, and `others`. */
bool event_word_is_good(const char *text, const char *others);
/* False when it is no name of a time zone; the answer has said so. */
bool event_load_check_zone(const struct event_load *load, struct office_answer *answer);
/* Sets `before`, if there is such an event; it keeps the settings that are not given. False when
 * the ledger failed; the answer has said so. */
bool event_load_find(struct office *office, struct office_answer *answer, struct event_load *load);
/* Name, currency and zone as they are in the ledger. */
void event_load_keep_names(struct event_load *load);
/* The prices of each category by its name, for the log; a new object. */
json_t *event_load_prices(const struct plan *plan);
/* Writes and publishes it, or answers why not. */
void event_load_finish(struct office *office, const struct office_request *request,
                       struct office_answer *answer, struct event_load *load);
void event_load_release(struct event_load *load);

#endif
