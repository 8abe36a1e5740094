/* A workbench for the contract of queue_store.h: two stores on one storage, in a private Redis or
 * in the fake.
 *
 * Both look the same from here. Time passes by queue_bench_wait(): really with Redis, by turning
 * the clock with the fake. Everything the ticks report is kept, and with each report the bench
 * checks what must hold at any moment: ticks and admissions are numbered without a gap, nobody is
 * overtaken, the cap is kept.
 */
#ifndef STANCHION_TEST_QUEUE_BENCH_H
#define STANCHION_TEST_QUEUE_BENCH_H

#include "queue/line_view.h"
#include "queue/queue_fake.h"
#include "queue/queue_store.h"
#include "support/redis_server.h"

#define BENCH_EVENT "e"
#define BENCH_REPORTS_MAX 20000
#define BENCH_PEOPLE_MAX 60000

struct queue_bench {
    struct queue_store *store[2];
    size_t pending;          /* calls under way: the caller counts up, its completion down */
    size_t due;              /* ticks that said they were due: as many reports must come */
    struct tick_report last; /* figures of the newest report; its arrays are not kept */
    size_t reports_count;
    struct tick_admitted *admitted; /* all of them, in order */
    struct tick_expired *expired;
    int64_t *gone;
    size_t admitted_count, expired_count, gone_count;
    int64_t admissions_before; /* those of an earlier epoch */
    bool is_view_stale;        /* a recovery has ended: queue_reread() is due */
    int64_t cap;               /* largest inside that may be reported */
    struct queue_fake_settings settings;
    struct line_view view; /* follows the reports from the beginning */
    void (*on_report)(void *ctx, const struct tick_report *report); /* NULL, or also told of each */
    void *on_report_ctx;
    struct redis_server *server; /* NULL with the fake */
    struct queue_bench_private *own;
};

struct queue_bench *queue_bench_redis(void);
struct queue_bench *queue_bench_fake(void);
void queue_bench_free(struct queue_bench *bench);
/* Settings for BENCH_EVENT; also those below the ranges an organizer may choose. */
void queue_bench_configure(struct queue_bench *bench, const struct queue_fake_settings *settings);
/* The ledger gives a sign of life at `beat_ms`; 0 = it never gave one. */
void queue_bench_beat(struct queue_bench *bench, int64_t beat_ms);
/* The ledger comes back from an absence: deadlines move on. The beat is the caller's. */
void queue_bench_thaw(struct queue_bench *bench);
void queue_bench_set_bought(struct queue_bench *bench, const char *visitor, int64_t seats);
/* Lets time pass; completions and reports come meanwhile. */
void queue_bench_wait(struct queue_bench *bench, int64_t ms);
/* Until nothing is pending and every due tick was reported. Aborts after 10 s. */
void queue_bench_settle(struct queue_bench *bench);
/* The storage's clock. */
int64_t queue_bench_now_ms(struct queue_bench *bench);
/* The epoch a store knows. */
void queue_bench_set_epoch(struct queue_bench *bench, int which, int64_t epoch);
/* Empties the storage and gives it another epoch. */
void queue_bench_replace(struct queue_bench *bench, int64_t epoch);

/* The epoch changes, as the ledger does it. Unless it is kept the data is gone. Both
 * stores know the new epoch afterwards; the logs of reports begin anew. */
void queue_bench_recover(struct queue_bench *bench, int64_t epoch, enum queue_data data,
                         const struct queue_mark *mark);
/* Loses the joins from `seq` on, as a log that lost its end: to be followed by a kept recovery. */
void queue_bench_forget(struct queue_bench *bench, int64_t seq);
/* What the registrar says about the data before. */
void queue_bench_set_before(struct queue_bench *bench, const struct queue_fake_before *before);

#endif
