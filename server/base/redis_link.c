/* See redis_link.h for what this is. How it works:
 *
 * hiredis keeps a list of call-backs in the order of sending; we keep a ring of our own in the same
 * order, because we need the deadline of the oldest. hiredis completes everything with a NULL reply
 * when a context dies, so "exactly once" holds without further work: each completion pops one entry
 * off the ring.
 *
 *   IDLE --connect--> CONNECTING --on_connected--> GREETING --last greeting reply--> READY
 *     ^                    |                          |                                |
 *     +--- back-off -------+------ lose_connection ---+--------------------------------+
 *
 * The greeting loads the scripts, then says PING (an answer other than PONG, e.g. LOADING, counts
 * as a lost connection), then subscribes.
 */
#include "server/base/redis_link.h"
#include <assert.h>
#include <ev.h>
#include <hiredis/async.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/log.h"

#define BACK_OFF_MS_MIN 50
#define BACK_OFF_MS_MAX 2000
#define GREETING_DEADLINE_MS 5000
#define OVERDUE_READS_MAX 1024 /* of hiredis, 16 KB each */
#define LATE_MS 250            /* a timer that fires so late says that this process is late */
#define ARGC_MAX 2048
#define SCRIPTS_MAX 64
#define CHANNELS_MAX 4096
#define SHA_BYTES 40
#define IDLE_BUFFER_BYTES_MAX (256 * 1024)

enum link_state { LINK_IDLE, LINK_CONNECTING, LINK_GREETING, LINK_READY };

struct pending {
    redis_link_reply_fn *on_reply;
    void *ctx;
    int64_t deadline_ms; /* monotonic; 0 = none */
};

struct channel {
    char *name;
    redis_link_message_fn *on_message;
    void *ctx;
};

struct redis_link {
    struct ev_loop *loop;
    struct redis_link_options options;
    char *url;
    enum link_state state;
    bool is_being_freed;
    redisAsyncContext *ac;
    ev_io readable, writable;
    ev_prepare before_sleep;
    bool has_output, is_sending; /* commands wait in hiredis; they are being written */
    ev_timer deadline, reconnect;
    int64_t timer_due_ms; /* monotonic: when the deadline's timer should fire */
    int64_t heard_ms;     /* monotonic: the last answer */
    int64_t back_off_ms;
    struct pending *ring; /* REDIS_PENDING_MAX + greeting entries */
    size_t ring_first, ring_count;
    size_t greeting_left;
    char sha[SCRIPTS_MAX][SHA_BYTES + 1];
    struct channel *channels;
    size_t channels_count, channels_acked;
};

#define RING_SIZE (REDIS_PENDING_MAX + SCRIPTS_MAX + 1)

static void connect_now(struct redis_link *link);

/* --- the ring of what is under way --- */

static void start_deadline(struct redis_link *link, int64_t wait_ms)
{
    link->timer_due_ms = clock_monotonic_ms() + wait_ms;
    ev_now_update(link->loop);
    ev_timer_set(&link->deadline, (double)wait_ms / 1e3 + 0.001, 0.);
    ev_timer_start(link->loop, &link->deadline);
}

static void ring_push(struct redis_link *link, redis_link_reply_fn *on_reply, void *ctx,
                      int64_t deadline_ms)
{
    assert(link->ring_count < RING_SIZE);
    size_t at = (link->ring_first + link->ring_count) % RING_SIZE;
    link->ring[at] = (struct pending){on_reply, ctx, deadline_ms};
    link->ring_count++;
    if (deadline_ms != 0 && !ev_is_active(&link->deadline))
        start_deadline(link, deadline_ms - clock_monotonic_ms());
}

static struct pending ring_pop(struct redis_link *link)
{
    assert(link->ring_count > 0);
    struct pending oldest = link->ring[link->ring_first];
    link->ring_first = (link->ring_first + 1) % RING_SIZE;
    link->ring_count--;
    return oldest;
}

/* --- hiredis' event hooks on libev --- */

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop, (void)events;
    struct redis_link *link = watcher->data;
    redisAsyncHandleRead(link->ac);
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop, (void)events;
    struct redis_link *link = watcher->data;
    redisAsyncHandleWrite(link->ac);
}

static void hook_add_read(void *data)
{
    struct redis_link *link = data;
    ev_io_start(link->loop, &link->readable);
}

static void hook_del_read(void *data)
{
    struct redis_link *link = data;
    ev_io_stop(link->loop, &link->readable);
}

static bool is_connected(const struct redis_link *link)
{
    return link->ac != NULL && (link->ac->c.flags & REDIS_CONNECTED) != 0;
}

/* What is asked in a turn of the loop is written at its end. Only what the socket does not take
 * then waits for a turn in which it is writable: on a full machine that one may be far. */
static void hook_add_write(void *data)
{
    struct redis_link *link = data;
    if (is_connected(link) && !link->is_sending)
        link->has_output = true;
    else
        ev_io_start(link->loop, &link->writable);
}

static void hook_del_write(void *data)
{
    struct redis_link *link = data;
    link->has_output = false;
    ev_io_stop(link->loop, &link->writable);
}

static void on_before_sleep(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)loop, (void)events;
    struct redis_link *link = watcher->data;
    if (!link->has_output || !is_connected(link))
        return;
    link->has_output = false;
    link->is_sending = true;
    redisAsyncHandleWrite(link->ac);
    link->is_sending = false;
}

static void hook_cleanup(void *data)
{
    hook_del_read(data);
    hook_del_write(data);
}

/* --- losing and finding the connection --- */

static void schedule_reconnect(struct redis_link *link)
{
    link->back_off_ms = link->back_off_ms == 0 ? BACK_OFF_MS_MIN : link->back_off_ms * 2;
    if (link->back_off_ms > BACK_OFF_MS_MAX)
        link->back_off_ms = BACK_OFF_MS_MAX;
    ev_timer_stop(link->loop, &link->reconnect);
    ev_timer_set(&link->reconnect, (double)link->back_off_ms / 1e3, 0.);
    ev_timer_start(link->loop, &link->reconnect);
}

/* hiredis frees the context itself after this; every pending call-back
 * has been completed by then. */
static void context_is_gone(struct redis_link *link)
{
    bool was_ready = link->state == LINK_READY;
    link->ac = NULL;
    link->state = LINK_IDLE;
    link->channels_acked = 0;
    ev_timer_stop(link->loop, &link->deadline);
    if (link->is_being_freed)
        return;
    schedule_reconnect(link);
    if (was_ready && link->options.on_state != NULL)
        link->options.on_state(link->options.ctx, false);
}

static void lose_connection(struct redis_link *link, const char *why)
{
    if (link->ac == NULL)
        return;
    log_warning("redis: %s; reconnecting", why);
    bool had_connected = is_connected(link);
    redisAsyncContext *ac = link->ac;
    if (!had_connected) {
        context_is_gone(
            link); /* hiredis tells on_disconnected only of contexts that were connected */
    }
    redisAsyncFree(ac);
}

static void on_disconnected(const redisAsyncContext *ac, int status)
{
    struct redis_link *link = ac->data;
    if (status != REDIS_OK && !link->is_being_freed)
        log_warning("redis: connection lost: %s", ac->errstr);
    context_is_gone(link);
}

/* Until the deadline of the oldest command. */
static int64_t left_ms(const struct redis_link *link)
{
    return link->ring_count > 0 ? link->ring[link->ring_first].deadline_ms - clock_monotonic_ms()
                                : INT64_MAX;
}

static bool has_unread(const struct redis_link *link)
{
    int bytes = 0;
    return link->ac != NULL && ioctl(link->ac->c.fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

/* Of the silence after which the connection is taken as dead. */
static int64_t silence_left_ms(const struct redis_link *link)
{
    return link->heard_ms + link->options.deadline_ms - clock_monotonic_ms();
}

/* On a full machine it may be this process that is late: the answer is there, and has not been read
 * yet, or the command has not even been sent. And a Redis that answers slowly is not dead: to
 * connect anew and read everything again would only add to its work. Redis is lost when it has
 * been silent while we were on time. */
static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct redis_link *link = timer->data;
    ev_timer_stop(loop, timer);
    int64_t late_ms = clock_monotonic_ms() - link->timer_due_ms;
    for (int reads = 0; left_ms(link) <= 0 && has_unread(link) && reads < OVERDUE_READS_MAX;
         reads++)
        redisAsyncHandleRead(link->ac);
    if (link->ac == NULL || link->ring_count == 0)
        return;
    int64_t wait_ms = left_ms(link);
    if (wait_ms <= 0 && silence_left_ms(link) > 0)
        wait_ms = silence_left_ms(link);
    if (wait_ms <= 0 && late_ms < LATE_MS) {
        lose_connection(link, "no answer in time");
        return;
    }
    start_deadline(link, wait_ms > LATE_MS ? wait_ms : LATE_MS);
}

static void on_reconnect(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    connect_now(timer->data);
}

/* --- replies --- */

static enum redis_link_status status_of(struct redis_link *link, const redisReply *reply)
{
    if (reply == NULL)
        return REDIS_LINK_UNKNOWN;
    if (reply->type != REDIS_REPLY_ERROR)
        return REDIS_LINK_OK;
    if (strncmp(reply->str, "EPOCH", 5) == 0)
        return REDIS_LINK_EPOCH;
    if (strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        lose_connection(link, "scripts are gone");
        return REDIS_LINK_DOWN; /* it did not run */
    }
    return REDIS_LINK_ERROR;
}

static void on_reply_arrived(redisAsyncContext *ac, void *raw, void *unused)
{
    (void)unused;
    struct redis_link *link = ac->data;
    const redisReply *reply = raw;
    struct pending done = ring_pop(link);
    link->heard_ms = clock_monotonic_ms();
    enum redis_link_status status = status_of(link, reply);
    if (done.on_reply != NULL) {
        bool has_reply = status == REDIS_LINK_OK || status == REDIS_LINK_ERROR;
        done.on_reply(done.ctx, status, has_reply ? reply : NULL);
    }
}

static void on_channel_reply(redisAsyncContext *ac, void *raw, void *privdata)
{
    struct redis_link *link = ac->data;
    const redisReply *reply = raw;
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    size_t index = (size_t)(uintptr_t)privdata;
    assert(index < link->channels_count);
    struct channel *channel = &link->channels[index];
    if (strcmp(reply->element[0]->str, "message") == 0) {
        channel->on_message(channel->ctx, channel->name, reply->element[2]->str,
                            (size_t)reply->element[2]->len);
    } else if (strcmp(reply->element[0]->str, "subscribe") == 0) {
        link->channels_acked++;
        bool is_first_round = link->state == LINK_GREETING;
        if (is_first_round && link->channels_acked == link->channels_count) {
            link->state = LINK_READY;
            link->back_off_ms = 0;
            if (link->options.on_state != NULL)
                link->options.on_state(link->options.ctx, true);
        }
    }
}

/* --- the greeting --- */

static void subscribe_now(struct redis_link *link, size_t index)
{
    redisAsyncCommand(link->ac, on_channel_reply, (void *)(uintptr_t)index, "SUBSCRIBE %s",
                      link->channels[index].name);
}

static void greeting_is_done(struct redis_link *link)
{
    ev_timer_stop(link->loop, &link->deadline); /* the greeting's is longer than the commands' */
    if (link->channels_count > 0) {
        for (size_t i = 0; i < link->channels_count; i++)
            subscribe_now(link, i);
        return;
    }
    link->state = LINK_READY;
    link->back_off_ms = 0;
    if (link->options.on_state != NULL)
        link->options.on_state(link->options.ctx, true);
}

static void on_greeting_reply(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct redis_link *link = ctx;
    if (status == REDIS_LINK_UNKNOWN)
        return; /* the connection is going down already */
    if (status != REDIS_LINK_OK) {
        lose_connection(link, reply != NULL ? reply->str : "greeting failed");
        return;
    }
    link->greeting_left--;
    if (reply->type == REDIS_REPLY_STRING && reply->len == SHA_BYTES) {
        size_t index = link->options.scripts_count - link->greeting_left;
        memcpy(link->sha[index], reply->str, SHA_BYTES);
        link->sha[index][SHA_BYTES] = '\0';
    }
    if (link->greeting_left == 0)
        greeting_is_done(link);
}

static void greet(struct redis_link *link)
{
    link->state = LINK_GREETING;
    int64_t deadline_ms = clock_monotonic_ms() + GREETING_DEADLINE_MS;
    for (size_t i = 0; i < link->options.scripts_count; i++) {
        const char *text = link->options.scripts[i].text;
        redisAsyncCommand(link->ac, on_reply_arrived, NULL, "SCRIPT LOAD %b", text, strlen(text));
        ring_push(link, on_greeting_reply, link, deadline_ms);
    }
    redisAsyncCommand(link->ac, on_reply_arrived, NULL, "PING");
    ring_push(link, on_greeting_reply, link, deadline_ms);
    link->greeting_left = link->options.scripts_count + 1;
}

static void on_connected(const redisAsyncContext *ac, int status)
{
    struct redis_link *link = ac->data;
    if (status != REDIS_OK) {
        context_is_gone(
            link); /* hiredis frees a context that failed to connect, without on_disconnected */
        return;
    }
    greet(link);
}

static redisAsyncContext *open_context(const char *url)
{
    if (strncmp(url, "unix://", 7) == 0)
        return redisAsyncConnectUnix(url + 7);
    char host[256];
    const char *rest = url + strlen("redis://");
    const char *colon = strrchr(rest, ':');
    size_t host_bytes = (size_t)(colon - rest);
    memcpy(host, rest, host_bytes);
    host[host_bytes] = '\0';
    return redisAsyncConnect(host, (int)strtol(colon + 1, NULL, 10));
}

static void connect_now(struct redis_link *link)
{
    assert(link->ac == NULL);
    redisAsyncContext *ac = open_context(link->url);
    if (ac == NULL || ac->err != 0) {
        if (ac != NULL)
            redisAsyncFree(ac);
        schedule_reconnect(link);
        return;
    }
    link->ac = ac;
    link->state = LINK_CONNECTING;
    ac->data = link;
    ac->c.reader->maxbuf = IDLE_BUFFER_BYTES_MAX;
    ac->ev.addRead = hook_add_read;
    ac->ev.delRead = hook_del_read;
    ac->ev.addWrite = hook_add_write;
    ac->ev.delWrite = hook_del_write;
    ac->ev.cleanup = hook_cleanup;
    ac->ev.data = link;
    ev_io_init(&link->readable, on_readable, ac->c.fd, EV_READ);
    ev_io_init(&link->writable, on_writable, ac->c.fd, EV_WRITE);
    link->readable.data = link;
    link->writable.data = link;
    redisAsyncSetDisconnectCallback(ac, on_disconnected);
    redisAsyncSetConnectCallback(ac, on_connected);
}

/* --- the public side --- */

static bool url_is_usable(const char *url)
{
    if (strncmp(url, "unix://", 7) == 0)
        return url[7] == '/';
    if (strncmp(url, "redis://", 8) != 0 || strlen(url) > 200)
        return false;
    const char *colon = strrchr(url + 8, ':');
    if (colon == NULL || colon == url + 8)
        return false;
    char *end = NULL;
    long port = strtol(colon + 1, &end, 10);
    return *end == '\0' && port > 0 && port < 65536;
}

struct redis_link *redis_link_create(struct ev_loop *loop, const struct redis_link_options *options)
{
    if (!url_is_usable(options->url))
        return NULL;
    assert(options->scripts_count <= SCRIPTS_MAX);
    struct redis_link *link = calloc(1, sizeof *link);
    assert(link != NULL);
    link->loop = loop;
    link->options = *options;
    link->url = strdup(options->url);
    link->ring = calloc(RING_SIZE, sizeof *link->ring);
    assert(link->url != NULL && link->ring != NULL);
    ev_timer_init(&link->deadline, on_deadline, 0., 0.);
    ev_timer_init(&link->reconnect, on_reconnect, 0., 0.);
    ev_prepare_init(&link->before_sleep, on_before_sleep);
    ev_set_priority(&link->before_sleep, EV_MINPRI); /* others still ask before the loop sleeps */
    link->deadline.data = link->reconnect.data = link->before_sleep.data = link;
    ev_prepare_start(loop, &link->before_sleep);
    ev_unref(loop); /* it is nothing to wait for */
    ev_timer_start(loop,
                   &link->reconnect); /* at the next loop turn: completions never come early */
    return link;
}

void redis_link_free(struct redis_link *link)
{
    if (link == NULL)
        return;
    link->is_being_freed = true;
    ev_ref(link->loop);
    ev_prepare_stop(link->loop, &link->before_sleep);
    ev_timer_stop(link->loop, &link->reconnect);
    if (link->ac != NULL) {
        bool had_connected = is_connected(link);
        redisAsyncFree(link->ac);
        if (!had_connected)
            link->ac = NULL;
    }
    assert(link->ac == NULL && link->ring_count == 0);
    ev_timer_stop(link->loop, &link->deadline);
    for (size_t i = 0; i < link->channels_count; i++)
        free(link->channels[i].name);
    free(link->channels);
    free(link->ring);
    free(link->url);
    free(link);
}

bool redis_link_is_ready(const struct redis_link *link)
{
    return link->state == LINK_READY && !link->is_being_freed;
}

size_t redis_link_pending_count(const struct redis_link *link)
{
    return link->ring_count;
}

enum redis_link_status redis_link_command(struct redis_link *link, size_t argc,
                                          const char *const *argv, const size_t *argv_bytes,
                                          redis_link_reply_fn *on_reply, void *ctx)
{
    assert(argc > 0 && argc <= ARGC_MAX && link->channels_count == 0);
    if (link->state != LINK_READY)
        return REDIS_LINK_DOWN;
    if (link->ring_count >= REDIS_PENDING_MAX)
        return REDIS_LINK_FULL;
    if (redisAsyncCommandArgv(link->ac, on_reply_arrived, NULL, (int)argc, (const char **)argv,
                              argv_bytes) != REDIS_OK)
        return REDIS_LINK_DOWN;
    uint32_t limit_ms = link->options.deadline_ms;
    ring_push(link, on_reply, ctx, limit_ms == 0 ? 0 : clock_monotonic_ms() + limit_ms);
    return REDIS_LINK_OK;
}

enum redis_link_status redis_link_call(struct redis_link *link, redis_link_reply_fn *on_reply,
                                       void *ctx, ...)
{
    const char *argv[64];
    size_t argv_bytes[64];
    size_t argc = 0;
    va_list args;
    va_start(args, ctx);
    for (const char *arg = va_arg(args, const char *); arg != NULL;
         arg = va_arg(args, const char *)) {
        assert(argc < 64);
        argv[argc] = arg;
        argv_bytes[argc++] = strlen(arg);
    }
    va_end(args);
    return redis_link_command(link, argc, argv, argv_bytes, on_reply, ctx);
}

enum redis_link_status redis_link_script(struct redis_link *link, size_t script_index,
                                         size_t keys_count, size_t argc, const char *const *argv,
                                         const size_t *argv_bytes, redis_link_reply_fn *on_reply,
                                         void *ctx)
{
    assert(script_index < link->options.scripts_count && argc + 3 <= ARGC_MAX &&
           keys_count <= argc);
    const char *all[ARGC_MAX];
    size_t all_bytes[ARGC_MAX];
    char keys_text[24];
    all[0] = "EVALSHA";
    all_bytes[0] = strlen("EVALSHA");
    all[1] = link->sha[script_index];
    all_bytes[1] = SHA_BYTES;
    all_bytes[2] = (size_t)snprintf(keys_text, sizeof keys_text, "%zu", keys_count);
    all[2] = keys_text;
    memcpy(&all[3], argv, argc * sizeof *argv);
    memcpy(&all_bytes[3], argv_bytes, argc * sizeof *argv_bytes);
    return redis_link_command(link, argc + 3, all, all_bytes, on_reply, ctx);
}

enum redis_link_status redis_link_subscribe(struct redis_link *link, const char *name,
                                            redis_link_message_fn *on_message, void *ctx)
{
    if (link->channels_count == CHANNELS_MAX)
        return REDIS_LINK_FULL;
    if (link->channels == NULL) {
        link->channels = calloc(CHANNELS_MAX, sizeof *link->channels);
        assert(link->channels != NULL);
    }
    struct channel *channel = &link->channels[link->channels_count++];
    *channel = (struct channel){strdup(name), on_message, ctx};
    assert(channel->name != NULL);
    bool is_greeted = link->state == LINK_GREETING && link->greeting_left == 0;
    if (link->state == LINK_READY || is_greeted) /* otherwise the greeting does it */
        subscribe_now(link, link->channels_count - 1);
    return REDIS_LINK_OK;
}
