/* Ports: free, taken, by whom. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/supervisor/port_check.h"

/* A listening socket with SO_REUSEPORT, as a server of the same kind would
 * have; returns its port. */
static uint16_t listen_somewhere(int *fd)
{
    const int on = 1;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof name;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    cr_assert_eq(bind(*fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(*fd, 1), 0);
    cr_assert_eq(getsockname(*fd, (struct sockaddr *)&name, &bytes), 0);
    return ntohs(name.sin_port);
}

Test(port_check, a_port_in_use_is_refused_and_its_owner_named)
{
    struct start_error error = {""};
    char expected[32];
    int listener = -1, fd = -1;
    uint16_t port = listen_somewhere(&listener);
    cr_assert_not(port_is_free("127.0.0.1", port));
    cr_assert_eq(port_reserve("127.0.0.1", port, &fd, &error), START_REFUSED,
                 "another SO_REUSEPORT server of this user would share its visitors");
    (void)snprintf(expected, sizeof expected, "(pid %ld)", (long)getpid());
    cr_assert_not_null(strstr(error.text, expected), "%s", error.text);
    cr_assert_not_null(strstr(error.text, "--listen.port"));
    (void)close(listener);
    cr_assert(port_is_free("127.0.0.1", port));
    cr_assert_eq(port_reserve("127.0.0.1", port, &fd, &error), START_OK, "%s", error.text);
    cr_assert_not(port_is_free("127.0.0.1", port), "it is reserved now");
    (void)close(fd);
}

Test(port_check, foreign_addresses_are_refused)
{
    struct start_error error = {""};
    int fd = -1;
    cr_assert_eq(port_reserve("192.0.2.1", 8080, &fd, &error), START_REFUSED);
    cr_assert_not_null(strstr(error.text, "192.0.2.1"));
}
