/* fork, exec, and one pipe for both outputs. */
#include "loadtest/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadtest/clocks.h"

static _Noreturn void become(const char *const *argv, int output)
{
    (void)setpgid(0, 0); /* Ctrl-C is for us: what has begun is finished */
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0)
        dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    char *words[128];
    size_t count = 0;
    for (; count < sizeof words / sizeof *words - 1 && argv[count]; count++)
        words[count] = strdup(argv[count]);
    words[count] = NULL;
    if (words[0])
        execv(words[0], words);
    _exit(127);
}

/* Reads until the program closes its output; false when the time is over. */
static bool read_all(int fd, char *said, size_t said_bytes_max, int timeout_ms)
{
    int64_t end_us = clocks_us() + (int64_t)timeout_ms * 1000;
    size_t bytes = 0;
    char rest[512];
    for (;;) {
        int64_t left_ms = (end_us - clocks_us()) / 1000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return false;
        bool has_room = bytes + 1 < said_bytes_max;
        ssize_t got = has_room ? read(fd, said + bytes, said_bytes_max - 1 - bytes)
                               : read(fd, rest, sizeof rest);
        if (got <= 0)
            return true;
        if (has_room)
            bytes += (size_t)got;
        said[bytes] = '\0';
    }
}

int program_run(const char *const *argv, char *said, size_t said_bytes_max, int timeout_ms)
{
    int ends[2], status = 0;
    said[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(argv, ends[1]);
    close(ends[1]);
    bool is_in_time = pid > 0 && read_all(ends[0], said, said_bytes_max, timeout_ms);
    close(ends[0]);
    if (pid < 0)
        return -1;
    if (!is_in_time)
        kill(pid, SIGKILL);
    if (waitpid(pid, &status, 0) != pid || !is_in_time || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
