/* /proc/PID/stat has both figures in one line. Processor time comes in ticks of 10 ms, so a share
 * of one second is good to about 1 %. */
#include "loadtest/process_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loadtest/clocks.h"
#include "loadtest/server_processes.h"

/* Fields behind the name's ')' in /proc/PID/stat: state is the first of them. */
#define FIELD_UTIME 11
#define FIELD_STIME 12
#define FIELD_RSS 21

static bool read_line(const char *path, char *line, size_t bytes_max)
{
    FILE *f = fopen(path, "re");
    bool is_good = f && fgets(line, (int)bytes_max, f) != NULL;
    if (f)
        fclose(f);
    return is_good;
}

/* False when there is no such process. */
static bool read_process(pid_t pid, uint64_t *ticks, uint32_t *memory_kb)
{
    char path[64], line[1024];
    int n = snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (n <= 0 || !read_line(path, line, sizeof line))
        return false;
    char *at = strrchr(line, ')');
    uint64_t fields[FIELD_RSS + 1] = {0};
    for (int i = -1; at && i < FIELD_RSS; i++) {
        at = strchr(at + 1, ' ');
        if (at && i >= 0)
            fields[i + 1] = strtoull(at, NULL, 10);
    }
    *ticks = fields[FIELD_UTIME] + fields[FIELD_STIME];
    *memory_kb = (uint32_t)(fields[FIELD_RSS] * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
    return at != NULL;
}

/* Busy and all ticks of the machine's processors since it was started. */
static void read_machine(uint64_t *busy, uint64_t *all)
{
    char line[512];
    *busy = *all = 0;
    if (!read_line("/proc/stat", line, sizeof line))
        return;
    char *at = line + strcspn(line, " ");
    /* user nice system idle iowait irq softirq steal; what follows is in user already */
    for (int i = 0; i < 8; i++) {
        uint64_t ticks = strtoull(at, &at, 10);
        *all += ticks;
        *busy += i == 3 || i == 4 ? 0 : ticks;
    }
}

/* What nobody could have any more, of all there is; 0 = not known. */
static uint64_t read_memory_kb(void)
{
    char line[256];
    uint64_t total = 0, available = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && available == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "MemTotal:", 9) == 0)
            total = strtoull(line + 9, NULL, 10);
        else if (strncmp(line, "MemAvailable:", 13) == 0)
            available = strtoull(line + 13, NULL, 10);
    if (f)
        fclose(f);
    return total > available && available > 0 ? total - available : 0;
}

static void look_at_memory(struct process_use *u, struct timeline_point *p)
{
    uint64_t used = read_memory_kb();
    uint64_t more = used > u->memory_base_kb ? used - u->memory_base_kb : 0;
    p->memory_used_kb = more < UINT32_MAX ? (uint32_t)more : UINT32_MAX;
}

/* `p` has the memory of the server's processes. */
static uint64_t memory_base(const struct process_use *u, const struct timeline_point *p)
{
    uint64_t used = read_memory_kb(), server = 0;
    for (uint32_t i = 0; i < u->server_count; i++)
        server += p->memory_kb[i];
    return used > server ? used - server : 0;
}

static void add_server(struct process_use *u, const char *name, pid_t pid)
{
    uint32_t at = 0, ignored;
    while (at < u->server_count && strcmp(u->server[at].name, name) != 0)
        at++;
    if (at == STAMPEDE_SERIES_MAX) {
        u->not_told++;
        return;
    }
    struct process_use_one *one = &u->server[at];
    if (at == u->server_count) {
        u->server_count++;
        *one = (struct process_use_one){.pid = pid};
        if (snprintf(one->name, sizeof one->name, "%s", name) < 0)
            one->name[0] = '\0';
        if (!read_process(pid, &one->ticks, &ignored))
            one->ticks = 0;
    } else if (one->pid != pid) {
        one->pid = pid;
        one->ticks = 0; /* a new process began at nothing */
    }
}

/* The processes of --server-pids, else those in the file of --children, which changes when the
 * server starts one anew. */
static void find_server(struct process_use *u)
{
    static struct server_process children[STAMPEDE_SERVER_PIDS_MAX];
    u->not_told = 0;
    for (uint32_t i = 0; i < u->options->server_pids_count; i++) {
        char name[32];
        if (snprintf(name, sizeof name, "pid %d", (int)u->options->server_pids[i]) > 0)
            add_server(u, name, u->options->server_pids[i]);
    }
    if (u->options->server_pids_count > 0 || !u->options->children)
        return;
    size_t count = server_processes_read(u->options->children, children, STAMPEDE_SERVER_PIDS_MAX);
    for (size_t i = 0; i < count; i++) {
        children[i].name[sizeof u->server[0].name - 1] = '\0';
        add_server(u, children[i].name, children[i].pid);
    }
}

static float share_of(uint64_t ticks, uint64_t before, double seconds)
{
    double used = ticks > before ? (double)(ticks - before) / (double)sysconf(_SC_CLK_TCK) : 0;
    return seconds > 0 ? (float)(used / seconds) : 0;
}

static void look_at_server(struct process_use *u, struct timeline_point *p, double seconds)
{
    find_server(u);
    for (uint32_t i = 0; i < STAMPEDE_SERIES_MAX; i++) {
        uint64_t ticks;
        p->cpu[i] = -1;
        p->memory_kb[i] = 0;
        if (i >= u->server_count || !read_process(u->server[i].pid, &ticks, &p->memory_kb[i]))
            continue;
        p->cpu[i] = share_of(ticks, u->server[i].ticks, seconds);
        u->server[i].ticks = ticks;
    }
}

static void look_at_own(struct process_use *u, struct timeline_point *p, double seconds)
{
    p->tester = p->busiest = 0;
    for (uint32_t i = 0; i <= u->own_count && i <= STAMPEDE_PROCESSES_MAX; i++) {
        uint64_t ticks;
        uint32_t ignored;
        pid_t pid = i < u->own_count ? u->own[i] : getpid();
        if (pid <= 0 || !read_process(pid, &ticks, &ignored))
            continue;
        float share = share_of(ticks, u->own_ticks[i], seconds);
        u->own_ticks[i] = ticks;
        p->tester += share;
        if (share > p->busiest)
            p->busiest = share;
    }
    u->tester_s += p->tester * seconds;
}

void process_use_look(struct process_use *u, struct timeline_point *p)
{
    int64_t now_us = clocks_us();
    double seconds = (double)(now_us - u->looked_us) / 1e6;
    uint64_t busy, all;
    u->looked_us = now_us;
    look_at_server(u, p, seconds);
    look_at_own(u, p, seconds);
    look_at_memory(u, p);
    read_machine(&busy, &all);
    p->machine =
        all > u->machine_all ? (float)(busy - u->machine_busy) / (float)(all - u->machine_all) : -1;
    u->machine_busy = busy;
    u->machine_all = all;
}

void process_use_init(struct process_use *u, const struct stampede_options *o, const pid_t *own,
                      uint32_t own_count)
{
    static struct timeline_point ignored;
    *u = (struct process_use){
        .options = o, .own = own, .own_count = own_count, .looked_us = clocks_us()};
    process_use_look(u, &ignored);
    u->memory_base_kb = memory_base(u, &ignored);
    u->tester_s = 0;
}
