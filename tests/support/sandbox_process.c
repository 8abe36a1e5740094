/* fork() and sandbox_main() in the child: the same code as the product, with the sanitizers of the
 * test. */
#include "support/sandbox_process.h"

#include <criterion/criterion.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/log.h"
#include "server/sandbox/sandbox.h"
#include "support/leaks.h"

#define LEAK_EXIT_CODE 99
#define READY_FD 3

struct sandbox_process {
    pid_t pid; /* 0 = not running */
    uint16_t port;
    uint32_t late_ms;
    char webhook_url[128];
    char directory[64], db_path[96], url[64];
};

static void run_child(const struct sandbox_process *process, int ready_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ready_fd != READY_FD && dup2(ready_fd, READY_FD) < 0)
        _exit(98);
    close_range(READY_FD + 1, ~0U, 0);
    log_init("sandbox", LOG_WARNING);
    struct sandbox_options options = {.address = "127.0.0.1",
                                      .port = process->port,
                                      .db_path = process->db_path,
                                      .key = SANDBOX_TEST_KEY,
                                      .webhook_url = process->webhook_url,
                                      .webhook_secret = SANDBOX_TEST_SECRET,
                                      .late_ms = process->late_ms,
                                      .ready_fd = READY_FD};
    int code = sandbox_main(&options);
    _exit(child_has_leaks(process->directory) ? LEAK_EXIT_CODE : code);
}

static void launch(struct sandbox_process *process)
{
    int ready[2];
    char text[16] = {0};
    cr_assert(pipe(ready) == 0);
    process->pid = fork();
    cr_assert(process->pid >= 0);
    if (process->pid == 0)
        run_child(process, ready[1]);
    close(ready[1]);
    cr_assert(read(ready[0], text, sizeof text - 1) > 0, "the sandbox did not start");
    close(ready[0]);
    process->port = (uint16_t)strtoul(text, NULL, 10);
    int length = snprintf(process->url, sizeof process->url, "http://127.0.0.1:%u", process->port);
    cr_assert(length > 0 && (size_t)length < sizeof process->url);
}

struct sandbox_process *sandbox_process_start(const char *webhook_url, uint32_t late_ms)
{
    struct sandbox_process *process = calloc(1, sizeof *process);
    cr_assert_not_null(process);
    process->late_ms = late_ms;
    int length = snprintf(process->webhook_url, sizeof process->webhook_url, "%s",
                          webhook_url ? webhook_url : "");
    cr_assert((size_t)length < sizeof process->webhook_url);
    length =
        snprintf(process->directory, sizeof process->directory, "/tmp/stanchion-sandbox-XXXXXX");
    cr_assert(length > 0 && mkdtemp(process->directory));
    length =
        snprintf(process->db_path, sizeof process->db_path, "%s/sandbox.db", process->directory);
    cr_assert(length > 0 && (size_t)length < sizeof process->db_path);
    launch(process);
    return process;
}

const char *sandbox_process_url(const struct sandbox_process *process)
{
    return process->url;
}

static int end(struct sandbox_process *process, int signal)
{
    int status = 0;
    cr_assert(process->pid > 0 && kill(process->pid, signal) == 0);
    cr_assert(waitpid(process->pid, &status, 0) == process->pid);
    process->pid = 0;
    return status;
}

void sandbox_process_kill(struct sandbox_process *process)
{
    end(process, SIGKILL);
}

void sandbox_process_restart(struct sandbox_process *process)
{
    cr_assert(process->pid == 0);
    launch(process);
}

void sandbox_process_stop(struct sandbox_process *process)
{
    if (!process)
        return;
    pid_t pid = process->pid;
    int status = pid ? end(process, SIGTERM) : 0;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "the sandbox ended with status %d; look into %s", status, process->directory);
    static const char *const names[] = {"sandbox.db", "sandbox.db-wal", "sandbox.db-shm"};
    char path[sizeof process->directory + 32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (snprintf(path, sizeof path, "%s/%s", process->directory, names[i]) > 0)
            unlink(path);
    if (snprintf(path, sizeof path, "%s/leaks.%d", process->directory, (int)pid) > 0)
        unlink(path);
    rmdir(process->directory);
    free(process);
}
