/* Resident memory of the server's processes, for mode wait. */
#ifndef STAMPEDE_MEMORY_USE_H
#define STAMPEDE_MEMORY_USE_H

#include <stdint.h>
#include <sys/types.h>
#include "loadtest/options.h"

struct memory_process {
    pid_t pid;
    char name[48];
    int64_t before_kb, after_kb; /* VmRSS; -1 when the process is gone */
};

struct memory_use {
    struct memory_process processes[STAMPEDE_SERVER_PIDS_MAX];
    uint32_t count;
};

/* The processes of --server-pids, else those in the file of --children ("name pid" lines). None is
 * fine. */
void memory_use_init(struct memory_use *m, const struct stampede_options *o);
void memory_use_before(struct memory_use *m);
void memory_use_after(struct memory_use *m);

#endif
