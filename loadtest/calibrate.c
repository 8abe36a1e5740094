/* The floor server is started on a free port and ends with its standard input. Our processes use
 * the same connections as virtual visitors do (connection.c) and count into shared memory: first
 * each opens, and closes as soon as it is open, as many as it can; then each holds some and counts
 * the frames that the server, told so by us, sends to all of them. */
#include "loadtest/calibrate.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadtest/clocks.h"
#include "loadtest/connection.h"
#include "loadtest/environment.h"
#include "loadtest/load_run.h"
#include "loadtest/report.h"

#define CONNECTIONS 100 /* of each process */
#define EVENTS_MAX 256
#define FRAME_BYTES 200      /* about as long as a place */
#define PUSHES_AHEAD 20      /* commands that the server may have before it has answered */
#define STANDSTILL_US 100000 /* then what is missing will not come */

enum phase { PHASE_CONNECT, PHASE_RECEIVE, PHASE_COUNT };

struct tally {
    _Atomic uint64_t done[PHASE_COUNT], cpu_us[PHASE_COUNT];
};

/* Lifetime: one calibration. */
struct calibration {
    const char *report;
    char floor[4096];
    uint32_t processes;
    double seconds; /* of each phase */
    pid_t server;
    int server_in; /* its standard input */
    struct sockaddr_in address;
    char authority[32];
    struct tally *tally;
    double rates[PHASE_COUNT], cpu_rates[PHASE_COUNT]; /* per second, and per processor second */
};

/* ---- one process ---- */

/* Lifetime: one phase of one process. */
struct worker {
    const struct calibration *calibration;
    struct connection_place place;
    struct connection connections[CONNECTIONS];
    struct dice dice;
    enum phase phase;
    uint32_t at_work; /* the connection whose event is worked on */
    uint64_t done;
};

static void start(struct worker *w, uint32_t i)
{
    (void)connection_start(&w->connections[i], &w->place, htonl(0x7f020001u + i), &w->dice, i);
}

static void on_open(void *ctx, const struct ws_answer *answer)
{
    struct worker *w = ctx;
    (void)answer;
    if (w->phase != PHASE_CONNECT)
        return;
    w->done++;
    connection_drop(&w->connections[w->at_work]);
    start(w, w->at_work);
}

static void on_text(void *ctx, const char *text, size_t bytes)
{
    struct worker *w = ctx;
    (void)text;
    (void)bytes;
    w->done++;
    atomic_fetch_add_explicit(&w->calibration->tally->done[w->phase], 1, memory_order_relaxed);
}

static void on_lost(void *ctx, enum connection_loss loss, const struct ws_answer *answer)
{
    struct worker *w = ctx;
    (void)loss;
    (void)answer;
    start(w, w->at_work);
}

static void turn(struct worker *w)
{
    struct epoll_event events[EVENTS_MAX];
    const struct connection_handler handler = {on_open, on_text, on_lost, w};
    int count = epoll_wait(w->place.epoll, events, EVENTS_MAX, 50);
    for (int i = 0; i < count; i++) {
        w->at_work = (uint32_t)events[i].data.u64;
        struct connection *c = &w->connections[w->at_work];
        if (c->generation == (uint32_t)(events[i].data.u64 >> 32))
            connection_work(c, &w->place, events[i].events, w->at_work, NULL, &handler);
    }
}

static uint64_t cpu_us(void)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static int work(const struct calibration *c, enum phase phase, uint32_t number)
{
    static struct worker w; /* large; of this process */
    w = (struct worker){.calibration = c, .phase = phase};
    w.place = (struct connection_place){.epoll = epoll_create1(EPOLL_CLOEXEC),
                                        .server = c->address,
                                        .authority = c->authority,
                                        .path = "/",
                                        .scratch = malloc(CONNECTION_SCRATCH_BYTES)};
    if (w.place.epoll < 0 || !w.place.scratch)
        return 1;
    dice_init(&w.dice, 1, number);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        connection_init(&w.connections[i]);
        start(&w, i);
    }
    int64_t end_us = clocks_us() + (int64_t)(c->seconds * 1e6);
    uint64_t cpu = cpu_us();
    while (clocks_us() < end_us)
        turn(&w);
    if (phase == PHASE_CONNECT)
        atomic_fetch_add(&c->tally->done[phase], w.done);
    atomic_fetch_add(&c->tally->cpu_us[phase], cpu_us() - cpu);
    for (uint32_t i = 0; i < CONNECTIONS; i++)
        connection_drop(&w.connections[i]);
    close(w.place.epoll);
    free(w.place.scratch);
    return 0;
}

/* ---- the server ---- */

static int free_port(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = -1;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0 &&
        getsockname(fd, (struct sockaddr *)&any, &bytes) == 0)
        port = ntohs(any.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static void become_server(const struct calibration *c, const int in[2], const int out[2], int port)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d", port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (n > 0 && dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
        execl(c->floor, c->floor, text, (char *)NULL);
    perror(c->floor);
    _exit(127);
}

/* It says "ready" when it listens. */
static bool start_server(struct calibration *c)
{
    int in[2], out[2], port = free_port();
    char said[16];
    if (port < 0 || pipe(in) != 0 || pipe(out) != 0)
        return false;
    c->server = fork();
    if (c->server == 0)
        become_server(c, in, out, port);
    close(in[0]);
    close(out[1]);
    c->server_in = in[1];
    bool is_ready = c->server > 0 && read(out[0], said, sizeof said) > 0;
    close(out[0]);
    c->address = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int n = snprintf(c->authority, sizeof c->authority, "127.0.0.1:%d", port);
    return is_ready && n > 0;
}

static void stop_server(struct calibration *c)
{
    if (c->server_in > 0)
        close(c->server_in);
    if (c->server > 0) {
        kill(c->server, SIGTERM);
        waitpid(c->server, NULL, 0);
    }
}

/* Lifetime: one phase. */
struct feeding {
    uint64_t pushed;    /* rounds of frames */
    uint64_t done;      /* frames that had arrived when it was looked last, */
    int64_t arrived_us; /* and when one more did */
};

/* Keeps the server sending, but never far ahead of what has arrived: what it could not send would
 * be lost. What it sends before everybody is connected is lost, too, so nothing is waited for that
 * does not come. */
static void feed(const struct calibration *c, struct feeding *f)
{
    char line[16];
    assert(c->processes > 0);
    uint64_t each = (uint64_t)c->processes * CONNECTIONS;
    uint64_t done = atomic_load(&c->tally->done[PHASE_RECEIVE]);
    int64_t now_us = clocks_us();
    int n = snprintf(line, sizeof line, "push %d\n", FRAME_BYTES);
    if (done != f->done || now_us - f->arrived_us > STANDSTILL_US) {
        f->pushed = done != f->done ? f->pushed : done / each;
        f->done = done;
        f->arrived_us = now_us;
    }
    if (f->pushed > done / each + PUSHES_AHEAD)
        return;
    f->pushed++;
    if (n > 0 && write(c->server_in, line, (size_t)n) != n)
        f->pushed += PUSHES_AHEAD;
}

/* ---- the whole ---- */

static bool run_phase(struct calibration *c, enum phase phase)
{
    pid_t pids[STAMPEDE_PROCESSES_MAX];
    bool is_good = true;
    struct feeding feeding = {.arrived_us = clocks_us()};
    int64_t end_us = feeding.arrived_us + (int64_t)(c->seconds * 1e6);
    for (uint32_t i = 0; i < c->processes; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            _exit(work(c, phase, i));
        }
    }
    const struct timespec pause = {.tv_nsec = 200000};
    while (clocks_us() < end_us) {
        nanosleep(&pause, NULL);
        if (phase == PHASE_RECEIVE)
            feed(c, &feeding);
    }
    for (uint32_t i = 0; i < c->processes; i++) {
        int status;
        is_good &= pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) &&
                   WEXITSTATUS(status) == 0;
    }
    double done = (double)atomic_load(&c->tally->done[phase]);
    double cpu_s = (double)atomic_load(&c->tally->cpu_us[phase]) / 1e6;
    c->rates[phase] = done / c->seconds;
    c->cpu_rates[phase] = cpu_s > 0 ? done / cpu_s : 0;
    return is_good && done > 0;
}

static bool write_result(const struct calibration *c)
{
    static const struct stampede_options none;
    json_t *o = json_pack("{s:f, s:f, s:f, s:f, s:i, s:f, s:o}", "connects_per_s",
                          c->rates[PHASE_CONNECT], "messages_per_s", c->rates[PHASE_RECEIVE],
                          "connects_per_cpu_s", c->cpu_rates[PHASE_CONNECT], "messages_per_cpu_s",
                          c->cpu_rates[PHASE_RECEIVE], "processes", (int)c->processes, "seconds",
                          c->seconds, "environment", environment_json(&none));
    bool is_good = report_write(o, c->report);
    json_decref(o);
    return is_good;
}

static int calibrate(struct calibration *c)
{
    c->tally =
        mmap(NULL, sizeof *c->tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->tally == MAP_FAILED)
        return VERDICT_NOT_CARRIED_OUT;
    signal(SIGPIPE, SIG_IGN);
    bool is_good = start_server(c) && run_phase(c, PHASE_CONNECT) && run_phase(c, PHASE_RECEIVE);
    stop_server(c);
    munmap(c->tally, sizeof *c->tally);
    if (!is_good) {
        fprintf(stderr, "stampede: the calibration could not be carried out\n");
        return VERDICT_NOT_CARRIED_OUT;
    }
    printf("the most that stampede can do here, with %u processes, tester and server on this "
           "machine:\n  %9.0f connections opened a second  (%.0f per processor second of the "
           "tester)\n  %9.0f frames received a second     (%.0f per processor second of the "
           "tester)\n",
           c->processes, c->rates[PHASE_CONNECT], c->cpu_rates[PHASE_CONNECT],
           c->rates[PHASE_RECEIVE], c->cpu_rates[PHASE_RECEIVE]);
    return c->report && !write_result(c) ? VERDICT_NOT_CARRIED_OUT : 0;
}

/* bench_floor beside our own program. */
static bool find_floor(struct calibration *c)
{
    char self[3000];
    ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = NULL;
    if (bytes > 0) {
        self[bytes] = '\0';
        slash = strrchr(self, '/');
    }
    if (!slash)
        return false;
    *slash = '\0';
    int n = snprintf(c->floor, sizeof c->floor, "%s/bench_floor", self);
    return n > 0 && (size_t)n < sizeof c->floor;
}

static bool take(struct calibration *c, const char *name, const char *value)
{
    char *end;
    if (strcmp(name, "--floor") == 0) {
        int n = snprintf(c->floor, sizeof c->floor, "%s", value);
        return n > 0 && (size_t)n < sizeof c->floor;
    }
    if (strcmp(name, "--report") == 0) {
        c->report = value;
        return true;
    }
    double number = strtod(value, &end);
    if (*end != '\0')
        return false;
    if (strcmp(name, "--processes") == 0) {
        c->processes = (uint32_t)number;
        return number >= 1 && number <= STAMPEDE_PROCESSES_MAX;
    }
    c->seconds = number;
    return strcmp(name, "--duration-s") == 0 && number >= 0.2 && number <= 60;
}

int calibrate_command(int argc, char **argv)
{
    struct calibration c = {.processes = environment_cores(), .seconds = 3};
    bool is_good = find_floor(&c) && argc % 2 == 1;
    for (int i = 1; i + 1 < argc && is_good; i += 2)
        is_good = take(&c, argv[i], argv[i + 1]);
    if (is_good && access(c.floor, X_OK) == 0)
        return calibrate(&c);
    fprintf(stderr,
            "usage: stampede calibrate [--floor FILE] [--processes N] [--duration-s S] "
            "[--report FILE]\n"
            "FILE is the floor server, %s; `cmake --build build --target bench_floor` builds it\n",
            c.floor);
    return LOAD_RUN_USAGE;
}

bool calibrate_read(const char *path, struct tester_rates *rates)
{
    json_t *o = json_load_file(path, 0, NULL);
    *rates = (struct tester_rates){json_number_value(json_object_get(o, "connects_per_s")),
                                   json_number_value(json_object_get(o, "messages_per_s"))};
    json_decref(o);
    return rates->connects_per_s > 0 && rates->messages_per_s > 0;
}
