/* The rehearser: a child of the supervisor that waits until somebody wants a draft rehearsed
 * (docs/decisions/0062-rehearsals.md).
 *
 *   stage.c    the installation of the copy: directory, server, visitors; and its removal
 *   notes.c    what it is told and what it tells, in the Redis of the real installation
 *   summary.c  the visitors' report, made short
 *
 * What happens in a rehearsal comes one after the other, so this is written as a sequence that
 * waits; signals are taken while it waits, and an end in the middle is the same end as any other.
 */
#ifndef STANCHION_REHEARSAL_H
#define STANCHION_REHEARSAL_H

#include <stdint.h>

#include "server/base/log.h"

#define REHEARSAL_VISITORS_MAX 1000
#define REHEARSAL_RUN_S 120 /* from the first visitor to the last */
#define REHEARSAL_ARRIVALS_PER_S 100
#define REHEARSAL_ARRIVE_S_MIN 2
/* A pre-queue of the copy lasts so much longer than the arrivals. */
#define REHEARSAL_PREQUEUE_S 5
#define REHEARSAL_START_MS_MAX 30000
#define REHEARSAL_JUDGE_MS_MAX 60000

/* Lifetime: the process. */
struct rehearsal_options {
    const char *data_dir;  /* of the real installation, absolute */
    const char *redis_url; /* the same */
    uint32_t visitors;     /* 1 to REHEARSAL_VISITORS_MAX */
    enum log_level log_level;
};

/* Runs until SIGTERM; returns the exit code. */
int rehearsal_main(const struct rehearsal_options *options);

#endif
