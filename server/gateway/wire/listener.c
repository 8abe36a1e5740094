#include "server/gateway/wire/listener.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/gateway/wire/awake.h"

#define ACCEPTS_PER_TURN_MAX 1024
#define HANDED_PER_TURN_MAX 128
#define BACKLOG 65535 /* the kernel cuts it to net.core.somaxconn */
#define DEFER_S 3

/* Tells a visitor that there is no room, in the one packet that always fits
 * an empty socket buffer. */
static void refuse(int fd)
{
    static const char body[] =
        "{\"error\":\"full\",\"retry_s\":5,\"message\":\"This gateway is full.\"}";
    static const char head[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
                               "Content-Type: application/json\r\nConnection: close\r\n\r\n";
    char request[4096];
    (void)!recv(fd, request, sizeof request,
                MSG_DONTWAIT); /* unread data would turn close into a reset */
    (void)!send(fd, head, sizeof head - 1, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE);
    (void)!send(fd, body, sizeof body - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop, (void)events;
    struct listener *listener = watcher->data;
    for (int i = 0; i < ACCEPTS_PER_TURN_MAX && listener->waiting_count < LISTENER_WAITING_MAX;
         i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return; /* nobody more, or out of descriptors: the next turn tries again */
        if (listener->has_room(listener->ctx, listener->waiting_count)) {
            listener->accepted_count++;
            listener->waiting[(listener->waiting_first + listener->waiting_count++) %
                              LISTENER_WAITING_MAX] = fd;
        } else {
            listener->refused_count++;
            refuse(fd);
        }
    }
}

static int next_waiting(struct listener *listener)
{
    int fd = listener->waiting[listener->waiting_first];
    listener->waiting_first = (listener->waiting_first + 1) % LISTENER_WAITING_MAX;
    listener->waiting_count--;
    return fd;
}

static void on_hand_over(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)events;
    struct listener *listener = watcher->data;
    for (int i = 0; i < HANDED_PER_TURN_MAX && listener->waiting_count > 0; i++)
        listener->on_accept(listener->ctx, next_waiting(listener));
    if (listener->waiting_count > 0)
        ev_idle_start(loop, &listener->awake);
    else
        ev_idle_stop(loop, &listener->awake);
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

static int set_options(int fd, int unanswered_ms_max)
{
    const int options[][3] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},
        {SOL_SOCKET, SO_REUSEPORT, 1},
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, unanswered_ms_max},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int error = set_option(fd, options[i][0], options[i][1], options[i][2]);
        if (error != 0)
            return error;
    }
    return 0;
}

static int bind_address(int fd, const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0 ? 0 : errno;
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        return bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0 ? 0 : errno;
    return EINVAL;
}

int listener_init(struct listener *listener, struct ev_loop *loop, const char *address,
                  uint16_t port, int64_t unanswered_ms_max, listener_room_fn *has_room,
                  listener_accept_fn *on_accept, void *ctx)
{
    *listener = (struct listener){
        .loop = loop, .fd = -1, .has_room = has_room, .on_accept = on_accept, .ctx = ctx};
    int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = set_options(fd, (int)unanswered_ms_max);
    if (error == 0)
        error = bind_address(fd, address, port);
    if (error == 0 && listen(fd, BACKLOG) != 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    listener->fd = fd;
    ev_io_init(&listener->readable, on_readable, fd, EV_READ);
    listener->readable.data = listener;
    awake_init(&listener->awake);
    ev_prepare_init(&listener->hand_over, on_hand_over);
    listener->hand_over.data = listener;
    ev_prepare_start(loop, &listener->hand_over);
    return 0;
}

void listener_open(struct listener *listener)
{
    ev_io_start(listener->loop, &listener->readable);
}

void listener_release(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    ev_io_stop(listener->loop, &listener->readable);
    ev_prepare_stop(listener->loop, &listener->hand_over);
    ev_idle_stop(listener->loop, &listener->awake);
    while (listener->waiting_count > 0)
        refuse(next_waiting(listener));
    close(listener->fd);
    listener->fd = -1;
}
