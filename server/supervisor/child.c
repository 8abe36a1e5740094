/* Fork, wait status, pauses, titles. What a child does is the caller's. */
#include "server/supervisor/child.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define GATEWAY_NICE_MIN 5
#define GATEWAY_NICE_MAX 19
#define NICE_MIN (-20)
#define WEIGHT_SCALE 1000 /* keeps fractions */

static struct {
    char *area; /* argv and environment as the kernel laid them out, one block */
    size_t bytes;
    char **environment; /* the copy; reachable for the life of the process */
} title;

void child_init(struct child *child, enum child_kind kind, size_t index)
{
    static const char *const names[CHILD_KIND_COUNT] = {"redis",   "ledger",  "registrar",
                                                        "sandbox", "gateway", "rehearser"};
    *child = (struct child){.kind = kind, .index = index};
    if (kind == CHILD_GATEWAY)
        (void)snprintf(child->name, sizeof child->name, "%s %zu", names[kind], index);
    else
        (void)snprintf(child->name, sizeof child->name, "%s", names[kind]);
}

int64_t child_back_off_next(int64_t back_off_ms, int64_t lived_ms)
{
    if (back_off_ms <= 0 || lived_ms >= CHILD_HEALTHY_MS)
        return CHILD_BACK_OFF_MS_MIN;
    return back_off_ms * 2 > CHILD_BACK_OFF_MS_MAX ? CHILD_BACK_OFF_MS_MAX : back_off_ms * 2;
}

/* The supervisor blocks and ignores signals; a child starts with the usual behaviour. SIGPIPE stays
 * ignored. */
static void reset_signals(void)
{
    sigset_t none;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What a session's autogroup counts for beside others; without it the niceness of a process counts
 * in its own session only. Raising it wants CAP_SYS_NICE. */
static void set_autogroup_nice(int nice)
{
    FILE *file = fopen("/proc/self/autogroup", "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%d", nice);
    (void)fclose(file);
}

/* Everybody waits for Redis and the ledger, and there is one of each. On a full machine an even
 * share of the processor beside dozens of gateways is too little for them: so they are sessions of
 * their own, to which Linux gives shares of their own (autogroup in sched(7)), they stand ahead of
 * others where that is permitted, and gateways stand back. */
static void take_rank(const struct child *child)
{
    bool is_own_session = child->kind == CHILD_REDIS || child->kind == CHILD_LEDGER;
    int nice = getpriority(PRIO_PROCESS, 0) + child->nice;
    if (is_own_session)
        (void)setsid();
    else
        (void)setpgid(0, 0);
    if (child->nice != 0)
        (void)setpriority(PRIO_PROCESS, 0, nice);
    if (is_own_session)
        set_autogroup_nice(nice < NICE_MIN ? NICE_MIN : nice);
}

/* All together weigh about as much as one for each core would: a step of niceness is a factor of
 * 1.25 (sched(7)). */
int child_gateway_nice(size_t gateways, size_t cores)
{
    int nice = GATEWAY_NICE_MIN;
    size_t weight = cores * WEIGHT_SCALE;
    while (weight < gateways * WEIGHT_SCALE && nice < GATEWAY_NICE_MAX) {
        weight += weight / 4;
        nice++;
    }
    return nice;
}

static void become(const struct child *child, pid_t parent)
{
    char text[CHILD_NAME_BYTES_MAX + 16];
    bool is_orderly = child->kind == CHILD_REDIS || child->kind == CHILD_REHEARSER;
    take_rank(child);
    (void)prctl(PR_SET_PDEATHSIG, is_orderly ? SIGTERM : SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the supervisor died before the line above */
    reset_signals();
    (void)snprintf(text, sizeof text, "stanchion: %s", child->name);
    process_title_set(text);
    (void)prctl(PR_SET_NAME, child->name);
}

bool child_start(struct child *child, int64_t now_ms, child_run_fn *run, void *ctx)
{
    assert(child->pid == 0);
    pid_t parent = getpid();
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        become(child, parent);
        exit(run(ctx, child));
    }
    child->pid = pid;
    child->started_ms = now_ms;
    child->watch = (struct watch){0};
    return true;
}

void child_ended(struct child *child, int64_t now_ms)
{
    assert(child->pid != 0);
    child->pid = 0;
    child->back_off_ms = child_back_off_next(child->back_off_ms, now_ms - child->started_ms);
    child->start_at_ms = now_ms + child->back_off_ms;
}

void child_describe_end(int wait_status, char *out, size_t out_bytes_max)
{
    if (WIFSIGNALED(wait_status))
        (void)snprintf(out, out_bytes_max, "was killed by signal %d (%s)", WTERMSIG(wait_status),
                       strsignal(WTERMSIG(wait_status)));
    else
        (void)snprintf(out, out_bytes_max, "ended with exit code %d", WEXITSTATUS(wait_status));
}

void process_title_init(int argc, char **argv)
{
    size_t count = 0;
    assert(argc > 0);
    char *end = argv[0];
    for (int i = 0; i < argc && argv[i] == end; i++)
        end = argv[i] + strlen(argv[i]) + 1;
    while (environ[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    assert(copy); /* the first allocation of the process */
    for (size_t i = 0; i < count; i++) {
        if (environ[i] == end)
            end = environ[i] + strlen(environ[i]) + 1;
        copy[i] = strdup(environ[i]);
        assert(copy[i]);
    }
    title.area = argv[0];
    title.bytes = (size_t)(end - argv[0]);
    title.environment = copy;
    environ = copy;
}

void process_title_set(const char *text)
{
    if (title.bytes < 2)
        return;
    size_t bytes = strlen(text);
    if (bytes > title.bytes - 1)
        bytes = title.bytes - 1;
    memset(title.area, 0, title.bytes);
    memcpy(title.area, text, bytes);
}
