/* The registrar process: what must outlive Redis about the lines. It makes the draws of pre-queues
 * (docs/draw.md). It is the only writer of DATA_DIR/line.
 *
 * The lines do not need it from moment to moment: when it is away they go on, and a draw that is
 * pending waits for it. */
#ifndef STANCHION_REGISTRAR_H
#define STANCHION_REGISTRAR_H

#include "server/base/log.h"

struct registrar_options {
    const char *dir_path;  /* DATA_DIR/line, created if missing */
    const char *redis_url; /* "unix:///path" or "redis://host:port" */
    enum log_level log_level;
};

/* Runs until SIGTERM. Returns the exit code: 0 = ended as asked, 1 = a file could not be written or
 * read, with one log line that says which. Everything in options must outlive the call. */
int registrar_main(const struct registrar_options *options);

#endif
