/* How the private Redis runs: a Unix socket only, every write in the append-only file (synced each
 * second), nothing evicted, no snapshots beside. Its own messages go to data/redis/redis.log. All
 * is given on the command line: no file of ours and none of the system's is read. */
#include "server/supervisor/redis_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/supervisor/redis_sync.h"

#define ANSWER_MS_MAX 200
/* The child that writes the file anew takes a core for up to 3 s on a full machine: at 64 MB,
 * Redis' own figure, that was every 20 s of an on-sale. Reading 256 MB takes 2.5 s at a start. */
#define AOF_REWRITE_MIN "256mb"

static bool find_on_path(const char *name, char *out, size_t out_bytes_max)
{
    const char *path = getenv("PATH");
    for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path; path += *path == ':') {
        int dir_bytes = (int)strcspn(path, ":");
        int bytes = snprintf(out, out_bytes_max, "%.*s/%s", dir_bytes, path, name);
        if (bytes > 0 && (size_t)bytes < out_bytes_max && access(out, X_OK) == 0)
            return true;
        path += dir_bytes;
    }
    return false;
}

enum start_status redis_process_find(char *program, size_t program_bytes_max,
                                     struct start_error *error)
{
    if (find_on_path("redis-server", program, program_bytes_max) ||
        find_on_path("valkey-server", program, program_bytes_max))
        return START_OK;
    return start_refuse(error, "redis-server is not installed: install it (Debian: apt-get install "
                               "redis-server), or name a Redis of your own with --redis.url");
}

enum start_status redis_process_prepare(const struct data_dir *dir, struct start_error *error)
{
    if (mkdirat(dir->fd, "redis", 0700) == 0 || errno == EEXIST)
        return START_OK;
    return start_refuse(error, "cannot create %s/redis: %s", dir->path, strerror(errno));
}

int redis_process_exec(const char *program, const struct data_dir *dir)
{
    char redis_dir[DATA_PATH_BYTES_MAX];
    if (!data_dir_path(dir, "redis", redis_dir, sizeof redis_dir) ||
        !freopen("/dev/null", "r", stdin))
        return 1;
    (void)fcntl(dir->lock_fd, F_SETFD, 0); /* Redis keeps the directory's lock too */
    /* clang-format off */
    const char *const argv[] = {
        program, "--port", "0", "--dir", redis_dir,
        "--unixsocket", "redis.sock", "--unixsocketperm", "700",
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--auto-aof-rewrite-min-size", AOF_REWRITE_MIN,
        "--maxmemory-policy", "noeviction", "--daemonize", "no",
        "--logfile", "redis.log", "--loglevel", "notice", "--always-show-logo", "no", NULL};
    /* clang-format on */
    (void)execv(program, (char *const *)argv);
    log_error("cannot run %s: %s", program, strerror(errno));
    return 1;
}

enum redis_state redis_process_ask(const char *url)
{
    redisContext *redis = redis_sync_connect(url, ANSWER_MS_MAX);
    redisReply *reply = redis->err == 0 ? redisCommand(redis, "PING") : NULL;
    enum redis_state state = reply ? REDIS_READY : REDIS_SILENT;
    if (reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "LOADING", 7) == 0)
        state = REDIS_LOADING;
    if (reply)
        freeReplyObject(reply);
    redisFree(redis);
    return state;
}
