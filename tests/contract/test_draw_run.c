/* The draw on a real Redis, with a registrar that is killed again and again at any moment while
 * people leave, come back and ticks run: the order is the one that the transcript says, nobody is
 * lost, nobody stands twice, and places are exact. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "queue/draw_file.h"
#include "server/base/clock.h"
#include "server/registrar/draw_run.h"
#include "support/queue_calls.h"

#define VISITORS 8000
#define KILLS 40
#define LIFE_MS_MAX 80

/* Lifetime: one test. */
struct world {
    struct queue_bench *b;
    char path[64];
    struct line_dir dir;
};

static void set_up(struct world *w)
{
    struct queue_fake_settings settings = queue_usual;
    srand((unsigned)time(NULL));
    settings.phase = PHASE_PREQUEUE;
    settings.admit_per_tick = 0;
    w->b = queue_bench_redis();
    queue_bench_configure(w->b, &settings);
    redis_server_run(w->b->server, "HSET ev:%s:cfg draw 1", BENCH_EVENT);
    (void)snprintf(w->path, sizeof w->path, "/tmp/stanchion-draw-XXXXXX");
    cr_assert_not_null(mkdtemp(w->path));
    cr_assert(line_dir_open(&w->dir, w->path));
}

static void tear_down(struct world *w)
{
    static const char *const suffixes[] = {"secret",   "secret.new", "root",
                                           "root.new", "transcript", "transcript.new"};
    char name[LINE_FILE_NAME_BYTES];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        line_dir_name(BENCH_EVENT, suffixes[i], name);
        (void)unlinkat(w->dir.fd, name, 0);
    }
    line_dir_close(&w->dir);
    cr_assert_eq(rmdir(w->path), 0);
    queue_bench_free(w->b);
}

/* A registrar's life: from the files and Redis to wherever it comes. */
static enum step run_steps(const struct world *w, int steps_max)
{
    struct draw_scripts scripts;
    struct redis_pipe *redis = redis_pipe_create(redis_server_url(w->b->server));
    struct draw_run run = {
        .event = BENCH_EVENT, .dir = &w->dir, .redis = redis, .scripts = &scripts, .epoch = 1};
    enum step step = STEP_REDIS;
    if (redis_pipe_connect(redis) && draw_scripts_load(redis, &scripts))
        step = STEP_OK;
    for (int i = 0; i < steps_max && step == STEP_OK; i++)
        step = draw_run_step(&run);
    redis_pipe_free(redis);
    return step;
}

static int64_t draw_state(const struct world *w)
{
    return redis_server_number(w->b->server, "HGET ev:%s:line draw", BENCH_EVENT);
}

static void open_event(struct world *w)
{
    w->b->settings.phase = PHASE_OPEN;
    queue_bench_configure(w->b, &w->b->settings);
    redis_server_run(w->b->server, "HSET ev:%s:cfg draw 1", BENCH_EVENT);
}

static void fill_line(const struct world *w, int from, int count)
{
    static struct queue_answer answer;
    struct queue_visitor batch[JOIN_BATCH_MAX];
    for (int i = 0; i < count;) {
        size_t n = 0;
        for (; n < JOIN_BATCH_MAX && i < count; n++, i++)
            batch[n] = queue_numbered(from + i);
        queue_join_batch(w->b, 0, batch, n, &answer);
    }
}

static void read_transcript(const struct world *w, struct draw_file *file)
{
    char name[LINE_FILE_NAME_BYTES], problem[DRAW_PROBLEM_BYTES] = "";
    size_t bytes;
    line_dir_name(BENCH_EVENT, "transcript", name);
    char *text = line_dir_read(&w->dir, name, DRAW_FILE_BYTES_MAX, &bytes);
    cr_assert_not_null(text);
    cr_assert(draw_file_read(text, bytes, file, problem), "%s", problem);
    cr_assert(draw_file_verify(file, problem), "%s", problem);
    cr_assert(file->is_drawn);
    free(text);
}

/* Every sequence behind the head is held by exactly one, or gone; told places are ranks. */
static void check_places(const struct world *w)
{
    queue_next_tick(w->b);
    queue_reread(w->b);
    redisReply *all = redisCommand(redis_server_context(w->b->server),
                                   "ZRANGE ev:%s:waiting 0 -1 WITHSCORES", BENCH_EVENT);
    int64_t before = 0;
    for (size_t i = 0; i + 1 < all->elements; i += 2) {
        int64_t seq = strtoll(all->element[i + 1]->str, NULL, 10);
        cr_assert_gt(seq, before, "sequence %" PRId64 " is held twice", seq);
        cr_assert_eq(line_view_ahead(&w->b->view, seq), (int64_t)i / 2, "place of %" PRId64, seq);
        before = seq;
    }
    freeReplyObject(all);
    int64_t gone = redis_server_number(w->b->server, "ZCARD ev:%s:gone", BENCH_EVENT);
    cr_assert_eq(w->b->view.head + gone + w->b->view.waiting, w->b->view.seq);
}

/* Everybody who took part and stayed stands where the transcript says. */
static size_t check_order(const struct world *w, const struct draw_file *file)
{
    size_t stayed = 0;
    for (size_t i = 0; i < file->places_count; i++) {
        struct place place = queue_look(w->b, 0, file->places[i].visitor.id);
        if (place.state != PLACE_WAITING || place.seq > file->cut)
            continue;
        cr_assert_eq(place.seq, file->places[i].new_seq, "visitor %s", file->places[i].visitor.id);
        stayed++;
    }
    return stayed;
}

Test(draw, is_carried_out_as_the_transcript_says)
{
    struct world w;
    struct draw_file file;
    set_up(&w);
    cr_assert_eq(queue_join(w.b, 0, "early").state, PLACE_NOT_OPEN, "no commitment, no pre-queue");
    cr_assert_eq(run_steps(&w, 1), STEP_OK);
    fill_line(&w, 0, 500);
    cr_assert_eq(run_steps(&w, 3), STEP_OK);
    cr_assert_lt(draw_state(&w), 1);
    open_event(&w);
    struct place late = queue_join(w.b, 1, "late");
    cr_assert_eq(late.seq, 501);
    cr_assert_eq(late.phase, PHASE_PREQUEUE);
    cr_assert_eq(draw_state(&w), DRAW_PENDING, "the first join after the opening fixes the cut");
    queue_next_tick(w.b);
    cr_assert_eq(w.b->last.draw, DRAW_PENDING);
    cr_assert_eq(run_steps(&w, 1), STEP_OK);
    queue_next_tick(w.b);
    cr_assert_eq(w.b->last.draw, DRAW_DONE);
    cr_assert_eq(w.b->last.phase, PHASE_OPEN);
    read_transcript(&w, &file);
    cr_assert_eq(file.places_count, 500);
    cr_assert_eq(file.cut, 500);
    cr_assert_eq(check_order(&w, &file), 500);
    cr_assert_eq(queue_look(w.b, 0, "late").seq, 501);
    check_places(&w);
    draw_file_release(&file);
    tear_down(&w);
}

/* A life that ends by SIGKILL after some time, or by itself when it has done what there was.
 * Meanwhile people leave. */
static void live_and_die(const struct world *w, int64_t life_ms, int leave_max)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(run_steps(w, 1000) == STEP_OK ? 0 : 1);
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int64_t ms = 0; ms < life_ms; ms++) {
        if (ms < leave_max)
            queue_leave(w->b, 0, queue_numbered(rand() % VISITORS).id);
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(draw, survives_being_killed_at_any_moment, .timeout = 60)
{
    struct world w;
    struct draw_file file;
    set_up(&w);
    live_and_die(&w, 300, 0);
    fill_line(&w, 0, VISITORS);
    for (int i = 0; i < 50; i++)
        queue_leave(w.b, 0, queue_numbered(rand() % VISITORS).id);
    open_event(&w);
    queue_next_tick(w.b);
    int64_t cut = VISITORS;
    for (int i = 0; i < KILLS && draw_state(&w) != DRAW_DONE; i++) {
        live_and_die(&w, rand() % (2 + LIFE_MS_MAX * i / KILLS), LIFE_MS_MAX);
        for (int k = 0; k < 5; k++) {
            int who = rand() % VISITORS;
            queue_leave(w.b, k & 1, queue_numbered(who).id);
            if (k < 2)
                cr_assert_gt(queue_join(w.b, k & 1, queue_numbered(who).id).seq, cut);
        }
        queue_next_tick(w.b);
    }
    if (draw_state(&w) != DRAW_DONE)
        live_and_die(&w, 2000, 1500);
    cr_assert_eq(draw_state(&w), DRAW_DONE);
    read_transcript(&w, &file);
    cr_assert_eq(file.cut, cut);
    size_t stayed = check_order(&w, &file);
    cr_assert_eq((int64_t)stayed, redis_server_number(w.b->server, "ZCOUNT ev:%s:waiting -inf %d",
                                                      BENCH_EVENT, VISITORS));
    check_places(&w);
    draw_file_release(&file);
    tear_down(&w);
}

/* Redis comes back with the line, but without the last moments in which the draw was made. */
Test(draw, goes_on_when_redis_has_forgotten_it)
{
    struct world w;
    struct draw_file file;
    set_up(&w);
    cr_assert_eq(run_steps(&w, 1), STEP_OK);
    fill_line(&w, 0, 300);
    redis_server_run(w.b->server, "COPY ev:%s:waiting kept", BENCH_EVENT);
    open_event(&w);
    queue_next_tick(w.b);
    cr_assert_eq(run_steps(&w, 1), STEP_OK);
    cr_assert_eq(draw_state(&w), DRAW_DONE);
    redis_server_run(w.b->server, "RENAME kept ev:%s:waiting", BENCH_EVENT);
    redis_server_run(w.b->server, "HDEL ev:%s:line draw draw_cut draw_committed", BENCH_EVENT);
    redis_server_run(w.b->server, "DEL ev:%s:draw ev:%s:draw:map", BENCH_EVENT, BENCH_EVENT);
    cr_assert_eq(run_steps(&w, 3), STEP_OK);
    cr_assert_eq(draw_state(&w), DRAW_DONE);
    read_transcript(&w, &file);
    cr_assert_eq(check_order(&w, &file), 300);
    cr_assert_eq(redis_server_number(w.b->server, "STRLEN ev:%s:draw:map", BENCH_EVENT), 1200);
    check_places(&w);
    draw_file_release(&file);
    tear_down(&w);
}

static int64_t kept_ms(const struct world *w, const char *table)
{
    return redis_server_number(w->b->server, "PTTL ev:%s:%s", BENCH_EVENT, table);
}

static bool write_file(const void *ctx, FILE *out)
{
    return draw_file_write(ctx, out);
}

/* Makes the transcript one of a draw at that moment, and has the registrar begin anew. */
static void draw_was_at(const struct world *w, int64_t drawn_at_ms)
{
    char name[LINE_FILE_NAME_BYTES];
    struct draw_file file;
    read_transcript(w, &file);
    file.drawn_at_ms = drawn_at_ms;
    line_dir_name(BENCH_EVENT, "transcript", name);
    cr_assert(line_dir_write(&w->dir, name, write_file, &file));
    draw_file_release(&file);
    redis_server_run(w->b->server, "DEL ev:%s:draw ev:%s:draw:map ev:%s:draw:index ev:%s:draw:tree",
                     BENCH_EVENT, BENCH_EVENT, BENCH_EVENT, BENCH_EVENT);
    cr_assert_eq(run_steps(w, 2), STEP_OK);
}

/* The tables for proofs leave Redis after 30 days, whoever starts anew meanwhile; the map stays,
 * because old receipts need it. */
Test(draw, keeps_the_tables_for_proofs_for_a_while)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    struct world w;
    set_up(&w);
    cr_assert_eq(run_steps(&w, 1), STEP_OK);
    fill_line(&w, 0, 50);
    open_event(&w);
    queue_next_tick(w.b);
    cr_assert_eq(run_steps(&w, 2), STEP_OK);
    cr_assert(kept_ms(&w, "draw:index") > 29 * day_ms && kept_ms(&w, "draw:index") <= 30 * day_ms);
    cr_assert(kept_ms(&w, "draw:tree") > 29 * day_ms && kept_ms(&w, "draw:tree") <= 30 * day_ms);
    draw_was_at(&w, clock_wall_ms() - 20 * day_ms);
    cr_assert(kept_ms(&w, "draw:tree") > 9 * day_ms && kept_ms(&w, "draw:tree") <= 10 * day_ms);
    cr_assert_eq(kept_ms(&w, "draw:map"), -1, "it stays");
    draw_was_at(&w, clock_wall_ms() - 31 * day_ms);
    cr_assert_eq(kept_ms(&w, "draw:tree"), -2, "it is not there");
    cr_assert_eq(kept_ms(&w, "draw:index"), -2, "it is not there");
    cr_assert_eq(kept_ms(&w, "draw:map"), -1);
    tear_down(&w);
}
