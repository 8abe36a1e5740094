/* See the header. */
#include "server/cli/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/draw_file.h"
#include "server/cli/cli.h"
#include "server/registrar/line_dir.h"
#include "server/supervisor/data_dir.h"

bool line_file_path(const struct config *config, const char *event, const char *suffix, char *out,
                    size_t out_bytes_max)
{
    struct data_dir dir = {.fd = -1, .lock_fd = -1};
    struct start_error error = {""};
    char name[LINE_FILE_NAME_BYTES + sizeof LINE_DIR_NAME + 1];
    if (data_dir_find(&dir, config->data_dir, &error) != START_OK) {
        (void)cli_fail("%s", error.text);
        return false;
    }
    int bytes = snprintf(name, sizeof name, LINE_DIR_NAME "/%s.%s", event, suffix);
    bool is_good = bytes > 0 && (size_t)bytes < sizeof name && !strchr(event, '/') &&
                   data_dir_path(&dir, name, out, out_bytes_max);
    data_dir_release(&dir);
    if (!is_good)
        (void)cli_fail("\"%.60s\" is not an event's id", event);
    return is_good;
}

/* Reads the file; errno on NULL. */
static char *read_whole(const char *path, size_t bytes_max, size_t *bytes)
{
    struct stat about;
    FILE *in = fopen(path, "rb");
    if (!in)
        return NULL;
    char *text = NULL;
    errno = EFBIG;
    if (fstat(fileno(in), &about) == 0 && S_ISREG(about.st_mode) &&
        (size_t)about.st_size <= bytes_max)
        text = malloc((size_t)about.st_size + 1);
    if (text) {
        *bytes = fread(text, 1, (size_t)about.st_size, in);
        text[*bytes] = '\0';
    }
    int why = errno;
    (void)fclose(in);
    errno = why;
    return text;
}

char *line_file_read(const struct config *config, const char *event, const char *suffix,
                     size_t *bytes)
{
    char path[DATA_PATH_BYTES_MAX];
    errno = 0;
    if (!line_file_path(config, event, suffix, path, sizeof path)) {
        errno = EINVAL;
        return NULL;
    }
    char *text = read_whole(path, DRAW_FILE_BYTES_MAX, bytes);
    if (!text && errno != ENOENT) {
        int why = errno;
        (void)cli_fail("%s: %s", path, strerror(why));
        errno = why;
    }
    return text;
}

char *line_file_load(const char *path, size_t bytes_max, size_t *bytes)
{
    char *text = read_whole(path, bytes_max, bytes);
    if (!text)
        (void)cli_fail("%s: %s", path, strerror(errno));
    return text;
}

FILE *line_file_create(const char *path)
{
    if (strcmp(path, "-") == 0)
        return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *out = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!out && errno == EEXIST)
        (void)cli_fail("%s exists already, and is not overwritten: name another file", path);
    else if (!out)
        (void)cli_fail("%s: %s", path, strerror(errno));
    return out;
}

int line_file_close(FILE *out, bool is_good, const char *path)
{
    is_good = (out == stdout ? fflush(out) : fclose(out)) == 0 && is_good;
    if (!is_good)
        return cli_fail("cannot write %s: %s", path, strerror(errno));
    if (out != stdout)
        (void)printf("wrote %s\n", path);
    return CLI_OK;
}

int line_file_write(const char *path, const char *text, size_t bytes)
{
    FILE *out = line_file_create(path);
    if (!out)
        return CLI_FAILED;
    return line_file_close(out, fwrite(text, 1, bytes, out) == bytes, path);
}
