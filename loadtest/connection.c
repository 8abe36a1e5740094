/* Level-triggered reads, writes that try at once. The handshake's answer is checked in full
 * (ws_client_frame). */
#include "loadtest/connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadtest/limits.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

void connection_init(struct connection *c)
{
    *c = (struct connection){.fd = -1, .state = CONNECTION_CLOSED};
}

static void forget(uint8_t **bytes, uint32_t *count)
{
    free(*bytes);
    *bytes = NULL;
    *count = 0;
}

void connection_drop(struct connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->state = CONNECTION_CLOSED;
    c->wants_write = false;
    c->generation++;
    forget(&c->in, &c->in_bytes);
    forget(&c->message, &c->message_bytes);
    forget(&c->out, &c->out_bytes);
}

void connection_close(struct connection *c)
{
    if (c->state == CONNECTION_OPEN && c->out_bytes == 0) {
        static const uint8_t normal[2] = {1000 >> 8, 1000 & 0xff};
        uint8_t frame[32];
        size_t bytes =
            ws_client_encode(WS_CLOSE, normal, sizeof normal, 0x5eed5eed, frame, sizeof frame);
        /* A close frame that does not get out changes nothing: the connection ends either way. */
        (void)!send(c->fd, frame, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    connection_drop(c);
}

static bool watch(const struct connection *c, int epoll, int operation, uint32_t events,
                  uint32_t tag)
{
    struct epoll_event e = {.events = events, .data.u64 = (uint64_t)c->generation << 32 | tag};
    return epoll_ctl(epoll, operation, c->fd, &e) == 0;
}

static bool open_socket(struct connection *c, in_addr_t source)
{
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return false;
    int one = 1;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (source == 0)
        return true;
    (void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = source};
    return bind(c->fd, (const struct sockaddr *)&from, sizeof from) == 0;
}

bool connection_start(struct connection *c, const struct connection_place *place, in_addr_t source,
                      struct dice *dice, uint32_t tag)
{
    assert(c->state == CONNECTION_CLOSED);
    c->generation++;
    c->key_seed = dice_u64(dice);
    bool is_on = open_socket(c, source);
    if (is_on) {
        int r = connect(c->fd, (const struct sockaddr *)&place->server, sizeof place->server);
        is_on = (r == 0 || errno == EINPROGRESS) &&
                watch(c, place->epoll, EPOLL_CTL_ADD, EPOLLOUT, tag);
    }
    if (!is_on) {
        connection_drop(c);
        return false;
    }
    c->state = CONNECTION_CONNECTING;
    c->wants_write = true;
    return true;
}

static void lose(struct connection *c, enum connection_loss loss, const struct ws_answer *answer,
                 const struct connection_handler *handler)
{
    /* Dropped after the call would let the handler reconnect into our hands: drop first, the answer
     * outlives it. */
    connection_drop(c);
    handler->on_lost(handler->ctx, loss, answer);
}

static void key_of(const struct connection *c, char key[WS_KEY_BYTES + 1])
{
    struct dice dice = {.state = c->key_seed};
    uint64_t random[2] = {dice_u64(&dice), dice_u64(&dice)};
    uint8_t bytes[16];
    memcpy(bytes, random, sizeof bytes);
    ws_client_key(bytes, key);
}

/* Appends to the unsent bytes and asks the loop for room. */
static bool keep_unsent(struct connection *c, int epoll, uint32_t tag, const uint8_t *data,
                        size_t bytes)
{
    if (c->out_bytes + bytes > STAMPEDE_OUT_BYTES_MAX)
        return false;
    uint8_t *out = realloc(c->out, c->out_bytes + bytes);
    if (!out)
        return false;
    memcpy(out + c->out_bytes, data, bytes);
    c->out = out;
    c->out_bytes += (uint32_t)bytes;
    if (!c->wants_write)
        c->wants_write = watch(c, epoll, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, tag);
    return c->wants_write;
}

static bool send_bytes(struct connection *c, int epoll, uint32_t tag, const uint8_t *data,
                       size_t bytes)
{
    ssize_t sent = 0;
    if (c->out_bytes == 0) {
        sent = send(c->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return true; /* the loss is reported by the next read */
        if (sent < 0)
            sent = 0;
    }
    return (size_t)sent == bytes || keep_unsent(c, epoll, tag, data + sent, bytes - (size_t)sent);
}

static bool send_frame(struct connection *c, int epoll, uint32_t tag, enum ws_opcode opcode,
                       const void *payload, size_t bytes, uint32_t mask)
{
    uint8_t frame[4096];
    size_t frame_bytes = ws_client_encode(opcode, payload, bytes, mask, frame, sizeof frame);
    return frame_bytes > 0 && send_bytes(c, epoll, tag, frame, frame_bytes);
}

bool connection_send(struct connection *c, const struct connection_place *place, struct dice *dice,
                     uint32_t tag, const char *text, size_t bytes)
{
    return c->state == CONNECTION_OPEN &&
           send_frame(c, place->epoll, tag, WS_TEXT, text, bytes, (uint32_t)dice_u64(dice));
}

static bool flush(struct connection *c, int epoll, uint32_t tag)
{
    ssize_t sent =
        c->out_bytes ? send(c->fd, c->out, c->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    c->out_bytes -= (uint32_t)sent;
    if (c->out_bytes > 0) {
        memmove(c->out, c->out + sent, c->out_bytes);
        return true;
    }
    forget(&c->out, &c->out_bytes);
    c->wants_write = false;
    return watch(c, epoll, EPOLL_CTL_MOD, EPOLLIN, tag);
}

static bool send_handshake(struct connection *c, const struct connection_place *place, uint32_t tag,
                           const char *cookie)
{
    char key[WS_KEY_BYTES + 1], text[2048];
    key_of(c, key);
    int n = snprintf(
        text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nUser-Agent: stampede\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: stanchion.v1\r\n%s%s%s\r\n",
        place->path, place->authority, place->authority, key,
        cookie ? "Cookie: stanchion_visitor=" : "", cookie ? cookie : "", cookie ? "\r\n" : "");
    if (n < 0 || (size_t)n >= sizeof text)
        return false;
    c->state = CONNECTION_HANDSHAKE;
    c->wants_write = false;
    return watch(c, place->epoll, EPOLL_CTL_MOD, EPOLLIN, tag) &&
           send_bytes(c, place->epoll, tag, (const uint8_t *)text, (size_t)n);
}

static bool is_connected(const struct connection *c)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/* Takes the answer's head off `data`. Returns its size, 0 when more is needed or the connection was
 * lost. */
static size_t read_answer(struct connection *c, const uint8_t *data, size_t bytes,
                          const struct connection_handler *handler)
{
    char key[WS_KEY_BYTES + 1], accept[WS_ACCEPT_BYTES + 1];
    struct ws_answer answer;
    key_of(c, key);
    ws_client_accept(key, accept);
    switch (ws_client_read_answer((const char *)data, bytes, accept, "stanchion.v1",
                                  "stanchion_visitor", &answer)) {
    case WS_ANSWER_OK:
        c->state = CONNECTION_OPEN;
        handler->on_open(handler->ctx, &answer);
        return answer.head_bytes;
    case WS_ANSWER_MORE:
        if (bytes > STAMPEDE_HANDSHAKE_BYTES_MAX)
            lose(c, CONNECTION_LOSS_BAD, NULL, handler);
        return 0;
    case WS_ANSWER_REFUSED:
        lose(c, CONNECTION_LOSS_REFUSED, &answer, handler);
        return 0;
    default:
        lose(c, CONNECTION_LOSS_BAD, NULL, handler);
        return 0;
    }
}

static bool keep_fragment(struct connection *c, const struct ws_frame *f)
{
    if (c->message_bytes + f->payload_bytes > STAMPEDE_FRAME_BYTES_MAX)
        return false;
    uint8_t *message = realloc(c->message, c->message_bytes + f->payload_bytes + 1);
    if (!message)
        return false;
    memcpy(message + c->message_bytes, f->payload, f->payload_bytes);
    c->message = message;
    c->message_bytes += (uint32_t)f->payload_bytes;
    return true;
}

/* A text or continuation frame. False when the order of fragments is wrong. */
static bool take_data(struct connection *c, const struct ws_frame *f,
                      const struct connection_handler *handler)
{
    if ((f->opcode == WS_CONTINUATION) != (c->message != NULL))
        return false;
    if (f->is_final && !c->message) {
        handler->on_text(handler->ctx, (const char *)f->payload, f->payload_bytes);
        return true;
    }
    if (!keep_fragment(c, f))
        return false;
    if (f->is_final) {
        uint8_t *message = c->message;
        uint32_t bytes = c->message_bytes;
        c->message = NULL;
        c->message_bytes = 0;
        handler->on_text(handler->ctx, (const char *)message, bytes);
        free(message);
    }
    return true;
}

/* Works on one frame; the connection may be closed afterwards. */
static void take_frame(struct connection *c, int epoll, uint32_t tag, const struct ws_frame *f,
                       const struct connection_handler *handler)
{
    bool is_good = true;
    if (f->opcode == WS_CLOSE) {
        (void)send_frame(c, epoll, tag, WS_CLOSE, f->payload, f->payload_bytes < 2 ? 0 : 2, 0);
        lose(c, CONNECTION_LOSS_CLOSED, NULL, handler);
    } else if (f->opcode == WS_PING) {
        is_good = send_frame(c, epoll, tag, WS_PONG, f->payload, f->payload_bytes, 0x1234abcd);
    } else if (f->opcode == WS_BINARY) {
        is_good = false;
    } else if (f->opcode != WS_PONG) {
        uint32_t generation = c->generation;
        is_good = take_data(c, f, handler) || c->generation != generation;
    }
    if (!is_good)
        lose(c, CONNECTION_LOSS_BAD, NULL, handler);
}

/* Keeps what is left of `data`. */
static bool keep_rest(struct connection *c, const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return true;
    c->in = malloc(bytes);
    if (!c->in)
        return false;
    memcpy(c->in, data, bytes);
    c->in_bytes = (uint32_t)bytes;
    return true;
}

static void take_bytes(struct connection *c, const struct connection_place *place, uint32_t tag,
                       size_t bytes, const struct connection_handler *handler)
{
    const uint8_t *data = place->scratch;
    size_t at = 0;
    uint32_t generation = c->generation;
    if (c->state == CONNECTION_HANDSHAKE)
        at = read_answer(c, data, bytes, handler);
    while (c->generation == generation && c->state == CONNECTION_OPEN) {
        struct ws_frame f;
        enum ws_frame_status s =
            ws_client_decode(data + at, bytes - at, STAMPEDE_FRAME_BYTES_MAX, &f);
        if (s == WS_FRAME_MORE)
            break;
        if (s != WS_FRAME_OK) {
            lose(c, CONNECTION_LOSS_BAD, NULL, handler);
            return;
        }
        at += f.frame_bytes;
        take_frame(c, place->epoll, tag, &f, handler);
    }
    if (c->generation == generation && !keep_rest(c, data + at, bytes - at))
        lose(c, CONNECTION_LOSS_BAD, NULL, handler);
}

static void read_some(struct connection *c, const struct connection_place *place, uint32_t tag,
                      const struct connection_handler *handler)
{
    size_t kept = c->in_bytes;
    ssize_t n = recv(c->fd, place->scratch + kept, CONNECTION_SCRATCH_BYTES - kept, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        lose(c, CONNECTION_LOSS_CLOSED, NULL, handler);
        return;
    }
    if (kept > 0)
        memcpy(place->scratch, c->in, kept);
    forget(&c->in, &c->in_bytes);
    take_bytes(c, place, tag, kept + (size_t)n, handler);
}

void connection_work(struct connection *c, const struct connection_place *place, uint32_t events,
                     uint32_t tag, const char *cookie, const struct connection_handler *handler)
{
    if (c->state == CONNECTION_CONNECTING) {
        if (!is_connected(c) || !send_handshake(c, place, tag, cookie))
            lose(c, CONNECTION_LOSS_CONNECT, NULL, handler);
        return;
    }
    if ((events & EPOLLOUT) && !flush(c, place->epoll, tag)) {
        lose(c, CONNECTION_LOSS_CLOSED, NULL, handler);
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        read_some(c, place, tag, handler);
}
