/* One call of queue_store.h at a time, for the contract suites: send, wait for the answer, hand it
 * over. */
#ifndef STANCHION_TEST_QUEUE_CALLS_H
#define STANCHION_TEST_QUEUE_CALLS_H

#include <criterion/criterion.h>

#include "support/queue_bench.h"

/* Each contract becomes two tests: queue_redis::name and queue_fake::name. */
#define CONTRACT(name)                                                                             \
    static void name(struct queue_bench *b);                                                       \
    Test(queue_redis, name)                                                                        \
    {                                                                                              \
        struct queue_bench *b = queue_bench_redis();                                               \
        name(b);                                                                                   \
        queue_bench_free(b);                                                                       \
    }                                                                                              \
    Test(queue_fake, name)                                                                         \
    {                                                                                              \
        struct queue_bench *b = queue_bench_fake();                                                \
        name(b);                                                                                   \
        queue_bench_free(b);                                                                       \
    }                                                                                              \
    static void name(struct queue_bench *b)

/* Fast ticks; deadlines so long that nothing expires unless a test shortens them. */
extern const struct queue_fake_settings queue_usual;

/* Where an answer goes. Its bench's `pending` is counted down by the completion. */
struct queue_answer {
    struct queue_bench *bench;
    enum queue_status status;
    struct place places[JOIN_BATCH_MAX];
    enum tick_outcome outcome;
    bool was_due; /* of a pace: this call decided */
    size_t shortened_count;
    struct pace_decision decision;
};

/* The completions to give to a store, with a struct queue_answer as ctx. on_line re-reads the
 * bench's view. */
void queue_on_places(void *ctx, enum queue_status status, const struct place *places, size_t count);
void queue_on_place(void *ctx, enum queue_status status, const struct place *place);
void queue_on_tick(void *ctx, enum queue_status status, enum tick_outcome outcome);
void queue_on_line(void *ctx, enum queue_status status, const struct line_state *line);

struct queue_visitor queue_named(const char *name);
struct queue_visitor queue_numbered(int number);
/* Waits for the answer that `sent`, the result of a store's call, has promised; otherwise takes
 * `sent` over. */
struct queue_answer *queue_await(struct queue_answer *answer, enum queue_status sent);

/* `which` store does it, 0 or 1. Anything but QUEUE_OK fails the test. */
struct place queue_join(struct queue_bench *b, int which, const char *name);
void queue_join_batch(struct queue_bench *b, int which, const struct queue_visitor *visitors,
                      size_t count, struct queue_answer *answer);
struct place queue_look(struct queue_bench *b, int which, const char *name);
struct place queue_restore(struct queue_bench *b, int which, const char *name, int64_t seq,
                           int64_t epoch);
struct place queue_enter(struct queue_bench *b, int which, const char *name);
struct place queue_leave(struct queue_bench *b, int which, const char *name);
void queue_leave_batch(struct queue_bench *b, int which, const struct queue_visitor *visitors,
                       size_t count, struct queue_answer *answer);
/* Returns whether the tick was due; its report has come then. */
bool queue_tick(struct queue_bench *b, int which);
/* Returns how many deadlines came nearer. */
size_t queue_present(struct queue_bench *b, int which, int64_t at_ms, const char *name);
/* Hands in `count` holds of so many ms. Returns whether this call decided;
 * *decision is set then. */
bool queue_pace(struct queue_bench *b, int which, int64_t latency_ms, int count,
                struct pace_decision *decision);
/* Returns whether somebody was admitted, or a tick was due. */
bool queue_refill(struct queue_bench *b, int which);
/* Waits until a tick is due and runs it to its last piece. */
void queue_next_tick(struct queue_bench *b);
/* Re-reads the line into the bench's view. */
void queue_reread(struct queue_bench *b);

#endif
