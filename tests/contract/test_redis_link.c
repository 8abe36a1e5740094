/* The Redis link against a real redis-server: order, exactly-once completion, deadlines, loss and
 * return. */
#include <criterion/criterion.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/base/redis_link.h"
#include "support/redis_server.h"

#define WAIT_MS_MAX 10000
#define DEADLINE_MS 500

static const struct redis_script scripts[] = {
    {"add", "return ARGV[1] + redis.call('INCR', KEYS[1])"},
    {"epoch", "return redis.error_reply('EPOCH is another')"},
};

struct bench {
    struct redis_server *server;
    struct ev_loop *loop;
    struct redis_link *link;
    int readies, losses;
};

struct answers {
    int count;
    enum redis_link_status status[64];
    long long number[64];
};

static struct bench bench;

static void on_state(void *ctx, bool is_ready)
{
    struct bench *b = ctx;
    *(is_ready ? &b->readies : &b->losses) += 1;
}

static void on_reply(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct answers *answers = ctx;
    bool has_reply = status == REDIS_LINK_OK || status == REDIS_LINK_ERROR;
    cr_assert_eq(reply != NULL, has_reply);
    answers->status[answers->count] = status;
    answers->number[answers->count++] = reply != NULL ? reply->integer : -1;
}

/* Turns the loop until *value reaches `wanted`. */
static void turn_until(const int *value, int wanted)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    while (*value < wanted) {
        cr_assert(clock_monotonic_ms() < end_ms, "waited too long: %d of %d", *value, wanted);
        ev_run(bench.loop, EVRUN_NOWAIT);
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
}

static struct redis_link *open_link(uint32_t deadline_ms, bool has_scripts)
{
    char url[300];
    snprintf(url, sizeof url, "unix://%s", redis_server_socket(bench.server));
    struct redis_link_options options = {.url = url,
                                         .scripts = scripts,
                                         .scripts_count = has_scripts ? 2 : 0,
                                         .deadline_ms = deadline_ms,
                                         .on_state = on_state,
                                         .ctx = &bench};
    return redis_link_create(bench.loop, &options);
}

static void set_up(void)
{
    memset(&bench, 0, sizeof bench);
    bench.server = redis_server_start();
    bench.loop = ev_loop_new(0);
    bench.link = open_link(DEADLINE_MS, true);
    cr_assert_not_null(bench.link);
}

static void tear_down(void)
{
    redis_link_free(bench.link);
    ev_loop_destroy(bench.loop);
    redis_server_stop(bench.server);
}

TestSuite(redis_link, .init = set_up, .fini = tear_down);

static enum redis_link_status run_script(size_t index, struct answers *answers)
{
    const char *argv[] = {"n", "10"};
    size_t argv_bytes[] = {1, 2};
    return redis_link_script(bench.link, index, 1, 2, argv, argv_bytes, on_reply, answers);
}

Test(redis_link, before_it_is_ready_nothing_is_sent)
{
    struct answers answers = {0};
    cr_assert_eq(redis_link_call(bench.link, on_reply, &answers, "PING", NULL), REDIS_LINK_DOWN);
    turn_until(&bench.readies, 1);
    cr_assert_eq(answers.count, 0);
    cr_assert(redis_link_is_ready(bench.link));
}

Test(redis_link, answers_come_in_order_and_never_before_the_call_returns)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(redis_link_call(bench.link, on_reply, &answers, "INCR", "n", NULL),
                     REDIS_LINK_OK);
    }
    cr_assert_eq(answers.count, 0);
    cr_assert_eq(redis_link_pending_count(bench.link), 50u);
    turn_until(&answers.count, 50);
    for (int i = 0; i < 50; i++)
        cr_assert_eq(answers.number[i], i + 1);
}

Test(redis_link, errors_and_epochs_are_told_apart)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    cr_assert_eq(redis_link_call(bench.link, on_reply, &answers, "NONSENSE", NULL), REDIS_LINK_OK);
    cr_assert_eq(run_script(0, &answers), REDIS_LINK_OK);
    cr_assert_eq(run_script(1, &answers), REDIS_LINK_OK);
    turn_until(&answers.count, 3);
    cr_assert_eq(answers.status[0], REDIS_LINK_ERROR);
    cr_assert_eq(answers.status[1], REDIS_LINK_OK);
    cr_assert_eq(answers.number[1], 11);
    cr_assert_eq(answers.status[2], REDIS_LINK_EPOCH);
}

Test(redis_link, flushed_scripts_are_loaded_again)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    redis_link_call(bench.link, NULL, NULL, "SCRIPT", "FLUSH", NULL);
    cr_assert_eq(run_script(0, &answers), REDIS_LINK_OK);
    turn_until(&answers.count, 1);
    cr_assert_eq(answers.status[0], REDIS_LINK_DOWN, "it did not run, and is said so");
    turn_until(&bench.readies, 2);
    cr_assert_eq(run_script(0, &answers), REDIS_LINK_OK);
    turn_until(&answers.count, 2);
    cr_assert_eq(answers.number[1], 11);
}

Test(redis_link, a_silence_past_the_deadline_ends_everything_pending)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    redis_link_call(bench.link, on_reply, &answers, "BLPOP", "nothing", "5", NULL);
    for (int i = 0; i < 4; i++)
        redis_link_call(bench.link, on_reply, &answers, "INCR", "n", NULL);
    int64_t start_ms = clock_monotonic_ms();
    turn_until(&answers.count, 5);
    cr_assert_geq(clock_monotonic_ms() - start_ms, 450);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(answers.status[i], REDIS_LINK_UNKNOWN);
    turn_until(&bench.losses, 1);
    cr_assert_eq(redis_link_call(bench.link, on_reply, &answers, "PING", NULL), REDIS_LINK_DOWN);
    turn_until(&bench.readies, 2);
    cr_assert_eq(answers.count, 5, "exactly once");
}

/* Each of the blocking commands is answered after a second, the last long past its own deadline. */
Test(redis_link, slow_answers_are_waited_for)
{
    struct answers answers = {0};
    redis_link_free(bench.link);
    bench.link = open_link(4 * DEADLINE_MS, false);
    turn_until(&bench.readies, 1);
    for (int i = 0; i < 3; i++)
        redis_link_call(bench.link, on_reply, &answers, "BLPOP", "nothing", "1", NULL);
    redis_link_call(bench.link, on_reply, &answers, "INCR", "n", NULL);
    turn_until(&answers.count, 4);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(answers.status[i], REDIS_LINK_OK, "answer %d: %d", i, answers.status[i]);
    cr_assert_eq(bench.losses, 0);
}

Test(redis_link, an_answer_that_waits_while_this_process_is_late_counts)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    redis_link_call(bench.link, on_reply, &answers, "SETRANGE", "large", "100000", "x", NULL);
    redis_link_call(bench.link, on_reply, &answers, "GET", "large", NULL); /* read in pieces */
    for (int i = 0; i < 20; i++)
        redis_link_call(bench.link, on_reply, &answers, "INCR", "n", NULL);
    ev_run(bench.loop, EVRUN_NOWAIT); /* sends them */
    struct timespec late = {0, 1000000 * (DEADLINE_MS + 200)};
    nanosleep(&late, NULL);
    turn_until(&answers.count, 22);
    for (int i = 0; i < 22; i++)
        cr_assert_eq(answers.status[i], REDIS_LINK_OK, "answer %d: %d", i, answers.status[i]);
    cr_assert_eq(answers.number[21], 20);
    cr_assert_eq(bench.losses, 0);
}

Test(redis_link, freeing_completes_what_is_under_way)
{
    struct answers answers = {0};
    turn_until(&bench.readies, 1);
    redis_link_call(bench.link, on_reply, &answers, "PING", NULL);
    redis_link_free(bench.link);
    bench.link = NULL;
    cr_assert_eq(answers.count, 1);
    cr_assert_eq(answers.status[0], REDIS_LINK_UNKNOWN);
}

struct heard {
    int count;
    char last[32];
};

static void on_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    struct heard *heard = ctx;
    cr_assert_str_eq(channel, "news");
    heard->count++;
    snprintf(heard->last, sizeof heard->last, "%.*s", (int)bytes, data);
}

Test(redis_link, a_subscriber_hears_again_after_a_lost_connection)
{
    struct heard heard = {0};
    turn_until(&bench.readies, 1);
    struct redis_link *ear = open_link(0, false);
    cr_assert_eq(redis_link_subscribe(ear, "news", on_message, &heard), REDIS_LINK_OK);
    turn_until(&bench.readies, 2);
    redis_link_call(bench.link, NULL, NULL, "PUBLISH", "news", "one", NULL);
    turn_until(&heard.count, 1);
    redis_link_call(bench.link, NULL, NULL, "CLIENT", "KILL", "TYPE", "pubsub", NULL);
    turn_until(&bench.losses, 1);
    turn_until(&bench.readies, 3);
    redis_link_call(bench.link, NULL, NULL, "PUBLISH", "news", "two", NULL);
    turn_until(&heard.count, 2);
    cr_assert_str_eq(heard.last, "two");
    redis_link_free(ear);
}

Test(redis_link, an_unusable_url_is_said_at_once)
{
    static const char *const bad[] = {"",
                                      "redis",
                                      "redis://",
                                      "redis://:1",
                                      "redis://h:0",
                                      "redis://h:99999",
                                      "redis://h:1x",
                                      "unix://relative"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct redis_link_options options = {.url = bad[i]};
        cr_expect_null(redis_link_create(bench.loop, &options), "%s", bad[i]);
    }
}
