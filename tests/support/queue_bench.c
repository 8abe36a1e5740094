/* See the header. */
#include "support/queue_bench.h"

#include <assert.h>
#include <ev.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/admission.h"
#include "queue/phase.h"
#include "queue/queue_redis.h"
#include "queue/tick_report.h"
#include "server/base/clock.h"
#include "ticketing/ledger_scripts.h"

#define LINKS 3 /* two stores, one subscriber */
#define SETTLE_MS_MAX 10000

struct queue_bench_private {
    /* Redis */
    struct ev_loop *loop;
    struct redis_link *links[LINKS];
    ev_timer wake;
    /* the fake */
    struct queue_fake *fake;
    int64_t now_ms;
    /* of the newest tick */
    int64_t allowed, carry_micro;
};

static void check(bool is_right, const char *what)
{
    if (is_right)
        return;
    fprintf(stderr, "queue_bench: %s\n", what);
    abort();
}

static void *zeroed(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    check(memory, "no memory");
    return memory;
}

/* --- reports --- */

static void keep_admitted(struct queue_bench *bench, const struct tick_report *report)
{
    for (size_t i = 0; i < report->admitted_count; i++) {
        check(bench->admitted_count < BENCH_PEOPLE_MAX, "too many admissions for the bench");
        const struct tick_admitted *a = &report->admitted[i];
        int64_t seq_before =
            bench->admitted_count ? bench->admitted[bench->admitted_count - 1].seq : 0;
        check(a->admission == bench->admissions_before + (int64_t)bench->admitted_count + 1,
              "admissions are not numbered");
        check(a->seq > seq_before, "somebody was overtaken");
        bench->admitted[bench->admitted_count++] = *a;
    }
}

/* Never more are admitted from one tick to the next than rate and carry allow. */
static void check_allowance(struct queue_bench *bench, const struct tick_report *report)
{
    struct queue_bench_private *own = bench->own;
    if (!report->is_refill) {
        int64_t micro = report->rate_micro + own->carry_micro;
        bool is_open = report->phase == PHASE_OPEN && report->recovers_at_ms == 0;
        own->allowed = is_open ? micro / ADMISSION_MICRO : 0;
        own->carry_micro = is_open ? micro % ADMISSION_MICRO : own->carry_micro;
    }
    own->allowed -= (int64_t)report->admitted_count;
    check(own->allowed >= 0, "more were admitted than a tick allows");
}

static void keep_report(struct queue_bench *bench, const struct tick_report *report)
{
    check(bench->reports_count < BENCH_REPORTS_MAX, "too many reports for the bench");
    check(report->tick == bench->last.tick + 1, "ticks are not numbered");
    check(report->inside <= bench->cap, "the cap was exceeded");
    check(report->admitted_count == 0 || report->phase == PHASE_OPEN, "admitted while not open");
    check_allowance(bench, report);
    keep_admitted(bench, report);
    check(bench->expired_count + report->expired_count <= BENCH_PEOPLE_MAX, "too many expired");
    for (size_t i = 0; i < report->expired_count; i++)
        bench->expired[bench->expired_count++] = report->expired[i];
    check(bench->gone_count + report->gone_count <= BENCH_PEOPLE_MAX, "too many gone");
    for (size_t i = 0; i < report->gone_count; i++)
        bench->gone[bench->gone_count++] = report->gone[i];
    bench->is_view_stale |= bench->view.recovers_at_ms > 0 && report->recovers_at_ms == 0;
    check((line_view_on_report(&bench->view, report) == LINE_VIEW_OK) != bench->is_view_stale,
          "the view missed a tick");
    if (bench->on_report)
        bench->on_report(bench->on_report_ctx, report);
    bench->last = *report;
    bench->last.admitted = NULL;
    bench->last.expired = NULL;
    bench->last.gone = NULL;
    bench->reports_count++;
}

static void on_fake_report(void *ctx, const char *event, const struct tick_report *report)
{
    check(strcmp(event, BENCH_EVENT) == 0, "a report for another event");
    keep_report(ctx, report);
}

static void on_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    struct tick_report report;
    check(strcmp(channel, "tick:" BENCH_EVENT) == 0, "a message on another channel");
    check(tick_report_parse(data, bytes, &report), "a report that cannot be read");
    keep_report(ctx, &report);
    tick_report_release(&report);
}

/* --- life --- */

static struct queue_bench *bench_create(void)
{
    struct queue_bench *bench = zeroed(1, sizeof(*bench));
    bench->own = zeroed(1, sizeof(*bench->own));
    bench->admitted = zeroed(BENCH_PEOPLE_MAX, sizeof(bench->admitted[0]));
    bench->expired = zeroed(BENCH_PEOPLE_MAX, sizeof(bench->expired[0]));
    bench->gone = zeroed(BENCH_PEOPLE_MAX, sizeof(bench->gone[0]));
    line_view_init(&bench->view);
    struct line_state nothing = {.phase = PHASE_DRAFT};
    line_view_on_state(&bench->view, &nothing);
    return bench;
}

struct queue_bench *queue_bench_fake(void)
{
    struct queue_bench *bench = bench_create();
    bench->own->now_ms = 1790000000000;
    bench->own->fake = queue_fake_create(&bench->own->now_ms, 1);
    queue_fake_on_report(bench->own->fake, on_fake_report, bench);
    for (int i = 0; i < 2; i++) {
        bench->store[i] = queue_fake_connect(bench->own->fake);
        queue_fake_set_epoch(bench->store[i], 1);
    }
    return bench;
}

static void on_wake(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)timer;
    (void)events;
    ev_break(loop, EVBREAK_ONE);
}

static bool are_ready(const struct queue_bench_private *own)
{
    for (int i = 0; i < LINKS; i++)
        if (!redis_link_is_ready(own->links[i]))
            return false;
    return true;
}

struct queue_bench *queue_bench_redis(void)
{
    struct queue_bench *bench = bench_create();
    struct queue_bench_private *own = bench->own;
    bench->server = redis_server_start();
    redis_server_run(bench->server, "SET epoch 1");
    own->loop = ev_loop_new(EVFLAG_AUTO);
    check(own->loop, "no event loop");
    ev_timer_init(&own->wake, on_wake, 0, 0.001);
    struct redis_link_options options = {.url = redis_server_url(bench->server),
                                         .deadline_ms = 5000};
    options.scripts = queue_redis_scripts(&options.scripts_count);
    for (int i = 0; i < LINKS; i++) {
        own->links[i] = redis_link_create(own->loop, &options);
        check(own->links[i], "no link");
    }
    redis_link_subscribe(own->links[2], "tick:" BENCH_EVENT, on_message, bench);
    for (int i = 0; i < 5000 && !are_ready(own); i++)
        queue_bench_wait(bench, 1);
    check(are_ready(own), "the links do not get ready");
    for (int i = 0; i < 2; i++) {
        bench->store[i] = queue_redis_create(own->links[i], 0);
        queue_redis_set_epoch(bench->store[i], 1);
    }
    return bench;
}

void queue_bench_free(struct queue_bench *bench)
{
    struct queue_bench_private *own = bench->own;
    for (int i = 0; i < 2; i++)
        bench->store[i]->free(bench->store[i]);
    for (int i = 0; i < LINKS; i++)
        redis_link_free(own->links[i]);
    if (own->loop)
        ev_loop_destroy(own->loop);
    queue_fake_free(own->fake);
    redis_server_stop(bench->server);
    line_view_release(&bench->view);
    free(bench->admitted);
    free(bench->expired);
    free(bench->gone);
    free(own);
    free(bench);
}

/* --- time --- */

static void turn(struct queue_bench *bench)
{
    struct queue_bench_private *own = bench->own;
    if (own->fake) {
        queue_fake_run(own->fake);
        return;
    }
    ev_timer_again(own->loop, &own->wake);
    ev_run(own->loop, EVRUN_ONCE);
    ev_timer_stop(own->loop, &own->wake);
}

void queue_bench_wait(struct queue_bench *bench, int64_t ms)
{
    if (bench->own->fake) {
        bench->own->now_ms += ms;
        queue_fake_run(bench->own->fake);
        return;
    }
    int64_t until_ms = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() <= until_ms)
        turn(bench);
}

void queue_bench_settle(struct queue_bench *bench)
{
    int64_t until_ms = clock_monotonic_ms() + SETTLE_MS_MAX;
    while (bench->pending > 0 || bench->reports_count != bench->due) {
        check(clock_monotonic_ms() < until_ms, "completions or reports are missing");
        turn(bench);
    }
}

int64_t queue_bench_now_ms(struct queue_bench *bench)
{
    if (bench->own->fake)
        return bench->own->now_ms;
    redisReply *reply = redisCommand(redis_server_context(bench->server), "TIME");
    check(reply && reply->elements == 2, "no TIME");
    int64_t now_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                     strtoll(reply->element[1]->str, NULL, 10) / 1000;
    freeReplyObject(reply);
    return now_ms;
}

/* --- arranging --- */

static void set(struct redis_server *server, const char *name, int64_t value)
{
    redis_server_run(server, "HSET ev:e:cfg %s %lld", name, (long long)value);
}

static void configure_redis(struct redis_server *server, const struct queue_fake_settings *s)
{
    redis_server_run(server, "HSET ev:e:cfg phase %s admit_per_tick %f", queue_phase_name(s->phase),
                     s->admit_per_tick);
    set(server, "prequeue_at_ms", s->prequeue_at_ms);
    set(server, "opens_at_ms", s->opens_at_ms);
    set(server, "closes_at_ms", s->closes_at_ms);
    set(server, "tick_ms", s->tick_ms);
    set(server, "active_cap", s->active_cap);
    set(server, "claim_ms", s->claim_ms);
    set(server, "claim_away_ms", s->claim_away_ms);
    set(server, "select_ms", s->select_ms);
    set(server, "seats_per_visitor_max", s->seats_per_visitor_max);
    set(server, "waiting_max", s->waiting_max);
    redis_server_run(server, "HSET ev:e:cfg adaptive %d adapt_min %f", s->adaptive, s->adapt_min);
    set(server, "adapt_target_ms", s->adapt_target_ms);
    set(server, "refill_at_once", s->refill_at_once);
    set(server, "standby", s->standby);
    set(server, "recovery_ms", s->recovery_ms);
    if (s->free >= 0)
        redis_server_run(server, "HSET ev:e:counts free %lld", (long long)s->free);
    else
        redis_server_run(server, "HDEL ev:e:counts free");
    redis_server_run(server, "DEL ev:e:holds outbox");
    if (s->lag_ms > 0)
        redis_server_run(server, "XADD outbox %lld-1 body x",
                         (long long)(clock_wall_ms() - s->lag_ms));
    for (int64_t i = 0; i < s->holds; i++)
        redis_server_run(server, "ZADD ev:e:holds 9000000000000 h%lld", (long long)i);
}

void queue_bench_configure(struct queue_bench *bench, const struct queue_fake_settings *settings)
{
    bench->settings = *settings;
    bench->cap =
        settings->active_cap > bench->last.inside ? settings->active_cap : bench->last.inside;
    if (bench->own->fake)
        queue_fake_configure(bench->own->fake, BENCH_EVENT, settings);
    else
        configure_redis(bench->server, settings);
}

void queue_bench_beat(struct queue_bench *bench, int64_t beat_ms)
{
    bench->settings.beat_ms = beat_ms;
    if (bench->own->fake)
        queue_fake_configure(bench->own->fake, BENCH_EVENT, &bench->settings);
    else
        redis_server_run(bench->server, "SET ledger:beat %lld", (long long)beat_ms);
}

void queue_bench_thaw(struct queue_bench *bench)
{
    if (bench->own->fake) {
        queue_fake_thaw(bench->own->fake, BENCH_EVENT);
        return;
    }
    struct seat_keys keys;
    char count[8];
    const char *argv[3 + SEAT_KEYS_COUNT + 2] = {"EVAL", ledger_thaw_script(), count};
    seat_keys_init(&keys, BENCH_EVENT);
    (void)snprintf(count, sizeof(count), "%d", SEAT_KEYS_COUNT);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[3 + i] = keys.text[i];
    redisReply *epoch = redisCommand(redis_server_context(bench->server), "GET epoch");
    argv[3 + SEAT_KEYS_COUNT] = epoch->str;
    argv[4 + SEAT_KEYS_COUNT] = BENCH_EVENT;
    redisReply *reply =
        redisCommandArgv(redis_server_context(bench->server), 5 + SEAT_KEYS_COUNT, argv, NULL);
    check(reply && reply->type == REDIS_REPLY_ARRAY, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    freeReplyObject(epoch);
}

void queue_bench_set_bought(struct queue_bench *bench, const char *visitor, int64_t seats)
{
    if (bench->own->fake)
        queue_fake_set_bought(bench->own->fake, BENCH_EVENT, visitor, seats);
    else
        redis_server_run(bench->server, "HSET ev:e:bought %s %lld", visitor, (long long)seats);
}

void queue_bench_set_epoch(struct queue_bench *bench, int which, int64_t epoch)
{
    if (bench->own->fake)
        queue_fake_set_epoch(bench->store[which], epoch);
    else
        queue_redis_set_epoch(bench->store[which], epoch);
}

void queue_bench_replace(struct queue_bench *bench, int64_t epoch)
{
    if (bench->own->fake) {
        queue_fake_replace(bench->own->fake, epoch);
        return;
    }
    redis_server_run(bench->server, "FLUSHALL");
    redis_server_run(bench->server, "SET epoch %lld", (long long)epoch);
}

/* --- another epoch --- */

static void recover_redis(struct queue_bench *bench, int64_t epoch, enum queue_data data,
                          const struct queue_mark *mark)
{
    struct queue_recover recover;
    char now[24] = "";
    if (data == QUEUE_DATA_KEPT) {
        redisReply *reply = redisCommand(redis_server_context(bench->server), "GET epoch");
        check(reply && reply->type == REDIS_REPLY_STRING, "no epoch");
        snprintf(now, sizeof(now), "%s", reply->str);
        freeReplyObject(reply);
    } else {
        redis_server_run(bench->server, "FLUSHALL");
    }
    configure_redis(bench->server, &bench->settings);
    queue_recover_init(&recover, BENCH_EVENT, now, data, mark);
    redisReply *reply = redisCommandArgv(redis_server_context(bench->server), QUEUE_RECOVER_ARGC,
                                         recover.argv, NULL);
    check(reply && reply->type == REDIS_REPLY_ARRAY, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    redis_server_run(bench->server, "SET epoch %lld", (long long)epoch);
}

static void recover_fake(struct queue_bench *bench, int64_t epoch, enum queue_data data,
                         const struct queue_mark *mark)
{
    struct queue_fake *fake = bench->own->fake;
    if (data == QUEUE_DATA_KEPT)
        queue_fake_renew(fake, epoch);
    else
        queue_fake_replace(fake, epoch);
    queue_fake_configure(fake, BENCH_EVENT, &bench->settings);
    queue_fake_recover(fake, BENCH_EVENT, data, mark);
}

void queue_bench_recover(struct queue_bench *bench, int64_t epoch, enum queue_data data,
                         const struct queue_mark *mark)
{
    if (bench->own->fake)
        recover_fake(bench, epoch, data, mark);
    else
        recover_redis(bench, epoch, data, mark);
    for (int i = 0; i < 2; i++)
        queue_bench_set_epoch(bench, i, epoch);
    bench->admissions_before = data == QUEUE_DATA_KEPT
                                   ? bench->admissions_before + (int64_t)bench->admitted_count
                                   : mark->admissions;
    bench->admitted_count = bench->expired_count = bench->gone_count = 0;
    if (data == QUEUE_DATA_KEPT)
        return;
    bench->last = (struct tick_report){0};
    bench->own->carry_micro = 0;
    bench->cap = bench->settings.active_cap;
    line_view_clear(&bench->view);
    struct line_state nothing = {.phase = PHASE_DRAFT};
    line_view_on_state(&bench->view, &nothing);
}

void queue_bench_forget(struct queue_bench *bench, int64_t seq)
{
    if (bench->own->fake) {
        queue_fake_forget(bench->own->fake, BENCH_EVENT, seq);
        return;
    }
    redis_server_run(bench->server, "ZREMRANGEBYSCORE ev:e:waiting %lld +inf", (long long)seq);
    redis_server_run(bench->server, "HSET ev:e:line seq %lld", (long long)seq - 1);
}

void queue_bench_set_before(struct queue_bench *bench, const struct queue_fake_before *before)
{
    if (bench->own->fake) {
        queue_fake_set_before(bench->own->fake, BENCH_EVENT, before);
        return;
    }
    for (size_t i = 0; i < before->gone_count; i++)
        redis_server_run(bench->server, "SADD ev:e:before:gone %lld", (long long)before->gone[i]);
    for (size_t i = 0; i < before->inside_count; i++)
        redis_server_run(bench->server, "SADD ev:e:before:inside %s", before->inside[i].id);
    redis_server_run(bench->server, "HSET ev:e:before head %lld seq %lld ready 1",
                     (long long)before->head, (long long)before->seq);
}
