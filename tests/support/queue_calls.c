/* See the header. */
#include "support/queue_calls.h"

#include <stdio.h>
#include <string.h>

const struct queue_fake_settings queue_usual = {.phase = PHASE_OPEN,
                                                .tick_ms = 4,
                                                .active_cap = 100,
                                                .claim_ms = 600000,
                                                .select_ms = 600000,
                                                .seats_per_visitor_max = 3,
                                                .waiting_max = 100000,
                                                .recovery_ms = 200,
                                                .admit_per_tick = 2,
                                                .free = 1000};

void queue_on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct queue_answer *answer = ctx;
    answer->status = status;
    answer->bench->pending--;
    cr_assert_eq(places == NULL, status != QUEUE_OK);
    if (places)
        memcpy(answer->places, places, count * sizeof(places[0]));
}

void queue_on_place(void *ctx, enum queue_status status, const struct place *place)
{
    queue_on_places(ctx, status, place, 1);
}

void queue_on_tick(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    struct queue_answer *answer = ctx;
    answer->status = status;
    answer->outcome = outcome;
    answer->bench->pending--;
    answer->bench->due += outcome != TICK_NOT_DUE;
}

struct queue_visitor queue_named(const char *name)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "%s", name);
    return visitor;
}

struct queue_visitor queue_numbered(int number)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "visitor-%04u", (unsigned)number % 10000);
    return visitor;
}

/* Waits for the answer that `sent` promised. */
struct queue_answer *queue_await(struct queue_answer *answer, enum queue_status sent)
{
    struct queue_bench *bench = answer->bench;
    if (sent == QUEUE_OK) {
        bench->pending++;
        queue_bench_settle(bench);
    } else {
        answer->status = sent;
    }
    return answer;
}

struct place queue_join(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = queue_named(name);
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(
        &a, b->store[which]->join(b->store[which], BENCH_EVENT, &visitor, 1, queue_on_places, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

void queue_join_batch(struct queue_bench *b, int which, const struct queue_visitor *visitors,
                      size_t count, struct queue_answer *a)
{
    *a = (struct queue_answer){.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(a, b->store[which]->join(b->store[which], BENCH_EVENT, visitors, count,
                                         queue_on_places, a));
    cr_assert_eq(a->status, QUEUE_OK);
}

struct place queue_enter(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = queue_named(name);
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(&a,
                b->store[which]->enter(b->store[which], BENCH_EVENT, &visitor, queue_on_place, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

struct place queue_look(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = queue_named(name);
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(
        &a, b->store[which]->look(b->store[which], BENCH_EVENT, &visitor, 1, queue_on_places, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

struct place queue_restore(struct queue_bench *b, int which, const char *name, int64_t seq,
                           int64_t epoch)
{
    struct place_claim claim = {.visitor = queue_named(name), .seq = seq, .epoch = epoch};
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(
        &a, b->store[which]->restore(b->store[which], BENCH_EVENT, &claim, 1, queue_on_places, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.places[0];
}

void queue_leave_batch(struct queue_bench *b, int which, const struct queue_visitor *visitors,
                       size_t count, struct queue_answer *a)
{
    *a = (struct queue_answer){.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(a, b->store[which]->leave(b->store[which], BENCH_EVENT, visitors, count,
                                          queue_on_places, a));
    cr_assert_eq(a->status, QUEUE_OK);
}

struct place queue_leave(struct queue_bench *b, int which, const char *name)
{
    struct queue_visitor visitor = queue_named(name);
    struct queue_answer a;
    queue_leave_batch(b, which, &visitor, 1, &a);
    return a.places[0];
}

bool queue_tick(struct queue_bench *b, int which)
{
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(&a, b->store[which]->tick(b->store[which], BENCH_EVENT, queue_on_tick, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.outcome != TICK_NOT_DUE;
}

static void on_present(void *ctx, enum queue_status status, size_t shortened_count)
{
    struct queue_answer *answer = ctx;
    answer->status = status;
    answer->shortened_count = shortened_count;
    answer->bench->pending--;
}

size_t queue_present(struct queue_bench *b, int which, int64_t at_ms, const char *name)
{
    struct queue_visitor visitor = queue_named(name);
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    struct queue_store *store = b->store[which];
    queue_await(&a, store->present(store, BENCH_EVENT, at_ms, &visitor, 1, on_present, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.shortened_count;
}

static void on_pace(void *ctx, enum queue_status status, bool was_decided,
                    const struct pace_decision *decision)
{
    struct queue_answer *answer = ctx;
    answer->status = status;
    answer->was_due = was_decided;
    answer->decision = decision ? *decision : (struct pace_decision){0};
    answer->bench->pending--;
}

bool queue_pace(struct queue_bench *b, int which, int64_t latency_ms, int count,
                struct pace_decision *decision)
{
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    struct queue_store *store = b->store[which];
    struct pace_histogram holds = {0};
    for (int i = 0; i < count; i++)
        pace_note(&holds, latency_ms);
    queue_await(&a, store->pace(store, BENCH_EVENT, &holds, on_pace, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    *decision = a.decision;
    return a.was_due;
}

bool queue_refill(struct queue_bench *b, int which)
{
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(&a, b->store[which]->refill(b->store[which], BENCH_EVENT, queue_on_tick, &a));
    cr_assert_eq(a.status, QUEUE_OK);
    return a.outcome != TICK_NOT_DUE;
}

/* Waits until a tick is due and runs it with all its pieces; its reports have come when this
 * returns. */
void queue_next_tick(struct queue_bench *b)
{
    for (int i = 0; i < 1000; i++) {
        if (queue_tick(b, i & 1)) {
            while (b->last.rest > 0)
                cr_assert(queue_refill(b, i++ & 1), "the rest did not come in");
            return;
        }
        queue_bench_wait(b, 1);
    }
    cr_assert_fail("no tick became due");
}

void queue_on_line(void *ctx, enum queue_status status, const struct line_state *line)
{
    struct queue_answer *answer = ctx;
    answer->status = status;
    answer->bench->pending--;
    if (!line)
        return;
    struct line_view *view = &answer->bench->view;
    cr_assert_eq(line_view_on_state(view, line), LINE_VIEW_OK);
    answer->bench->is_view_stale = false;
}

/* Re-reads the line into the bench's view. */
void queue_reread(struct queue_bench *b)
{
    struct queue_answer a = {.bench = b, .status = QUEUE_STATUS_COUNT};
    queue_await(&a, b->store[0]->line(b->store[0], BENCH_EVENT, queue_on_line, &a));
    cr_assert_eq(a.status, QUEUE_OK);
}
