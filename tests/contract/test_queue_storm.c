/* A storm over one line in a real Redis: several gateways join, look, resume, enter, leave, sell,
 * tick and refill at once, deadlines run out all the time, settings change, and callers vanish in
 * the middle: their connection is cut or killed after the call was sent, and nobody ever knows
 * whether it ran.
 *
 * What must hold is checked inside Redis, around every single script: each is wrapped in Lua that
 * compares the line before and after it. No violation can hide between two looks from outside. From
 * the reports it follows besides that admissions are in order and that in the end every sequence
 * was admitted or left. The seed is printed with each failure; QUEUE_SEED repeats one. */
#include <assert.h>
#include <criterion/criterion.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue/queue_redis.h"
#include "queue/tick_report.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "support/redis_server.h"

#define EVENT "e"
enum { GATEWAYS = 4, PEOPLE = 150, ROUNDS = 500, OPS_MAX = 25, SEQS_MAX = 40000, WAIT_MS = 5000 };

/* Before and after a script; what is wrong goes to the list test:problems. Nobody who waited before
 * and still waits may have a smaller number than somebody whom the script admitted. */
static const char head_text[] =
    "local test_before = redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES')\n"
    "local test_inside = redis.call('ZCARD', KEYS[7])\n"
    "local function test_whole()\n";
static const char tail_text[] =
    "\nend\n"
    "local test_answer = test_whole()\n"
    "local function test_wrong(what) redis.call('RPUSH', 'test:problems', what) end\n"
    "local test_cap = tonumber(redis.call('HGET', KEYS[2], 'active_cap')) or 0\n"
    "local test_now_inside = redis.call('ZCARD', KEYS[7])\n"
    "if test_now_inside > math.max(test_cap, test_inside) then\n"
    "    test_wrong('cap ' .. test_cap .. ': ' .. test_inside .. ' -> ' .. test_now_inside)\n"
    "end\n"
    "if redis.call('HLEN', KEYS[8]) ~= test_now_inside then test_wrong('passes') end\n"
    "if redis.call('ZINTERCARD', 2, KEYS[4], KEYS[7]) > 0 then test_wrong('two places') end\n"
    "local test_admitted, test_first = 0, math.huge\n"
    "for i = 1, #test_before, 2 do\n"
    "    local seq = tonumber(test_before[i + 1])\n"
    "    local after = tonumber(redis.call('ZSCORE', KEYS[4], test_before[i]))\n"
    "    if after and after ~= seq then test_wrong('a place changed') end\n"
    "    if after then test_first = math.min(test_first, seq)\n"
    "    elseif redis.call('ZSCORE', KEYS[7], test_before[i]) then\n"
    "        test_admitted = math.max(test_admitted, seq)\n"
    "    end\n"
    "end\n"
    "if test_admitted > test_first then test_wrong('overtaken') end\n"
    "redis.call('INCR', 'test:steps')\n"
    "return test_answer\n";

enum fate { NOT_HEARD_OF, GONE, ADMITTED };

struct gateway {
    struct redis_link *link;
    struct queue_store *store;
};

struct storm {
    unsigned seed;
    struct redis_server *server;
    struct ev_loop *loop;
    ev_timer wake;
    struct redis_script scripts[QUEUE_REDIS_SCRIPTS];
    struct gateway gateways[GATEWAYS];
    struct redis_link *listener;
    size_t pending, unknown_count;
    int64_t tick, admission, admitted_seq, seq, waiting; /* as reported */
    size_t expired_count;
    struct queue_visitor last_admitted[8];
    enum fate fate[SEQS_MAX + 1];
};

static struct queue_visitor visitor_of(int person)
{
    struct queue_visitor visitor;
    snprintf(visitor.id, sizeof(visitor.id), "visitor-%04u", (unsigned)person % 10000);
    return visitor;
}

/* --- reports --- */

static void note_fate(struct storm *storm, int64_t seq, enum fate fate)
{
    cr_assert(seq >= 1 && seq <= SEQS_MAX);
    cr_assert_eq(storm->fate[seq], NOT_HEARD_OF, "sequence %ld ended twice, seed %u", (long)seq,
                 storm->seed);
    storm->fate[seq] = fate;
}

static void on_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    struct storm *storm = ctx;
    struct tick_report r;
    cr_assert(tick_report_parse(data, bytes, &r));
    cr_assert_eq(r.tick, ++storm->tick, "reports are numbered, seed %u", storm->seed);
    for (size_t i = 0; i < r.admitted_count; i++) {
        const struct tick_admitted *a = &r.admitted[i];
        cr_assert_eq(a->admission, ++storm->admission, "seed %u", storm->seed);
        cr_assert_gt(a->seq, storm->admitted_seq, "somebody was overtaken, seed %u", storm->seed);
        storm->admitted_seq = a->seq;
        storm->last_admitted[storm->admission % 8] = a->visitor;
        note_fate(storm, a->seq, ADMITTED);
    }
    for (size_t i = 0; i < r.gone_count; i++)
        note_fate(storm, r.gone[i], GONE);
    storm->expired_count += r.expired_count;
    storm->seq = r.seq;
    storm->waiting = r.waiting;
    tick_report_release(&r);
}

/* --- life --- */

static void on_wake(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)timer, (void)events;
    ev_break(loop, EVBREAK_ONE);
}

static void turn(struct storm *storm)
{
    ev_timer_again(storm->loop, &storm->wake);
    ev_run(storm->loop, EVRUN_ONCE);
    ev_timer_stop(storm->loop, &storm->wake);
}

static void open_gateway(struct storm *storm, struct gateway *gateway)
{
    struct redis_link_options options = {.url = redis_server_url(storm->server),
                                         .scripts = storm->scripts,
                                         .scripts_count = QUEUE_REDIS_SCRIPTS,
                                         .deadline_ms = WAIT_MS};
    gateway->link = redis_link_create(storm->loop, &options);
    gateway->store = queue_redis_create(gateway->link, 0);
    queue_redis_set_epoch(gateway->store, 1);
}

static void close_gateway(const struct gateway *gateway)
{
    redis_link_free(gateway->link); /* completes what is pending as unknown */
    gateway->store->free(gateway->store);
}

static bool are_ready(const struct storm *storm)
{
    bool is_ready = redis_link_is_ready(storm->listener);
    for (int i = 0; i < GATEWAYS; i++)
        is_ready = is_ready && redis_link_is_ready(storm->gateways[i].link);
    return is_ready;
}

static void await_ready(struct storm *storm)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    while (!are_ready(storm)) {
        cr_assert_lt(clock_monotonic_ms(), until_ms, "the links do not get ready");
        turn(storm);
    }
}

static void wrap_scripts(struct storm *storm)
{
    size_t count;
    const struct redis_script *scripts = queue_redis_scripts(&count);
    cr_assert_eq(count, QUEUE_REDIS_SCRIPTS);
    for (size_t i = 0; i < count; i++) {
        size_t bytes = sizeof(head_text) + strlen(scripts[i].text) + sizeof(tail_text);
        char *text = malloc(bytes);
        cr_assert(text);
        snprintf(text, bytes, "%s%s%s", head_text, scripts[i].text, tail_text);
        storm->scripts[i] = (struct redis_script){scripts[i].name, text};
    }
}

static struct storm *storm_create(void)
{
    struct storm *storm = calloc(1, sizeof(*storm));
    cr_assert(storm);
    const char *seed = getenv("QUEUE_SEED");
    storm->seed = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);
    srand(storm->seed);
    log_init("storm", LOG_ERROR); /* hundreds of connections are lost on purpose */
    signal(SIGPIPE, SIG_IGN);     /* as every process of ours: sockets are killed here */
    storm->server = redis_server_start();
    redis_server_run(storm->server, "SET epoch 1");
    storm->loop = ev_loop_new(EVFLAG_AUTO);
    ev_timer_init(&storm->wake, on_wake, 0, 0.001);
    wrap_scripts(storm);
    for (int i = 0; i < GATEWAYS; i++)
        open_gateway(storm, &storm->gateways[i]);
    struct redis_link_options options = {.url = redis_server_url(storm->server)};
    storm->listener = redis_link_create(storm->loop, &options);
    redis_link_subscribe(storm->listener, "tick:" EVENT, on_message, storm);
    await_ready(storm);
    return storm;
}

static void storm_free(struct storm *storm)
{
    for (int i = 0; i < GATEWAYS; i++)
        close_gateway(&storm->gateways[i]);
    redis_link_free(storm->listener);
    ev_loop_destroy(storm->loop);
    redis_server_stop(storm->server);
    for (size_t i = 0; i < QUEUE_REDIS_SCRIPTS; i++)
        free((char *)(uintptr_t)storm->scripts[i].text);
    free(storm);
}

/* --- calls: what comes back counts only as come back --- */

static void end_call(struct storm *storm, enum queue_status status)
{
    cr_assert(status == QUEUE_OK || status == QUEUE_UNKNOWN, "%d", status);
    storm->pending--;
    storm->unknown_count += status == QUEUE_UNKNOWN;
}

static void on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    (void)places, (void)count;
    end_call(ctx, status);
}

static void on_place(void *ctx, enum queue_status status, const struct place *place)
{
    (void)place;
    end_call(ctx, status);
}

static void on_tick(void *ctx, enum queue_status status, enum tick_outcome outcome)
{
    (void)outcome;
    end_call(ctx, status);
}

static void on_present(void *ctx, enum queue_status status, size_t count)
{
    (void)count;
    end_call(ctx, status);
}

/* One of the last who were admitted, else anybody. */
static struct queue_visitor somebody(const struct storm *storm)
{
    const struct queue_visitor *one = &storm->last_admitted[rand() % 8];
    return rand() % 2 && one->id[0] ? *one : visitor_of(rand() % PEOPLE);
}

static enum queue_status send_many(struct storm *storm, struct queue_store *store, int dice)
{
    struct queue_visitor visitors[8];
    struct place_claim claims[8] = {0};
    size_t count = 1 + (size_t)rand() % 8;
    for (size_t i = 0; i < count; i++) {
        visitors[i] = somebody(storm);
        claims[i] = (struct place_claim){visitors[i], 1 + rand() % SEQS_MAX, rand() % 2, false};
    }
    if (dice < 6)
        return store->join(store, EVENT, visitors, count, on_places, storm);
    if (dice < 7)
        return store->look(store, EVENT, visitors, count, on_places, storm);
    if (dice < 8)
        return store->restore(store, EVENT, claims, count, on_places, storm);
    if (dice < 9)
        return store->present(store, EVENT, clock_wall_ms() - rand() % 10, visitors, count,
                              on_present, storm);
    return store->leave(store, EVENT, visitors, 1 + count / 3, on_places, storm);
}

/* What ticketing does to the line when an order is settled. */
static void sell(struct storm *storm, const struct queue_visitor *visitor)
{
    redis_server_run(storm->server, "MULTI");
    redis_server_run(storm->server, "ZREM ev:e:active %s", visitor->id);
    redis_server_run(storm->server, "HDEL ev:e:pass %s", visitor->id);
    redis_server_run(storm->server, "HINCRBY ev:e:counts free -1");
    redis_server_run(storm->server, "EXEC");
}

static void send_something(struct storm *storm, const struct gateway *gateway)
{
    struct queue_store *store = gateway->store;
    struct queue_visitor visitor = somebody(storm);
    enum queue_status status = QUEUE_OK;
    int dice = rand() % 24;
    storm->pending++;
    if (dice < 12)
        status = send_many(storm, store, dice);
    else if (dice < 16)
        status = store->enter(store, EVENT, &visitor, on_place, storm);
    else if (dice < 19)
        status = store->refill(store, EVENT, on_tick, storm);
    else
        status = store->tick(store, EVENT, on_tick, storm);
    if (status != QUEUE_OK)
        storm->pending--;
}

/* A gateway sends and is gone before the answers come. */
static void vanish(struct storm *storm)
{
    struct gateway *gateway = &storm->gateways[rand() % GATEWAYS];
    for (int i = 1 + rand() % 6; i > 0; i--)
        send_something(storm, gateway);
    if (rand() % 4 != 0)
        ev_run(storm->loop, EVRUN_NOWAIT); /* the calls are on their way */
    if (rand() % 3 != 0) {
        close_gateway(gateway);
        open_gateway(storm, gateway);
    } else {
        redis_server_run(storm->server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    await_ready(storm);
}

static void change_settings(const struct storm *storm)
{
    static const char *const phases[] = {"open", "open", "open", "paused", "prequeue"};
    redis_server_run(storm->server,
                     "HSET ev:e:cfg phase %s active_cap %d admit_per_tick %d.%d refill_at_once %d "
                     "standby %d claim_ms %d claim_away_ms %d",
                     phases[rand() % 5], rand() % 12, rand() % 6, rand() % 10, rand() % 2,
                     rand() % 2, 4 + rand() % 8, 4 + rand() % 16);
    redis_server_run(storm->server, "HSET ev:e:counts free %d", rand() % 5 ? 1000 : rand() % 4);
}

static void settle_down(struct storm *storm)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    while (storm->pending > 0) {
        cr_assert_lt(clock_monotonic_ms(), until_ms, "answers are missing, seed %u", storm->seed);
        turn(storm);
    }
}

static void check_problems(const struct storm *storm)
{
    redisReply *reply =
        redisCommand(redis_server_context(storm->server), "LRANGE test:problems 0 4");
    cr_assert(reply && reply->type == REDIS_REPLY_ARRAY);
    cr_assert_eq(reply->elements, 0, "%s, seed %u", reply->elements ? reply->element[0]->str : "",
                 storm->seed);
    freeReplyObject(reply);
}

/* In the end everybody comes in, and no sequence is left over. */
static void drain(struct storm *storm)
{
    redis_server_run(storm->server, "HSET ev:e:cfg phase open active_cap 1000 admit_per_tick 100");
    redis_server_run(storm->server, "HSET ev:e:counts free 1000");
    int64_t tick = storm->tick;
    for (int i = 0; i < 200 && (storm->waiting > 0 || storm->tick < tick + 3); i++) {
        struct queue_store *store = storm->gateways[i % GATEWAYS].store;
        storm->pending++;
        if (store->tick(store, EVENT, on_tick, storm) != QUEUE_OK)
            storm->pending--; /* a killed link that is not back yet */
        settle_down(storm);
        turn(storm);
    }
    check_problems(storm);
    cr_assert_eq(storm->waiting, 0, "seed %u", storm->seed);
    cr_assert_eq(redis_server_number(storm->server, "HGET ev:e:line head"), storm->seq);
    for (int64_t seq = 1; seq <= storm->seq; seq++)
        cr_assert_neq(storm->fate[seq], NOT_HEARD_OF, "sequence %ld got lost, seed %u", (long)seq,
                      storm->seed);
}

Test(queue_storm, cap_and_order_hold_at_every_step)
{
    struct storm *storm = storm_create();
    redis_server_run(storm->server, "HSET ev:e:cfg tick_ms 3 select_ms 15 seats_per_visitor_max 3 "
                                    "waiting_max 100000");
    change_settings(storm);
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 15 == 14)
            change_settings(storm);
        for (int i = rand() % OPS_MAX; i > 0; i--)
            send_something(storm, &storm->gateways[rand() % GATEWAYS]);
        if (round % 3 == 0) {
            struct queue_visitor buyer = somebody(storm);
            sell(storm, &buyer);
        }
        if (round % 10 == 9)
            vanish(storm);
        for (int i = rand() % 4; i > 0; i--)
            turn(storm);
        if (round % 7 == 0)
            settle_down(storm);
    }
    settle_down(storm);
    drain(storm);
    cr_assert_gt(storm->admission, 100, "hardly anything happened");
    cr_assert_gt(storm->expired_count, 20);
    cr_assert_gt(storm->unknown_count, 20, "hardly anybody vanished");
    printf(
        "storm: %lld steps, %lld admitted of %lld, %zu expired, %zu calls whose end is unknown\n",
        redis_server_number(storm->server, "GET test:steps"), (long long)storm->admission,
        (long long)storm->seq, storm->expired_count, storm->unknown_count);
    storm_free(storm);
}
