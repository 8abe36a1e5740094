/* Starting, asking and stopping a private redis-server. See the header for the promises. */
#include "support/redis_server.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_TRIES_MAX 1000 /* of 10 ms */

struct redis_server {
    pid_t pid; /* of the keeper; 0 = not running */
    redisContext *context;
    char dir[90]; /* a socket's path has at most 107 characters */
    char socket[104];
    char url[112];
};

static void give_up(const char *what)
{
    fprintf(stderr, "redis_server: %s\n", what);
    abort();
}

static void pause_10_ms(void)
{
    const struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
    nanosleep(&nap, NULL);
}

/* Becomes redis-server: dies with its keeper, says nothing, keeps nothing. */
static void exec_server(const struct redis_server *server, pid_t keeper)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() != keeper || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0)
        _exit(1);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket, "--dir",
           server->dir, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
           (char *)NULL);
    _exit(127);
}

static void remove_dir(const struct redis_server *server)
{
    unlink(server->socket);
    rmdir(server->dir);
}

/* The keeper stands between a test and its redis-server, so that even a test that crashes leaves no
 * process and no directory behind. SIGTERM, also from the kernel when the test is gone: all away.
 * SIGUSR1: only the server, as in a crash. SIGCHLD: the server ended by itself. */
static void keep_server(const struct redis_server *server, pid_t test)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    pid_t keeper = getpid(), redis = fork();
    if (redis == 0)
        exec_server(server, keeper);
    int signal = SIGTERM;
    if (redis > 0 && getppid() == test)
        sigwait(&signals, &signal);
    if (redis > 0) {
        kill(redis, SIGKILL);
        waitpid(redis, NULL, 0);
    }
    if (signal == SIGTERM)
        remove_dir(server);
    _exit(0);
}

static int answers_ping(struct redis_server *server)
{
    redisContext *context = redisConnectUnix(server->socket);
    if (!context || context->err) {
        if (context)
            redisFree(context);
        return 0;
    }
    redisReply *reply = redisCommand(context, "PING");
    int is_ready = reply && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    if (is_ready)
        server->context = context;
    else
        redisFree(context);
    return is_ready;
}

static void launch(struct redis_server *server)
{
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid < 0)
        give_up("cannot fork");
    if (server->pid == 0)
        keep_server(server, parent);
    for (int i = 0; i < START_TRIES_MAX; i++) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            give_up("redis-server ended at once; is the Debian package redis-server installed?");
        if (answers_ping(server))
            return;
        pause_10_ms();
    }
    give_up("redis-server does not answer");
}

struct redis_server *redis_server_start(void)
{
    struct redis_server *server = calloc(1, sizeof(*server));
    (void)signal(SIGPIPE, SIG_IGN); /* redis_link.h wants that */
    if (!server)
        give_up("no memory");
    const char *tmp = getenv("TMPDIR");
    int bytes = snprintf(server->dir, sizeof(server->dir), "%s/stanchion-redis-XXXXXX",
                         tmp && *tmp ? tmp : "/tmp");
    if (bytes < 0 || (size_t)bytes >= sizeof(server->dir))
        give_up("the path in TMPDIR is too long for a socket");
    if (!mkdtemp(server->dir))
        give_up("cannot make a directory in TMPDIR or /tmp");
    snprintf(server->socket, sizeof(server->socket), "%s/redis.sock", server->dir);
    snprintf(server->url, sizeof(server->url), "unix://%s", server->socket);
    launch(server);
    return server;
}

const char *redis_server_socket(const struct redis_server *server)
{
    return server->socket;
}

const char *redis_server_url(const struct redis_server *server)
{
    return server->url;
}

redisContext *redis_server_context(struct redis_server *server)
{
    assert(server->context);
    return server->context;
}

static redisReply *ask(struct redis_server *server, const char *format, va_list arguments)
{
    redisReply *reply = redisvCommand(redis_server_context(server), format, arguments);
    if (!reply)
        give_up(server->context->errstr);
    if (reply->type == REDIS_REPLY_ERROR)
        give_up(reply->str);
    return reply;
}

void redis_server_run(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = ask(server, format, arguments);
    va_end(arguments);
    freeReplyObject(reply);
}

long long redis_server_number(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = ask(server, format, arguments);
    va_end(arguments);
    long long number = -1;
    if (reply->type == REDIS_REPLY_INTEGER)
        number = reply->integer;
    else if (reply->type == REDIS_REPLY_STRING)
        number = strtoll(reply->str, NULL, 10);
    else if (reply->type != REDIS_REPLY_NIL)
        give_up("the answer is not a number");
    freeReplyObject(reply);
    return number;
}

static void end_keeper(struct redis_server *server, int signal)
{
    kill(server->pid, signal);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
    redisFree(server->context);
    server->context = NULL;
}

void redis_server_kill(struct redis_server *server)
{
    assert(server->pid > 0);
    end_keeper(server, SIGUSR1);
}

void redis_server_restart(struct redis_server *server)
{
    assert(server->pid == 0);
    launch(server);
}

void redis_server_stop(struct redis_server *server)
{
    if (!server)
        return;
    if (server->pid > 0)
        end_keeper(server, SIGTERM);
    remove_dir(server);
    free(server);
}
