/* Running other programs, and killing only the children of the named server. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadtest/program.h"
#include "loadtest/server_processes.h"

Test(program, says_what_the_program_says)
{
    char said[16];
    const char *const echo[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    cr_expect_eq(program_run(echo, said, sizeof said, 5000), 3);
    cr_expect_str_eq(said, "out\nerr\n");
    const char *const much[] = {"/bin/sh", "-c", "yes | head -n 50000", NULL};
    cr_expect_eq(program_run(much, said, sizeof said, 5000), 0);
    cr_expect_eq(strlen(said), sizeof said - 1);
}

Test(program, that_cannot_be_run_or_takes_too_long)
{
    char said[16];
    const char *const none[] = {"/nonexistent/program", NULL};
    cr_expect_eq(program_run(none, said, sizeof said, 5000), 127);
    const char *const slow[] = {"/bin/sleep", "20", NULL};
    cr_expect_eq(program_run(slow, said, sizeof said, 50), -1);
}

static pid_t start_sleeper(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sleep", "sleep", "20", (char *)NULL);
        _exit(1);
    }
    return pid;
}

static void write_number(const char *dir, const char *name, const char *before, long number)
{
    char path[300];
    cr_assert_gt(snprintf(path, sizeof path, "%s/%s", dir, name), 0);
    FILE *f = fopen(path, "a");
    cr_assert_not_null(f);
    fprintf(f, "%s%ld\n", before, number);
    fclose(f);
}

Test(server_processes, kills_only_children_of_the_server)
{
    char dir[] = "/tmp/stampede-test-XXXXXX", children[300], pid_file[300];
    cr_assert_not_null(mkdtemp(dir));
    snprintf(children, sizeof children, "%s/children", dir);
    snprintf(pid_file, sizeof pid_file, "%s/stanchion.pid", dir);
    pid_t first = start_sleeper(), second = start_sleeper(), other = start_sleeper();
    write_number(dir, "children", "gateway 0 ", first);
    write_number(dir, "children", "gateway 1 ", second);
    write_number(dir, "children", "redis ", other);
    write_number(dir, "children", "gateway 2 ", getppid()); /* not our child: an old number */
    cr_expect_eq(server_processes_kill(children, "gateway 0"), 0, "there is no server");
    write_number(dir, "stanchion.pid", "", getpid());
    cr_expect_eq(server_processes_kill(children, "gateway"), 0);
    cr_expect_eq(server_processes_kill(children, "gateway 2"), 0);
    cr_expect_eq(server_processes_kill(children, "gateway 0"), 1);
    cr_expect_eq(waitpid(first, NULL, 0), first);
    cr_expect_eq(server_processes_kill(children, "gateways"), 1);
    cr_expect_eq(waitpid(second, NULL, 0), second);
    cr_expect_eq(waitpid(other, NULL, WNOHANG), 0, "redis lives");
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    unlink(children);
    unlink(pid_file);
    rmdir(dir);
}
