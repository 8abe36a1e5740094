/* The listener over real sockets: a herd is accepted at once and handed over little by little, in
 * order; who does not fit, and who still waits at the end, is told when to come back. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/gateway/wire/listener.h"

enum { HERD = 400, TURNS_MAX = 10000, UNANSWERED_MS_MAX = 54321 };

static struct ev_loop *loop;
static ev_timer beat; /* so that a turn ends when nothing happens any more */
static struct listener listener;
static struct sockaddr_in address;
static size_t room, handed_count, handed_in_turn_max, handed_in_turn;
static char handed[HERD + 1]; /* the first byte that each connection sent */

static bool has_room(void *ctx, size_t waiting_count)
{
    (void)ctx;
    return handed_count + waiting_count < room;
}

static void on_accept(void *ctx, int fd)
{
    (void)ctx;
    cr_assert_eq(recv(fd, &handed[handed_count++], 1, MSG_DONTWAIT), 1, "its request is there");
    handed_in_turn++;
    close(fd);
}

static void on_beat(struct ev_loop *on, ev_timer *timer, int events)
{
    (void)on, (void)timer, (void)events;
}

static void set_up(void)
{
    loop = ev_loop_new(EVFLAG_AUTO);
    ev_timer_init(&beat, on_beat, 0.001, 0.001);
    ev_timer_start(loop, &beat);
    room = HERD;
    cr_assert_eq(listener_init(&listener, loop, "127.0.0.1", 0, UNANSWERED_MS_MAX, has_room,
                               on_accept, NULL),
                 0);
    listener_open(&listener);
    socklen_t bytes = sizeof address;
    cr_assert_eq(getsockname(listener.fd, (struct sockaddr *)&address, &bytes), 0);
}

static void tear_down(void)
{
    listener_release(&listener);
    listener_release(&listener);
    ev_loop_destroy(loop);
}

TestSuite(listener, .init = set_up, .fini = tear_down);

/* Thousands of keepalive timers fire at once and drown each other (heartbeat.h). */
Test(listener, what_is_not_acknowledged_ends_a_connection_and_no_keepalive_does)
{
    int timeout_ms = 0, keepalive = -1;
    socklen_t bytes = sizeof timeout_ms;
    cr_assert_eq(getsockopt(listener.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, &bytes), 0);
    cr_assert_eq(timeout_ms, UNANSWERED_MS_MAX);
    cr_assert_eq(getsockopt(listener.fd, SOL_SOCKET, SO_KEEPALIVE, &keepalive, &bytes), 0);
    cr_assert_eq(keepalive, 0);
}

/* Connects and sends the byte, so that TCP_DEFER_ACCEPT hands it over. */
static int visitor(char byte)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(send(fd, &byte, 1, 0), 1);
    return fd;
}

static void turn_until(const size_t *count, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX && *count < wanted; i++) {
        handed_in_turn = 0;
        ev_run(loop, EVRUN_ONCE);
        if (handed_in_turn > handed_in_turn_max)
            handed_in_turn_max = handed_in_turn;
    }
    cr_assert_eq(*count, wanted);
}

Test(listener, a_herd_is_handed_over_in_order_and_in_parts)
{
    int fds[HERD];
    for (int i = 0; i < HERD; i++)
        fds[i] = visitor((char)('a' + i % 26));
    turn_until(&handed_count, HERD);
    cr_assert_eq(listener.accepted_count, (uint64_t)HERD);
    cr_assert_lt(handed_in_turn_max, HERD / 2, "those who are in have their turn meanwhile");
    for (int i = 0; i < HERD; i++) {
        cr_assert_eq(handed[i], 'a' + i % 26, "connection %d", i);
        close(fds[i]);
    }
}

static void is_told_to_come_back(int fd)
{
    char answer[512] = "";
    cr_assert_gt(recv(fd, answer, sizeof answer - 1, MSG_WAITALL), 0);
    cr_assert(strstr(answer, "HTTP/1.1 503") && strstr(answer, "Retry-After: 5"), "%s", answer);
    close(fd);
}

Test(listener, who_waits_here_takes_room)
{
    int fds[3];
    room = 2;
    for (int i = 0; i < 3; i++)
        fds[i] = visitor('x');
    turn_until(&handed_count, 2);
    while (listener.refused_count == 0)
        ev_run(loop, EVRUN_ONCE);
    is_told_to_come_back(fds[2]);
    cr_assert_eq(handed_count, 2u);
    close(fds[0]);
    close(fds[1]);
}

Test(listener, who_still_waits_at_the_end_is_told)
{
    int fd = visitor('x');
    ev_prepare_stop(loop, &listener.hand_over); /* as if its turn had not come */
    for (int i = 0; i < TURNS_MAX && listener.waiting_count == 0; i++)
        ev_run(loop, EVRUN_ONCE);
    listener_release(&listener);
    is_told_to_come_back(fd);
    cr_assert_eq(handed_count, 0u);
}
