/* The registrar's loop; see registrar.h.
 *
 * Like the ledger it asks Redis and waits for the answer: a turn every TURN_MS does for each event
 * what is due, in order, and keeps nothing in memory that the files or Redis do not say. When Redis
 * is away or of a new epoch, the turn ends and the next one begins from what it finds.
 */
#include "server/registrar/registrar.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/registrar/draw_run.h"
#include "server/registrar/history.h"

#define TURN_MS 100
#define LIST_EVERY_MS 500 /* events and their settings are read again, and a sign of life given */
#define EXIT_FAILED 1

struct registrar_event {
    char id[EVENT_ID_BYTES_MAX + 1];
    bool is_draw_wanted;
    struct draw_run draw;
    struct history history;
};

struct registrar {
    struct ev_loop *loop;
    struct redis_pipe *redis;
    struct line_dir dir;
    struct signer signer;
    struct draw_scripts scripts;
    bool has_scripts; /* in the Redis of this connection */
    bool has_failed;
    int64_t epoch; /* 0 = not known yet */
    int64_t listed_ms;
    struct registrar_event *events[EVENTS_KNOWN_MAX];
    size_t events_count;
    ev_timer turn;
    ev_signal terminate, interrupt;
};

/* --- events and settings --- */

static void on_draw_note(void *ctx, const char *text)
{
    (void)history_note(ctx, text);
}

static void fail(struct registrar *r)
{
    r->has_failed = true;
    ev_break(r->loop, EVBREAK_ALL);
}

/* NULL: it is not looked after; logged. */
static struct registrar_event *find_event(struct registrar *r, const char *id)
{
    for (size_t i = 0; i < r->events_count; i++)
        if (strcmp(r->events[i]->id, id) == 0)
            return r->events[i];
    if (r->events_count == EVENTS_KNOWN_MAX || strlen(id) > EVENT_ID_BYTES_MAX || strchr(id, '/')) {
        log_warning("event %.60s is not looked after: too many events or a strange name", id);
        return NULL;
    }
    struct registrar_event *event = calloc(1, sizeof *event);
    assert(event != NULL);
    memcpy(event->id, id, strlen(id) + 1);
    event->draw = (struct draw_run){.event = event->id,
                                    .dir = &r->dir,
                                    .redis = r->redis,
                                    .scripts = &r->scripts,
                                    .epoch = r->epoch,
                                    .on_note = on_draw_note,
                                    .on_note_ctx = &event->history};
    if (!history_init(&event->history, event->id, &r->dir, r->redis, &r->signer)) {
        free(event);
        fail(r);
        return NULL;
    }
    r->events[r->events_count++] = event;
    return event;
}

static bool is_one(const redisReply *item)
{
    return item->type == REDIS_REPLY_STRING && strcmp(item->str, "1") == 0;
}

/* One line, whatever somebody has put there. */
static void take_beacon(struct draw_run *draw, const redisReply *item)
{
    (void)snprintf(draw->beacon, sizeof draw->beacon, "%s",
                   item->type == REDIS_REPLY_STRING ? item->str : "");
    for (char *c = draw->beacon; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

static bool read_settings(struct registrar *r, struct registrar_event *event)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    (void)snprintf(key, sizeof key, "ev:%s:cfg", event->id);
    redisReply *reply =
        redis_pipe_ask(r->redis, "HMGET", key, "draw", "draw_beacon_wait", "draw_beacon", NULL);
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3;
    if (is_good) {
        event->is_draw_wanted = is_one(reply->element[0]);
        event->draw.is_beacon_awaited = is_one(reply->element[1]);
        take_beacon(&event->draw, reply->element[2]);
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

static bool list_events(struct registrar *r)
{
    redisReply *reply = redis_pipe_ask(r->redis, "HKEYS", "events", NULL);
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; is_good && i < reply->elements; i++) {
        struct registrar_event *event = find_event(r, reply->element[i]->str);
        is_good = event == NULL || read_settings(r, event);
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

/* --- a turn --- */

static void begin_epoch(struct registrar *r, int64_t epoch)
{
    if (r->epoch != 0)
        log_info("Redis is of epoch %" PRId64 " now", epoch);
    r->epoch = epoch;
    for (size_t i = 0; i < r->events_count; i++) {
        r->events[i]->draw.epoch = epoch;
        r->events[i]->draw.is_told = r->events[i]->draw.is_over = false;
    }
}

/* Whether Redis is there and has an epoch. */
static bool is_ready(struct registrar *r)
{
    if (!redis_pipe_is_up(r->redis))
        r->has_scripts = false;
    if (!redis_pipe_connect(r->redis))
        return false;
    if (!r->has_scripts && !draw_scripts_load(r->redis, &r->scripts))
        return false;
    r->has_scripts = true;
    int64_t epoch = redis_pipe_number(redis_pipe_ask(r->redis, "GET", "epoch", NULL), 0);
    if (epoch != 0 && epoch != r->epoch)
        begin_epoch(r, epoch);
    return epoch != 0;
}

/* The draw first: receipts of an earlier epoch are judged when both are back. */
static enum step do_event(struct registrar *r, struct registrar_event *event, int64_t now_ms)
{
    enum step step = event->is_draw_wanted ? draw_run_step(&event->draw) : STEP_OK;
    return step == STEP_OK ? history_turn(&event->history, r->epoch, now_ms) : step;
}

/* Redis' clock; 0 = it does not answer. */
static int64_t redis_now_ms(struct registrar *r)
{
    redisReply *reply = redis_pipe_ask(r->redis, "TIME", NULL);
    int64_t now_ms = 0;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        now_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                 strtoll(reply->element[1]->str, NULL, 10) / 1000;
    if (reply != NULL)
        freeReplyObject(reply);
    return now_ms;
}

/* The sign of life, at the end of a turn in which everything went well: when, and how old the
 * oldest note was that was not on disk since the last one. Lost with Redis, so what happens to it
 * is not looked at. */
static void give_sign(struct registrar *r)
{
    char text[64];
    int64_t now_ms = redis_now_ms(r), lag_ms = 0;
    if (now_ms == 0)
        return;
    for (size_t i = 0; i < r->events_count; i++) {
        int64_t one_ms = history_lag_ms(&r->events[i]->history, now_ms);
        lag_ms = one_ms > lag_ms ? one_ms : lag_ms;
    }
    (void)snprintf(text, sizeof text, "%" PRId64 " %" PRId64, now_ms, lag_ms);
    redis_pipe_add(r->redis, "SET", "registrar:beat", text, NULL);
    (void)redis_pipe_flush(r->redis);
}

static void on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct registrar *r = timer->data;
    (void)loop, (void)events;
    if (!is_ready(r))
        return;
    int64_t now_ms = clock_monotonic_ms();
    bool is_sign_due = now_ms - r->listed_ms >= LIST_EVERY_MS;
    if (is_sign_due) {
        if (!list_events(r))
            return;
        r->listed_ms = now_ms;
    }
    for (size_t i = 0; i < r->events_count; i++) {
        enum step step = do_event(r, r->events[i], now_ms);
        if (step == STEP_FAILED)
            fail(r);
        if (step != STEP_OK)
            return;
    }
    if (is_sign_due)
        give_sign(r);
}

/* --- start and end --- */

static void on_stop(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)signal, (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void start_watchers(struct registrar *r)
{
    ev_timer_init(&r->turn, on_turn, 0., TURN_MS / 1e3);
    ev_signal_init(&r->terminate, on_stop, SIGTERM);
    ev_signal_init(&r->interrupt, on_stop, SIGINT);
    r->turn.data = r;
    ev_timer_start(r->loop, &r->turn);
    ev_signal_start(r->loop, &r->terminate);
    ev_signal_start(r->loop, &r->interrupt);
}

static bool open_files(struct registrar *r, const char *path)
{
    if (!line_dir_open(&r->dir, path))
        log_error("the directory %s: %s", path, strerror(errno));
    else if (!signer_load(&r->signer, &r->dir))
        log_error("the file %s/" SIGNER_FILE_NAME ": %s", path, strerror(errno));
    else
        return true;
    return false;
}

static void end_event(struct registrar *r, struct registrar_event *event)
{
    if (!r->has_failed && redis_pipe_is_up(r->redis))
        (void)history_end(&event->history);
    history_release(&event->history);
    free(event);
}

int registrar_main(const struct registrar_options *options)
{
    struct registrar *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->dir.fd = -1;
    log_init("registrar", options->log_level);
    (void)signal(SIGPIPE, SIG_IGN);
    r->loop = ev_default_loop(EVFLAG_AUTO);
    r->listed_ms = clock_monotonic_ms() - LIST_EVERY_MS;
    r->redis = redis_pipe_create(options->redis_url);
    r->has_failed = !open_files(r, options->dir_path);
    if (!r->has_failed) {
        start_watchers(r);
        (void)ev_run(r->loop, 0);
    }
    for (size_t i = 0; i < r->events_count; i++)
        end_event(r, r->events[i]);
    line_dir_close(&r->dir);
    redis_pipe_free(r->redis);
    ev_loop_destroy(r->loop);
    int code = r->has_failed ? EXIT_FAILED : 0;
    free(r);
    return code;
}
