/* See the header. A program is asked for its version by its own file, as /proc names it: that is
 * the one that served. */
#include "loadtest/environment.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "loadtest/program.h"
#include "loadtest/server_processes.h"
#include "stampede_commit.h"

#define VERSION_MS 15000

unsigned environment_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

static void add_text(json_t *o, const char *name, const char *text)
{
    json_t *value = text[0] ? json_string(text) : NULL;
    if (value)
        json_object_set_new(o, name, value);
}

/* The rest of the line that begins with `word` and a colon. */
static void read_field(const char *path, const char *word, char *out, size_t out_bytes_max)
{
    char line[256];
    FILE *f = fopen(path, "re");
    out[0] = '\0';
    while (f && !out[0] && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, word, strlen(word)) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        if (snprintf(out, out_bytes_max, "%s", colon) < 0)
            out[0] = '\0';
    }
    if (f)
        fclose(f);
}

/* The first line that a program says to --version. */
static void add_version(json_t *o, const char *name, const char *program)
{
    char said[256] = "";
    const char *const argv[] = {program, "--version", NULL};
    if (program_run(argv, said, sizeof said, VERSION_MS) != 0)
        return;
    said[strcspn(said, "\n")] = '\0';
    /* Debian's redis-server is a link to redis-check-rdb, which then says that name. */
    static const char other[] = "redis-check-rdb ";
    add_text(o, name, strncmp(said, other, sizeof other - 1) == 0 ? said + sizeof other - 1 : said);
}

/* Of the first process so called. */
static void add_process_version(json_t *o, const char *name, const char *path, const char *process)
{
    static struct server_process children[STAMPEDE_SERVER_PIDS_MAX];
    char link[64], file[1024];
    size_t count = path ? server_processes_read(path, children, STAMPEDE_SERVER_PIDS_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(children[i].name, process, strlen(process)) != 0)
            continue;
        int n = snprintf(link, sizeof link, "/proc/%d/exe", (int)children[i].pid);
        ssize_t bytes = n > 0 ? readlink(link, file, sizeof file - 1) : -1;
        if (bytes <= 0)
            continue;
        file[bytes] = '\0';
        add_version(o, name, file);
        return;
    }
}

static void add_machine(json_t *o)
{
    struct utsname machine;
    char text[256];
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (uname(&machine) == 0) {
        int n = snprintf(text, sizeof text, "%.100s %.100s", machine.sysname, machine.release);
        add_text(o, "kernel", n > 0 ? text : "");
    }
    read_field("/proc/cpuinfo", "model name", text, sizeof text);
    add_text(o, "processor", text);
    json_object_set_new(o, "cores", json_integer(environment_cores()));
    if (pages > 0 && page > 0)
        json_object_set_new(o, "memory_mb", json_integer((json_int_t)pages * page >> 20));
}

json_t *environment_json(const struct stampede_options *o)
{
    json_t *e = json_object();
    char text[64];
    time_t now = time(NULL);
    struct tm utc;
    bool is_told = gmtime_r(&now, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    add_text(e, "time", is_told ? text : "");
    add_machine(e);
    add_text(e, "commit", STAMPEDE_COMMIT);
    add_process_version(e, "server", o->children, "gateway");
    add_process_version(e, "redis", o->children, "redis");
    return e;
}
