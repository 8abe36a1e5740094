/* One child process of the supervisor: started by fork, watched, started again after a pause that
 * doubles.
 *
 *   WAITING --child_start()--> RUNNING --child_ended()--> WAITING (start_at_ms in the future)
 *
 * A child gets its own process group, so that Ctrl-C in a terminal reaches the supervisor alone and
 * the order of a stop stays in one hand; and PR_SET_PDEATHSIG, so that it cannot outlive a
 * supervisor that was killed: SIGKILL, or SIGTERM for those that have something to put in order.
 */
#ifndef STANCHION_CHILD_H
#define STANCHION_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/supervisor/watch.h"

#define CHILD_NAME_BYTES_MAX 32
#define CHILD_BACK_OFF_MS_MIN 100
#define CHILD_BACK_OFF_MS_MAX 5000
#define CHILD_HEALTHY_MS 30000 /* who lived that long starts again at the shortest pause */

enum child_kind {
    CHILD_REDIS,
    CHILD_LEDGER,
    CHILD_REGISTRAR,
    CHILD_SANDBOX,
    CHILD_GATEWAY,
    CHILD_REHEARSER,
    CHILD_KIND_COUNT
};

struct child {
    enum child_kind kind;
    size_t index; /* among its kind */
    int nice;     /* is added to the supervisor's: how far it stands back for others */
    char name[CHILD_NAME_BYTES_MAX];
    pid_t pid; /* 0 = not running */
    int64_t started_ms, start_at_ms;
    int64_t back_off_ms; /* the last pause; 0 = none yet */
    struct watch watch;
};

/* What runs in the child; its value is the exit code. */
typedef int child_run_fn(void *ctx, const struct child *child);

/* How far each of `gateways` stands back on so many cores. Pure. */
int child_gateway_nice(size_t gateways, size_t cores);

void child_init(struct child *child, enum child_kind kind, size_t index);
/* Forks. In the parent: false when fork failed (errno). In the child this never returns. */
bool child_start(struct child *child, int64_t now_ms, child_run_fn *run, void *ctx);
/* Takes note of its end and sets the time of the next start. */
void child_ended(struct child *child, int64_t now_ms);
/* "was killed by signal 9 (Killed)" or "ended with exit code 1". */
void child_describe_end(int wait_status, char *out, size_t out_bytes_max);
/* The next pause after a life of lived_ms, when the last pause was back_off_ms. Pure. */
int64_t child_back_off_next(int64_t back_off_ms, int64_t lived_ms);

/* Gives the process a title for ps and top. `process_title_init` must run first thing in main: it
 * moves the environment away to make room behind argv. */
void process_title_init(int argc, char **argv);
void process_title_set(const char *text);

#endif
