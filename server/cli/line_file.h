/* Files for `stanchion draw` and `stanchion line`: those of the registrar in the data directory,
 * and those that the user names. Every failure has said why on stderr. */
#ifndef STANCHION_LINE_FILE_H
#define STANCHION_LINE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "server/config/config.h"

/* Path of DATA_DIR/line/<event>.<suffix>. False: said why. */
bool line_file_path(const struct config *config, const char *event, const char *suffix, char *out,
                    size_t out_bytes_max);
/* The whole file of the registrar, to be freed. NULL: said why, but for errno ENOENT. */
char *line_file_read(const struct config *config, const char *event, const char *suffix,
                     size_t *bytes);
/* Any file, to be freed. NULL: said why. */
char *line_file_load(const char *path, size_t bytes_max, size_t *bytes);
/* Opens a file for writing that must not exist yet ("-" = stdout). NULL: said why. */
FILE *line_file_create(const char *path);
/* Closes what line_file_create opened (stdout is only flushed) and says
 * so. Returns the exit code. */
int line_file_close(FILE *out, bool is_good, const char *path);
/* Writes a file that must not exist yet ("-" = stdout). Returns the exit code. */
int line_file_write(const char *path, const char *text, size_t bytes);

#endif
