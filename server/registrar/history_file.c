/* See the header. */
#include "server/registrar/history_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"

/* What a reading does with each note. */
typedef void note_fn(void *ctx, const char *text, size_t bytes);

struct reading {
    struct chain chain;
    off_t good_bytes;
    enum chain_status status; /* why it stopped before the end */
    bool is_torn;             /* the last line has no newline */
};

/* Reads lines from the start until the end, or the first that does not verify. */
static bool read_lines(const struct history_file *file, struct reading *reading, note_fn *on_note,
                       void *ctx)
{
    char *line = NULL;
    const char *text = NULL;
    size_t room = 0, text_bytes = 0;
    ssize_t bytes;
    int fd = openat(file->dir->fd, file->name, O_RDONLY | O_CLOEXEC);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!in)
        return false;
    *reading = (struct reading){.status = CHAIN_OK};
    while (reading->status == CHAIN_OK && (bytes = getline(&line, &room, in)) > 0) {
        reading->is_torn = line[bytes - 1] != '\n';
        if (reading->is_torn)
            break;
        if (reading->good_bytes == 0) {
            reading->status = chain_open(&reading->chain, line, (size_t)bytes - 1);
        } else {
            reading->status =
                chain_take(&reading->chain, line, (size_t)bytes - 1, &text, &text_bytes);
            if (reading->status == CHAIN_OK)
                on_note(ctx, text, text_bytes);
        }
        if (reading->status == CHAIN_OK)
            reading->good_bytes += bytes;
    }
    bool is_good = !ferror(in);
    free(line);
    (void)fclose(in);
    return is_good;
}

static void note_where(void *ctx, const char *text, size_t bytes)
{
    struct history_file *file = ctx;
    int64_t epoch, number;
    static const char word[] = " epoch ";
    if (line_replay_source(text, bytes, &epoch, &number)) {
        file->epoch = epoch;
        file->number = number;
    } else if (bytes > 2 && text[0] == '-') {
        const char *found = memmem(text, bytes, word, strlen(word));
        if (found && memchr(text + 2, ' ', bytes - 2) == found)
            file->noted_epoch = strtoll(found + strlen(word), NULL, 10);
    }
}

static bool put_aside(const struct history_file *file, const struct reading *reading)
{
    char aside[2 * LINE_FILE_NAME_BYTES];
    int bytes =
        snprintf(aside, sizeof aside, "%s.damaged-%lld", file->name, (long long)clock_wall_ms());
    assert(bytes > 0 && (size_t)bytes < sizeof aside);
    log_error("line/%s does not verify after line %lld (%s): it is kept as line/%s, and a new "
              "history begins",
              file->name, (long long)reading->chain.nr, chain_status_text(reading->status), aside);
    return renameat(file->dir->fd, file->name, file->dir->fd, aside) == 0;
}

bool history_file_open(struct history_file *file, const struct line_dir *dir, const char *event)
{
    struct reading reading;
    *file = (struct history_file){.dir = dir, .fd = -1, .number = -1};
    line_dir_name(event, "history", file->name);
    if (!read_lines(file, &reading, note_where, file))
        return errno == ENOENT;
    bool is_other = reading.good_bytes > 0 && strcmp(reading.chain.event, event) != 0;
    if (reading.status != CHAIN_OK || is_other) {
        file->epoch = file->noted_epoch = 0;
        file->number = -1;
        if (!put_aside(file, &reading))
            return false;
        char note[64];
        int bytes = snprintf(note, sizeof note, "- %lld gap damaged", (long long)clock_wall_ms());
        return history_file_append(file, event, note, (size_t)bytes);
    }
    if (reading.good_bytes == 0) /* it was being made when we ended */
        return unlinkat(dir->fd, file->name, 0) == 0;
    file->chain = reading.chain;
    file->fd = openat(dir->fd, file->name, O_WRONLY | O_APPEND | O_CLOEXEC);
    return file->fd >= 0 && (!reading.is_torn || ftruncate(file->fd, reading.good_bytes) == 0);
}

void history_file_close(struct history_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
}

static bool write_all(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, text, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        bytes -= (size_t)written;
    }
    return true;
}

static bool make(struct history_file *file, const char *event, char *line)
{
    size_t bytes = chain_start(&file->chain, event, line);
    file->fd =
        openat(file->dir->fd, file->name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return file->fd >= 0 && write_all(file->fd, line, bytes) && fsync(file->dir->fd) == 0;
}

bool history_file_append(struct history_file *file, const char *event, const char *text,
                         size_t bytes)
{
    static char line[CHAIN_LINE_BYTES_MAX];
    if (file->fd < 0 && !make(file, event, line))
        return false;
    size_t line_bytes = chain_append(&file->chain, text, bytes, line);
    note_where(file, text, bytes);
    file->is_dirty = true;
    return write_all(file->fd, line, line_bytes);
}

bool history_file_sync(struct history_file *file)
{
    if (!file->is_dirty)
        return true;
    file->is_dirty = false;
    return fdatasync(file->fd) == 0;
}

static void replay_note(void *ctx, const char *text, size_t bytes)
{
    (void)line_replay_take(ctx, text, bytes); /* what is strange is for `line verify` to say */
}

bool history_file_replay(struct history_file *file, struct line_replay *replay)
{
    struct reading reading;
    if (file->fd < 0)
        return true;
    return read_lines(file, &reading, replay_note, replay) && reading.status == CHAIN_OK;
}
