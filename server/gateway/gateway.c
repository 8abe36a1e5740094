/* One loop turn of a gateway:
 *
 *   libev wakes -> sockets and Redis replies record wishes and answer -> before_sleep: the joins
 * and receipts of this turn go out as batches -> sleep. Every TURN_MS: ticks that are due, seat
 * changes, sweeps, payment retries, office deadlines. Every POLL_MS: epoch and the ledger's beat.
 *
 * At the start the port is taken at once, and connections wait until the lists have been read, so
 * that nobody meets a gateway that knows nothing yet; at most OPEN_LATEST_MS, then they are told.
 *
 * SIGTERM drains: no new connections; visitors are told to reconnect, spread over drain_ms; then
 * the end.
 */
#include "server/gateway/gateway.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "queue/queue_redis.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/wire/awake.h"
#include "server/gateway/wire/farewell.h"
#include "server/gateway/line/frozen.h"
#include "server/gateway/wire/http.h"
#include "server/gateway/line/line_batch.h"
#include "server/gateway/line/line_moments.h"
#include "server/gateway/line/line_pace.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/organizer/live.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/orders/outcome_desk.h"
#include "server/gateway/orders/ticket_qr.h"
#include "server/gateway/line/poll_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/wire/wire.h"
#include "server/gateway/wire/ws.h"
#include "ticketing/seat_redis.h"
#include "web/assets.h"

#define TURN_MS 50
#define POLL_MS 1000
#define POLL_RECOVERING_MS 200 /* while there is no epoch */
#define REDIS_DEADLINE_MS 3000
#define PAYMENT_DEADLINE_MS 10000
#define PAYMENT_CALLS_MAX 256
#define HEADERS_TIMEOUT_S 10
#define HEADER_BYTES_MAX 4096
#define OPEN_LATEST_MS 2000 /* after the start, whatever is missing */
#define DRAIN_STEP_MS 50
#define DRAIN_LAST_MS 500 /* what is left of drain_ms for closing handshakes */
#define SCRIPTS_MAX 32
#define SESSIONS_EXTRA 64

struct ask *ask_create(struct gateway *gateway, struct session *session, const struct reply_to *to)
{
    struct ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->gateway = gateway;
    ask->event = session->event;
    ask->to = *to;
    ask->asked_ms = session->asked_ms = clock_monotonic_ms();
    memcpy(ask->visitor, session->visitor, sizeof ask->visitor);
    return ask;
}

/* --- epoch and beat --- */

static void set_store_epochs(struct gateway *gateway, int64_t epoch)
{
    queue_redis_set_epoch(gateway->queue, epoch);
    seat_redis_set_epoch(gateway->seats, epoch);
}

static void take_epoch(struct gateway *gateway, int64_t epoch)
{
    if (epoch == gateway->epoch)
        return;
    log_info("epoch %lld (was %lld)", (long long)epoch, (long long)gateway->epoch);
    gateway->epoch = epoch;
    payment_runs_on_epoch(gateway);
    set_store_epochs(gateway, epoch);
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        event->has_line = event->has_seats = false;
        line_view_clear(&event->line);
    }
    if (epoch != 0) {
        account_desk_reload(gateway); /* the ledger writes both lists before the epoch */
        organizer_guard_reload(gateway);
        book_reload(gateway);
    }
}

static bool is_text(const redisReply *reply, const char *text)
{
    return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

/* A server that was started anew with its data has its old epoch too, but perhaps not the end of
 * its data: the epoch counts only when the ledger has said that it is for this start. */
static void on_polled(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
        gateway->redis_run[0] == '\0')
        return;
    const redisReply *epoch = reply->element[0], *beat = reply->element[1];
    bool is_for_this_run = is_text(reply->element[2], gateway->redis_run);
    bool is_there = epoch->type == REDIS_REPLY_STRING && is_for_this_run;
    take_epoch(gateway, is_there ? strtoll(epoch->str, NULL, 10) : 0);
    set_store_epochs(gateway, gateway->epoch);
    if (gateway->is_reload_due && gateway->epoch != 0) {
        gateway->is_reload_due = false;
        book_reload(gateway);
    }
    /* Both by the storage's clock: however late this process is, the ledger is not late for it. */
    int64_t beat_ms = beat->type == REDIS_REPLY_STRING ? strtoll(beat->str, NULL, 10) : 0;
    gateway->beat_age_ms = gateway->storage_told_ms - beat_ms;
    frozen_on_beat(gateway, clock_monotonic_ms());
}

static void poll_now(struct gateway *gateway)
{
    gateway->polled_ms = clock_monotonic_ms();
    line_moments_ask_time(gateway);
    redis_link_call(gateway->commands, on_polled, gateway, "MGET", "epoch", "ledger:beat",
                    "epoch:run", NULL);
}

/* Asked before poll_now, so answered before it. */
static void on_run_told(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    const char *at = status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING
                         ? strstr(reply->str, "run_id:")
                         : NULL;
    if (at != NULL && strspn(at + 7, "0123456789abcdef") == RUN_ID_BYTES)
        memcpy(gateway->redis_run, at + 7, RUN_ID_BYTES);
}

static void on_poll(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    poll_now(timer->data);
    pulse_on_second(timer->data);
}

/* --- Redis links --- */

static void on_commands_state(void *ctx, bool is_ready)
{
    struct gateway *gateway = ctx;
    gateway->is_reload_due = is_ready;
    if (!is_ready) {
        gateway->redis_run[0] = '\0';
        set_store_epochs(gateway, 0); /* nothing is decided before we know what we meet again */
        return;
    }
    redis_link_call(gateway->commands, on_run_told, gateway, "INFO", "server", NULL);
    poll_now(gateway);
    account_desk_reload(gateway);
    organizer_guard_reload(gateway);
}

static void on_subscriptions_state(void *ctx, bool is_ready)
{
    struct gateway *gateway = ctx;
    if (!is_ready)
        return;
    account_desk_reload(gateway);
    organizer_guard_reload(gateway);
    /* Whatever was said meanwhile is read again, as soon as it is known that it is there: a server
     * that has come back empty has no events until the ledger has put them back. */
    gateway->is_reload_due = true;
    poll_now(gateway);
}

static void on_events_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    char id[EVENT_ID_BYTES_MAX + 1];
    if (bytes <= EVENT_ID_BYTES_MAX) {
        memcpy(id, data, bytes);
        id[bytes] = '\0';
        book_reload_event(ctx, id);
    }
}

static void on_outcome_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    outcome_desk_take(ctx, data, bytes);
}

static void on_noted_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel, (void)bytes;
    payment_runs_on_noted(ctx, data);
}

static void on_reply_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    office_on_reply(ctx, data, bytes);
}

static void on_gone_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    account_desk_on_gone(ctx, data, bytes);
}

static void on_known_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    account_desk_on_known(ctx, data, bytes);
}

static void on_organizers_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel, (void)data, (void)bytes;
    organizer_guard_reload(ctx);
}

static void start_links(struct gateway *gateway)
{
    static struct redis_script scripts[SCRIPTS_MAX];
    size_t queue_count = 0, seat_count = 0;
    const struct redis_script *queue_scripts = queue_redis_scripts(&queue_count);
    const struct redis_script *seat_scripts = seat_redis_scripts(&seat_count);
    assert(queue_count + seat_count <= SCRIPTS_MAX);
    memcpy(scripts, queue_scripts, queue_count * sizeof *scripts);
    memcpy(scripts + queue_count, seat_scripts, seat_count * sizeof *scripts);
    struct redis_link_options commands = {.url = gateway->options->redis_url,
                                          .scripts = scripts,
                                          .scripts_count = queue_count + seat_count,
                                          .deadline_ms = REDIS_DEADLINE_MS,
                                          .on_state = on_commands_state,
                                          .ctx = gateway};
    struct redis_link_options subscriptions = {
        .url = gateway->options->redis_url, .on_state = on_subscriptions_state, .ctx = gateway};
    gateway->commands = redis_link_create(gateway->loop, &commands);
    gateway->subscriptions = redis_link_create(gateway->loop, &subscriptions);
    assert(gateway->commands != NULL && gateway->subscriptions != NULL);
    gateway->queue = queue_redis_create(gateway->commands, 0);
    gateway->seats = seat_redis_create(gateway->commands, queue_count);
    assert(gateway->queue != NULL && gateway->seats != NULL);
    seat_redis_set_outbox_max(gateway->seats, gateway->options->outbox_entries_max);
    char channel[64];
    snprintf(channel, sizeof channel, "reply:%s", gateway->client_id);
    redis_link_subscribe(gateway->subscriptions, "events", on_events_message, gateway);
    redis_link_subscribe(gateway->subscriptions, "outcome", on_outcome_message, gateway);
    redis_link_subscribe(gateway->subscriptions, channel, on_reply_message, gateway);
    redis_link_subscribe(gateway->subscriptions, OUTBOX_NOTED_CHANNEL, on_noted_message, gateway);
    redis_link_subscribe(gateway->subscriptions, ACCOUNT_GONE_KEY, on_gone_message, gateway);
    redis_link_subscribe(gateway->subscriptions, "organizers", on_organizers_message, gateway);
    snprintf(channel, sizeof channel, ACCOUNT_KNOWN_CHANNEL "%s", gateway->client_id);
    redis_link_subscribe(gateway->subscriptions, channel, on_known_message, gateway);
}

/* --- the loop's hooks --- */

static void on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct gateway *gateway = timer->data;
    int64_t now_ms = clock_monotonic_ms();
    if (gateway->epoch == 0 && now_ms - gateway->polled_ms >= POLL_RECOVERING_MS)
        poll_now(gateway);
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

/* --- draining --- */

/* Visitors, or requests that wait: for the office, for a password, for other gateways. */
static bool is_anybody_here(const struct gateway *gateway)
{
    return session_count(&gateway->sessions) > 0 || gateway->office.count > 0 ||
           gateway->accounts.signing_out != NULL || gateway->uploads.count > 0 ||
           gateway->accounts.signing_count > 0 || hash_pool_jobs_count(gateway->accounts.pool) > 0;
}

static void on_drain_step(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct gateway *gateway = timer->data;
    bool was_empty = gateway->is_empty; /* a step ago: the last answer is out by now */
    gateway->is_empty = !is_anybody_here(gateway);
    gateway->drain_left_ms -= DRAIN_STEP_MS;
    if (gateway->drain_left_ms > DRAIN_LAST_MS && !(gateway->is_empty && was_empty))
        return;
    for (size_t i = 0; i < gateway->book.count; i++)
        for (struct session *s = gateway->book.entries[i]->sessions; s != NULL; s = s->event_next)
            wire_close(s, 1001);
    if (gateway->drain_left_ms <= 0 || !is_anybody_here(gateway))
        ev_break(loop, EVBREAK_ALL);
}

/* Each visitor gets a moment of their own, so that the other gateways meet no herd. */
static void tell_to_reconnect(struct gateway *gateway)
{
    uint32_t spread_ms =
        gateway->options->drain_ms > DRAIN_LAST_MS ? gateway->options->drain_ms - DRAIN_LAST_MS : 1;
    uint32_t in_ms = 0;
    for (size_t i = 0; i < gateway->book.count; i++) {
        for (struct session *s = gateway->book.entries[i]->sessions; s != NULL; s = s->event_next) {
            char text[64];
            in_ms = (in_ms + 7919) % spread_ms;
            int bytes = snprintf(text, sizeof text, "{\"type\":\"reconnect\",\"in_ms\":%u}", in_ms);
            wire_send_text(gateway, s, text, (size_t)bytes);
        }
    }
}

static void on_stop(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)events;
    struct gateway *gateway = watcher->data;
    if (gateway->is_draining)
        return;
    log_info("draining %u visitors", session_count(&gateway->sessions));
    gateway->is_draining = true;
    gateway->drain_left_ms = gateway->options->drain_ms;
    listener_release(&gateway->listener);
    tell_to_reconnect(gateway);
    ev_timer_start(loop, &gateway->drain_timer);
}

/* --- sockets --- */

static bool has_room(void *ctx, size_t waiting_count)
{
    const struct gateway *gateway = ctx;
    return gateway->connections_count + waiting_count < gateway->options->connections_max;
}

/* The request is there already (TCP_DEFER_ACCEPT), so it is read at once: no event for it has to
 * come through the loop, and what libwebsockets has just made for the connection is still in the
 * cache. A connection that was handed over without one is read again when something comes. */
static void on_accept(void *ctx, int fd)
{
    struct gateway *gateway = ctx;
    struct lws_pollfd arrived = {.fd = fd, .events = LWS_POLLIN, .revents = LWS_POLLIN};
    if (lws_adopt_socket_vhost(gateway->vhost, fd) != NULL) /* otherwise it has been closed */
        lws_service_fd(gateway->lws, &arrived);
}

/* What libwebsockets complains of is mostly what a client did: not worth more than debugging. */
static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("%.*s", (int)strcspn(line, "\n"), line);
}

static bool start_lws(struct gateway *gateway)
{
    static const lws_retry_bo_t no_timers = {.secs_since_valid_ping = 0,
                                             .secs_since_valid_hangup = 0};
    static struct lws_protocols protocols[] = {
        {.name = "http",
         .callback = http_callback,
         .per_session_data_size = sizeof(struct http_connection),
         .rx_buffer_size = HEADER_BYTES_MAX,
         .tx_packet_size = WS_TX_BYTES},
        {.name = "stanchion.v1",
         .callback = ws_callback,
         .per_session_data_size = sizeof(struct ws_connection),
         .rx_buffer_size = WS_RX_BYTES,
         .tx_packet_size = WS_TX_BYTES},
        {.name = ORGANIZER_SUBPROTOCOL,
         .callback = organizer_live_callback,
         .per_session_data_size = sizeof(struct organizer_live),
         .rx_buffer_size = WS_RX_BYTES,
         .tx_packet_size = WS_TX_BYTES},
        {0},
    };
    void *loops[1] = {gateway->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .retry_and_idle_policy = &no_timers,
        .timeout_secs = HEADERS_TIMEOUT_S,
        .keepalive_timeout = HEADERS_TIMEOUT_S,
        .max_http_header_data = HEADER_BYTES_MAX,
        .alpn = "http/1.1",
        .server_string = "stanchion",
        .user = gateway,
    };
    lws_set_log_level(LLL_ERR, on_lws_log);
    gateway->lws = lws_create_context(&info);
    if (gateway->lws == NULL)
        log_error("libwebsockets does not start; is its libev plugin installed?");
    gateway->vhost = gateway->lws != NULL ? lws_get_vhost_by_name(gateway->lws, "default") : NULL;
    return gateway->vhost != NULL;
}

static bool start_listening(struct gateway *gateway)
{
    int error = listener_init(&gateway->listener, gateway->loop, gateway->options->listen_address,
                              gateway->options->listen_port, gateway->options->unanswered_ms_max,
                              has_room, on_accept, gateway);
    if (error != 0) {
        log_error("cannot listen on %s port %u: %s", gateway->options->listen_address,
                  gateway->options->listen_port, strerror(error));
    }
    return error == 0;
}

/* --- start and end --- */

static void start_watchers(struct gateway *gateway)
{
    ev_timer_init(&gateway->turn_timer, on_turn, TURN_MS / 1e3, TURN_MS / 1e3);
    ev_timer_init(&gateway->poll_timer, on_poll, POLL_MS / 1e3, POLL_MS / 1e3);
    ev_timer_init(&gateway->drain_timer, on_drain_step, DRAIN_STEP_MS / 1e3, DRAIN_STEP_MS / 1e3);
    line_moments_init(gateway);
    ev_prepare_init(&gateway->before_sleep, on_before_sleep);
    awake_init(&gateway->awake);
    ev_signal_init(&gateway->on_term, on_stop, SIGTERM);
    ev_signal_init(&gateway->on_int, on_stop, SIGINT);
    gateway->turn_timer.data = gateway->poll_timer.data = gateway->drain_timer.data = gateway;
    gateway->before_sleep.data = gateway->on_term.data = gateway->on_int.data = gateway;
    ev_timer_start(gateway->loop, &gateway->turn_timer);
    ev_timer_start(gateway->loop, &gateway->poll_timer);
    ev_prepare_start(gateway->loop, &gateway->before_sleep);
    ev_signal_start(gateway->loop, &gateway->on_term);
    ev_signal_start(gateway->loop, &gateway->on_int);
}

static void stop_watchers(struct gateway *gateway)
{
    ev_timer_stop(gateway->loop, &gateway->turn_timer);
    ev_timer_stop(gateway->loop, &gateway->poll_timer);
    ev_timer_stop(gateway->loop, &gateway->drain_timer);
    line_moments_release(gateway);
    ev_prepare_stop(gateway->loop, &gateway->before_sleep);
    ev_idle_stop(gateway->loop, &gateway->awake);
    ev_signal_stop(gateway->loop, &gateway->on_term);
    ev_signal_stop(gateway->loop, &gateway->on_int);
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
    bool is_started = gateway->payments != NULL && account_desk_init(gateway) &&
                      start_lws(gateway) && start_listening(gateway);
    if (is_started) {
        ticket_qr_init();
        start_links(gateway);
        start_watchers(gateway);
        log_info("listening on %s port %u", options->listen_address, options->listen_port);
        ev_run(gateway->loop, 0);
    }
    gateway_free(gateway);
    web_assets_release();
    log_info("ended");
    return is_started ? 0 : 1;
}
