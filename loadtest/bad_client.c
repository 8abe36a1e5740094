/* Raw sockets and bytes, so that nothing keeps these from being wrong. A client has one socket and
 * one timer: AWAY -> CONNECTING -> (JOINING, while a handshake is answered) -> WAITING, in which
 * it misbehaves, and back. */
#include "loadtest/bad_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadtest/clocks.h"
#include "loadtest/timer_heap.h"
#include "loadtest/ws_client_frame.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#define EVENTS_PER_TURN 256
#define TURN_US_MAX 50000
#define STAY_US INT64_C(8000000) /* then it goes by itself and comes again */
#define AGAIN_US_MIN 200000
#define AGAIN_US_MAX 1000000
#define FLOOD_US 20000  /* between two bursts */
#define FLOOD_FRAMES 64 /* in one burst */
#define SLOW_US 500000  /* between two requests whose answers are not read */
#define SLOW_BUFFER_BYTES 2048
#define ANSWER_BYTES 16384

enum bad_kind { BAD_SLOW, BAD_HANDSHAKE, BAD_FRAMES, BAD_FLOOD, BAD_KIND_COUNT };

/* Lifetime: its process. */
struct bad {
    int fd;
    uint32_t number, generation, turns; /* turns: how often it misbehaved on this connection */
    uint8_t state;                      /* enum visitor_state */
    bool is_open, has_begun;            /* counted as connected; as one who could */
    int64_t leaves_us;
    struct dice dice;
};

struct mob {
    struct run *run;
    struct run_stats *stats;
    struct bad *clients;
    struct timer_heap timers;
    uint32_t count;
    int epoll;
    int64_t now_us;
};

static enum bad_kind kind_of(const struct bad *b)
{
    return (enum bad_kind)(b->number % BAD_KIND_COUNT);
}

static void set_state(struct mob *m, struct bad *b, enum visitor_state state)
{
    atomic_fetch_sub_explicit(&m->stats->by_state[b->state], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->stats->by_state[state], 1, memory_order_relaxed);
    b->state = (uint8_t)state;
}

static void set_timer(struct mob *m, struct bad *b, int64_t pause_us)
{
    timer_heap_set(&m->timers, (uint32_t)(b - m->clients), m->now_us + pause_us);
}

static void count_error(struct mob *m, const char *code)
{
    atomic_fetch_add_explicit(&m->stats->errors[run_error_index(code)], 1, memory_order_relaxed);
}

static void hang_up(struct mob *m, struct bad *b)
{
    if (b->fd >= 0)
        close(b->fd);
    if (b->is_open)
        atomic_fetch_sub_explicit(&m->stats->connected, 1, memory_order_relaxed);
    b->fd = -1;
    b->is_open = false;
    b->generation++;
}

static void come_again(struct mob *m, struct bad *b)
{
    hang_up(m, b);
    set_state(m, b, VISITOR_AWAY);
    set_timer(m, b, dice_between(&b->dice, AGAIN_US_MIN, AGAIN_US_MAX));
}

/* False when the other side is gone. */
static bool push(const struct bad *b, const void *bytes, size_t count)
{
    ssize_t n = send(b->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* ---- what they do ---- */

static bool send_handshake(const struct mob *m, const struct bad *b)
{
    static const uint8_t random[16] = {7};
    char key[WS_KEY_BYTES + 1], text[1024];
    ws_client_key(random, key);
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: stanchion.v1\r\n\r\n",
                     m->run->ws_path, m->run->target.authority, m->run->target.authority, key);
    return n > 0 && (size_t)n < sizeof text && push(b, text, (size_t)n);
}

static bool send_garbage(struct bad *b)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "GET /api/v1/events HTTP/1.1\r\nHost: ", /* and never the rest */
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        "\x16\x03\x01\x02"};
    uint64_t noise[64];
    uint64_t which = dice_u64(&b->dice) % 7;
    if (which < 5)
        return push(b, texts[which], strlen(texts[which]));
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
        noise[i] = which == 5 ? dice_u64(&b->dice) : UINT64_C(0x2041414141414141);
    return push(b, noise, sizeof noise);
}

static bool send_text(const struct bad *b, const char *text)
{
    uint8_t frame[512];
    size_t bytes = ws_client_encode(WS_TEXT, text, strlen(text), 0x1b2c3d4e, frame, sizeof frame);
    return bytes > 0 && push(b, frame, bytes);
}

static bool send_broken(struct bad *b)
{
    static const char *const messages[] = {"{\"type\":\"join\",\"id\":1",
                                           "[[[[[[[[[[[[[[[[[[[[",
                                           "{\"type\":\"enter\",\"id\":-1}",
                                           "{\"type\":\"hold\",\"id\":2,\"seats\":[4294967296,-1]}",
                                           "{\"type\":\"resume\",\"id\":3,\"receipt\":\"r1.x.y\"}",
                                           "{\"type\":\"\xff\xfe\",\"id\":4}"};
    static const struct {
        uint8_t bytes[14];
        size_t count;
    } frames[] = {{{0x81, 0x02, 'h', 'i'}, 4},   /* no mask */
                  {{0xf1, 0x80, 1, 2, 3, 4}, 6}, /* reserved bits */
                  {{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 10}, /* endless */
                  {{0x82, 0x81, 0, 0, 0, 0, 'x'}, 7},                                 /* binary */
                  {{0x88, 0x81, 0, 0, 0, 0, 3}, 7}}; /* short close */
    uint64_t which = dice_u64(&b->dice) % 11;
    return which < 6 ? send_text(b, messages[which])
                     : push(b, frames[which - 6].bytes, frames[which - 6].count);
}

static bool flood(const struct bad *b)
{
    bool is_good = true;
    for (int i = 0; i < FLOOD_FRAMES && is_good; i++)
        is_good =
            send_text(b, i % 2 ? "{\"type\":\"join\",\"id\":1}" : "{\"type\":\"map\",\"id\":2}");
    return is_good;
}

static int64_t misbehave(struct bad *b, bool *is_good)
{
    b->turns++;
    switch (kind_of(b)) {
    case BAD_SLOW:
        *is_good = send_text(b, "{\"type\":\"join\",\"id\":1}");
        return SLOW_US;
    case BAD_HANDSHAKE:
        *is_good = b->turns > 1 || send_garbage(b);
        return SLOW_US;
    case BAD_FRAMES:
        *is_good = send_broken(b);
        return SLOW_US;
    default:
        *is_good = flood(b);
        return FLOOD_US;
    }
}

static void go_on(struct mob *m, struct bad *b)
{
    bool is_good;
    int64_t pause_us = misbehave(b, &is_good);
    if (!b->has_begun)
        atomic_fetch_add_explicit(&m->stats->joined, 1, memory_order_relaxed);
    b->has_begun = true;
    if (!is_good)
        count_error(m, "closed");
    if (!is_good || m->now_us >= b->leaves_us)
        come_again(m, b);
    else
        set_timer(m, b, pause_us);
}

/* ---- the loop ---- */

static bool watch(const struct mob *m, const struct bad *b, int operation, uint32_t events)
{
    struct epoll_event e = {.events = events,
                            .data.u64 = (uint64_t)b->generation << 32 | (uint32_t)(b - m->clients)};
    return epoll_ctl(m->epoll, operation, b->fd, &e) == 0;
}

static in_addr_t source_of(const struct mob *m, const struct bad *b)
{
    uint32_t n = b->number;
    return m->run->target.is_loopback ? htonl(0x7fc80001u + (n / 250 % 250 << 8) + n % 250) : 0;
}

static void start(struct mob *m, struct bad *b)
{
    int one = 1, small = SLOW_BUFFER_BYTES;
    const struct sockaddr_in *server = &m->run->target.address;
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = source_of(m, b)};
    b->generation++;
    b->turns = 0;
    b->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_good = b->fd >= 0;
    if (is_good && kind_of(b) == BAD_SLOW)
        (void)setsockopt(b->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (is_good && from.sin_addr.s_addr != 0) {
        (void)setsockopt(b->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        is_good = bind(b->fd, (const struct sockaddr *)&from, sizeof from) == 0;
    }
    if (is_good) {
        int r = connect(b->fd, (const struct sockaddr *)server, sizeof *server);
        is_good = (r == 0 || errno == EINPROGRESS) && watch(m, b, EPOLL_CTL_ADD, EPOLLOUT);
    }
    set_state(m, b, VISITOR_CONNECTING);
    b->leaves_us = m->now_us + STAY_US;
    if (is_good) {
        set_timer(m, b, STAMPEDE_CONNECT_TIMEOUT_US);
        return;
    }
    count_error(m, "connect_failed");
    come_again(m, b);
}

static void begin(struct mob *m, struct bad *b)
{
    set_state(m, b, VISITOR_WAITING);
    if (kind_of(b) == BAD_SLOW)
        (void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, b->fd, NULL); /* does not read any more */
    go_on(m, b);
}

static void on_connected(struct mob *m, struct bad *b)
{
    int error = 0;
    socklen_t size = sizeof error;
    bool is_on = getsockopt(b->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
                 watch(m, b, EPOLL_CTL_MOD, EPOLLIN);
    if (is_on && kind_of(b) != BAD_HANDSHAKE)
        is_on = send_handshake(m, b);
    if (!is_on) {
        count_error(m, "connect_failed");
        come_again(m, b);
        return;
    }
    atomic_fetch_add_explicit(&m->stats->connected, 1, memory_order_relaxed);
    if (b->has_begun)
        atomic_fetch_add_explicit(&m->stats->reconnects, 1, memory_order_relaxed);
    b->is_open = true;
    if (kind_of(b) == BAD_HANDSHAKE)
        begin(m, b);
    else
        set_state(m, b, VISITOR_JOINING);
}

static void on_bytes(struct mob *m, struct bad *b)
{
    char answer[ANSWER_BYTES];
    ssize_t n = recv(b->fd, answer, sizeof answer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        count_error(m, "closed");
        come_again(m, b);
    } else if (b->state == VISITOR_JOINING) {
        bool is_welcome = n > 12 && memcmp(answer, "HTTP/1.1 101", 12) == 0;
        if (is_welcome) {
            begin(m, b);
        } else {
            count_error(m, "handshake_refused");
            come_again(m, b);
        }
    }
}

static void on_timer(struct mob *m, struct bad *b)
{
    if (b->state == VISITOR_AWAY) {
        if (!b->has_begun && b->generation == 0)
            atomic_fetch_add_explicit(&m->stats->arrived, 1, memory_order_relaxed);
        start(m, b);
    } else if (b->state == VISITOR_WAITING) {
        go_on(m, b);
    } else {
        count_error(m, "answer_timeout");
        come_again(m, b);
    }
}

static void work_on(struct mob *m, const struct epoll_event *e)
{
    struct bad *b = &m->clients[(uint32_t)e->data.u64];
    if (b->generation != (uint32_t)(e->data.u64 >> 32))
        return;
    if (b->state == VISITOR_CONNECTING)
        on_connected(m, b);
    else
        on_bytes(m, b);
}

static bool turn(struct mob *m)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int64_t next_us = timer_heap_next_us(&m->timers) - clocks_us(), due_us;
    next_us = next_us < 0 ? 0 : next_us < TURN_US_MAX ? next_us : TURN_US_MAX;
    const struct timespec wait = {.tv_nsec = next_us * 1000};
    int count = epoll_pwait2(m->epoll, events, EVENTS_PER_TURN, &wait, NULL);
    if (count < 0 && errno != EINTR)
        return false;
    m->now_us = clocks_us();
    for (int i = 0; i < count; i++)
        work_on(m, &events[i]);
    uint32_t index;
    for (int i = 0; i < EVENTS_PER_TURN && timer_heap_take(&m->timers, m->now_us, &index, &due_us);
         i++) {
        histogram_record(&m->stats->late, m->now_us - due_us);
        on_timer(m, &m->clients[index]);
    }
    return atomic_load(&m->run->shared->command) < RUN_SEND_HOME;
}

static void invite(struct mob *m, uint32_t first)
{
    const struct stampede_options *o = m->run->options;
    atomic_store(&m->stats->by_state[VISITOR_AWAY], m->count);
    for (uint32_t i = 0; i < m->count; i++) {
        struct bad *b = &m->clients[i];
        *b = (struct bad){.fd = -1, .number = first + i, .state = VISITOR_AWAY};
        dice_init(&b->dice, o->seed, b->number);
        timer_heap_set(&m->timers, i,
                       m->run->start_us +
                           arrival_us(&o->arrival, &b->dice, b->number, o->visitors));
    }
}

int bad_client_run(struct run *run, uint32_t process, uint32_t first, uint32_t count)
{
    struct mob m = {.run = run,
                    .stats = &run->stats[process],
                    .clients = calloc(count, sizeof *m.clients),
                    .count = count,
                    .epoll = epoll_create1(EPOLL_CLOEXEC)};
    bool is_good = m.clients && m.epoll >= 0 && timer_heap_init(&m.timers, count);
    if (is_good) {
        invite(&m, first);
        while (turn(&m))
            ;
        for (uint32_t i = 0; i < count; i++) {
            hang_up(&m, &m.clients[i]);
            set_state(&m, &m.clients[i], VISITOR_LEFT);
        }
        is_good = atomic_load(&run->shared->command) >= RUN_SEND_HOME;
        timer_heap_release(&m.timers);
    }
    if (m.epoll >= 0)
        close(m.epoll);
    free(m.clients);
    return is_good ? 0 : 1;
}
