/* See the header. */
#include "server/registrar/line_dir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool line_dir_open(struct line_dir *dir, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir->fd >= 0;
}

void line_dir_close(struct line_dir *dir)
{
    if (dir->fd >= 0)
        (void)close(dir->fd);
    dir->fd = -1;
}

void line_dir_name(const char *event, const char *suffix, char out[LINE_FILE_NAME_BYTES])
{
    int bytes = snprintf(out, LINE_FILE_NAME_BYTES, "%s.%s", event, suffix);
    assert(bytes > 0 && bytes < LINE_FILE_NAME_BYTES - 4);
}

bool line_dir_has(const struct line_dir *dir, const char *name)
{
    return faccessat(dir->fd, name, F_OK, 0) == 0;
}

/* Bytes of the rest of a file, at most bytes_max; -1 on errors. */
static ssize_t read_all(int fd, char *out, size_t bytes_max)
{
    size_t done = 0;
    while (done < bytes_max) {
        ssize_t got = read(fd, out + done, bytes_max - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

char *line_dir_read(const struct line_dir *dir, const char *name, size_t bytes_max, size_t *bytes)
{
    struct stat about;
    char *text = NULL;
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) != 0 || about.st_size < 0 || (size_t)about.st_size > bytes_max)
        errno = EFBIG;
    else
        text = malloc((size_t)about.st_size + 1);
    ssize_t got = text ? read_all(fd, text, (size_t)about.st_size) : -1;
    int why = errno;
    (void)close(fd);
    if (got < 0) {
        free(text);
        errno = why;
        return NULL;
    }
    text[got] = '\0';
    *bytes = (size_t)got;
    return text;
}

/* Writes, flushes and syncs; closes in any case. */
static bool write_synced(int fd, line_dir_write_fn *write, const void *ctx)
{
    FILE *out = fdopen(fd, "w");
    if (!out) {
        (void)close(fd);
        return false;
    }
    bool is_good = write(ctx, out) && fflush(out) == 0 && fsync(fd) == 0;
    int why = errno;
    bool is_closed = fclose(out) == 0;
    if (!is_good)
        errno = why;
    return is_good && is_closed;
}

bool line_dir_write(const struct line_dir *dir, const char *name, line_dir_write_fn *write,
                    const void *ctx)
{
    char beside[LINE_FILE_NAME_BYTES];
    int length = snprintf(beside, sizeof beside, "%s.new", name);
    assert(length > 0 && (size_t)length < sizeof beside);
    int fd = openat(dir->fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 && write_synced(fd, write, ctx) &&
           renameat(dir->fd, beside, dir->fd, name) == 0 && fsync(dir->fd) == 0;
}
