/* The directory DATA_DIR/line: the registrar is its only writer.
 *
 *   <event>.secret      the secret of a draw, made before its pre-queue opens; mode 0600
 *   <event>.root        who takes part, fixed before the secret is told
 *   <event>.transcript  the whole draw; from here on it is decided
 *
 * A file appears under its name only as a whole and after fsync.
 */
#ifndef STANCHION_LINE_DIR_H
#define STANCHION_LINE_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LINE_DIR_NAME "line"
#define LINE_FILE_NAME_BYTES 96 /* an event's id, a suffix and ".new" */

struct line_dir {
    int fd; /* -1 = not open */
};

/* Writes the content; false when that failed. */
typedef bool line_dir_write_fn(const void *ctx, FILE *out);

/* Opens `path`, creating it (0700) when it is missing. False: errno tells why. */
bool line_dir_open(struct line_dir *dir, const char *path);
void line_dir_close(struct line_dir *dir);

/* "<event>.<suffix>" */
void line_dir_name(const char *event, const char *suffix, char out[LINE_FILE_NAME_BYTES]);
bool line_dir_has(const struct line_dir *dir, const char *name);
/* The whole file, NUL-terminated, to be freed; NULL: errno tells why (EFBIG = larger than
 * bytes_max). */
char *line_dir_read(const struct line_dir *dir, const char *name, size_t bytes_max, size_t *bytes);
/* Writes beside, syncs and moves into place. False: errno tells why, nothing has changed. */
bool line_dir_write(const struct line_dir *dir, const char *name, line_dir_write_fn *write,
                    const void *ctx);

#endif
