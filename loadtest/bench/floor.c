/* The floor: the least that a WebSocket server can do on this machine, to hold other servers
 * against.
 *
 *   bench_floor PORT
 *
 * One process, raw epoll, no library but SHA-1, one byte of memory for each connection. It accepts,
 * answers the handshake, holds, and drops what it is told. TCP_DEFER_ACCEPT lets accept() return
 * only connections whose request has arrived, so most are answered before epoll hears of them. A
 * line "push N" on its standard input sends a text frame of N bytes to every open connection; the
 * end of the input ends the process. Checks nothing that a benchmark does not need: not for serving
 * anybody.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX 20000
#define EVENTS_MAX 512
#define ACCEPTS_PER_TURN_MAX 256
#define BACKLOG 65535
#define REQUEST_BYTES_MAX 4096
#define PAYLOAD_BYTES_MAX 65535
#define KEY_BYTES 24
#define DEFER_S 3

enum peer_state { PEER_NONE, PEER_GREETING, PEER_OPEN };

struct floor_server {
    int epoll, listener, fd_max;
    uint8_t peers[FDS_MAX]; /* enum peer_state by descriptor */
};

static void base64_of_digest(const uint8_t digest[SHA_DIGEST_LENGTH], char out[28])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 |
                         (i < 6 ? digest[3 * i + 2] : 0);
        for (int k = 0; k < 4; k++)
            out[4 * i + k] = letters[three >> (18 - 6 * k) & 63];
    }
    out[27] = '=';
}

static void answer_key(const char *key, char accept[28])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[KEY_BYTES + sizeof guid - 1], digest[SHA_DIGEST_LENGTH];
    memcpy(text, key, KEY_BYTES);
    memcpy(text + KEY_BYTES, guid, sizeof guid - 1);
    SHA1(text, sizeof text, digest);
    base64_of_digest(digest, accept);
}

static void drop(struct floor_server *server, int fd)
{
    server->peers[fd] = PEER_NONE;
    close(fd);
}

/* Answers a whole request; the offered subprotocol, if any, is taken. */
static bool greet(int fd, char *request, size_t bytes)
{
    static const char key_name[] = "sec-websocket-key: ", protocol[] = "stanchion.v1";
    request[bytes] = '\0';
    const char *key = strcasestr(request, key_name);
    if (!key || bytes < 4 || memcmp(request + bytes - 4, "\r\n\r\n", 4) != 0)
        return false;
    char accept[28], answer[256];
    answer_key(key + sizeof key_name - 1, accept);
    int length = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: %.28s\r\n%s\r\n",
        accept, strstr(request, protocol) ? "Sec-WebSocket-Protocol: stanchion.v1\r\n" : "");
    return send(fd, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length;
}

static void on_readable(struct floor_server *server, int fd)
{
    char data[REQUEST_BYTES_MAX];
    ssize_t bytes = recv(fd, data, sizeof data - 1, MSG_DONTWAIT);
    if (bytes < 0 && errno == EAGAIN)
        return;
    if (bytes <= 0) {
        drop(server, fd);
    } else if (server->peers[fd] == PEER_GREETING) {
        if (greet(fd, data, (size_t)bytes))
            server->peers[fd] = PEER_OPEN;
        else
            drop(server, fd);
    }
}

static void accept_some(struct floor_server *server)
{
    for (int i = 0; i < ACCEPTS_PER_TURN_MAX; i++) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (fd >= FDS_MAX) {
            close(fd);
            continue;
        }
        server->peers[fd] = PEER_GREETING;
        server->fd_max = fd > server->fd_max ? fd : server->fd_max;
        on_readable(server, fd);
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
        if (server->peers[fd] != PEER_NONE &&
            epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            drop(server, fd);
    }
}

static void push(struct floor_server *server, size_t payload_bytes)
{
    static uint8_t frame[4 + PAYLOAD_BYTES_MAX];
    size_t head = payload_bytes < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = payload_bytes < 126 ? (uint8_t)payload_bytes : 126;
    if (head == 4) {
        frame[2] = (uint8_t)(payload_bytes >> 8);
        frame[3] = (uint8_t)payload_bytes;
    }
    memset(frame + head, 'x', payload_bytes);
    for (int fd = 0; fd <= server->fd_max; fd++)
        if (server->peers[fd] == PEER_OPEN)
            (void)!send(fd, frame, head + payload_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* False when the process is to end. */
static bool on_command(struct floor_server *server)
{
    char line[64];
    ssize_t bytes = read(STDIN_FILENO, line, sizeof line - 1);
    if (bytes <= 0)
        return false;
    line[bytes] = '\0';
    unsigned long payload_bytes = strncmp(line, "push ", 5) == 0 ? strtoul(line + 5, NULL, 10) : 0;
    if (payload_bytes > 0 && payload_bytes <= PAYLOAD_BYTES_MAX)
        push(server, payload_bytes);
    return true;
}

static bool listen_on(struct floor_server *server, uint16_t port)
{
    static const int options[][3] = {{SOL_SOCKET, SO_REUSEADDR, 1},
                                     {SOL_SOCKET, SO_REUSEPORT, 1},
                                     {IPPROTO_TCP, TCP_NODELAY, 1},
                                     {IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S}};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (setsockopt(server->listener, options[i][0], options[i][1], &options[i][2],
                       sizeof options[i][2]) != 0)
            return false;
    return bind(server->listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
           listen(server->listener, BACKLOG) == 0;
}

static bool watch(const struct floor_server *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int main(int argc, char **argv)
{
    static struct floor_server server;
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (argc != 2 || !listen_on(&server, (uint16_t)strtoul(argv[1], NULL, 10)) ||
        !watch(&server, server.listener) || !watch(&server, STDIN_FILENO)) {
        fprintf(stderr, "bench_floor: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(server.epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == server.listener)
                accept_some(&server);
            else if (fd != STDIN_FILENO)
                on_readable(&server, fd);
            else if (!on_command(&server))
                return 0;
        }
    }
}
