/* The file <event>.history: a chain of lines (queue/chain.h) that is only ever appended to.
 *
 * What a crash left half written at its end is cut off when it is opened. A file that does not
 * verify is not written to: it is moved aside, and a new chain begins with a note of the gap. */
#ifndef STANCHION_HISTORY_FILE_H
#define STANCHION_HISTORY_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/chain.h"
#include "queue/line_replay.h"
#include "server/registrar/line_dir.h"

/* Lifetime: that of its event in the registrar. */
struct history_file {
    const struct line_dir *dir;
    char name[LINE_FILE_NAME_BYTES];
    int fd; /* -1 = there is no file yet */
    struct chain chain;
    int64_t epoch, number; /* source of the last note taken from Redis; number -1 = none yet */
    int64_t noted_epoch;   /* of the last "epoch" note */
    bool is_dirty;         /* written since the last sync */
};

/* Opens the file of an event if there is one. False: errno tells why. */
bool history_file_open(struct history_file *file, const struct line_dir *dir, const char *event);
void history_file_close(struct history_file *file);
/* Appends a note ("<source> <ms> <what> ..."); makes the file first when there is none. */
bool history_file_append(struct history_file *file, const char *event, const char *text,
                         size_t bytes);
bool history_file_sync(struct history_file *file);
/* Reads all of it into an initialised replay. */
bool history_file_replay(struct history_file *file, struct line_replay *replay);

#endif
