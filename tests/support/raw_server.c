/* One buffer per connection, at most CONNECTIONS_MAX of them: enough for a test, and a loud failure
 * beyond. */
#include "support/raw_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define REQUEST_BYTES_MAX 32768

struct connection {
    struct raw_server *server;
    ev_io io;
    bool is_open;
    size_t bytes;
    char data[REQUEST_BYTES_MAX + 1];
};

struct raw_server {
    struct ev_loop *loop;
    ev_io io;
    bool is_listening;
    raw_request_fn *on_request;
    void *ctx;
    char url[64];
    struct connection connections[CONNECTIONS_MAX];
};

static void close_connection(struct connection *c)
{
    if (!c->is_open)
        return;
    ev_io_stop(c->server->loop, &c->io);
    close(c->io.fd);
    c->is_open = false;
}

/* Bytes of a whole request at the start of the buffer; 0 = not complete yet. */
static size_t request_size(const struct connection *c, const char **body)
{
    const char *end = strstr(c->data, "\r\n\r\n");
    if (!end)
        return 0;
    *body = end + 4;
    const char *length = strcasestr(c->data, "\r\nContent-Length:");
    size_t body_bytes = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t size = (size_t)(*body - c->data) + body_bytes;
    return size <= c->bytes ? size : 0;
}

static void on_data(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop, (void)revents;
    struct connection *c = io->data;
    ssize_t got = read(io->fd, c->data + c->bytes, REQUEST_BYTES_MAX - c->bytes);
    if (got <= 0) {
        close_connection(c);
        return;
    }
    c->bytes += (size_t)got;
    c->data[c->bytes] = '\0';
    const char *body = NULL;
    size_t size = request_size(c, &body);
    if (size == 0)
        return;
    size_t body_bytes = size - (size_t)(body - c->data);
    struct raw_answer answer = {0};
    c->server->on_request(c->server->ctx, c->data, body, body_bytes, &answer);
    c->bytes = 0;
    if (c->is_open && answer.text)
        (void)!send(io->fd, answer.text, strlen(answer.text), MSG_NOSIGNAL);
    if (answer.is_last)
        close_connection(c);
}

static void on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct raw_server *server = io->data;
    int fd = accept(io->fd, NULL, NULL);
    if (fd < 0)
        return;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &server->connections[i];
        if (c->is_open)
            continue;
        c->server = server;
        c->is_open = true;
        c->bytes = 0;
        ev_io_init(&c->io, on_data, fd, EV_READ);
        c->io.data = c;
        ev_io_start(loop, &c->io);
        return;
    }
    close(fd);
    cr_assert_fail("too many connections for a test");
}

struct raw_server *raw_server_start(struct ev_loop *loop, raw_request_fn *on_request, void *ctx)
{
    struct raw_server *server = calloc(1, sizeof *server);
    cr_assert_not_null(server);
    *server = (struct raw_server){
        .loop = loop, .on_request = on_request, .ctx = ctx, .is_listening = true};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, bytes) == 0 && listen(fd, 64) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &bytes) == 0);
    cr_assert(snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u",
                       ntohs(address.sin_port)) > 0);
    ev_io_init(&server->io, on_accept, fd, EV_READ);
    server->io.data = server;
    ev_io_start(loop, &server->io);
    return server;
}

const char *raw_server_url(const struct raw_server *server)
{
    return server->url;
}

void raw_server_die(struct raw_server *server)
{
    if (!server->is_listening)
        return;
    server->is_listening = false;
    ev_io_stop(server->loop, &server->io);
    close(server->io.fd);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close_connection(&server->connections[i]);
}

void raw_server_stop(struct raw_server *server)
{
    if (!server)
        return;
    raw_server_die(server);
    free(server);
}
