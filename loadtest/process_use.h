/* Processor time and memory of processes while the run goes on: of the server's (by name, so that
 * one that was started anew goes on under its name), of our own, and how busy the machine is. */
#ifndef STAMPEDE_PROCESS_USE_H
#define STAMPEDE_PROCESS_USE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "loadtest/limits.h"
#include "loadtest/options.h"
#include "loadtest/timeline.h"

struct process_use_one {
    char name[48];
    pid_t pid;
    uint64_t ticks; /* of processor time, when last looked */
};

/* Lifetime: the run. */
struct process_use {
    const struct stampede_options *options;
    const pid_t *own; /* processes of the tester; an ended one is 0 */
    uint32_t own_count;
    int64_t looked_us;
    struct process_use_one server[STAMPEDE_SERIES_MAX];
    uint32_t server_count, not_told; /* not_told: server processes beyond the series */
    uint64_t own_ticks[STAMPEDE_PROCESSES_MAX + 1];
    uint64_t machine_busy, machine_all;
    /* Memory in use on the machine before the run, but for the server's processes. What is above
     * it is the server's, the visitors' and the kernel's for their connections, which no process
     * shows. */
    uint64_t memory_base_kb;
    double tester_s; /* processor time of ours in all */
};

/* Takes the first look. `own` stays the caller's. */
void process_use_init(struct process_use *u, const struct stampede_options *o, const pid_t *own,
                      uint32_t own_count);
/* Fills what the point tells of processes, for the time since the last look. */
void process_use_look(struct process_use *u, struct timeline_point *p);

#endif
