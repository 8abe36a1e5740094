/* The places that gateways tell are those that Redis would count: at every tick, for everybody in
 * line, in several gateways' views, line_view_ahead() is ZRANK. Between the ticks people join,
 * leave, are admitted and come again through two stores; the views lose reports, start late, forget
 * everything and read the line again while reports are under way. The seed is printed with each
 * failure; QUEUE_SEED repeats one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/queue_bench.h"
#include "support/queue_calls.h"

enum { PEOPLE = 400, ROUNDS = 200, OPS_MAX = 60, VIEWS = 4 };

/* What goes wrong with a view, in percent of the reports. */
struct habit {
    int loses, clears, rereads;
};

static const struct habit habits[VIEWS] = {{0, 0, 0}, {15, 0, 0}, {0, 5, 10}, {5, 2, 40}};

struct gateway {
    struct line_view view;
    bool is_asked;
    int64_t compared; /* places found equal */
};

struct world {
    struct queue_bench *bench;
    unsigned seed;
    struct gateway gateways[VIEWS];
};

/* A question of one gateway for the whole line. */
struct question {
    struct world *world;
    int which;
};

static void on_line(void *ctx, enum queue_status status, const struct line_state *line)
{
    struct question *question = ctx;
    struct gateway *gateway = &question->world->gateways[question->which];
    cr_assert_eq(status, QUEUE_OK);
    gateway->is_asked = false;
    (void)line_view_on_state(&gateway->view, line);
    question->world->bench->pending--;
    free(question);
}

static void ask_line(struct world *world, int which)
{
    struct queue_store *store = world->bench->store[which & 1];
    if (world->gateways[which].is_asked)
        return;
    struct question *question = calloc(1, sizeof(*question));
    cr_assert(question);
    *question = (struct question){world, which};
    world->gateways[which].is_asked = true;
    world->bench->pending++;
    cr_assert_eq(store->line(store, BENCH_EVENT, on_line, question), QUEUE_OK);
}

static bool happens(int percent)
{
    return rand() % 100 < percent;
}

static void on_report(void *ctx, const struct tick_report *report)
{
    struct world *world = ctx;
    for (int i = 0; i < VIEWS; i++) {
        struct gateway *gateway = &world->gateways[i];
        if (happens(habits[i].clears))
            line_view_clear(&gateway->view);
        bool is_lost = happens(habits[i].loses);
        bool has_gap = !is_lost && line_view_on_report(&gateway->view, report) == LINE_VIEW_GAP;
        if (has_gap || happens(habits[i].rereads))
            ask_line(world, i);
    }
}

static void on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct world *world = ctx;
    cr_assert(status == QUEUE_OK && places != NULL && count > 0);
    world->bench->pending--;
}

static void on_tick(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    struct world *world = ctx;
    cr_assert_eq(status, QUEUE_OK);
    world->bench->due += outcome != TICK_NOT_DUE;
    world->bench->pending--;
}

static void send_joins(struct world *world)
{
    struct queue_store *store = world->bench->store[rand() & 1];
    struct queue_visitor visitors[20];
    size_t count = 1 + (size_t)rand() % 20;
    for (size_t i = 0; i < count; i++)
        visitors[i] = queue_numbered(rand() % PEOPLE);
    world->bench->pending++;
    cr_assert_eq(store->join(store, BENCH_EVENT, visitors, count, on_places, world), QUEUE_OK);
}

static void send_leave(struct world *world)
{
    struct queue_store *store = world->bench->store[rand() & 1];
    struct queue_visitor visitors[3];
    size_t count = 1 + (size_t)rand() % 3;
    for (size_t i = 0; i < count; i++)
        visitors[i] = queue_numbered(rand() % PEOPLE);
    world->bench->pending++;
    cr_assert_eq(store->leave(store, BENCH_EVENT, visitors, count, on_places, world), QUEUE_OK);
}

static void send_tick(struct world *world)
{
    struct queue_store *store = world->bench->store[rand() & 1];
    world->bench->pending++;
    cr_assert_eq(store->tick(store, BENCH_EVENT, on_tick, world), QUEUE_OK);
}

static redisReply *ask_redis(const struct world *world, const char *command, const char *argument)
{
    redisReply *reply = redisCommand(redis_server_context(world->bench->server), command, argument);
    cr_assert(reply && reply->type != REDIS_REPLY_ERROR);
    return reply;
}

/* Everybody in line, as Redis has them: the i-th of the range has rank i. ZRANK itself is asked for
 * one of them, so that this is not only said here. */
static void compare(struct world *world)
{
    redisReply *line = ask_redis(world, "ZRANGE ev:e:waiting 0 -1 WITHSCORES%s", "");
    size_t count = line->elements / 2;
    for (int which = 0; which < VIEWS; which++) {
        struct gateway *gateway = &world->gateways[which];
        if (!gateway->view.is_current || gateway->view.tick != world->bench->last.tick)
            continue; /* knows that it is behind, and tells nothing new */
        for (size_t rank = 0; rank < count; rank++) {
            int64_t seq = strtoll(line->element[2 * rank + 1]->str, NULL, 10);
            cr_assert_eq(line_view_ahead(&gateway->view, seq), (int64_t)rank,
                         "view %d, sequence %lld, rank %zu, told %lld, seed %u", which,
                         (long long)seq, rank, (long long)line_view_ahead(&gateway->view, seq),
                         world->seed);
        }
        gateway->compared += (int64_t)count;
    }
    if (count > 0) {
        size_t rank = (size_t)rand() % count;
        redisReply *asked = ask_redis(world, "ZRANK ev:e:waiting %s", line->element[2 * rank]->str);
        cr_assert_eq(asked->integer, (long long)rank);
        freeReplyObject(asked);
    }
    freeReplyObject(line);
}

static void play_round(struct world *world)
{
    struct queue_bench *b = world->bench;
    for (int i = rand() % OPS_MAX; i > 0; i--) {
        int dice = rand() % 10;
        if (dice < 3)
            send_joins(world);
        else if (dice < 9)
            send_leave(world);
        else
            send_tick(world); /* in the middle of it */
    }
    queue_bench_settle(b);
    queue_bench_wait(b, b->settings.tick_ms);
    send_tick(world);
    queue_bench_settle(b);
    compare(world);
    send_joins(world); /* who comes after the tick stands behind all: still exact */
    queue_bench_settle(b);
    compare(world);
}

Test(queue_places, are_the_ranks_in_redis_at_every_tick)
{
    struct world world = {.bench = queue_bench_redis()};
    struct queue_fake_settings settings = queue_usual;
    const char *seed = getenv("QUEUE_SEED");
    world.seed = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);
    srand(world.seed);
    settings.tick_ms = 3;
    settings.active_cap = 40;
    settings.admit_per_tick = 3.5;
    settings.phase = PHASE_OPEN;
    queue_bench_configure(world.bench, &settings);
    for (int i = 0; i < VIEWS; i++)
        line_view_init(&world.gateways[i].view);
    world.bench->on_report = on_report;
    world.bench->on_report_ctx = &world;
    for (int round = 0; round < ROUNDS; round++)
        play_round(&world);
    for (int i = 0; i < VIEWS; i++) {
        cr_assert_gt(world.gateways[i].compared, 2000, "view %d saw hardly anything, seed %u", i,
                     world.seed);
        line_view_release(&world.gateways[i].view);
    }
    cr_assert_gt(world.bench->gone_count, 200, "hardly anybody left from behind the head");
    cr_assert_gt(world.bench->admitted_count, 200);
    queue_bench_free(world.bench);
}
