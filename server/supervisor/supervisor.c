/* The supervisor: one loop around sigtimedwait.
 *
 *   start  check everything that can be checked, lock, then Redis (waited for), ledger, sandbox,
 *          gateways
 *   run    SIGCHLD: note who died and why; start it again after its pause
 *   stop   gateways (they tell their visitors to reconnect) -> ledger (empties the outbox)
 *          -> sandbox -> Redis
 *
 * All signals of interest are blocked and taken synchronously, so there are no handlers and no
 * races. The timeout of the wait is the time until the next start of a child. A second SIGTERM or
 * SIGINT shortens every wait of the stop. Only processes that this one has forked are ever
 * signalled.
 */
#include "server/supervisor/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/clock.h"
#include "server/gateway/metrics.h"
#include "server/supervisor/port_check.h"
#include "server/supervisor/redis_check.h"
#include "server/supervisor/redis_process.h"
#include "ticketing/ledger_store.h"

#define CENTRE_NICE (-10) /* of Redis and the ledger, where it is permitted (child.c) */
#define REDIS_START_MS_MAX 30000
#define REDIS_LOAD_MS_MAX 2000 /* a longer load of its file goes on while the others start */
#define REDIS_ASK_MS 50
#define STOP_MS_MAX 30000   /* for ledger, sandbox and Redis each; then SIGKILL */
#define HURRIED_MS_MAX 2000 /* for everyone after a second signal */
#define CHILDREN_RETRY_MS 1000
#define SANDBOX_PORTS_MAX 100
#define FILES_SPARE 200 /* descriptors of a gateway that are not visitors' */

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* --- before the start --- */

/* Children need many descriptors: as many as allowed, and no more connections than that. */
static enum start_status raise_files_limit(struct config *config, struct start_error *error)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return start_refuse(error, "cannot read the limit of open files: %s", strerror(errno));
    if (files.rlim_max > INT32_MAX)
        files.rlim_max = INT32_MAX;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max < 2UL * FILES_SPARE)
        return start_refuse(
            error,
            "this user may open only %llu files at once, at least %lu are needed: raise it "
            "(ulimit -Hn, or LimitNOFILE= of the service)",
            (unsigned long long)files.rlim_max, 2UL * FILES_SPARE);
    int64_t connections_max = (int64_t)files.rlim_max - FILES_SPARE;
    if (config->connections_max > connections_max) {
        log_warning("connections_max is lowered from %lld to %lld: a process of this user may open "
                    "only %llu "
                    "files (raise ulimit -Hn, or start more gateways)",
                    (long long)config->connections_max, (long long)connections_max,
                    (unsigned long long)files.rlim_max);
        config->connections_max = connections_max;
    }
    return START_OK;
}

static const char *loopback_for(const char *listen_address)
{
    if (strcmp(listen_address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(listen_address, "::") == 0 ? "::1" : listen_address;
}

static void fill_webhook_url(struct supervisor *s)
{
    const char *host = loopback_for(s->config.listen_address);
    bool is_v6 = strchr(host, ':') != NULL;
    int bytes =
        snprintf(s->webhook_url, sizeof s->webhook_url, "http://%s%s%s:%d/api/v1/payments/webhook",
                 is_v6 ? "[" : "", host, is_v6 ? "]" : "", (int)s->config.listen_port);
    assert(bytes > 0 && (size_t)bytes < sizeof s->webhook_url);
}

/* Chosen below the ports that the kernel gives to outgoing connections, so that it is still free
 * when the sandbox starts again after a crash. */
static enum start_status choose_sandbox_port(struct config *config, struct start_error *error)
{
    if (config->sandbox_port != 0) {
        int fd = -1;
        enum start_status status =
            port_reserve("127.0.0.1", (uint16_t)config->sandbox_port, &fd, error);
        if (status == START_OK)
            (void)close(fd);
        return status;
    }
    for (int64_t i = 1; i <= SANDBOX_PORTS_MAX; i++) {
        int64_t port =
            config->listen_port + i > 65535 ? config->listen_port - i : config->listen_port + i;
        if (port_is_free("127.0.0.1", (uint16_t)port)) {
            config->sandbox_port = port;
            return START_OK;
        }
    }
    return start_refuse(error, "no port near %d is free for the sandbox provider: set sandbox.port",
                        (int)config->listen_port);
}

static enum start_status prepare_payment(struct supervisor *s, struct start_error *error)
{
    s->is_sandbox = s->config.payment_url[0] == '\0';
    if (!s->is_sandbox)
        return START_OK;
    enum start_status status = choose_sandbox_port(&s->config, error);
    if (status != START_OK)
        return status;
    fill_webhook_url(s);
    int bytes = snprintf(s->config.payment_url, sizeof s->config.payment_url, "http://127.0.0.1:%d",
                         (int)s->config.sandbox_port);
    assert(bytes > 0);
    return START_OK;
}

static enum start_status prepare_redis(struct supervisor *s, struct start_error *error)
{
    enum start_status status = START_OK;
    if (s->config.redis_url[0] == '\0') {
        status = redis_process_find(s->redis_program, sizeof s->redis_program, error);
        if (status == START_OK)
            status = redis_process_prepare(&s->dir, error);
    } else {
        status = redis_check(s->config.redis_url, error);
    }
    if (status != START_OK)
        return status;
    return data_dir_redis_url(&s->dir, &s->config, s->redis_url, sizeof s->redis_url, error);
}

/* A ledger that no start can open: better said before anybody is served than again and again. */
static enum start_status check_ledger(const struct data_dir *dir, struct start_error *error)
{
    char path[DATA_PATH_BYTES_MAX], why[LEDGER_REASON_BYTES] = "";
    if (!data_dir_path(dir, "ledger.db", path, sizeof path))
        return start_refuse(error, "the path of the data directory %s is too long", dir->path);
    enum ledger_status status = ledger_look(path, why);
    if (status == LEDGER_NEWER)
        return start_refuse(error,
                            "%s: it is a newer program's. Use that program, or choose another "
                            "directory with --data.dir",
                            why);
    if (status == LEDGER_CORRUPT)
        return start_refuse(error,
                            "%s: put a backup in its place (docs/backup.md), or choose another "
                            "directory with --data.dir",
                            why);
    return START_OK;
}

static enum start_status prepare(struct supervisor *s, struct start_error *error)
{
    const struct config *config = &s->config;
    enum start_status status = data_dir_open(&s->dir, config->data_dir, error);
    if (status == START_OK)
        status = check_ledger(&s->dir, error);
    if (status == START_OK)
        status =
            port_reserve(config->listen_address, (uint16_t)config->listen_port, &s->port_fd, error);
    if (status == START_OK)
        status = prepare_redis(s, error);
    if (status == START_OK)
        status = raise_files_limit(&s->config, error);
    if (status == START_OK)
        status = data_dir_secret(&s->dir, s->secret, error);
    if (status == START_OK)
        status = data_dir_fill_keys(&s->dir, &s->config, true, error);
    if (status == START_OK)
        status = prepare_payment(s, error);
    if (status == START_OK) {
        s->board = board_create((unsigned)config_gateways_count(config), METRICS_COLUMNS);
        if (s->board == NULL)
            status = start_refuse(error, "not enough memory for the gateways' figures");
    }
    return status;
}

static void add_child(struct supervisor *s, enum child_kind kind, size_t index, int nice)
{
    assert(s->children_count < CHILDREN_MAX);
    struct child *child = &s->children[s->children_count++];
    child_init(child, kind, index);
    child->nice = nice;
}

static void add_children(struct supervisor *s)
{
    size_t gateways_count = config_gateways_count(&s->config);
    if (s->redis_program[0] != '\0')
        add_child(s, CHILD_REDIS, 0, CENTRE_NICE);
    add_child(s, CHILD_LEDGER, 0, CENTRE_NICE);
    add_child(s, CHILD_REGISTRAR, 0, 0);
    if (s->is_sandbox)
        add_child(s, CHILD_SANDBOX, 0, 0);
    int gateway_nice = child_gateway_nice(gateways_count, config_cores_count());
    for (size_t i = 0; i < gateways_count; i++)
        add_child(s, CHILD_GATEWAY, i, gateway_nice);
    if (s->config.rehearsal_visitors > 0)
        add_child(s, CHILD_REHEARSER, 0, 0);
}

/* --- while it runs --- */

/* data/children, for people and for the tests that kill each of them. */
static void write_children(struct supervisor *s)
{
    char text[CHILDREN_MAX * (CHILD_NAME_BYTES_MAX + 16)] = "";
    size_t used = 0;
    for (size_t i = 0; i < s->children_count; i++) {
        const struct child *child = &s->children[i];
        int bytes = child->pid ? snprintf(text + used, sizeof text - used, "%s %ld\n", child->name,
                                          (long)child->pid)
                               : 0;
        assert(bytes >= 0 && used + (size_t)bytes < sizeof text);
        used += (size_t)bytes;
    }
    s->is_children_due = !data_dir_write(&s->dir, "children", text);
}

static void start_child(struct supervisor *s, struct child *child)
{
    int64_t now_ms = clock_monotonic_ms();
    if (child_start(child, now_ms, supervisor_run_child, s)) {
        log_debug("%s started (pid %ld)", child->name, (long)child->pid);
        return;
    }
    child->back_off_ms = child_back_off_next(child->back_off_ms, 0);
    child->start_at_ms = now_ms + child->back_off_ms;
    log_error("cannot start %s: %s; next try in %lld ms", child->name, strerror(errno),
              (long long)child->back_off_ms);
}

/* Starts who is due. Returns how long nothing else is, at most one minute. */
static int64_t start_due(struct supervisor *s)
{
    int64_t next_ms = 60000;
    bool has_started = false;
    for (size_t i = 0; i < s->children_count; i++) {
        struct child *child = &s->children[i];
        int64_t left_ms = child->start_at_ms - clock_monotonic_ms();
        if (child->pid == 0 && left_ms <= 0) {
            start_child(s, child);
            has_started = true;
            left_ms = child->start_at_ms - clock_monotonic_ms();
        }
        if (child->pid == 0)
            next_ms = min_ms(next_ms, left_ms);
    }
    if (has_started || s->is_children_due)
        write_children(s);
    if (s->is_children_due)
        next_ms = min_ms(next_ms, CHILDREN_RETRY_MS);
    return next_ms < 0 ? 0 : next_ms;
}

/* Notes the children that have ended. When `is_stopping` that is as it should be. */
static void reap(struct supervisor *s, bool is_stopping)
{
    char end[96];
    int wait_status = 0;
    bool has_ended = false;
    for (size_t i = 0; i < s->children_count; i++) {
        struct child *child = &s->children[i];
        if (child->pid == 0 || waitpid(child->pid, &wait_status, WNOHANG) != child->pid)
            continue;
        long pid = (long)child->pid;
        child_describe_end(wait_status, end, sizeof end);
        child_ended(child, clock_monotonic_ms());
        has_ended = true;
        if (is_stopping && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
            log_debug("%s (pid %ld) %s", child->name, pid, end);
        else if (is_stopping)
            log_warning("%s (pid %ld) %s", child->name, pid, end);
        else
            log_error("%s (pid %ld) %s; starting it again in %lld ms", child->name, pid, end,
                      (long long)child->back_off_ms);
    }
    if (has_ended)
        write_children(s);
}

/* Waits for a signal. 0 when the time is over. */
static int next_signal(const struct supervisor *s, int64_t wait_ms)
{
    const struct timespec limit = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
    int number = sigtimedwait(&s->signals, NULL, &limit);
    return number < 0 ? 0 : number;
}

/* Children come up faster and with fewer complaints when Redis is there first. True: go on. */
static bool wait_for_redis(struct supervisor *s)
{
    const struct child *redis = &s->children[0];
    int64_t until_ms = clock_monotonic_ms() + REDIS_START_MS_MAX;
    bool is_loading = false;
    if (redis->kind != CHILD_REDIS)
        return true;
    start_child(s, &s->children[0]);
    while (clock_monotonic_ms() < until_ms) {
        enum redis_state state = redis_process_ask(s->redis_url);
        if (state == REDIS_READY)
            return true;
        if (state == REDIS_LOADING && !is_loading)
            until_ms = min_ms(until_ms, clock_monotonic_ms() + REDIS_LOAD_MS_MAX);
        is_loading = state == REDIS_LOADING;
        int number = next_signal(s, REDIS_ASK_MS);
        if (number == SIGTERM || number == SIGINT)
            return false;
        reap(s, false);
        if (redis->pid == 0) {
            log_error("Redis does not start: the end of %s/redis/redis.log says why", s->dir.path);
            return false;
        }
    }
    return true;
}

/* A gateway that hangs (in a library, in a debugger) is ended; what ends is started again. */
static void end_silent(struct supervisor *s)
{
    for (size_t i = 0; i < s->children_count; i++) {
        struct child *child = &s->children[i];
        if (child->kind == CHILD_GATEWAY && child->pid != 0 &&
            watch_look(&child->watch, metrics_written_ms(s->board, (unsigned)child->index))) {
            log_error("%s (pid %ld) has given no sign of life for %lld s: it is ended", child->name,
                      (long)child->pid, (long long)s->config.gateway_silent_ms_max / 1000);
            (void)kill(child->pid, SIGKILL);
        }
    }
}

/* Looks at the gateways when it is time. Returns how long it is until the next look. */
static int64_t look_due(struct supervisor *s)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms >= s->look_ms) {
        end_silent(s);
        s->look_ms = now_ms + s->config.gateway_silent_ms_max / WATCH_LOOKS;
    }
    return s->look_ms - now_ms;
}

static void run(struct supervisor *s)
{
    for (;;) {
        int number = next_signal(s, min_ms(start_due(s), look_due(s)));
        if (number == SIGTERM || number == SIGINT)
            return;
        reap(s, false);
    }
}

/* --- the stop --- */

static size_t signal_kind(const struct supervisor *s, enum child_kind kind, int number)
{
    size_t count = 0;
    for (size_t i = 0; i < s->children_count; i++)
        if (s->children[i].kind == kind && s->children[i].pid != 0) {
            (void)kill(s->children[i].pid, number);
            count++;
        }
    return count;
}

static void stop_kind(struct supervisor *s, enum child_kind kind, int64_t wait_ms)
{
    int64_t until_ms =
        clock_monotonic_ms() + (s->is_hurried ? min_ms(wait_ms, HURRIED_MS_MAX) : wait_ms);
    if (signal_kind(s, kind, SIGTERM) == 0)
        return;
    while (signal_kind(s, kind, 0) > 0) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0) {
            log_warning("some did not end in time and are killed");
            (void)signal_kind(s, kind, SIGKILL);
            until_ms = INT64_MAX / 2;
            continue;
        }
        int number = next_signal(s, min_ms(left_ms, 60000));
        if ((number == SIGTERM || number == SIGINT) && !s->is_hurried) {
            s->is_hurried = true;
            until_ms = min_ms(until_ms, clock_monotonic_ms() + HURRIED_MS_MAX);
        }
        reap(s, true);
    }
}

static void stop(struct supervisor *s)
{
    log_info("stopping: gateways, registrar, ledger, sandbox, Redis");
    stop_kind(s, CHILD_GATEWAY, s->config.drain_ms + 1000);
    stop_kind(s, CHILD_REHEARSER, STOP_MS_MAX);
    stop_kind(s, CHILD_REGISTRAR, STOP_MS_MAX);
    stop_kind(s, CHILD_LEDGER, STOP_MS_MAX);
    stop_kind(s, CHILD_SANDBOX, STOP_MS_MAX);
    stop_kind(s, CHILD_REDIS, STOP_MS_MAX);
    (void)unlinkat(s->dir.fd, "children", 0);
    (void)unlinkat(s->dir.fd, "stanchion.pid", 0);
    log_info("stopped");
}

/* A script that starts us in the background has SIGINT ignored for us, and stops us with SIGTERM:
 * then a Ctrl-C in its terminal, which reaches both, must not count twice. (A blocked signal would
 * be kept even though it is ignored.) */
static void block_signals(struct supervisor *s)
{
    struct sigaction interrupt;
    (void)sigemptyset(&s->signals);
    (void)sigaddset(&s->signals, SIGTERM);
    (void)sigaddset(&s->signals, SIGCHLD);
    if (sigaction(SIGINT, NULL, &interrupt) == 0 && interrupt.sa_handler != SIG_IGN)
        (void)sigaddset(&s->signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &s->signals, NULL);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void announce(const struct supervisor *s)
{
    char pid[32];
    (void)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    (void)data_dir_write(&s->dir, "stanchion.pid", pid);
    log_info("serving http://%s:%d from %s with %zu gateways%s", s->config.listen_address,
             (int)s->config.listen_port, s->dir.path, config_gateways_count(&s->config),
             s->is_sandbox ? "; payments go to the sandbox provider: no real money" : "");
}

int supervisor_main(const struct config *config)
{
    static struct supervisor s; /* too large for a stack */
    struct start_error error = {""};
    s.config = *config;
    s.port_fd = -1;
    log_init("supervisor", (enum log_level)config->log_level);
    (void)umask(077);
    block_signals(&s);
    if (prepare(&s, &error) != START_OK) {
        (void)fprintf(stderr, "stanchion: %s\n", error.text);
        return 1;
    }
    add_children(&s);
    bool is_up = wait_for_redis(&s);
    if (is_up) {
        announce(&s);
        run(&s);
    }
    stop(&s);
    (void)close(s.port_fd);
    data_dir_release(&s.dir);
    return is_up ? 0 : 1;
}
