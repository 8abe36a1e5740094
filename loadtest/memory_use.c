/* /proc/PID/status, read before the first visitor comes and when everyone waits. */
#include "loadtest/memory_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* "gateway 0 1234": the last word is the pid. */
static bool read_line(char *line, struct memory_process *p)
{
    line[strcspn(line, "\r\n")] = '\0';
    char *space = strrchr(line, ' '), *end;
    if (!space)
        return false;
    long pid = strtol(space + 1, &end, 10);
    *space = '\0';
    if (pid <= 0 || *end != '\0')
        return false;
    p->pid = (pid_t)pid;
    int n = snprintf(p->name, sizeof p->name, "%s", line);
    return n > 0;
}

void memory_use_init(struct memory_use *m, const struct stampede_options *o)
{
    char line[128];
    *m = (struct memory_use){0};
    for (; m->count < o->server_pids_count; m->count++) {
        m->processes[m->count].pid = o->server_pids[m->count];
        read_name(&m->processes[m->count]);
    }
    FILE *f = m->count == 0 ? fopen(o->children, "re") : NULL;
    while (f && m->count < STAMPEDE_SERVER_PIDS_MAX && fgets(line, sizeof line, f))
        m->count += read_line(line, &m->processes[m->count]);
    if (f)
        fclose(f);
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
