/* Opening, locking and filling the data directory. Files appear complete or not at all: written
 * beside, synced, and moved into place. */
#include "server/supervisor/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Of 50 ms: how long processes of a killed supervisor may take to end. */
#define LOCK_TRIES_MAX 200
#define LOCK_TRY_MS 50
#define KEY_CHARS 43 /* 256 bits in base64url */

enum start_status start_refuse(struct start_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return START_REFUSED;
}

bool data_dir_path(const struct data_dir *dir, const char *name, char *out, size_t out_bytes_max)
{
    int bytes = snprintf(out, out_bytes_max, "%s/%s", dir->path, name);
    return bytes > 0 && (size_t)bytes < out_bytes_max;
}

/* mkdir -p; the last one gets mode 0700. */
static int make_directories(const char *path)
{
    char part[CONFIG_TEXT_BYTES_MAX];
    size_t bytes = strlen(path);
    memcpy(part, path, bytes + 1);
    for (size_t i = 1; i < bytes; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return -1;
        part[i] = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? -1 : 0;
}

enum start_status data_dir_find(struct data_dir *dir, const char *path, struct start_error *error)
{
    char absolute[PATH_MAX];
    *dir = (struct data_dir){.fd = -1, .lock_fd = -1};
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0)
        return start_refuse(error, "cannot open the data directory %s: %s", path, strerror(errno));
    if (!realpath(path, absolute) || strlen(absolute) >= sizeof dir->path) {
        data_dir_release(dir);
        return start_refuse(error,
                            "the path of the data directory %s is too long (at most %d bytes)",
                            path, CONFIG_TEXT_BYTES_MAX - 1);
    }
    memcpy(dir->path, absolute, strlen(absolute) + 1);
    return START_OK;
}

static enum start_status check_space(const struct data_dir *dir, struct start_error *error)
{
    struct statvfs disk;
    if (fstatvfs(dir->fd, &disk) != 0)
        return start_refuse(error, "cannot tell the free space of %s: %s", dir->path,
                            strerror(errno));
    unsigned long long free_bytes = (unsigned long long)disk.f_bavail * disk.f_frsize;
    if (free_bytes >= DATA_FREE_BYTES_MIN)
        return START_OK;
    return start_refuse(
        error,
        "only %llu MB are free on the disk of %s: free at least %llu MB, or choose another "
        "directory with --data.dir",
        free_bytes >> 20, dir->path, DATA_FREE_BYTES_MIN >> 20);
}

/* Takes the supervisor's own lock, or tells who has it. */
static enum start_status lock_alone(const struct data_dir *dir, struct start_error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(dir->lock_fd, F_SETLK, &lock) == 0)
        return START_OK;
    if (errno != EACCES && errno != EAGAIN)
        return start_refuse(error, "cannot lock %s/stanchion.lock: %s", dir->path, strerror(errno));
    if (fcntl(dir->lock_fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        lock.l_pid = 0;
    return start_refuse(
        error,
        "another stanchion (pid %ld) already runs on %s: stop it, or choose another directory "
        "with --data.dir",
        (long)lock.l_pid, dir->path);
}

/* Takes the lock that is shared with the children. */
static enum start_status lock_with_children(const struct data_dir *dir, struct start_error *error)
{
    const struct timespec pause = {.tv_nsec = LOCK_TRY_MS * 1000000L};
    for (int tries = 0; tries < LOCK_TRIES_MAX; tries++) {
        if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0)
            return START_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return start_refuse(error, "cannot lock %s/stanchion.lock: %s", dir->path,
                                strerror(errno));
        (void)nanosleep(&pause, NULL);
    }
    return start_refuse(
        error,
        "processes of an earlier stanchion still use %s: end those listed in %s/children and "
        "start again",
        dir->path, dir->path);
}

static enum start_status lock(struct data_dir *dir, struct start_error *error)
{
    dir->lock_fd = openat(dir->fd, "stanchion.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dir->lock_fd < 0)
        return start_refuse(
            error,
            "cannot write in the data directory %s: %s. Give this user the right, or choose "
            "another directory with --data.dir",
            dir->path, strerror(errno));
    enum start_status status = lock_alone(dir, error);
    return status == START_OK ? lock_with_children(dir, error) : status;
}

enum start_status data_dir_open(struct data_dir *dir, const char *path, struct start_error *error)
{
    *dir = (struct data_dir){.fd = -1, .lock_fd = -1};
    if (make_directories(path) != 0)
        return start_refuse(
            error,
            "cannot create the data directory %s: %s. Create it for this user, or choose "
            "another one with --data.dir",
            path, strerror(errno));
    enum start_status status = data_dir_find(dir, path, error);
    if (status == START_OK)
        status = check_space(dir, error);
    if (status == START_OK)
        status = lock(dir, error);
    if (status != START_OK)
        data_dir_release(dir);
    return status;
}

void data_dir_release(struct data_dir *dir)
{
    if (dir->lock_fd >= 0)
        (void)close(dir->lock_fd);
    if (dir->fd >= 0)
        (void)close(dir->fd);
    dir->fd = dir->lock_fd = -1;
}

static bool write_all(int fd, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t written = write(fd, at, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        bytes -= (size_t)written;
    }
    return true;
}

/* Writes beside and moves into place. On false errno tells why. */
static bool replace_file(const struct data_dir *dir, const char *name, const void *data,
                         size_t bytes, bool is_synced)
{
    char beside[128];
    int length = snprintf(beside, sizeof beside, "%s.new", name);
    if (length < 0 || (size_t)length >= sizeof beside) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = openat(dir->fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_written = write_all(fd, data, bytes) && (!is_synced || fsync(fd) == 0);
    is_written = close(fd) == 0 && is_written;
    return is_written && renameat(dir->fd, beside, dir->fd, name) == 0 &&
           (!is_synced || fsync(dir->fd) == 0);
}

bool data_dir_write(const struct data_dir *dir, const char *name, const char *text)
{
    bool is_written = replace_file(dir, name, text, strlen(text), false);
    if (!is_written)
        log_error_seldom("cannot write %s/%s: %s", dir->path, name, strerror(errno));
    return is_written;
}

/* Bytes of a small file: 0 when there is none, more than bytes_max when
 * it is larger, -1 on errors. */
static ssize_t read_small(const struct data_dir *dir, const char *name, void *out, size_t bytes_max)
{
    char extra;
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    ssize_t bytes = read(fd, out, bytes_max);
    if (bytes == (ssize_t)bytes_max)
        bytes += read(fd, &extra, 1) > 0;
    (void)close(fd);
    return bytes;
}

enum start_status data_dir_secret(const struct data_dir *dir, unsigned char secret[SECRET_BYTES],
                                  struct start_error *error)
{
    ssize_t bytes = read_small(dir, "secret.key", secret, SECRET_BYTES);
    if (bytes == SECRET_BYTES)
        return START_OK;
    if (bytes < 0)
        return start_refuse(error, "cannot read %s/secret.key: %s", dir->path, strerror(errno));
    if (bytes > 0)
        return start_refuse(
            error,
            "%s/secret.key is damaged (%d bytes are needed): restore it from a backup, or "
            "remove it, which makes every receipt and pass invalid",
            dir->path, SECRET_BYTES);
    randombytes_buf(secret, SECRET_BYTES);
    if (!replace_file(dir, "secret.key", secret, SECRET_BYTES, true))
        return start_refuse(error, "cannot write %s/secret.key: %s", dir->path, strerror(errno));
    return START_OK;
}

static enum start_status fill_key(const struct data_dir *dir, const char *name, char *key,
                                  bool may_create, struct config_origin *origin,
                                  struct start_error *error)
{
    if (key[0] != '\0')
        return START_OK;
    ssize_t bytes = read_small(dir, name, key, KEY_CHARS);
    key[KEY_CHARS] = '\0';
    if (bytes == 0 && !may_create)
        return START_OK;
    if (bytes == 0) {
        token_random(key, KEY_CHARS);
        bytes = replace_file(dir, name, key, KEY_CHARS, true) ? KEY_CHARS : -1;
    }
    if (bytes < 0)
        return start_refuse(error, "cannot read or write %s/%s: %s", dir->path, name,
                            strerror(errno));
    if (bytes != KEY_CHARS || strlen(key) != KEY_CHARS)
        return start_refuse(error, "%s/%s is damaged: remove it, and a new one is made", dir->path,
                            name);
    *origin = (struct config_origin){.source = CONFIG_FROM_DATA};
    return START_OK;
}

enum start_status data_dir_fill_keys(const struct data_dir *dir, struct config *config,
                                     bool may_create, struct start_error *error)
{
    size_t payment = (size_t)(config_find("payment.key") - config_table);
    size_t webhook = (size_t)(config_find("webhook.secret") - config_table);
    enum start_status status = fill_key(dir, "payment.key", config->payment_key, may_create,
                                        &config->origins[payment], error);
    if (status != START_OK)
        return status;
    return fill_key(dir, "webhook.secret", config->webhook_secret, may_create,
                    &config->origins[webhook], error);
}

enum start_status data_dir_redis_url(const struct data_dir *dir, const struct config *config,
                                     char *out, size_t out_bytes_max, struct start_error *error)
{
    const size_t socket_bytes_max = sizeof((struct sockaddr_un *)NULL)->sun_path;
    int bytes;
    if (config->redis_url[0] != '\0')
        bytes = snprintf(out, out_bytes_max, "%s", config->redis_url);
    else if (strlen(dir->path) + sizeof "/redis/redis.sock" <= socket_bytes_max)
        bytes = snprintf(out, out_bytes_max, "unix://%s/redis/redis.sock", dir->path);
    else
        bytes = snprintf(out, out_bytes_max, "unix:///proc/self/fd/%d/redis/redis.sock", dir->fd);
    if (bytes < 0 || (size_t)bytes >= out_bytes_max)
        return start_refuse(error, "the URL of Redis is too long");
    return START_OK;
}
