/* Random interleavings of joins, leaves, claims, ticks and changed settings from two stores at
 * once, on Redis and on the fake, with deadlines so short that turns are missed all the time. After
 * each round the books must balance: every sequence is waiting, gone or admitted, everybody has at
 * most one place, and the places that a gateway would tell are those that counting gives. The seed
 * is printed with each failure. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/queue_bench.h"

enum { PEOPLE = 200, ROUNDS = 250, OPS_MAX = 40, SEQS_MAX = PEOPLE + ROUNDS * OPS_MAX };

enum fate { NOT_GIVEN, WAITING, GONE, ADMITTED };

struct person {
    int64_t seq; /* last one told */
    int64_t left_inside, admitted, expired;
    bool is_busy; /* a call about this person is under way: one at a time, so that answers have an
                     order */
};

struct books {
    struct queue_bench *bench;
    unsigned seed;
    struct person people[PEOPLE];
    enum fate fate[SEQS_MAX + 1];
    int64_t given, left_waiting, left_inside;
    size_t admitted_read, expired_read; /* of the bench's logs */
};

struct call {
    struct books *books;
    int person;
};

static struct queue_visitor visitor_of(int person)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "visitor-%04u", (unsigned)person % 10000);
    return visitor;
}

static int person_of(const struct queue_visitor *visitor)
{
    int person = (int)strtol(visitor->id + strlen("visitor-"), NULL, 10);
    cr_assert(person >= 0 && person < PEOPLE);
    return person;
}

static void note_place(struct books *books, int person, const struct place *place)
{
    struct person *p = &books->people[person];
    cr_assert(place->state == PLACE_WAITING || place->state == PLACE_ADMITTED ||
                  place->state == PLACE_ENTERED,
              "state %d, seed %u", place->state, books->seed);
    if (place->is_new) {
        cr_assert(place->seq >= 1 && place->seq <= SEQS_MAX);
        cr_assert_eq(books->fate[place->seq], NOT_GIVEN, "sequence given twice, seed %u",
                     books->seed);
        books->fate[place->seq] = WAITING;
        books->given++;
        p->seq = place->seq;
    }
    cr_assert_eq(place->seq, p->seq, "a place changed, seed %u", books->seed);
}

static void end_call(struct call *call)
{
    call->books->people[call->person].is_busy = false;
    call->books->bench->pending--;
}

static void on_join(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct call *calls = ctx;
    cr_assert_eq(status, QUEUE_OK);
    for (size_t i = 0; i < count; i++) {
        note_place(calls[i].books, calls[i].person, &places[i]);
        calls[i].books->people[calls[i].person].is_busy = false;
    }
    calls[0].books->bench->pending--;
    free(calls);
}

static void on_enter(void *ctx, enum queue_status status, const struct place *place)
{
    struct call *call = ctx;
    cr_assert_eq(status, QUEUE_OK);
    if (place->state != PLACE_NONE)
        note_place(call->books, call->person, place);
    end_call(call);
    free(call);
}

static void on_leave(void *ctx, enum queue_status status, const struct place *place, size_t count)
{
    struct call *call = ctx;
    struct books *books = call->books;
    cr_assert(status == QUEUE_OK && count == 1);
    if (place->state == PLACE_WAITING) {
        cr_assert_eq(books->fate[place->seq], WAITING);
        books->fate[place->seq] = GONE;
        books->left_waiting++;
    } else if (place->state != PLACE_NONE) {
        books->people[call->person].left_inside++;
        books->left_inside++;
    }
    end_call(call);
    free(call);
}

static void on_tick(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    struct queue_bench *bench = ctx;
    cr_assert_eq(status, QUEUE_OK);
    bench->due += outcome != TICK_NOT_DUE;
    bench->pending--;
}

static struct call *new_calls(struct books *books, size_t count)
{
    struct call *calls = calloc(count, sizeof(*calls));
    cr_assert(calls);
    for (size_t i = 0; i < count; i++)
        calls[i].books = books;
    return calls;
}

/* Somebody about whom no call is under way; -1 when luck has it that nobody is found. */
static int somebody(struct books *books)
{
    for (int i = 0; i < 50; i++) {
        int person = rand() % PEOPLE;
        if (books->people[person].is_busy)
            continue;
        books->people[person].is_busy = true;
        return person;
    }
    return -1;
}

static void send_join(struct books *books, struct queue_store *store)
{
    struct queue_visitor visitors[8];
    struct call *calls = new_calls(books, 8);
    size_t count = 0, wanted = 1 + (size_t)rand() % 8;
    while (count < wanted) {
        int person = somebody(books);
        if (person < 0)
            break;
        visitors[count] = visitor_of(person);
        calls[count++].person = person;
    }
    if (count == 0) {
        free(calls);
        return;
    }
    books->bench->pending++;
    cr_assert_eq(store->join(store, BENCH_EVENT, visitors, count, on_join, calls), QUEUE_OK);
}

/* One of the last who were admitted, else anybody: otherwise hardly anyone inside would do
 * anything. */
static int somebody_inside(struct books *books)
{
    const struct queue_bench *b = books->bench;
    size_t back = 1 + (size_t)rand() % 8;
    if (rand() % 2 == 0 && back <= b->admitted_count) {
        int person = person_of(&b->admitted[b->admitted_count - back].visitor);
        if (!books->people[person].is_busy) {
            books->people[person].is_busy = true;
            return person;
        }
    }
    return somebody(books);
}

static void send_about_one(struct books *books, struct queue_store *store, bool is_leave)
{
    int person = somebody_inside(books);
    if (person < 0)
        return;
    struct queue_visitor visitor = visitor_of(person);
    struct call *call = new_calls(books, 1);
    call->person = person;
    books->bench->pending++;
    enum queue_status status = is_leave
                                   ? store->leave(store, BENCH_EVENT, &visitor, 1, on_leave, call)
                                   : store->enter(store, BENCH_EVENT, &visitor, on_enter, call);
    cr_assert_eq(status, QUEUE_OK);
}

static void send_tick(struct books *books, struct queue_store *store)
{
    books->bench->pending++;
    cr_assert_eq(store->tick(store, BENCH_EVENT, on_tick, books->bench), QUEUE_OK);
}

static void send_refill(struct books *books, struct queue_store *store)
{
    books->bench->pending++;
    cr_assert_eq(store->refill(store, BENCH_EVENT, on_tick, books->bench), QUEUE_OK);
}

static void send_something(struct books *books)
{
    struct queue_store *store = books->bench->store[rand() & 1];
    int dice = rand() % 20;
    if (dice < 5)
        send_join(books, store);
    else if (dice < 9)
        send_about_one(books, store, true);
    else if (dice < 15)
        send_about_one(books, store, false);
    else if (dice < 17)
        send_refill(books, store);
    else
        send_tick(books, store);
}

static void read_reports(struct books *books)
{
    const struct queue_bench *b = books->bench;
    for (; books->admitted_read < b->admitted_count; books->admitted_read++) {
        const struct tick_admitted *a = &b->admitted[books->admitted_read];
        cr_assert_eq(books->fate[a->seq], WAITING, "seed %u", books->seed);
        books->fate[a->seq] = ADMITTED;
        books->people[person_of(&a->visitor)].admitted++;
    }
    for (; books->expired_read < b->expired_count; books->expired_read++)
        books->people[person_of(&b->expired[books->expired_read].visitor)].expired++;
}

static void on_line(void *ctx, enum queue_status status, const struct line_state *line)
{
    struct queue_bench *bench = ctx;
    bench->pending--;
    cr_assert_eq(status, QUEUE_OK);
    cr_assert_eq(line_view_on_state(&bench->view, line), LINE_VIEW_OK);
}

static void check_places(const struct books *books)
{
    const struct line_view *view = &books->bench->view;
    int64_t ahead = 0;
    for (int64_t seq = 1; seq <= books->given; seq++) {
        cr_assert_neq(books->fate[seq], NOT_GIVEN, "a sequence was skipped, seed %u", books->seed);
        if (books->fate[seq] != WAITING)
            continue;
        cr_assert_gt(seq, view->head, "the head passed somebody, seed %u", books->seed);
        cr_assert_eq(line_view_ahead(view, seq), ahead, "seed %u", books->seed);
        ahead++;
    }
    cr_assert_eq(view->waiting, ahead, "seed %u", books->seed);
}

static void check_people(const struct books *books)
{
    int64_t inside = 0;
    for (int i = 0; i < PEOPLE; i++) {
        const struct person *p = &books->people[i];
        int64_t times = p->admitted - p->left_inside - p->expired;
        cr_assert(times == 0 || times == 1, "person %d is inside %ld times, seed %u", i,
                  (long)times, books->seed);
        cr_assert(times == 0 || books->fate[p->seq] == ADMITTED);
        inside += times;
    }
    cr_assert_eq(books->bench->view.inside, inside, "seed %u", books->seed);
}

static void check_redis(const struct books *books)
{
    struct redis_server *server = books->bench->server;
    if (!server)
        return;
    cr_assert_eq(redis_server_number(server, "ZCARD ev:e:active"), books->bench->view.inside);
    cr_assert_eq(redis_server_number(server, "HLEN ev:e:pass"), books->bench->view.inside);
    cr_assert_eq(redis_server_number(server, "ZINTERCARD 2 ev:e:active ev:e:waiting"), 0);
    cr_assert_eq(redis_server_number(server, "HINCRBY ev:e:line seq 0"), books->given);
}

static void check_books(struct books *books)
{
    struct queue_bench *b = books->bench;
    read_reports(books);
    b->pending++;
    b->store[0]->line(b->store[0], BENCH_EVENT, on_line, b);
    queue_bench_settle(b);
    check_places(books);
    check_people(books);
    check_redis(books);
}

static void change_settings(struct books *books)
{
    struct queue_fake_settings settings = books->bench->settings;
    settings.active_cap = rand() % 12;
    settings.admit_per_tick = (rand() % 50) / 10.0;
    settings.phase = rand() % 4 ? PHASE_OPEN : PHASE_PAUSED;
    settings.refill_at_once = rand() % 2;
    queue_bench_configure(books->bench, &settings);
}

/* In the end the doors are opened: everybody who stayed must come in. */
static void drain(struct books *books)
{
    struct queue_bench *b = books->bench;
    struct queue_fake_settings settings = b->settings;
    settings.phase = PHASE_OPEN;
    settings.active_cap = PEOPLE;
    settings.admit_per_tick = 50;
    queue_bench_configure(b, &settings);
    for (int i = 0; i < 100 && b->view.waiting > 0; i++) {
        queue_bench_wait(b, settings.tick_ms);
        send_tick(books, b->store[i & 1]);
        queue_bench_settle(b);
    }
    check_books(books);
    cr_assert_eq(b->view.waiting, 0, "seed %u", books->seed);
    cr_assert_eq((int64_t)b->admitted_count + books->left_waiting, books->given);
}

static void run(struct queue_bench *bench)
{
    struct books *books = calloc(1, sizeof(*books));
    cr_assert(books);
    books->bench = bench;
    const char *seed = getenv("QUEUE_SEED");
    books->seed = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);
    srand(books->seed);
    struct queue_fake_settings settings = {.phase = PHASE_OPEN,
                                           .tick_ms = 3,
                                           .active_cap = 7,
                                           .claim_ms = 8,
                                           .select_ms = 15,
                                           .seats_per_visitor_max = 3,
                                           .waiting_max = 100000,
                                           .admit_per_tick = 2.5,
                                           .free = 1000};
    queue_bench_configure(bench, &settings);
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 20 == 19)
            change_settings(books);
        for (int i = rand() % OPS_MAX; i > 0; i--)
            send_something(books);
        queue_bench_wait(bench, rand() % 4);
        queue_bench_settle(bench);
        check_books(books);
    }
    drain(books);
    cr_assert_gt(bench->admitted_count, 100, "hardly anything happened");
    cr_assert_gt(bench->expired_count, 20);
    cr_assert_gt(books->left_waiting, 20);
    cr_assert_gt(books->left_inside, 5);
    free(books);
    queue_bench_free(bench);
}

Test(queue_random, redis)
{
    run(queue_bench_redis());
}

Test(queue_random, fake)
{
    run(queue_bench_fake());
}
