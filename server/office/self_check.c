/* See the header. The thread touches only its own connection and `status`, `findings` and `why`,
 * which the loop reads after it has joined the thread. */
#include "server/office/self_check.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A statement that begins just now is interrupted by the next. */
#define INTERRUPT_STEP_NS 5000000

struct self_check {
    struct ev_loop *loop;
    ev_async finished;
    char *path;
    bool is_running;
    pthread_t thread;
    struct ledger_store *store;
    enum ledger_status status;
    json_t *findings;
    char why[LEDGER_REASON_BYTES];
    self_check_fn *on_done;
    void *ctx;
};

static void *run(void *ctx)
{
    struct self_check *check = ctx;
    check->status = ledger_self_check_moment(check->store, &check->findings);
    ev_async_send(check->loop, &check->finished);
    return NULL;
}

static void on_finished(struct ev_loop *loop, ev_async *async, int events)
{
    struct self_check *check = async->data;
    (void)loop, (void)events;
    (void)pthread_join(check->thread, NULL);
    check->is_running = false;
    json_t *findings = check->findings;
    check->findings = NULL;
    char why[LEDGER_REASON_BYTES];
    memcpy(why, ledger_problem(check->store), sizeof why);
    ledger_close(check->store);
    check->on_done(check->ctx, check->status, findings, why);
}

struct self_check *self_check_create(struct ev_loop *loop, const char *path)
{
    struct self_check *check = calloc(1, sizeof *check);
    assert(check != NULL);
    check->loop = loop;
    check->path = strdup(path);
    assert(check->path != NULL);
    ev_async_init(&check->finished, on_finished);
    check->finished.data = check;
    ev_async_start(loop, &check->finished);
    return check;
}

void self_check_free(struct self_check *check)
{
    if (check == NULL)
        return;
    ev_async_stop(check->loop, &check->finished);
    if (check->is_running) {
        struct timespec until;
        do {
            ledger_interrupt(check->store);
            (void)clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += INTERRUPT_STEP_NS;
            until.tv_sec += until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
        } while (pthread_timedjoin_np(check->thread, NULL, &until) != 0);
        ledger_close(check->store);
        json_decref(check->findings);
    }
    free(check->path);
    free(check);
}

/* Signals belong to the loop's thread. */
static bool spawn(struct self_check *check)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_there = pthread_create(&check->thread, NULL, run, check) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_there;
}

bool self_check_start(struct self_check *check, self_check_fn *on_done, void *ctx)
{
    if (check->is_running ||
        ledger_open_reading(check->path, &check->store, check->why) != LEDGER_OK)
        return false;
    check->findings = NULL;
    check->on_done = on_done;
    check->ctx = ctx;
    check->is_running = spawn(check);
    if (!check->is_running)
        ledger_close(check->store);
    return check->is_running;
}
