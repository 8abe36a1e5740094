/* Nothing is killed that is not, at this moment, a child of the server named in the same directory:
 * the file may be old, and its numbers may have gone to others. */
#include "loadtest/server_processes.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/limits.h"

/* "gateway 0 1234": the last word is the pid. */
static bool read_line(char *line, struct server_process *p)
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

size_t server_processes_read(const char *path, struct server_process *processes, size_t max)
{
    char line[128];
    size_t count = 0;
    FILE *f = path ? fopen(path, "re") : NULL;
    while (f && count < max && fgets(line, sizeof line, f))
        count += read_line(line, &processes[count]);
    if (f)
        fclose(f);
    return count;
}

/* The supervisor: `stanchion.pid` in the directory of `path`. 0 when it is not known. */
static pid_t supervisor_of(const char *path)
{
    char beside[4096], line[32] = "";
    const char *slash = strrchr(path, '/');
    int n = snprintf(beside, sizeof beside, "%.*sstanchion.pid",
                     slash ? (int)(slash + 1 - path) : 0, path);
    FILE *f = n > 0 && (size_t)n < sizeof beside ? fopen(beside, "re") : NULL;
    if (f && !fgets(line, sizeof line, f))
        line[0] = '\0';
    if (f)
        fclose(f);
    long pid = strtol(line, NULL, 10);
    return pid > 1 ? (pid_t)pid : 0;
}

/* 0 when it is not known. In /proc/PID/stat the parent is the second word behind the name's ')'. */
static pid_t parent_of(pid_t pid)
{
    char path[64], line[512] = "";
    int n = snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = n > 0 ? fopen(path, "re") : NULL;
    if (f && !fgets(line, sizeof line, f))
        line[0] = '\0';
    if (f)
        fclose(f);
    const char *behind = strrchr(line, ')');
    return behind && strlen(behind) > 4 ? (pid_t)strtol(behind + 4, NULL, 10) : 0;
}

static bool fits(const char *name, const char *wanted)
{
    size_t bytes = strlen(wanted);
    if (strcmp(name, wanted) == 0)
        return true;
    return bytes > 1 && wanted[bytes - 1] == 's' && strncmp(name, wanted, bytes - 1) == 0 &&
           name[bytes - 1] == ' ';
}

size_t server_processes_kill(const char *path, const char *name)
{
    struct server_process processes[STAMPEDE_SERVER_PIDS_MAX];
    size_t count = server_processes_read(path, processes, STAMPEDE_SERVER_PIDS_MAX), killed = 0;
    pid_t supervisor = supervisor_of(path);
    for (size_t i = 0; i < count && supervisor > 0; i++)
        if (fits(processes[i].name, name) && parent_of(processes[i].pid) == supervisor)
            killed += kill(processes[i].pid, SIGKILL) == 0;
    return killed;
}
