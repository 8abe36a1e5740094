/* The other end of every server in the benchmark: opens many WebSockets, holds them, counts frames.
 *
 *   bench_client PORT PATH BLOCK [join]
 *
 * One process, raw epoll, at most FDS_MAX connections, from addresses in 127.BLOCK.0.0/16 so that
 * ports do not run out. With `join` a connection is complete when the answer to a `join` has
 * brought a receipt, otherwise with the `101`. Commands come as lines on the standard input and are
 * answered by one line of JSON each; the end of the input ends the process:
 *
 *   open N AT_ONCE   opens N more, at most AT_ONCE of them under way at a time
 *   close N          resets the last N (no TIME_WAIT is left over)
 *   count            what has been received since the start
 *
 * While it only holds it looks at its sockets every 2 ms instead of being woken by each frame: what
 * a wake-up costs would be paid by the server that sends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define FDS_MAX 20000
#define EVENTS_MAX 512
#define SOURCES 64
#define HOLD_PAUSE_MS 2
#define STALL_MS_MAX 20000
#define RETRY_MS 1000
#define REQUEST_BYTES_MAX 1024

enum peer_state { PEER_NONE, PEER_CONNECTING, PEER_GREETING, PEER_JOINING, PEER_OPEN };

/* One connection, by descriptor. */
struct peer {
    uint8_t state;        /* enum peer_state */
    uint8_t head_matched; /* how much of the empty line that ends the answer has been read */
    uint8_t header_bytes; /* of the frame header that is being read */
    uint8_t header[4];
    uint64_t skip; /* payload bytes of the frame that are still to come */
};

struct client {
    int epoll;
    uint16_t port;
    uint32_t block;
    bool joins;
    char request[REQUEST_BYTES_MAX];
    size_t request_bytes;
    struct peer peers[FDS_MAX];
    int opened[FDS_MAX]; /* descriptors in the order of opening */
    size_t opened_count;
    uint64_t started, under_way, complete, failed, lost, frames, bytes, asked_again;
    int refused[FDS_MAX];
    size_t refused_count;
    int64_t asked_again_ms;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- opening --- */

static bool start(struct client *client)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || fd >= FDS_MAX)
        return false;
    uint32_t source = 127u << 24 | client->block << 16 | (client->started % SOURCES + 1) << 8 | 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(client->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
    if (bind(fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(client->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return false;
    }
    client->peers[fd] = (struct peer){.state = PEER_CONNECTING};
    return true;
}

static void end(struct client *client, int fd)
{
    bool was_open = client->peers[fd].state == PEER_OPEN;
    client->under_way -= !was_open;
    client->failed += !was_open;
    client->lost += was_open;
    client->peers[fd].state = PEER_NONE;
    close(fd);
}

static void become_open(struct client *client, int fd)
{
    if (client->opened_count == FDS_MAX) { /* only when the server has closed very many */
        end(client, fd);
        return;
    }
    client->peers[fd].state = PEER_OPEN;
    client->opened[client->opened_count++] = fd;
    client->under_way--;
    client->complete++;
}

static void send_request(struct client *client, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    ssize_t sent = send(fd, client->request, client->request_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != (ssize_t)client->request_bytes ||
        epoll_ctl(client->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        end(client, fd);
    else
        client->peers[fd].state = PEER_GREETING;
}

static bool send_join(int fd)
{
    static const char text[] = "{\"type\":\"join\",\"id\":1}";
    static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    uint8_t frame[6 + sizeof text - 1] = {0x81, 0x80 | (sizeof text - 1)};
    memcpy(frame + 2, mask, sizeof mask);
    for (size_t i = 0; i < sizeof text - 1; i++)
        frame[6 + i] = (uint8_t)text[i] ^ mask[i % 4];
    return send(fd, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof frame;
}

/* --- reading --- */

/* The answer to the handshake; returns how many bytes of data belong to it. */
static size_t read_head(struct client *client, int fd, const char *data, size_t bytes)
{
    static const char ends[] = "\r\n\r\n";
    struct peer *peer = &client->peers[fd];
    size_t at = 0;
    while (at < bytes && peer->head_matched < 4) {
        char c = data[at++];
        peer->head_matched = c == ends[peer->head_matched] ? peer->head_matched + 1 : c == '\r';
    }
    if (peer->head_matched < 4)
        return at;
    if (!client->joins)
        become_open(client, fd);
    else if (send_join(fd))
        peer->state = PEER_JOINING;
    else
        end(client, fd);
    return at;
}

/* The payload length once the header is whole; false before. Frames of a server are not masked. */
static bool read_length(struct peer *peer)
{
    if (peer->header_bytes < 2)
        return false;
    uint8_t length = peer->header[1] & 0x7f;
    if (length == 126 && peer->header_bytes < 4)
        return false;
    peer->skip = length < 126 ? length : (uint64_t)peer->header[2] << 8 | peer->header[3];
    peer->header_bytes = 0;
    return true;
}

static void read_frames(struct client *client, int fd, const char *data, size_t bytes)
{
    struct peer *peer = &client->peers[fd];
    for (size_t at = 0; at < bytes;) {
        if (peer->skip > 0) {
            size_t some = peer->skip < bytes - at ? (size_t)peer->skip : bytes - at;
            peer->skip -= some;
            at += some;
            continue;
        }
        peer->header[peer->header_bytes++] = (uint8_t)data[at++];
        if (!read_length(peer))
            continue;
        client->frames++;
        size_t here = peer->skip < bytes - at ? (size_t)peer->skip : bytes - at;
        if (peer->state == PEER_JOINING && memmem(data + at, here, "\"receipt\"", 9))
            become_open(client, fd);
        else if (peer->state == PEER_JOINING && memmem(data + at, here, "\"error\"", 7))
            client->refused[client->refused_count++ % FDS_MAX] = fd; /* busy: asks again later */
    }
}

static void on_readable(struct client *client, int fd)
{
    static char data[65536];
    ssize_t bytes = recv(fd, data, sizeof data, MSG_DONTWAIT);
    if (bytes < 0 && errno == EAGAIN)
        return;
    struct peer *peer = &client->peers[fd];
    bool is_refused = peer->state == PEER_GREETING && peer->head_matched == 0 &&
                      (bytes < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0);
    if (bytes <= 0 || is_refused) {
        end(client, fd);
        return;
    }
    client->bytes += (uint64_t)bytes;
    size_t head = peer->state == PEER_GREETING ? read_head(client, fd, data, (size_t)bytes) : 0;
    if (peer->state == PEER_JOINING || peer->state == PEER_OPEN)
        read_frames(client, fd, data + head, (size_t)bytes - head);
}

static int turn(struct client *client, int wait_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(client->epoll, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (client->peers[fd].state == PEER_CONNECTING)
            send_request(client, fd);
        else if (client->peers[fd].state != PEER_NONE)
            on_readable(client, fd);
    }
    return count;
}

/* Those who were told that the server is busy ask again, as a page does. */
static void ask_again(struct client *client)
{
    if (now_ms() - client->asked_again_ms < RETRY_MS)
        return;
    client->asked_again_ms = now_ms();
    for (size_t i = 0; i < client->refused_count && i < FDS_MAX; i++) {
        int fd = client->refused[i];
        if (client->peers[fd].state == PEER_JOINING && !send_join(fd))
            end(client, fd);
    }
    client->asked_again += client->refused_count;
    client->refused_count = 0;
}

/* --- commands --- */

static void open_many(struct client *client, uint64_t count, uint64_t at_once)
{
    int64_t began_ms = now_ms(), moved_ms = began_ms;
    uint64_t left = count, complete = client->complete, failed = client->failed,
             lost = client->lost;
    while (left > 0 || client->under_way > 0) {
        while (left > 0 && client->under_way < at_once) {
            bool is_started = start(client);
            client->under_way += is_started;
            client->failed += !is_started;
            client->started++;
            left--;
            if (client->started % 64 == 0)
                (void)turn(client, 0);
        }
        if (turn(client, 20) > 0)
            moved_ms = now_ms();
        ask_again(client);
        if (now_ms() - moved_ms > STALL_MS_MAX)
            break;
    }
    printf("{\"opened\":%llu,\"failed\":%llu,\"lost\":%llu,\"asked_again\":%llu,\"ms\":%lld}\n",
           (unsigned long long)(client->complete - complete),
           (unsigned long long)(client->failed - failed), (unsigned long long)(client->lost - lost),
           (unsigned long long)client->asked_again, (long long)(now_ms() - began_ms));
}

static void close_some(struct client *client, uint64_t count)
{
    uint64_t closed = 0;
    while (closed < count && client->opened_count > 0) {
        int fd = client->opened[--client->opened_count];
        if (client->peers[fd].state != PEER_OPEN)
            continue; /* the server has closed it before */
        client->peers[fd].state = PEER_NONE;
        close(fd);
        closed++;
    }
    printf("{\"closed\":%llu}\n", (unsigned long long)closed);
}

/* False when the process is to end. */
static bool on_command(struct client *client)
{
    char line[128];
    if (!fgets(line, sizeof line, stdin))
        return false;
    char *after = line;
    if (strncmp(line, "open ", 5) == 0) {
        uint64_t count = strtoull(line + 5, &after, 10);
        open_many(client, count, strtoull(after, NULL, 10));
    } else if (strncmp(line, "close ", 6) == 0) {
        close_some(client, strtoull(line + 6, NULL, 10));
    } else {
        printf("{\"frames\":%llu,\"bytes\":%llu,\"open\":%llu,\"lost\":%llu}\n",
               (unsigned long long)client->frames, (unsigned long long)client->bytes,
               (unsigned long long)client->complete, (unsigned long long)client->lost);
    }
    (void)fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    static struct client client;
    if (argc < 4) {
        (void)fputs("usage: bench_client PORT PATH BLOCK [join]\n", stderr);
        return 2;
    }
    client.port = (uint16_t)strtoul(argv[1], NULL, 10);
    client.block = (uint32_t)strtoul(argv[3], NULL, 10) & 255;
    client.joins = argc > 4;
    client.epoll = epoll_create1(EPOLL_CLOEXEC);
    client.request_bytes = (size_t)snprintf(
        client.request, sizeof client.request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: stanchion.v1\r\n\r\n",
        argv[2], argv[1]);
    if (client.epoll < 0 || client.request_bytes >= sizeof client.request)
        return 1;
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, HOLD_PAUSE_MS) > 0 && !on_command(&client))
            return 0;
        while (turn(&client, 0) == EVENTS_MAX)
            ;
    }
}
