#include "server/gateway/storage.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/queue_redis.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/frozen.h"
#include "server/gateway/line/line_moments.h"
#include "server/gateway/orders/outcome_desk.h"
#include "ticketing/seat_redis.h"

#define POLL_RECOVERING_MS 200 /* while there is no epoch */
#define REDIS_DEADLINE_MS 3000
#define SCRIPTS_MAX 32

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

/* "when lag"; nothing = it has never lived. */
static void take_registrar(struct gateway *gateway, const redisReply *beat)
{
    char *end = NULL;
    int64_t beat_ms = beat->type == REDIS_REPLY_STRING ? strtoll(beat->str, &end, 10) : 0;
    gateway->registrar_age_ms = gateway->storage_told_ms - beat_ms;
    gateway->registrar_lag_ms = beat_ms > 0 ? strtoll(end, NULL, 10) : 0;
}

/* A server that was started anew with its data has its old epoch too, but perhaps not the end of
 * its data: the epoch counts only when the ledger has said that it is for this start. */
static void on_polled(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements != 4 ||
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
    take_registrar(gateway, reply->element[3]);
    frozen_on_beat(gateway, clock_monotonic_ms());
}

void storage_poll(struct gateway *gateway)
{
    gateway->polled_ms = clock_monotonic_ms();
    line_moments_ask_time(gateway);
    redis_link_call(gateway->commands, on_polled, gateway, "MGET", "epoch", "ledger:beat",
                    "epoch:run", "registrar:beat", NULL);
}

/* Asked before storage_poll, so answered before it. */
static void on_run_told(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    const char *at = status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING
                         ? strstr(reply->str, "run_id:")
                         : NULL;
    if (at != NULL && strspn(at + 7, "0123456789abcdef") == RUN_ID_BYTES)
        memcpy(gateway->redis_run, at + 7, RUN_ID_BYTES);
}

void storage_on_turn(struct gateway *gateway, int64_t now_ms)
{
    if (gateway->epoch == 0 && now_ms - gateway->polled_ms >= POLL_RECOVERING_MS)
        storage_poll(gateway);
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
    storage_poll(gateway);
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
    storage_poll(gateway);
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

static void listen_to_channels(struct gateway *gateway)
{
    struct redis_link *link = gateway->subscriptions;
    char channel[64];
    snprintf(channel, sizeof channel, "reply:%s", gateway->client_id);
    redis_link_subscribe(link, "events", on_events_message, gateway);
    redis_link_subscribe(link, "outcome", on_outcome_message, gateway);
    redis_link_subscribe(link, channel, on_reply_message, gateway);
    redis_link_subscribe(link, OUTBOX_NOTED_CHANNEL, on_noted_message, gateway);
    redis_link_subscribe(link, ACCOUNT_GONE_KEY, on_gone_message, gateway);
    redis_link_subscribe(link, "organizers", on_organizers_message, gateway);
    snprintf(channel, sizeof channel, ACCOUNT_KNOWN_CHANNEL "%s", gateway->client_id);
    redis_link_subscribe(link, channel, on_known_message, gateway);
}

void storage_start(struct gateway *gateway)
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
    seat_redis_set_plan_of(gateway->seats, book_plan_of, &gateway->book);
    seat_redis_set_outbox_max(gateway->seats, gateway->options->outbox_entries_max);
    listen_to_channels(gateway);
}
