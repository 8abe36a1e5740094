/* The fake as a model of the scripts: the same random calls go to a line in Redis and to one in
 * memory, one at a time, and every answer and every report must be the same. The fake decides by
 * the rules in C, which are tested by themselves; so the Lua is measured against them over whole
 * histories, not only call by call. Time stands still but for ticks, which are made due by hand,
 * and for turns that run out, which are given a deadline in the past. The seed is printed with each
 * failure; QUEUE_SEED repeats one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/queue_calls.h"

enum {
    PEOPLE = 40,
    STEPS = 2500,
    LINES = 2,
    BATCH_MAX = 6,
    LEAP_MS = 2000000,
    FAR_MS = 1000000000
};

struct model {
    unsigned seed;
    struct queue_bench *line[LINES]; /* Redis, fake */
    struct queue_fake_settings settings;
    int step;
    int64_t paced_ms; /* by the model's clock, which leaps */
    const char *doing;
};

#define SAME(m, a, b)                                                                              \
    cr_assert_eq((a), (b), "%s: %ld in Redis, %ld in the model (step %d, seed %u)", (m)->doing,    \
                 (long)(a), (long)(b), (m)->step, (m)->seed)

static struct queue_visitor somebody(void)
{
    return queue_numbered(rand() % PEOPLE);
}

static void same_place(const struct model *m, const struct place *a, const struct place *b)
{
    SAME(m, a->state, b->state);
    SAME(m, a->phase, b->phase);
    SAME(m, a->seq, b->seq);
    SAME(m, a->admission, b->admission);
    SAME(m, a->is_new, b->is_new);
}

static void same_reports(const struct model *m)
{
    const struct queue_bench *a = m->line[0], *b = m->line[1];
    SAME(m, a->reports_count, b->reports_count);
    SAME(m, a->admitted_count, b->admitted_count);
    SAME(m, a->expired_count, b->expired_count);
    SAME(m, a->gone_count, b->gone_count);
    for (size_t i = a->admitted_count > 50 ? a->admitted_count - 50 : 0; i < a->admitted_count;
         i++) {
        cr_assert_str_eq(a->admitted[i].visitor.id, b->admitted[i].visitor.id, "step %d, seed %u",
                         m->step, m->seed);
        SAME(m, a->admitted[i].seq, b->admitted[i].seq);
    }
    const struct tick_report *x = &a->last, *y = &b->last;
    SAME(m, x->tick, y->tick);
    SAME(m, x->is_refill, y->is_refill);
    SAME(m, x->phase, y->phase);
    SAME(m, x->seq, y->seq);
    SAME(m, x->head, y->head);
    SAME(m, x->waiting, y->waiting);
    SAME(m, x->inside, y->inside);
    SAME(m, x->free, y->free);
    SAME(m, x->holds, y->holds);
    SAME(m, x->rate_micro, y->rate_micro);
}

/* --- what is done to both --- */

static void join(struct model *m)
{
    struct queue_visitor visitors[BATCH_MAX];
    static struct queue_answer answers[LINES];
    size_t count = 1 + (size_t)rand() % BATCH_MAX;
    for (size_t i = 0; i < count; i++)
        visitors[i] = somebody();
    for (int i = 0; i < LINES; i++)
        queue_join_batch(m->line[i], m->step & 1, visitors, count, &answers[i]);
    for (size_t i = 0; i < count; i++)
        same_place(m, &answers[0].places[i], &answers[1].places[i]);
}

static void ask_one(struct model *m, struct place (*ask)(struct queue_bench *, int, const char *))
{
    struct queue_visitor visitor = somebody();
    struct place places[LINES];
    for (int i = 0; i < LINES; i++)
        places[i] = ask(m->line[i], m->step & 1, visitor.id);
    same_place(m, &places[0], &places[1]);
}

static void tick(struct model *m)
{
    redis_server_run(m->line[0]->server, "HSET ev:e:line tick_at_ms 0");
    queue_bench_wait(m->line[1], LEAP_MS);
    for (int i = 0; i < LINES; i++)
        cr_assert(queue_tick(m->line[i], m->step & 1), "due, seed %u", m->seed);
    for (int i = 0; i < LINES; i++)
        cr_assert_not(queue_tick(m->line[i], m->step & 1), "and only once, seed %u", m->seed);
}

static void refill(struct model *m)
{
    bool was_done[LINES];
    for (int i = 0; i < LINES; i++)
        was_done[i] = queue_refill(m->line[i], m->step & 1);
    SAME(m, was_done[0], was_done[1]);
}

/* Present at a time so long ago that the turn is over. */
static void run_out(struct model *m)
{
    size_t count[LINES];
    const struct queue_bench *b = m->line[0];
    if (b->admitted_count == 0)
        return;
    size_t back = 1 + (size_t)rand() % 5;
    struct queue_visitor visitor =
        b->admitted[back <= b->admitted_count ? b->admitted_count - back : 0].visitor;
    for (int i = 0; i < LINES; i++)
        count[i] = queue_present(m->line[i], m->step & 1, 1 - FAR_MS, visitor.id);
    SAME(m, count[0], count[1]);
}

static void hand_in_holds(struct model *m)
{
    int64_t latency_ms = rand() % 2 ? 900 : 9;
    int count = rand() % 60;
    bool was_decided[LINES];
    struct pace_decision d[LINES];
    queue_bench_wait(m->line[1], PACE_INTERVAL_MS);
    int64_t now_ms = queue_bench_now_ms(m->line[1]), passed_ms = now_ms - m->paced_ms;
    m->paced_ms = now_ms;
    if (redis_server_number(m->line[0]->server, "EXISTS ev:e:pace") == 1) {
        redis_server_run(m->line[0]->server, "HINCRBY ev:e:pace at_ms -%ld", (long)passed_ms);
        redis_server_run(m->line[0]->server, "HINCRBY ev:e:pace since_ms -%ld", (long)passed_ms);
    }
    for (int i = 0; i < LINES; i++)
        was_decided[i] = queue_pace(m->line[i], 0, latency_ms, count, &d[i]);
    SAME(m, was_decided[0], was_decided[1]);
    SAME(m, d[0].rate_micro, d[1].rate_micro);
    if (was_decided[0])
        SAME(m, d[0].reason, d[1].reason);
}

static void change_settings(struct model *m)
{
    struct queue_fake_settings *s = &m->settings;
    s->phase = rand() % 5 ? PHASE_OPEN : (enum queue_phase)(rand() % PHASE_COUNT);
    s->active_cap = rand() % 20;
    s->admit_per_tick = (rand() % 60) / 10.0;
    s->refill_at_once = rand() % 2;
    s->standby = rand() % 2;
    s->adaptive = rand() % 2;
    s->waiting_max = rand() % 3 ? 1000 : 1 + rand() % 20;
    s->free = rand() % 4 ? 1000 : rand() % 4 - 1;
    s->holds = rand() % 2;
    for (int i = 0; i < LINES; i++)
        queue_bench_configure(m->line[i], s);
}

static void buy(struct model *m)
{
    struct queue_visitor visitor = somebody();
    int64_t seats = rand() % 5;
    for (int i = 0; i < LINES; i++)
        queue_bench_set_bought(m->line[i], visitor.id, seats);
}

static void same_lines(struct model *m)
{
    for (int i = 0; i < LINES; i++)
        queue_reread(m->line[i]);
    const struct line_view *a = &m->line[0]->view, *b = &m->line[1]->view;
    SAME(m, a->seq, b->seq);
    SAME(m, a->head, b->head);
    SAME(m, a->waiting, b->waiting);
    SAME(m, a->inside, b->inside);
    SAME(m, a->phase, b->phase);
    SAME(m, a->rate_micro, b->rate_micro);
    SAME(m, a->departures.count, b->departures.count);
    for (int64_t seq = a->head + 1; seq <= a->seq; seq++)
        SAME(m, line_view_ahead(a, seq), line_view_ahead(b, seq));
}

static void step(struct model *m)
{
    int dice = rand() % 40;
    if (m->doing = "join", dice < 12)
        join(m);
    else if (m->doing = "look", dice < 14)
        ask_one(m, queue_look);
    else if (m->doing = "leave", dice < 19)
        ask_one(m, queue_leave);
    else if (m->doing = "enter", dice < 23)
        ask_one(m, queue_enter);
    else if (m->doing = "tick", dice < 29)
        tick(m);
    else if (m->doing = "refill", dice < 33)
        refill(m);
    else if (m->doing = "a turn runs out", dice < 36)
        run_out(m);
    else if (m->doing = "holds", dice < 37)
        hand_in_holds(m);
    else if (m->doing = "settings", dice < 38)
        change_settings(m);
    else if (m->doing = "the line", dice < 39)
        same_lines(m);
    else if (rand() % 8 == 0)
        buy(m);
    same_reports(m);
}

Test(queue_model, redis_decides_as_the_model_does)
{
    struct model m = {.line = {queue_bench_redis(), queue_bench_fake()}};
    const char *seed = getenv("QUEUE_SEED");
    m.seed = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);
    srand(m.seed);
    m.settings = (struct queue_fake_settings){.tick_ms = LEAP_MS / 2,
                                              .claim_ms = FAR_MS,
                                              .claim_away_ms = 2 * (int64_t)FAR_MS,
                                              .select_ms = INT64_C(100) * FAR_MS,
                                              .seats_per_visitor_max = 3,
                                              .adapt_min = 1.5,
                                              .adapt_target_ms = 200};
    change_settings(&m);
    for (m.step = 0; m.step < STEPS; m.step++)
        step(&m);
    cr_assert_gt(m.line[0]->admitted_count, 40, "hardly anything happened, seed %u", m.seed);
    cr_assert_gt(m.line[0]->expired_count, 5, "seed %u", m.seed);
    cr_assert_gt(m.line[0]->gone_count, 20, "seed %u", m.seed);
    for (int i = 0; i < LINES; i++)
        queue_bench_free(m.line[i]);
}
