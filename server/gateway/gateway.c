/* One loop turn of a gateway:
 *
 *   libev wakes -> sockets and Redis replies record wishes and answer
 *     -> before_sleep: the joins and receipts of this turn go out as batches -> sleep
 *
 * Every TURN_MS: ticks that are due, seat changes, sweeps, payment retries, office deadlines. Every
 * STORAGE_POLL_MS: epoch and the ledger's beat.
 *
 * At the start the port is taken at once, and connections wait until the lists have been read, so
 * that nobody meets a gateway that knows nothing yet; at most OPEN_LATEST_MS, then they are told.
 */
#include "server/gateway/gateway.h"
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/drain.h"
#include "server/gateway/line/farewell.h"
#include "server/gateway/line/line_batch.h"
#include "server/gateway/line/line_moments.h"
#include "server/gateway/line/line_pace.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/line/poll_desk.h"
#include "server/gateway/orders/ticket_qr.h"
#include "server/gateway/organizer/live.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/storage.h"
#include "server/gateway/wire/awake.h"
#include "server/gateway/wire/sockets.h"
#include "ticketing/seat_redis.h"
#include "web/assets.h"

#define TURN_MS 50
#define PAYMENT_DEADLINE_MS 10000
#define PAYMENT_CALLS_MAX 256
#define OPEN_LATEST_MS 2000 /* after the start, whatever is missing */
#define SESSIONS_EXTRA 64

/* --- the loop's hooks --- */

static void on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct gateway *gateway = timer->data;
    int64_t now_ms = clock_monotonic_ms();
    storage_on_turn(gateway, now_ms);
    line_ticks_on_turn(gateway, now_ms);
    line_pace_on_turn(gateway, now_ms);
    farewell_on_turn(gateway, now_ms);
    heartbeat_on_turn(gateway, now_ms);
    seat_desk_on_turn(gateway, now_ms);
    basket_desk_on_turn(gateway, now_ms);
    confirm_desk_on_turn(gateway, now_ms);
    payment_runs_on_turn(gateway, now_ms);
    webhook_desk_on_turn(gateway, now_ms);
    office_on_turn(gateway, now_ms);
    account_desk_on_turn(gateway, now_ms);
    poll_desk_on_turn(gateway, now_ms);
}

static void on_poll(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    storage_poll(timer->data);
    pulse_on_second(timer->data);
    metrics_write(timer->data);
}

static bool are_events_ready(const struct book *book)
{
    for (size_t i = 0; i < book->count; i++)
        if (event_is_public(book->entries[i]) && !event_is_ready(book->entries[i]))
            return false;
    return true;
}

/* Whether everything that visitors are answered from has been read. */
static bool has_read_all(const struct gateway *gateway)
{
    return gateway->epoch != 0 && gateway->has_events && !gateway->is_reload_due &&
           gateway->accounts.is_ready && gateway->organizers.is_ready &&
           redis_link_is_ready(gateway->subscriptions) && are_events_ready(&gateway->book);
}

static void open_when_ready(struct gateway *gateway)
{
    if (gateway->is_open || gateway->is_draining)
        return;
    int64_t since_ms = clock_monotonic_ms() - gateway->started_ms;
    bool is_ready = has_read_all(gateway);
    if (is_ready || since_ms >= OPEN_LATEST_MS) {
        gateway->is_open = true;
        listener_open(&gateway->listener);
        log_info("open after %lld ms%s", (long long)since_ms,
                 is_ready ? "" : ", although not everything has been read");
    }
}

static void on_before_sleep(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)loop, (void)events;
    struct gateway *gateway = watcher->data;
    open_when_ready(gateway);
    poll_desk_before_sleep(gateway);
    line_batch_before_sleep(gateway);
    line_ticks_before_sleep(gateway);
    seat_redis_before_sleep(gateway->seats);
}

/* --- start and end --- */

static void start_watchers(struct gateway *gateway)
{
    ev_timer_init(&gateway->turn_timer, on_turn, TURN_MS / 1e3, TURN_MS / 1e3);
    ev_timer_init(&gateway->poll_timer, on_poll, STORAGE_POLL_MS / 1e3, STORAGE_POLL_MS / 1e3);
    line_moments_init(gateway);
    ev_prepare_init(&gateway->before_sleep, on_before_sleep);
    awake_init(&gateway->awake);
    gateway->turn_timer.data = gateway->poll_timer.data = gateway->before_sleep.data = gateway;
    ev_timer_start(gateway->loop, &gateway->turn_timer);
    ev_timer_start(gateway->loop, &gateway->poll_timer);
    ev_prepare_start(gateway->loop, &gateway->before_sleep);
    drain_init(gateway);
}

static void stop_watchers(struct gateway *gateway)
{
    ev_timer_stop(gateway->loop, &gateway->turn_timer);
    ev_timer_stop(gateway->loop, &gateway->poll_timer);
    line_moments_release(gateway);
    ev_prepare_stop(gateway->loop, &gateway->before_sleep);
    ev_idle_stop(gateway->loop, &gateway->awake);
    drain_release(gateway);
}

static struct gateway *gateway_create(const struct gateway_options *options)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    assert(gateway != NULL);
    gateway->options = options;
    gateway->origin_rule = (struct origin_rule){options->public_url, options->origins};
    gateway->listener.fd = -1;
    gateway->started_ms = clock_monotonic_ms();
    gateway->scratch = malloc(LWS_PRE + SCRATCH_BYTES);
    gateway->baskets = calloc(1, sizeof *gateway->baskets);
    gateway->confirms = calloc(1, sizeof *gateway->confirms);
    assert(gateway->scratch != NULL && gateway->baskets != NULL && gateway->confirms != NULL);
    metrics_begin(gateway);
    token_keys_init(&gateway->keys, options->secret);
    token_random(gateway->client_id, CLIENT_ID_BYTES);
    session_table_init(&gateway->sessions, options->connections_max + SESSIONS_EXTRA);
    gateway->loop = ev_loop_new(EVFLAG_AUTO);
    assert(gateway->loop != NULL);
    uploads_init(&gateway->uploads, gateway->loop);
    struct payment_options payment = {.url = options->payment_url,
                                      .key = options->payment_key,
                                      .deadline_ms = PAYMENT_DEADLINE_MS,
                                      .calls_max = PAYMENT_CALLS_MAX};
    gateway->payments = payment_http_create(gateway->loop, &payment);
    return gateway;
}

/* In this order nobody is called back who is gone: sockets first, then what answers them. */
static void gateway_free(struct gateway *gateway)
{
    listener_release(&gateway->listener);
    stop_watchers(gateway);
    if (gateway->lws != NULL)
        lws_context_destroy(gateway->lws);
    poll_desk_release(gateway);
    uploads_release(&gateway->uploads); /* what they have read may still go to the office */
    account_desk_release(gateway);      /* what it has hashed may still go to the office */
    office_release(gateway);
    organizer_guard_release(gateway);
    payment_free(gateway->payments);
    if (gateway->seats != NULL)
        seat_redis_flush(gateway->seats);
    redis_link_free(gateway->commands);
    redis_link_free(gateway->subscriptions);
    payment_runs_release(gateway);
    webhook_desk_release(gateway);
    if (gateway->queue != NULL)
        gateway->queue->free(gateway->queue);
    if (gateway->seats != NULL)
        gateway->seats->free(gateway->seats);
    event_list_release(&gateway->event_list);
    book_release(&gateway->book);
    session_table_release(&gateway->sessions);
    ev_loop_destroy(gateway->loop);
    json_text_release(&gateway->said);
    free(gateway->scratch);
    free(gateway->baskets);
    free(gateway->confirms);
    free(gateway);
}

int gateway_main(const struct gateway_options *options)
{
    signal(SIGPIPE, SIG_IGN);
    if (web_assets_init() != WEB_ASSETS_OK) {
        log_error("not enough memory for the pages");
        return 1;
    }
    struct gateway *gateway = gateway_create(options);
    bool is_started =
        gateway->payments != NULL && account_desk_init(gateway) && sockets_start(gateway);
    if (is_started) {
        ticket_qr_init();
        storage_start(gateway);
        start_watchers(gateway);
        log_info("listening on %s port %u", options->listen_address, options->listen_port);
        ev_run(gateway->loop, 0);
    }
    gateway_free(gateway);
    web_assets_release();
    log_info("ended");
    return is_started ? 0 : 1;
}
