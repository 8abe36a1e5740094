/* The ledger's loop and its wiring; see ledger.h.
 *
 *   feed: entries -> outbox: batch_write -> office: office_execute -> feed_ask
 *   feed lost or Redis refused -> WAITING
 *   every RETRY_MS and on reconnect: recover -> RUNNING -> feed_ask
 *   once a second: beat, stats, epoch check, reconcile, payments that are due again
 *   after results of payments: a transaction of their own if no batch takes them along within
 *     WRITE_MS
 *
 * Everything between the feed's answers runs to its end before the loop turns again: the process
 * does one thing.
 */
#include "server/ledger/ledger.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/ledger/batch.h"
#include "server/ledger/beat.h"
#include "server/ledger/captures.h"
#include "server/ledger/feed.h"
#include "server/ledger/intents.h"
#include "server/ledger/line_marks.h"
#include "server/ledger/mailer.h"
#include "server/ledger/payouts.h"
#include "server/ledger/reconcile.h"
#include "server/ledger/recover.h"
#include "server/ledger/sales.h"
#include "server/ledger/stock.h"
#include "server/office/office.h"
#include "server/office/self_check.h"
#include "web/words.h"

#define RETRY_MS 250
#define WRITE_MS 20
#define GROUP_MS 3    /* what arrives within it may share a commit */
#define MUCH_PER_MS 4 /* entries; below, nobody waits for company */
#define PAYMENT_DEADLINE_MS 15000
#define EXIT_FAILED 1
#define DRAIN_ROUNDS_MAX 500 /* 5 s */
#define DRAIN_STEP_S 0.01

enum ledger_state { STATE_WAITING, STATE_RUNNING, STATE_STOPPING, STATE_FAILED };

struct ledger {
    struct ev_loop *loop;
    enum ledger_state state;
    bool is_drainable; /* asked to stop while Redis was there */
    struct token_keys keys;
    struct ledger_store *store;
    struct redis_pipe *redis;
    struct payment_provider *provider;
    struct captures *captures;
    struct payouts *payouts;
    struct mailer *mailer; /* NULL = no mail is sent */
    struct reconcile *reconcile;
    struct feed *feed;
    struct batch batch;
    struct office office;
    ev_timer retry, second, write, group;
    double asked_s; /* when the feed was asked last */
    ev_signal terminate, interrupt;
    int64_t reconciled_ms; /* monotonic, of the last round */
    char last_problem[200];
    struct sales sales;
};

static void fail(struct ledger *ledger)
{
    ledger->state = STATE_FAILED;
    ev_break(ledger->loop, EVBREAK_ALL);
}

/* Redis is away: say so once per reason, try again soon. */
static void wait_for_redis(struct ledger *ledger)
{
    const char *problem = redis_pipe_problem(ledger->redis);
    if (ledger->state == STATE_STOPPING)
        return;
    redis_pipe_disconnect(ledger->redis);
    if (ledger->state == STATE_RUNNING || strcmp(problem, ledger->last_problem) != 0)
        log_warning("waiting for Redis: %s", problem[0] != '\0' ? problem : "connection lost");
    (void)snprintf(ledger->last_problem, sizeof ledger->last_problem, "%s", problem);
    ledger->state = STATE_WAITING;
    ledger->batch.epoch = 0;
    ev_timer_again(ledger->loop, &ledger->retry);
}

/* What a step means for the process; true = go on. */
static bool took(struct ledger *ledger, enum batch_status status)
{
    if (status == BATCH_STORE_FAILED)
        fail(ledger);
    else if (status == BATCH_REDIS_LOST)
        wait_for_redis(ledger);
    return status == BATCH_OK;
}

/* --- payments --- */

static void on_write(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct ledger *ledger = timer->data;
    (void)loop, (void)events;
    enum ledger_status status = LEDGER_OK;
    if (captures_has_results(ledger->captures) || payouts_has_results(ledger->payouts) ||
        mailer_has_results(ledger->mailer)) {
        status = ledger_begin(ledger->store);
        if (status == LEDGER_OK)
            status = captures_write(ledger->captures, clock_wall_ms());
        if (status == LEDGER_OK)
            status = payouts_write(ledger->payouts, clock_wall_ms());
        if (status == LEDGER_OK)
            status = mailer_write(ledger->mailer, clock_wall_ms());
        if (status == LEDGER_OK)
            status = ledger_commit(ledger->store);
        if (status == LEDGER_OK) {
            captures_written(ledger->captures);
            payouts_written(ledger->payouts);
            mailer_written(ledger->mailer);
        }
    }
    if (status == LEDGER_OK && ledger->state != STATE_STOPPING)
        status = captures_pump(ledger->captures, clock_wall_ms());
    if (status == LEDGER_OK && ledger->state != STATE_STOPPING)
        status = payouts_pump(ledger->payouts, clock_wall_ms());
    if (status == LEDGER_OK && ledger->state != STATE_STOPPING)
        status = mailer_pump(ledger->mailer, clock_wall_ms());
    if (status != LEDGER_OK || reconcile_has_failed(ledger->reconcile)) {
        log_error("payments cannot be written (%s): %s", ledger_status_word(status),
                  ledger_problem(ledger->store));
        fail(ledger);
        return;
    }
    if (!captures_is_busy(ledger->captures) && !payouts_is_busy(ledger->payouts) &&
        !mailer_is_busy(ledger->mailer))
        ev_timer_stop(ledger->loop, timer);
}

static void wake_payments(struct ledger *ledger)
{
    if (!ev_is_active(&ledger->write))
        ev_timer_again(ledger->loop, &ledger->write);
}

/* --- entries --- */

static void ask_now(struct ledger *ledger)
{
    ledger->asked_s = ev_time();
    feed_ask(ledger->feed);
}

/* A request may be gone by now: withdrawn by whoever sent it, or answered by a recovery that came
 * between its delivery and this turn. */
static void run_office(struct ledger *ledger, const struct stream_entry *entries, size_t count)
{
    int64_t redis_now_ms = clock_wall_ms() + ledger->batch.redis_ahead_ms;
    for (size_t i = 0; i < count && ledger->state == STATE_RUNNING; i++)
        if (entries[i].body == NULL ||
            redis_now_ms - stream_id_ms(entries[i].id) > OFFICE_AGE_MS_MAX)
            office_refuse(&ledger->office, &entries[i], "too_late",
                          "The request waited too long; nothing was done.");
        else if (stream_has(ledger->redis, STREAM_OFFICE, entries[i].id))
            (void)took(ledger, office_execute(&ledger->office, &entries[i]));
}

/* A batch is whatever has arrived: asked for at once while little comes. Each costs a commit, some
 * 200 us of work however small it is; so when much comes the next question waits until GROUP_MS
 * after the last, and what arrives meanwhile shares one. */
static void ask_for_more(struct ledger *ledger, size_t count)
{
    double since_s = ev_time() - ledger->asked_s;
    bool is_much = (double)count > since_s * 1e3 * MUCH_PER_MS;
    if (is_much && count < LEDGER_BATCH_MAX && since_s < GROUP_MS / 1e3) {
        ev_timer_set(&ledger->group, GROUP_MS / 1e3 - since_s, 0.);
        ev_timer_start(ledger->loop, &ledger->group);
    } else {
        ask_now(ledger);
    }
}

static void on_group(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct ledger *ledger = timer->data;
    (void)loop, (void)events;
    if (ledger->state == STATE_RUNNING)
        ask_now(ledger);
}

static void on_entries(void *ctx, const struct stream_entries *entries)
{
    struct ledger *ledger = ctx;
    if (ledger->state != STATE_RUNNING)
        return;
    if (!took(ledger, batch_write(&ledger->batch, entries->of[STREAM_OUTBOX],
                                  entries->count[STREAM_OUTBOX])))
        return;
    if (entries->count[STREAM_OUTBOX] > 0)
        wake_payments(ledger);
    run_office(ledger, entries->of[STREAM_OFFICE], entries->count[STREAM_OFFICE]);
    if (ledger->state == STATE_RUNNING)
        ask_for_more(ledger, entries->count[STREAM_OUTBOX]);
}

/* Requests that were under way when the ledger went: done or not, nobody knows. They are not
 * repeated. */
static bool refuse_interrupted(struct ledger *ledger)
{
    struct stream_entries *entries = malloc(sizeof *entries);
    assert(entries != NULL);
    redisReply *reply = stream_ask(ledger->redis, STREAM_OFFICE, "0");
    bool is_up = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    stream_read(reply, entries);
    for (size_t i = 0; i < entries->count[STREAM_OFFICE]; i++)
        office_refuse(
            &ledger->office, &entries->of[STREAM_OFFICE][i], "interrupted",
            "The ledger was restarted meanwhile: look whether it was done before you repeat it.");
    if (reply != NULL)
        freeReplyObject(reply);
    free(entries);
    return is_up;
}

/* --- once a second --- */

static void on_second(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct ledger *ledger = timer->data;
    (void)loop, (void)events;
    if (ledger->office.has_failed)
        fail(ledger);
    if (ledger->state != STATE_RUNNING)
        return;
    int64_t epoch = redis_pipe_number(redis_pipe_ask(ledger->redis, "GET", "epoch", NULL), 0);
    if (epoch != ledger->batch.epoch || !beat(&ledger->batch) || !beat_stats(&ledger->batch)) {
        if (ledger->state == STATE_RUNNING)
            wait_for_redis(ledger);
        return;
    }
    if (!took(ledger, line_marks_note(&ledger->batch)) ||
        !took(ledger, sales_tell(&ledger->sales, &ledger->batch)) ||
        !took(ledger, intents_check(&ledger->batch)))
        return;
    wake_payments(ledger);
    if (clock_monotonic_ms() - ledger->reconciled_ms >= RECONCILE_EVERY_MS) {
        ledger->reconciled_ms = clock_monotonic_ms();
        reconcile_start(ledger->reconcile);
    }
}

/* --- Redis comes and goes --- */

static void try_to_run(struct ledger *ledger)
{
    if (ledger->state != STATE_WAITING || !feed_is_ready(ledger->feed))
        return;
    if (!redis_pipe_connect(ledger->redis)) {
        wait_for_redis(ledger);
        return;
    }
    if (!took(ledger, recover(&ledger->batch)) ||
        !took(ledger, stock_carry_out(&ledger->batch, NULL)))
        return;
    if (!refuse_interrupted(ledger) || !beat(&ledger->batch)) {
        wait_for_redis(ledger);
        return;
    }
    ev_timer_stop(ledger->loop, &ledger->retry);
    ledger->last_problem[0] = '\0';
    ledger->state = STATE_RUNNING;
    log_info("running, epoch %" PRId64, ledger->batch.epoch);
    wake_payments(ledger);
    ask_now(ledger);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    try_to_run(timer->data);
}

static void on_feed_state(void *ctx, bool is_ready)
{
    struct ledger *ledger = ctx;
    if (!is_ready && ledger->state == STATE_RUNNING)
        wait_for_redis(ledger);
    if (is_ready && ledger->state == STATE_WAITING)
        ev_timer_again(ledger->loop, &ledger->retry);
}

/* --- start and end --- */

static void on_stop(struct ev_loop *loop, ev_signal *signal, int events)
{
    struct ledger *ledger = signal->data;
    (void)events;
    if (ledger->state == STATE_RUNNING)
        ledger->is_drainable = true;
    else
        log_warning("asked to stop while Redis is away: what stands in the outbox is written at "
                    "the next start");
    ledger->state = STATE_STOPPING;
    ev_break(loop, EVBREAK_ALL);
}

/* The outbox is emptied; calls to the provider that are under way come again at the next start. The
 * feed's last request may still lie before Redis and take entries after we have looked, so we look
 * until there is nothing. */
static void drain(struct ledger *ledger)
{
    enum batch_status status = BATCH_OK;
    int64_t left = 1;
    feed_free(ledger->feed);
    ledger->feed = NULL;
    for (int i = 0; i < DRAIN_ROUNDS_MAX && status == BATCH_OK && left > 0; i++) {
        status = recover_outbox(&ledger->batch, ">");
        if (status == BATCH_OK)
            status = recover_outbox(&ledger->batch, "0");
        left = redis_pipe_number(redis_pipe_ask(ledger->redis, "XLEN", "outbox", NULL), -1);
        if (left > 0)
            ev_sleep(DRAIN_STEP_S);
    }
    if (left == 0 && status == BATCH_OK)
        status = recover_note_stop(&ledger->batch);
    if (left == 0)
        log_info("stopped: the outbox is empty");
    else
        log_warning(
            "stopped: the outbox could not be emptied; the rest is written at the next start");
    if (status == BATCH_STORE_FAILED)
        ledger->state = STATE_FAILED;
}

static bool open_store(struct ledger *ledger, const struct ledger_options *options)
{
    char why[LEDGER_REASON_BYTES] = "";
    enum ledger_status status = ledger_open(options->db_path, &ledger->keys, &ledger->store, why);
    if (status != LEDGER_OK)
        log_error("the ledger does not open (%s): %s", ledger_status_word(status), why);
    if (status == LEDGER_OK)
        status = ledger_sold_count(ledger->store, &ledger->batch.stats.seats);
    return status == LEDGER_OK;
}

static bool set_up(struct ledger *ledger, const struct ledger_options *options)
{
    struct payment_options payment = {.url = options->payment_url,
                                      .key = options->payment_key,
                                      .deadline_ms = PAYMENT_DEADLINE_MS,
                                      .calls_max = CAPTURES_MAX + PAYOUTS_MAX + 8};
    token_keys_init(&ledger->keys, options->secret);
    web_words_init(); /* letters are written in every language */
    if (!open_store(ledger, options))
        return false;
    ledger->redis = redis_pipe_create(options->redis_url);
    ledger->provider = payment_http_create(ledger->loop, &payment);
    ledger->captures = captures_create(ledger->store, ledger->provider);
    ledger->payouts = payouts_create(ledger->store, ledger->provider);
    ledger->mailer = mailer_create(ledger->store, &options->mail);
    ledger->reconcile = reconcile_create(ledger->store, ledger->redis, ledger->provider);
    ledger->batch.store = ledger->store;
    ledger->batch.redis = ledger->redis;
    ledger->batch.captures = ledger->captures;
    ledger->office =
        (struct office){.batch = &ledger->batch,
                        .provider = ledger->provider,
                        .loop = ledger->loop,
                        .link_ms = options->link_ms,
                        .can_mail = ledger->mailer != NULL,
                        .self_check = self_check_create(ledger->loop, options->db_path)};
    ledger->feed = feed_create(ledger->loop, options->redis_url, on_entries, on_feed_state, ledger);
    if (ledger->feed == NULL)
        log_error("\"%s\" is not the address of a Redis", options->redis_url);
    return ledger->feed != NULL && ledger->provider != NULL;
}

static void start_watchers(struct ledger *ledger)
{
    ev_timer_init(&ledger->retry, on_retry, 0., RETRY_MS / 1e3);
    ev_timer_init(&ledger->second, on_second, 0., 1.);
    ev_timer_init(&ledger->write, on_write, 0., WRITE_MS / 1e3);
    ev_timer_init(&ledger->group, on_group, 0., 0.);
    ev_signal_init(&ledger->terminate, on_stop, SIGTERM);
    ev_signal_init(&ledger->interrupt, on_stop, SIGINT);
    ledger->retry.data = ledger->second.data = ledger->write.data = ledger;
    ledger->group.data = ledger;
    ledger->terminate.data = ledger->interrupt.data = ledger;
    ev_signal_start(ledger->loop, &ledger->terminate);
    ev_signal_start(ledger->loop, &ledger->interrupt);
    ev_timer_again(ledger->loop, &ledger->second);
    ev_timer_again(ledger->loop, &ledger->retry);
    ledger->reconciled_ms = clock_monotonic_ms() - RECONCILE_EVERY_MS;
}

static void tear_down(struct ledger *ledger)
{
    feed_free(ledger->feed);
    payment_free(ledger->provider); /* its calls end here, into slots that still exist */
    office_drop_audit(&ledger->office);
    reconcile_free(ledger->reconcile);
    captures_free(ledger->captures);
    payouts_free(ledger->payouts);
    mailer_free(ledger->mailer);
    redis_pipe_free(ledger->redis);
    sales_release(&ledger->sales);
    ledger_close(ledger->store);
    web_words_release();
}

int ledger_main(const struct ledger_options *options)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    assert(ledger != NULL);
    log_init("ledger", options->log_level);
    (void)signal(SIGPIPE, SIG_IGN);
    ledger->loop = ev_default_loop(EVFLAG_AUTO);
    ledger->state = STATE_WAITING;
    bool is_set_up = set_up(ledger, options);
    if (is_set_up) {
        start_watchers(ledger);
        (void)ev_run(ledger->loop, 0);
        if (ledger->is_drainable)
            drain(ledger);
    }
    int code = is_set_up && ledger->state == STATE_STOPPING ? 0 : EXIT_FAILED;
    tear_down(ledger);
    ev_loop_destroy(ledger->loop);
    free(ledger);
    return code;
}
