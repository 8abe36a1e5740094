/* A child of the supervisor: pauses, ends, process group. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/supervisor/child.h"

Test(child, pauses_double_up_to_the_maximum_and_start_over_after_health)
{
    static const int64_t expected[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
    int64_t pause_ms = 0;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        pause_ms = child_back_off_next(pause_ms, 10);
        cr_assert_eq(pause_ms, expected[i]);
    }
    cr_assert_eq(child_back_off_next(5000, CHILD_HEALTHY_MS - 1), 5000);
    cr_assert_eq(child_back_off_next(5000, CHILD_HEALTHY_MS), CHILD_BACK_OFF_MS_MIN);
}

static int exit_seven(void *ctx, const struct child *child)
{
    (void)ctx;
    (void)child;
    _exit(7); /* not exit: Criterion's thread would confuse the leak check of the child */
}

static int wait_for_signal(void *ctx, const struct child *child)
{
    (void)child;
    int *fds = ctx;
    char is_own_group = getpgrp() == getpid();
    if (write(fds[1], &is_own_group, 1) != 1)
        return 1;
    for (;;)
        (void)pause();
}

Test(child, its_end_is_described_and_timed)
{
    struct child child;
    char text[96];
    int status = 0;
    child_init(&child, CHILD_GATEWAY, 3);
    cr_assert_str_eq(child.name, "gateway 3");
    cr_assert(child_start(&child, 1000, exit_seven, NULL));
    cr_assert_gt(child.pid, 0);
    cr_assert_eq(waitpid(child.pid, &status, 0), child.pid);
    child_describe_end(status, text, sizeof text);
    cr_assert_str_eq(text, "ended with exit code 7");
    child_ended(&child, 1500);
    cr_assert_eq(child.pid, 0);
    cr_assert_eq(child.start_at_ms, 1500 + CHILD_BACK_OFF_MS_MIN);
}

Test(child, it_has_its_own_process_group_and_dies_by_default_signals)
{
    struct child child;
    int fds[2], status = 0;
    char text[96], is_own_group = 0;
    cr_assert_eq(pipe(fds), 0);
    child_init(&child, CHILD_LEDGER, 0);
    cr_assert(child_start(&child, 0, wait_for_signal, fds));
    cr_assert_eq(read(fds[0], &is_own_group, 1), 1);
    cr_assert_eq(is_own_group, 1);
    cr_assert_eq(kill(child.pid, SIGTERM), 0);
    cr_assert_eq(waitpid(child.pid, &status, 0), child.pid);
    child_describe_end(status, text, sizeof text);
    cr_assert_not_null(strstr(text, "signal 15"));
    (void)close(fds[0]);
    (void)close(fds[1]);
}

Test(child, the_more_gateways_share_a_core_the_further_each_stands_back)
{
    static const struct {
        size_t gateways, cores;
        int nice;
    } rows[] = {{1, 1, 5}, {1, 8, 5},   {2, 2, 5},   {3, 2, 7},
                {4, 2, 9}, {64, 64, 5}, {56, 2, 19}, {1000, 1, 19}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(child_gateway_nice(rows[i].gateways, rows[i].cores), rows[i].nice,
                     "%zu on %zu: %d", rows[i].gateways, rows[i].cores,
                     child_gateway_nice(rows[i].gateways, rows[i].cores));
}
