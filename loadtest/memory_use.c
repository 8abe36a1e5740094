/* /proc/PID/status, read before the first visitor comes and when everyone waits. */
#include "loadtest/memory_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/server_processes.h"

static int64_t resident_kb(pid_t pid)
{
    char path[64], line[256];
    int64_t kb = -1;
    int n = snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = n > 0 ? fopen(path, "re") : NULL;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtoll(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

/* What the process calls itself, for pids without a name. */
static void read_name(struct memory_process *p)
{
    char path[64];
    int n = snprintf(path, sizeof path, "/proc/%d/comm", (int)p->pid);
    FILE *f = n > 0 ? fopen(path, "re") : NULL;
    if (f && fgets(p->name, sizeof p->name, f))
        p->name[strcspn(p->name, "\n")] = '\0';
    if (f)
        fclose(f);
}

void memory_use_init(struct memory_use *m, const struct stampede_options *o)
{
    static struct server_process children[STAMPEDE_SERVER_PIDS_MAX];
    *m = (struct memory_use){0};
    for (; m->count < o->server_pids_count; m->count++) {
        m->processes[m->count].pid = o->server_pids[m->count];
        read_name(&m->processes[m->count]);
    }
    if (m->count > 0)
        return;
    size_t count = server_processes_read(o->children, children, STAMPEDE_SERVER_PIDS_MAX);
    for (; m->count < count; m->count++) {
        struct memory_process *p = &m->processes[m->count];
        p->pid = children[m->count].pid;
        int n = snprintf(p->name, sizeof p->name, "%s", children[m->count].name);
        if (n < 0)
            p->name[0] = '\0';
    }
}

void memory_use_before(struct memory_use *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        m->processes[i].before_kb = resident_kb(m->processes[i].pid);
}

void memory_use_after(struct memory_use *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        m->processes[i].after_kb = resident_kb(m->processes[i].pid);
}
