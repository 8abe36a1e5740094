/* `stanchion serve`: starts the processes of an installation, starts again what dies, and stops all
 * in order. */
#ifndef STANCHION_SUPERVISOR_H
#define STANCHION_SUPERVISOR_H

#include <signal.h>

#include "server/base/board.h"
#include "server/supervisor/child.h"
#include "server/supervisor/data_dir.h"

#define CHILDREN_MAX (64 + 5) /* gateways, Redis, ledger, registrar, sandbox, rehearser */

/* Lifetime: the process. Children see it as it was when they were forked. */
struct supervisor {
    struct config config; /* payment.key, webhook.secret and payment.url filled in */
    struct data_dir dir;
    unsigned char secret[SECRET_BYTES];
    char redis_program[DATA_PATH_BYTES_MAX]; /* "" = redis.url is used */
    char redis_url[CONFIG_TEXT_BYTES_MAX + 64];
    char webhook_url[CONFIG_TEXT_BYTES_MAX];
    bool is_sandbox;
    struct board *board; /* the gateways' figures */
    int port_fd;         /* keeps the port for our gateways */
    sigset_t signals;
    size_t children_count;
    struct child children[CHILDREN_MAX]; /* in the order of starting */
    int64_t look_ms;                     /* monotonic: when the gateways are looked at next */
    bool is_hurried;                     /* a second signal came */
    bool is_children_due;                /* data/children could not be written */
};

/* Runs until SIGTERM or SIGINT. Returns the exit code: 0 = stopped as asked, 1 = could not start
 * (one line on stderr says why and what to do). */
int supervisor_main(const struct config *config);

/* What a child does (a child_run_fn; ctx is the supervisor). */
int supervisor_run_child(void *ctx, const struct child *child);

#endif
