/* The rules of the line stand twice: in C (queue/phase.c, queue/admission.c) and in
 * queue/lua/prelude.lua. Here both answer the same tables, the second in a real Redis. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue/admission.h"
#include "queue/pace.h"
#include "queue/phase.h"
#include "queue/queue_redis.h"
#include "support/redis_server.h"

static struct redis_server *server;
static char sha[64];

/* Loads prelude + tail as a script, as the adapter would. */
static void load(const char *tail)
{
    srand((unsigned)time(NULL));
    server = redis_server_start();
    redis_server_run(server, "SET epoch 1");
    char text[32768];
    int bytes = snprintf(text, sizeof(text), "%s\n%s", queue_redis_prelude(), tail);
    cr_assert(bytes > 0 && (size_t)bytes < sizeof(text));
    redisReply *reply = redisCommand(redis_server_context(server), "SCRIPT LOAD %s", text);
    cr_assert(reply && reply->type == REDIS_REPLY_STRING, "%s", reply ? reply->str : "no answer");
    snprintf(sha, sizeof(sha), "%s", reply->str);
    freeReplyObject(reply);
}

static redisReply *run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static redisReply *run(const char *format, ...)
{
    char line[512];
    int start = snprintf(line, sizeof(line),
                         "EVALSHA %s 17 epoch 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 1 ", sha);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + start, sizeof(line) - (size_t)start, format, arguments);
    va_end(arguments);
    redisReply *reply = redisCommand(redis_server_context(server), line);
    cr_assert(reply && reply->type != REDIS_REPLY_ERROR, "%s", reply ? reply->str : "no answer");
    return reply;
}

static int64_t any_of(const int64_t *values, size_t count)
{
    return values[(size_t)rand() % count];
}

static void same_phase(const struct phase_inputs *inputs, int64_t now)
{
    char free_text[32] = "none";
    if (inputs->is_stock_known)
        snprintf(free_text, sizeof(free_text), "%" PRId64, inputs->free_count);
    redisReply *reply =
        run("%s %" PRId64 " %" PRId64 " %" PRId64 " %s %" PRId64 " %" PRId64,
            queue_phase_name(inputs->operator_phase), inputs->prequeue_at_ms, inputs->opens_at_ms,
            inputs->closes_at_ms, free_text, inputs->holds_count, now);
    const char *expected = queue_phase_name(queue_phase_effective(inputs, now));
    cr_expect_str_eq(reply->str, expected,
                     "operator %s prequeue %ld opens %ld closes %ld free %s holds %ld now %ld",
                     queue_phase_name(inputs->operator_phase), (long)inputs->prequeue_at_ms,
                     (long)inputs->opens_at_ms, (long)inputs->closes_at_ms, free_text,
                     (long)inputs->holds_count, (long)now);
    freeReplyObject(reply);
}

Test(queue_rules, phase_in_force)
{
    static const int64_t times[] = {0, 10, 20, 30, 1790000000123};
    static const int64_t counts[] = {0, 1, 500};
    load("return effective_phase(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), "
         "tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]))");
    for (int i = 0; i < 4000; i++) {
        struct phase_inputs inputs = {.operator_phase = (enum queue_phase)(rand() % PHASE_COUNT),
                                      .prequeue_at_ms = any_of(times, 5),
                                      .opens_at_ms = any_of(times, 5),
                                      .closes_at_ms = any_of(times, 5),
                                      .is_stock_known = rand() % 4 != 0,
                                      .free_count = any_of(counts, 3),
                                      .holds_count = any_of(counts, 3)};
        same_phase(&inputs, any_of(times, 5) + rand() % 3 - 1);
    }
    redis_server_stop(server);
}

static void same_moment(const struct phase_inputs *inputs, int64_t after, int64_t until)
{
    redisReply *reply = run("%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
                            queue_phase_name(inputs->operator_phase), inputs->prequeue_at_ms,
                            inputs->opens_at_ms, inputs->closes_at_ms, after, until);
    cr_expect_eq(reply->integer, queue_phase_moment_ms(inputs, after, until),
                 "operator %s prequeue %ld opens %ld closes %ld after %ld until %ld",
                 queue_phase_name(inputs->operator_phase), (long)inputs->prequeue_at_ms,
                 (long)inputs->opens_at_ms, (long)inputs->closes_at_ms, (long)after, (long)until);
    freeReplyObject(reply);
}

Test(queue_rules, moments_of_the_schedule)
{
    static const int64_t times[] = {0, 10, 20, 30, 1790000000123};
    load("return last_moment(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), "
         "tonumber(ARGV[6]), tonumber(ARGV[7]))");
    for (int i = 0; i < 4000; i++) {
        struct phase_inputs inputs = {.operator_phase = (enum queue_phase)(rand() % PHASE_COUNT),
                                      .prequeue_at_ms = any_of(times, 5),
                                      .opens_at_ms = any_of(times, 5),
                                      .closes_at_ms = any_of(times, 5)};
        int64_t after = any_of(times, 5) + rand() % 3 - 1;
        same_moment(&inputs, after, after + rand() % 30);
    }
    redis_server_stop(server);
}

/* Both answers of phase_with_draw, after the phase that the schedule gives. */
Test(queue_rules, phase_with_a_draw)
{
    load("local p, due = phase_with_draw(ARGV[2], ARGV[3] == '1', tonumber(ARGV[4])) "
         "return {p, due and 1 or 0}");
    for (int i = 0; i < PHASE_COUNT * 2 * DRAW_COUNT; i++) {
        struct phase_inputs inputs = {.operator_phase = (enum queue_phase)(i % PHASE_COUNT),
                                      .is_draw_wanted = true,
                                      .is_draw_committed = i / PHASE_COUNT % 2,
                                      .draw = (enum line_draw)(i / PHASE_COUNT / 2)};
        redisReply *reply = run("%s %d %d", queue_phase_name(inputs.operator_phase),
                                inputs.is_draw_committed, (int)inputs.draw);
        cr_expect_str_eq(reply->element[0]->str,
                         queue_phase_name(queue_phase_effective(&inputs, 1)), "case %d", i);
        cr_expect_eq(reply->element[1]->integer, queue_phase_draw_is_due(&inputs, 1), "case %d", i);
        freeReplyObject(reply);
    }
    redis_server_stop(server);
}

Test(queue_rules, who_may_join)
{
    load("return takes_joins(ARGV[2], ARGV[3] == '1') and 1 or 0");
    for (int i = 0; i < 2 * PHASE_COUNT; i++) {
        enum queue_phase phase = (enum queue_phase)(i / 2);
        redisReply *reply = run("%s %d", queue_phase_name(phase), i % 2);
        cr_expect_eq(reply->integer, queue_phase_takes_joins(phase, i % 2));
        freeReplyObject(reply);
    }
    redis_server_stop(server);
}

static void same_admission(const struct admission_inputs *in)
{
    redisReply *reply =
        run("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d",
            in->rate_micro, in->carry_micro, in->cap, in->active, in->left_to_sell, in->waiting,
            TICK_ADMIT_MAX);
    struct admission expected = admission_decide(in);
    cr_expect_eq(reply->element[0]->integer, expected.admit_count);
    cr_expect_eq(reply->element[1]->integer, expected.carry_micro);
    cr_expect_eq(reply->element[2]->integer, expected.unspent_count);
    freeReplyObject(reply);
}

Test(queue_rules, admission)
{
    static const int64_t rates[] = {0,       1,        300000,     999999, 1000000,
                                    2500000, 50000000, 2000000000, -1};
    static const int64_t carries[] = {0, 1, 500000, 999999, -1};
    static const int64_t counts[] = {-1, 0, 1, 2, 49, 50, 51, 1999, 2000, 2001, 1000000};
    load("return {decide_admission(tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), "
         "tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]))}");
    for (int i = 0; i < 4000; i++) {
        struct admission_inputs inputs = {.rate_micro = any_of(rates, 9),
                                          .carry_micro = any_of(carries, 5),
                                          .cap = any_of(counts, 11),
                                          .active = any_of(counts, 11),
                                          .left_to_sell = any_of(counts, 11),
                                          .waiting = any_of(counts, 11)};
        same_admission(&inputs);
    }
    redis_server_stop(server);
}

Test(queue_rules, rate_behind)
{
    static const int64_t rates[] = {0, 1, 300000, 999999, 1000000, 2500000, 50000000, 2000000000};
    static const int64_t lags[] = {0, 1, 2999, 3000, 3001, 6000, 7777, 60000, 86400000};
    load("return rate_behind(tonumber(ARGV[2]), tonumber(ARGV[3]))");
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 9; k++) {
            redisReply *reply = run("%" PRId64 " %" PRId64, rates[i], lags[k]);
            cr_expect_eq(reply->integer, admission_rate_behind(rates[i], lags[k]), "%zu %zu", i, k);
            freeReplyObject(reply);
        }
    redis_server_stop(server);
}

/* The whole script against the rule in C: counts, settings and rate are put into Redis. */
static void same_pace(const char *pace_sha)
{
    static const int64_t rates[] = {0, 1, 10000, 300000, 1000000, 7000000, 50000000, 2000000000};
    static const int64_t targets[] = {10, 16, 20, 158, 200, 201, 1000, 10000};
    struct pace_histogram holds = {0};
    struct pace_inputs in = {.rate_micro = any_of(rates, 8),
                             .min_micro = any_of(rates, 8),
                             .max_micro = any_of(rates, 8),
                             .target_ms = any_of(targets, 8),
                             .holds = &holds};
    redis_server_run(server, "FLUSHALL");
    redis_server_run(server, "SET epoch 1");
    redis_server_run(server,
                     "HSET cfg adaptive 1 admit_per_tick %f adapt_min %f adapt_target_ms %ld",
                     (double)in.max_micro / 1e6, (double)in.min_micro / 1e6, (long)in.target_ms);
    redis_server_run(server, "HSET line rate_micro %ld", (long)in.rate_micro);
    redis_server_run(server, "HSET pace at_ms 1 since_ms 1");
    for (int i = rand() % 60; i > 0; i--) {
        int bucket = rand() % PACE_BUCKETS;
        holds.counts[bucket] += rand() % 4 + 1;
        redis_server_run(server, "HSET pace b%d %ld", bucket, (long)holds.counts[bucket]);
    }
    redisReply *reply = redisCommand(
        redis_server_context(server),
        "EVALSHA %s 17 epoch cfg line 4 5 6 7 8 9 10 11 12 13 14 15 16 pace 1 %d %d %d", pace_sha,
        PACE_INTERVAL_MS, PACE_WINDOW_MS, PACE_SAMPLES_MIN);
    cr_assert(reply && reply->type == REDIS_REPLY_ARRAY, "%s", reply ? reply->str : "no answer");
    struct pace_decision d = pace_decide(&in);
    const int64_t expected[] = {1,        d.reason,       d.rate_before_micro, d.rate_micro,
                                d.p99_ms, d.samples_count};
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(reply->element[2 + i]->integer, expected[i], "%zu: %ld, expected %ld", i,
                     (long)reply->element[2 + i]->integer, (long)expected[i]);
    freeReplyObject(reply);
}

Test(queue_rules, pace)
{
    load("return 0");
    size_t count;
    const struct redis_script *scripts = queue_redis_scripts(&count);
    const char *text = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(scripts[i].name, "queue/pace") == 0)
            text = scripts[i].text;
    redisReply *reply = redisCommand(redis_server_context(server), "SCRIPT LOAD %s", text);
    char pace_sha[64];
    snprintf(pace_sha, sizeof(pace_sha), "%s", reply->str);
    freeReplyObject(reply);
    for (int i = 0; i < 600; i++)
        same_pace(pace_sha);
    redis_server_stop(server);
}

Test(queue_rules, rate_in_millionths)
{
    static const char *const rates[] = {"0",         "0.1",  "0.3",  "0.333333", "0.0000004",
                                        "0.0000006", "1.15", "2.5",  "33.3333",  "1999.999999",
                                        "2000",      "-3",   "1e12", "nan",      "inf"};
    load("return to_rate_micro(tonumber(ARGV[2]) or 0)");
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        redisReply *reply = run("%s", rates[i]);
        cr_expect_eq(reply->integer, admission_rate_micro(strtod(rates[i], NULL)), "%s", rates[i]);
        freeReplyObject(reply);
    }
    redis_server_stop(server);
}
