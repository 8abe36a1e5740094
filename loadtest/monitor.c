/* A loop of tenths of a second over shared counters. Once per second it asks the server for
 * `inside`, records a point of the timeline and shows where everyone is: one line, or on a terminal
 * a block that is drawn over. A crowd of a scenario on a terminal only notes its figures; the
 * scenario's process draws them. Ctrl-C ends the run in good order, a second one at once. */
#include "loadtest/monitor.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadtest/bad_client.h"
#include "loadtest/clocks.h"
#include "loadtest/crowd.h"
#include "loadtest/screen.h"
#include "loadtest/totals.h"

#define LOOK_US INT64_C(100000)
#define SETTLE_US INT64_C(3000000) /* mode wait: between the last arrival and the measurement */
/* Mode hold: nobody new got in for so long: begin with those inside. */
#define READY_US INT64_C(10000000)
#define FORGET_MS 1500 /* after a loss nobody can be given seats for so long at least */
#define ORDERS_SHARE 0.95

static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupts++;
}

/* Of the main process only. */
struct monitor {
    struct run *run;
    struct http_fetch *http;
    struct watch *watch;
    struct totals now;
    pid_t pids[STAMPEDE_PROCESSES_MAX];
    struct live *live;                     /* the scenario's, or our own */
    bool is_block;                         /* drawn by us */
    int64_t server_waiting, server_inside; /* of the last second; HISTORY_NONE: did not say */
    int64_t next_second_us, changed_us, last_progress;
    uint64_t holds_at_start;
};

static bool start_processes(struct monitor *m, struct seat_picture *picture)
{
    uint32_t visitors = m->run->options->visitors, first = 0;
    pid_t parent = getpid();
    for (uint32_t i = 0; i < m->run->processes; i++) {
        uint32_t count = visitors / m->run->processes + (i < visitors % m->run->processes);
        pid_t pid = fork();
        if (pid < 0) {
            perror("stampede: fork");
            return false;
        }
        if (pid == 0) {
            signal(SIGINT, SIG_IGN); /* Ctrl-C reaches all of us; the main process decides */
            signal(SIGTERM, SIG_DFL);
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(1);
            _exit(m->run->options->mode == MODE_BAD ? bad_client_run(m->run, i, first, count)
                                                    : crowd_run(m->run, picture, i, first, count));
        }
        m->pids[i] = pid;
        first += count;
    }
    return true;
}

/* True when none of our processes runs any more. One that ended early is a failure of the run. */
static bool reap(struct monitor *m)
{
    bool is_any_left = false;
    for (uint32_t i = 0; i < m->run->processes; i++) {
        int status;
        if (m->pids[i] <= 0)
            continue;
        if (waitpid(m->pids[i], &status, WNOHANG) == m->pids[i]) {
            bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            m->watch->has_process_died |= !is_good;
            m->pids[i] = 0;
        } else {
            is_any_left = true;
        }
    }
    return !is_any_left;
}

static void add_sample(struct watch *w, struct history_sample sample)
{
    if (w->samples_count == w->samples_max) {
        size_t max = w->samples_max ? w->samples_max * 2 : 256;
        struct history_sample *more = realloc(w->samples, max * sizeof *more);
        if (!more)
            return;
        w->samples = more;
        w->samples_max = max;
    }
    w->samples[w->samples_count++] = sample;
}

static void take_sample(struct monitor *m)
{
    char path[160];
    const char *body;
    size_t bytes;
    int n = snprintf(path, sizeof path, "/api/v1/events/%s", m->run->event);
    if (n < 0 || http_fetch_get(m->http, m->run->target.base, path, STAMPEDE_SAMPLE_TIMEOUT_MS,
                                &body, &bytes) != 200)
        return;
    json_t *event = json_loadb(body, bytes, 0, NULL);
    json_t *inside = json_object_get(event, "inside"), *at = json_object_get(event, "server_ms");
    json_int_t recovers_at_ms = json_integer_value(json_object_get(event, "recovers_at_ms"));
    /* The gateway that was asked before the run may not have heard of it yet. */
    int64_t opens_at_ms = json_integer_value(json_object_get(event, "opens_at_ms"));
    if (opens_at_ms > 0)
        m->run->opens_at_ms = opens_at_ms;
    if (recovers_at_ms > json_integer_value(at))
        m->watch->recovering_ms = json_integer_value(at);
    if (json_is_object(json_object_get(event, "draw")))
        atomic_store(&m->run->shared->has_draw, true);
    if (json_is_integer(inside)) {
        add_sample(m->watch,
                   (struct history_sample){json_integer_value(at), json_integer_value(inside)});
        m->server_inside = json_integer_value(inside);
        m->server_waiting = json_integer_value(json_object_get(event, "waiting"));
    }
    json_decref(event);
}

static void show(struct monitor *m)
{
    static char text[LIVE_TEXT_BYTES];
    if (m->is_block) {
        const struct live_style style = screen_style();
        unsigned lines = live_draw(m->live, 1, &style, text);
        screen_draw(text, lines);
    } else if (!m->run->live) {
        live_line(m->live, text, sizeof text);
        fputs(text, stdout);
        fflush(stdout);
    }
}

static void end_second(struct monitor *m)
{
    m->server_waiting = m->server_inside = HISTORY_NONE;
    if (m->run->options->mode != MODE_WAIT)
        take_sample(m);
    recorder_take(m->watch->recorder, &m->now, m->server_waiting, m->server_inside);
    live_take(m->live, m->watch->recorder, &m->now);
    show(m);
}

/* Mode buy: orders per second until nearly all have bought; the last few have no company. */
static void measure_orders(struct monitor *m)
{
    struct watch *w = m->watch;
    int64_t from_us = atomic_load(&m->run->shared->hold_from_us);
    double enough = ORDERS_SHARE * m->run->options->visitors;
    if (m->run->options->mode != MODE_BUY || from_us == 0 ||
        (w->orders_seconds > 0 && (double)w->orders_counted >= enough))
        return;
    w->orders_seconds = (double)(clocks_us() - from_us) / 1e6;
    w->orders_counted = m->now.confirmed;
    w->orders_from_ms = run_server_ms(m->run) - (clocks_us() - from_us) / 1000;
}

/* One look; once per second a sample and a line. */
static void look(struct monitor *m)
{
    struct timespec pause = {.tv_nsec = LOOK_US * 1000};
    nanosleep(&pause, NULL);
    totals_read(m->run, &m->now);
    measure_orders(m);
    int64_t lost_ms = run_lost_ms(m->run);
    if (lost_ms > 0 && run_server_ms(m->run) < lost_ms + FORGET_MS)
        run_seats_forget(m->run);
    bool has_ended = reap(m);
    /* Bad clients are through as soon as they are sent home. */
    bool may_end = atomic_load(&m->run->shared->command) >=
                   (m->run->options->mode == MODE_BAD ? RUN_SEND_HOME : RUN_QUIT);
    if (has_ended && !may_end)
        m->watch->has_process_died = true;
    if (clocks_us() < m->next_second_us)
        return;
    /* Who is late does not catch up: a point of a few milliseconds would tell no rate. */
    m->next_second_us += 1000000;
    if (m->next_second_us < clocks_us() + 500000)
        m->next_second_us = clocks_us() + 1000000;
    end_second(m);
}

/* Looks until everyone is over, for ms_max at most. */
static void look_for(struct monitor *m, int64_t ms_max)
{
    int64_t until_us = clocks_us() + ms_max * 1000;
    while (clocks_us() < until_us && interrupts < 2 && !m->watch->has_process_died &&
           m->now.over < (int64_t)m->run->options->visitors)
        look(m);
}

/* Mode wait: everyone is in line and some time has passed. */
static bool has_settled(struct monitor *m)
{
    if (m->now.by_state[VISITOR_WAITING] != m->last_progress) {
        m->last_progress = m->now.by_state[VISITOR_WAITING];
        m->changed_us = clocks_us();
    }
    return m->last_progress == m->run->options->visitors && clocks_us() - m->changed_us > SETTLE_US;
}

/* Modes hold and buy: lets the holding begin when all are inside, or as many as get in. */
static void begin_holding(struct monitor *m)
{
    int64_t ready = m->now.by_state[VISITOR_READY];
    if (atomic_load(&m->run->shared->hold_from_us) != 0)
        return;
    if (ready != m->last_progress) {
        m->last_progress = ready;
        m->changed_us = clocks_us();
    }
    bool is_time = ready == m->run->options->visitors || clocks_us() - m->changed_us > READY_US;
    if (ready > 0 && is_time) {
        atomic_store(&m->run->shared->hold_from_us, clocks_us() + LOOK_US);
        m->holds_at_start = m->now.holds;
    }
}

static bool has_more_to_see(struct monitor *m)
{
    int64_t end_us = m->run->start_us + (int64_t)(m->run->options->duration_s * 1e6);
    if (clocks_us() >= end_us || interrupts > 0 || m->watch->has_process_died)
        return false;
    if (m->run->options->mode == MODE_WAIT)
        return !has_settled(m);
    if (m->run->options->mode == MODE_HOLD || m->run->options->mode == MODE_BUY)
        begin_holding(m);
    return m->now.over < (int64_t)m->run->options->visitors;
}

static void command(struct monitor *m, enum run_command command)
{
    static const char *const words[] = {[RUN_GO] = "under way",
                                        [RUN_ROLL_CALL] = "roll call: who still waits?",
                                        [RUN_SEND_HOME] = "over: everyone goes home",
                                        [RUN_QUIT] = "over: checking what was promised"};
    m->live->doing = words[command];
    atomic_store(&m->run->shared->command, command);
}

static void measure(struct monitor *m)
{
    int64_t from_us = atomic_load(&m->run->shared->hold_from_us);
    if (from_us != 0 && m->run->options->mode == MODE_HOLD) {
        m->watch->hold_seconds = (double)(clocks_us() - from_us) / 1e6;
        m->watch->holds_counted = m->now.holds - m->holds_at_start;
    }
    m->watch->measured_waiting = (uint32_t)m->now.by_state[VISITOR_WAITING];
    memory_use_after(&m->watch->memory);
}

static void end_processes(struct monitor *m)
{
    command(m, RUN_QUIT);
    double ms_max = STAMPEDE_QUIT_MS + m->run->options->visitors * STAMPEDE_QUIT_MS_EACH;
    int64_t until_us = clocks_us() + (int64_t)(ms_max * 1000);
    struct timespec pause = {.tv_nsec = 10000000};
    while (!reap(m) && clocks_us() < until_us)
        nanosleep(&pause, NULL);
    for (uint32_t i = 0; i < m->run->processes; i++)
        if (m->pids[i] > 0) {
            kill(m->pids[i], SIGKILL);
            waitpid(m->pids[i], NULL, 0);
            m->watch->has_process_died = true;
        }
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool begin(struct monitor *m)
{
    static struct live own; /* large */
    struct run *r = m->run;
    int64_t now_us = clocks_us();
    if (r->start_us == 0)
        r->start_us = now_us;
    m->watch->start_ms = run_server_ms(r) + (r->start_us - now_us) / 1000;
    r->split_us = r->options->split_at_s > 0 ? r->start_us + (int64_t)(r->options->split_at_s * 1e6)
                                             : INT64_MAX;
    m->next_second_us = r->start_us + 1000000;
    m->changed_us = r->start_us;
    m->live = r->live ? r->live : &own;
    m->is_block = !r->live && !r->options->is_plain && screen_is_there();
    live_begin(m->live, r);
    m->watch->recorder = recorder_create(r, m->pids);
    return m->watch->recorder != NULL;
}

static void go_through(struct monitor *m)
{
    const struct run *r = m->run;
    const double visitors = r->options->visitors;
    do
        look(m);
    while (has_more_to_see(m));
    measure(m);
    m->watch->seconds = (double)(clocks_us() - r->start_us) / 1e6;
    m->watch->was_interrupted = interrupts > 0;
    if (m->now.by_state[VISITOR_WAITING] > 0 && r->options->mode == MODE_JOURNEY) {
        command(m, RUN_ROLL_CALL);
        look_for(m, (int64_t)(STAMPEDE_ROLL_CALL_MS + visitors * STAMPEDE_ROLL_CALL_MS_EACH));
    }
    m->watch->end_ms = run_server_ms(r);
    command(m, RUN_SEND_HOME);
    look_for(m, (int64_t)(STAMPEDE_LEAVE_MS + visitors * STAMPEDE_LEAVE_MS_EACH));
}

bool monitor_run(struct run *r, struct seat_picture *picture, struct http_fetch *http,
                 struct watch *w)
{
    struct monitor m = {.run = r, .http = http, .watch = w};
    *w = (struct watch){0};
    memory_use_init(&w->memory, r->options);
    memory_use_before(&w->memory);
    take_signals();
    fflush(stdout);
    if (!begin(&m) || !start_processes(&m, picture)) {
        end_processes(&m);
        return false;
    }
    if (m.is_block)
        screen_begin();
    go_through(&m);
    end_processes(&m);
    totals_read(r, &m.now);
    end_second(&m);
    if (m.is_block)
        screen_end();
    m.live->is_done = true;
    return true;
}

void watch_release(struct watch *w)
{
    free(w->samples);
    recorder_free(w->recorder);
    *w = (struct watch){0};
}
