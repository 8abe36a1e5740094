/* The line in memory: the fake of queue_store.h for tests, with a clock that the test owns.
 *
 * It decides by the same pure rules (phase, admission) and is checked by the same contract suite as
 * the Redis adapter. One struct queue_fake is the storage; each queue_fake_connect() gives a store
 * on it, like a gateway's link. Completions and reports wait until queue_fake_run(), so none comes
 * before its call returned. Small lines only: everything is a linear scan.
 * It knows no draws and keeps no history.
 */
#ifndef STANCHION_QUEUE_FAKE_H
#define STANCHION_QUEUE_FAKE_H

#include <stddef.h>
#include <stdint.h>
#include "queue/queue_recover.h"
#include "queue/queue_store.h"

/* Asserted: more is a mistake of the test. */
#define QUEUE_FAKE_EVENTS_MAX 4
#define QUEUE_FAKE_BEFORE_MAX 512

struct queue_fake;

/* Settings of an event (docs/schema.md) and what ticketing would tell about its seats. */
struct queue_fake_settings {
    enum queue_phase phase;
    int64_t prequeue_at_ms, opens_at_ms, closes_at_ms, tick_ms, active_cap, claim_ms, claim_away_ms,
        select_ms;
    int64_t seats_per_visitor_max, waiting_max, recovery_ms;
    bool refill_at_once, standby, adaptive;
    double adapt_min;
    int64_t adapt_target_ms;
    double admit_per_tick;
    int64_t free;    /* -1 = the inventory is not in place */
    int64_t holds;   /* under way */
    int64_t beat_ms; /* the ledger's last; 0 = none yet */
    int64_t lag_ms;  /* how far the ledger is behind */
};

/* `report` is valid during the call only. */
typedef void queue_fake_report_fn(void *ctx, const char *event, const struct tick_report *report);

/* *now_ms is read at each decision; it stays the test's. The storage starts with this epoch. */
struct queue_fake *queue_fake_create(const int64_t *now_ms, int64_t epoch);
/* Call after the stores have been freed. NULL is fine. */
void queue_fake_free(struct queue_fake *fake);
/* Throws all data away and goes on with another epoch, like an emptied Redis. */
void queue_fake_replace(struct queue_fake *fake, int64_t epoch);
/* Goes on with another epoch and the data: what the ledger does after a restart of Redis. */
void queue_fake_renew(struct queue_fake *fake, int64_t epoch);
/* What queue/lua/recover.lua does to an event's line . */
void queue_fake_recover(struct queue_fake *fake, const char *event, enum queue_data data,
                        const struct queue_mark *mark);
/* What ticketing/lua/thaw.lua does to an event's line when the ledger comes back. */
void queue_fake_thaw(struct queue_fake *fake, const char *event);
/* Loses the joins of all who wait with sequences from `seq` on, as a log that lost its end. */
void queue_fake_forget(struct queue_fake *fake, const char *event, int64_t seq);
/* What the registrar tells about the data before; at most QUEUE_FAKE_BEFORE_MAX of each. */
struct queue_fake_before {
    int64_t head, seq;
    size_t gone_count, inside_count;
    int64_t gone[QUEUE_FAKE_BEFORE_MAX];
    struct queue_visitor inside[QUEUE_FAKE_BEFORE_MAX];
};
void queue_fake_set_before(struct queue_fake *fake, const char *event,
                           const struct queue_fake_before *before);
/* Makes the event or changes its settings. */
void queue_fake_configure(struct queue_fake *fake, const char *event,
                          const struct queue_fake_settings *settings);
void queue_fake_set_bought(struct queue_fake *fake, const char *event, const char *visitor,
                           int64_t seats);
/* Who hears the reports of all ticks. */
void queue_fake_on_report(struct queue_fake *fake, queue_fake_report_fn *on_report, void *ctx);
/* Delivers what is due, in order, until nothing is. Returns how many completions and reports that
 * were. */
size_t queue_fake_run(struct queue_fake *fake);

/* A store on the storage; the caller frees it by its port. */
struct queue_store *queue_fake_connect(struct queue_fake *fake);
/* The epoch this store knows; 0 = not known. */
void queue_fake_set_epoch(struct queue_store *store, int64_t epoch);

#endif
