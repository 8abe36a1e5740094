/* See the header. */
#include "server/rehearsal/stage.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/supervisor/port_check.h"

#define PORT_MIN 20000 /* below those that the kernel gives to outgoing connections */
#define PORTS 10000
#define PORT_TRIES_MAX 50
#define NICENESS 19 /* its Redis and ledger go 10 ahead of that, and still behind real gateways */
#define WORDS_MAX 40
#define WORD_BYTES_MAX 64
#define ENVIRONMENT_MAX 512
#define END_MS_MAX 10000 /* for SIGTERM, and for the last process of a directory */
#define STEP_MS 20
#define ANSWER_MS_MAX 2000
#define ASKED_TIMES 8 /* gateways share the port: each is met by then */
#define SERVER_LOG "server.log"
#define CROWD_LOG "crowd.log"

bool stage_path(const struct stage *stage, const char *name, char *out, size_t out_bytes_max)
{
    int bytes = snprintf(out, out_bytes_max, "%s/%s", stage->dir, name);
    return bytes > 0 && (size_t)bytes < out_bytes_max;
}

static bool program_path(const struct stage *stage, const char *name, char *out, size_t bytes_max)
{
    int bytes = snprintf(out, bytes_max, "%s/%s", stage->programs, name);
    return bytes > 0 && (size_t)bytes < bytes_max;
}

bool stage_init(struct stage *stage, const char *data_dir, char *why)
{
    char self[DATA_PATH_BYTES_MAX];
    *stage = (struct stage){0};
    ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    int dir_bytes = snprintf(stage->dir, sizeof stage->dir, "%s/" STAGE_DIR_NAME, data_dir);
    char *slash = NULL;
    if (bytes > 0) {
        self[bytes] = '\0';
        slash = strrchr(self, '/');
    }
    if (slash == NULL || dir_bytes < 0 || (size_t)dir_bytes >= sizeof stage->dir) {
        (void)snprintf(why, STAGE_WHY_BYTES, "the path of the program or of its data is too long");
        return false;
    }
    *slash = '\0';
    memcpy(stage->programs, self, (size_t)(slash - self) + 1);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    return true;
}

/* --- processes --- */

/* Ours without what would change the settings of the copy. */
static void environment_of_copy(char *out[ENVIRONMENT_MAX])
{
    size_t count = 0;
    for (char **one = environ; count < ENVIRONMENT_MAX - 1 && *one != NULL; one++)
        if (strncmp(*one, "STANCHION_", 10) != 0)
            out[count++] = *one;
    out[count] = NULL;
}

/* In the child: a process group of its own, so that Ctrl-C reaches the supervisor alone; lower in
 * priority than a sale; nothing open but the log. Never returns. */
static _Noreturn void become(char *const *argv, const char *log_path, pid_t parent)
{
    static char *environment[ENVIRONMENT_MAX];
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it died before the line above */
    int input = open("/dev/null", O_RDONLY);
    int output = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (input < 0 || output < 0 || dup2(input, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(1);
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    environment_of_copy(environment);
    (void)execve(argv[0], argv, environment);
    _exit(127);
}

static pid_t start(const struct stage *stage, const char *const *words, const char *log_name,
                   char *why)
{
    char *argv[WORDS_MAX], log_path[DATA_PATH_BYTES_MAX];
    size_t count = 0;
    for (; count < WORDS_MAX - 1 && words[count] != NULL; count++)
        argv[count] = (char *)(uintptr_t)words[count];
    argv[count] = NULL;
    if (access(argv[0], X_OK) != 0) {
        (void)snprintf(why, STAGE_WHY_BYTES, "%.200s is not there: install it beside stanchion",
                       argv[0]);
        return 0;
    }
    if (!stage_path(stage, log_name, log_path, sizeof log_path))
        return 0;
    pid_t parent = getpid();
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, log_path, parent);
    if (pid < 0)
        (void)snprintf(why, STAGE_WHY_BYTES, "no process can be started: %s", strerror(errno));
    return pid > 0 ? pid : 0;
}

void stage_reap(struct stage *stage)
{
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (pid == stage->server)
            stage->server = 0;
        if (pid == stage->crowd) {
            stage->crowd = 0;
            stage->crowd_end = status;
        }
    }
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Asks them to end, and makes them. */
static void end_both(struct stage *stage)
{
    int64_t until_ms = clock_monotonic_ms() + END_MS_MAX;
    stage_reap(stage);
    if (stage->crowd != 0)
        (void)kill(stage->crowd, SIGKILL); /* it would say good-bye for each visitor */
    if (stage->server != 0)
        (void)kill(stage->server, SIGTERM);
    while (stage->crowd != 0 || stage->server != 0) {
        if (clock_monotonic_ms() > until_ms && stage->server != 0)
            (void)kill(stage->server, SIGKILL); /* its children hear of it */
        pause_ms(STEP_MS);
        stage_reap(stage);
    }
}

/* --- the directory --- */

/* Until nobody has the lock of the copy's data directory: all its processes share it. */
static bool wait_for_lock(const struct stage *stage)
{
    char path[DATA_PATH_BYTES_MAX];
    int64_t until_ms = clock_monotonic_ms() + END_MS_MAX;
    int fd = stage_path(stage, STAGE_DATA "/stanchion.lock", path, sizeof path)
                 ? open(path, O_RDWR | O_CLOEXEC)
                 : -1;
    if (fd < 0)
        return true;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_monotonic_ms() > until_ms) {
            log_error("processes of a rehearsal still use %s", stage->dir);
            (void)close(fd);
            return false;
        }
        pause_ms(STEP_MS);
    }
    (void)close(fd);
    return true;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)type, (void)place;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

bool stage_clear(struct stage *stage)
{
    end_both(stage);
    if (access(stage->dir, F_OK) != 0)
        return true;
    bool is_unused = wait_for_lock(stage);
    if (nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0)
        return is_unused;
    log_error("cannot remove %s: %s", stage->dir, strerror(errno));
    return false;
}

/* --- the server --- */

static bool choose_port(struct stage *stage, char *why)
{
    for (int tries = 0; tries < PORT_TRIES_MAX; tries++) {
        uint16_t random = 0;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            break;
        uint16_t port = (uint16_t)(PORT_MIN + random % PORTS);
        if (port_is_free("127.0.0.1", port) && port_is_free("127.0.0.1", (uint16_t)(port + 1))) {
            stage->port = port;
            return true;
        }
    }
    (void)snprintf(why, STAGE_WHY_BYTES, "no port of 127.0.0.1 is free for the copy");
    return false;
}

bool stage_start_server(struct stage *stage, char *why)
{
    char program[DATA_PATH_BYTES_MAX], data[DATA_PATH_BYTES_MAX], port[WORD_BYTES_MAX];
    why[0] = '\0';
    if (!stage_clear(stage) || mkdir(stage->dir, 0700) != 0) {
        (void)snprintf(why, STAGE_WHY_BYTES, "%.200s cannot be made anew", stage->dir);
        return false;
    }
    if (!choose_port(stage, why) || !program_path(stage, "stanchion", program, sizeof program) ||
        !stage_path(stage, STAGE_DATA, data, sizeof data))
        return false;
    (void)snprintf(port, sizeof port, "%u", (unsigned)stage->port);
    const char *const words[] = {program,
                                 "serve",
                                 "--data.dir",
                                 data,
                                 "--listen.address",
                                 "127.0.0.1",
                                 "--listen.port",
                                 port,
                                 "--gateways",
                                 "2",
                                 "--drain_ms",
                                 "0",
                                 "--rehearsal.visitors",
                                 "0",
                                 NULL};
    stage->server = start(stage, words, SERVER_LOG, why);
    return stage->server != 0;
}

bool stage_is_up(const struct stage *stage)
{
    char path[DATA_PATH_BYTES_MAX];
    return stage_path(stage, STAGE_DATA "/stanchion.pid", path, sizeof path) &&
           access(path, F_OK) == 0; /* written when Redis answers */
}

/* One request, one connection; whether the answer is a 200. */
static bool asks_well(uint16_t port, const char *request, size_t request_bytes)
{
    static const char good[] = "HTTP/1.1 200";
    const struct timeval limit = {.tv_sec = ANSWER_MS_MAX / 1000};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char answer[sizeof good] = "";
    size_t got = 0;
    ssize_t bytes = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, request, request_bytes, MSG_NOSIGNAL) == (ssize_t)request_bytes)
        do {
            bytes = recv(fd, answer + got, sizeof answer - 1 - got, 0);
            got += bytes > 0 ? (size_t)bytes : 0;
        } while (bytes > 0 && got < sizeof answer - 1);
    (void)close(fd);
    return strcmp(answer, good) == 0;
}

bool stage_serves(const struct stage *stage, const char *event)
{
    char request[256];
    int bytes = snprintf(request, sizeof request,
                         "GET /api/v1/events/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                         "Connection: close\r\n\r\n",
                         event, (unsigned)stage->port);
    bool is_good = bytes > 0 && (size_t)bytes < sizeof request;
    for (int i = 0; i < ASKED_TIMES && is_good; i++)
        is_good = asks_well(stage->port, request, (size_t)bytes);
    return is_good;
}

/* --- the visitors --- */

bool stage_start_crowd(struct stage *stage, const struct stage_crowd *crowd, char *why)
{
    char program[DATA_PATH_BYTES_MAX], ledger[DATA_PATH_BYTES_MAX], report[DATA_PATH_BYTES_MAX],
        page[DATA_PATH_BYTES_MAX];
    char url[WORD_BYTES_MAX], visitors[WORD_BYTES_MAX], arrive[WORD_BYTES_MAX], run[WORD_BYTES_MAX];
    why[0] = '\0';
    if (!program_path(stage, "stampede", program, sizeof program) ||
        !stage_path(stage, STAGE_DATA "/ledger.db", ledger, sizeof ledger) ||
        !stage_path(stage, STAGE_REPORT, report, sizeof report) ||
        !stage_path(stage, STAGE_PAGE, page, sizeof page))
        return false;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)stage->port);
    (void)snprintf(visitors, sizeof visitors, "%u", (unsigned)crowd->visitors);
    (void)snprintf(arrive, sizeof arrive, "within %u", (unsigned)crowd->arrive_s);
    (void)snprintf(run, sizeof run, "%u", (unsigned)crowd->run_s);
    const char *const words[] = {
        program,  "--url",        url,    "--event",      crowd->event, "--visitors",
        visitors, "--duration-s", run,    "--arrive",     arrive,       "--ledger",
        ledger,   "--finish-min", "0",    "--slow-cards", "0",          "--no-pay",
        "0",      "--report",     report, "--html",       page,         "--plain",
        NULL};
    stage->crowd = start(stage, words, CROWD_LOG, why);
    return stage->crowd != 0;
}

void stage_last_words(const struct stage *stage, bool is_crowd, char *why)
{
    char path[DATA_PATH_BYTES_MAX], line[STAGE_WHY_BYTES];
    why[0] = '\0';
    FILE *log = stage_path(stage, is_crowd ? CROWD_LOG : SERVER_LOG, path, sizeof path)
                    ? fopen(path, "re")
                    : NULL;
    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            memcpy(why, line, strlen(line) + 1);
    }
    if (log != NULL)
        (void)fclose(log);
}
