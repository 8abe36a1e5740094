/* What a gateway knows of one event: its settings, its plan, its line, its seats, and who is there.
 *
 * Lifetime: from the event's first publication to the end of the process, so that asynchronous work
 * may hold pointers to it; book.h has all of them, and reads them.
 */
#ifndef STANCHION_EVENT_ENTRY_H
#define STANCHION_EVENT_ENTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/estimate_error.h"
#include "queue/line_view.h"
#include "queue/queue_store.h"
#include "server/base/digest.h"
#include "server/gateway/line/line_batch.h"
#include "server/gateway/line/line_news.h"
#include "server/gateway/session.h"
#include "ticketing/plan.h"
#include "ticketing/seat_map.h"

struct gateway;
struct best_index;
struct event_pulse;

#define EVENTS_ALWAYS_AWAKE 32 /* so few cost little, and their figures stay fresh */

struct event_entry {
    char id[EVENT_ID_BYTES_MAX + 1];
    struct gateway *gateway;
    bool is_listed; /* in Redis' `events` now */
    bool has_settings, has_plan, has_line, has_seats;
    bool is_line_asked, is_seats_asked, is_tick_asked, is_sweep_asked;
    bool refill_at_once, is_refill_asked, is_refill_wanted;
    bool has_pushes_left; /* not everybody has been told the places of now */
    bool is_push_due;     /* a tick has moved the line; its last piece has not been heard of */
    char *name, *time_zone;
    char *accent;         /* "#rrggbb" of the event's pages, "" = ours */
    int64_t starts_at_ms; /* of the event itself; 0 = not said */
    char *message;        /* the organizer's, to everyone who waits; "" = none */
    char currency[PLAN_CURRENCY_BYTES + 1];
    int64_t opens_at_ms, prequeue_at_ms, closes_at_ms, tick_ms, claim_ms;
    double admit_per_tick;
    bool is_account_required;                            /* to get in line */
    uint32_t seats_per_visitor_max, seats_per_order_max; /* the second: 0 = none */
    bool is_standby;                                     /* sold out, the line is kept */
    enum queue_phase operator_phase;
    struct plan *plan;
    uint32_t category_totals[PLAN_CATEGORIES_MAX]; /* seats for sale */
    char *plan_text;                               /* PLAN as published */
    size_t plan_bytes;
    unsigned char *plan_gzip;
    size_t plan_gzip_bytes;
    char plan_digest[DIGEST_CHARS + 1], plan_etag[20];
    json_t *draw; /* of EVENT; NULL = none */
    struct line_view line;
    struct line_news news;
    struct estimate_error errors; /* of what visitors here were foretold */
    struct event_pulse *pulse;    /* organizer/pulse.c; NULL until it is needed */
    struct seat_map *map;
    struct best_index *best; /* NULL until somebody asks for the best seats */
    uint8_t *best_asked;     /* by numbered seat: asked for, no answer yet */
    int64_t tick_heard_ms, tick_asked_ms, swept_ms; /* monotonic */
    int64_t look_again_ms; /* monotonic: when the seats are read once more; 0 = not */
    bool is_adaptive;
    int64_t adapt_target_ms,
        paced_ms; /* paced_ms: monotonic, when holds_paced was handed in last */
    struct pace_histogram holds_paced;
    bool is_slowed;               /* the ledger is behind, and the log has said so */
    int64_t report_at_ms;         /* storage clock of the newest report */
    int64_t over_ms, farewell_ms; /* monotonic: since when (0 = not), and the last walk */
    struct session *sessions;
    uint32_t sessions_count;
    struct wish_list wishes[WISH_COUNT];
};

/* Whether visitors of the event can be served. */
bool event_is_ready(const struct event_entry *event);
/* The most seats of one order, that is, of one hold. */
uint32_t event_seats_max(const struct event_entry *event);
/* Whether people may know of it. */
bool event_is_public(const struct event_entry *event);
/* Whether there are many events, and in this one nobody is in line or inside, as far as this
 * gateway knows, no seat is held and no draw is to come: its ticks may be rare. */
bool event_is_idle(const struct event_entry *event);
/* The phase in force as last heard; the operator's as long as there is no news. */
enum queue_phase event_phase(const struct event_entry *event);

/* Something has happened that a tick may have to notice. */
void event_wake(struct event_entry *event);

/* Takes over EVENT as the ledger publishes it; reads the line again when its phase may be another
 * now. */
void event_take_settings(struct event_entry *event, const json_t *root);
/* Takes over PLAN as published; one that cannot be read is logged and passed over. */
void event_take_plan(struct event_entry *event, const char *text, size_t bytes);

#endif
