/* libmicrohttpd is driven from outside: we watch its epoll descriptor, ask before each sleep how
 * long it may be (a request may already lie in its buffers), and call MHD_run. A request whose
 * outcome is not known yet is suspended, so it costs a list entry and no thread, and is asked again
 * after transport_wake. One whose answer is not stored yet is suspended with it, and answered after
 * transport_release.
 */
#include "server/sandbox/transport.h"

#include <assert.h>
#include <ev.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/sandbox/provider.h"

struct exchange_list {
    struct exchange *first;
    size_t count;
};

struct exchange {
    struct transport *transport;
    struct MHD_Connection *connection;
    struct exchange_list *list; /* where it is suspended, or NULL */
    struct exchange *next, *previous;
    struct provider_reply reply; /* held back, then given; code 0 = none */
    size_t body_bytes, discarded_bytes;
    char body[SANDBOX_BODY_BYTES_MAX];
};

struct transport {
    struct ev_loop *loop;
    struct provider *provider;
    struct MHD_Daemon *daemon;
    ev_io io;
    ev_prepare prepare;
    ev_timer timer;
    struct exchange_list waiting; /* for an outcome */
    struct exchange_list held;    /* with an answer that is not stored yet */
    bool is_stopping;
};

static enum MHD_Result queue_reply(struct MHD_Connection *connection, unsigned code, char *body,
                                   enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), body, mode);
    if (!response) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(body);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (code == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_fixed(struct MHD_Connection *connection, unsigned code,
                                   const char *body)
{
    return queue_reply(connection, code, (char *)body, MHD_RESPMEM_PERSISTENT);
}

static void suspend(struct exchange *x, struct exchange_list *list)
{
    x->list = list;
    x->previous = NULL;
    x->next = list->first;
    if (x->next)
        x->next->previous = x;
    list->first = x;
    list->count++;
    MHD_suspend_connection(x->connection);
}

static void take_off(struct exchange *x)
{
    if (!x->list)
        return;
    if (x->previous)
        x->previous->next = x->next;
    else
        x->list->first = x->next;
    if (x->next)
        x->next->previous = x->previous;
    assert(x->list->count > 0);
    x->list->count--;
    x->list = NULL;
}

static enum MHD_Result wait_for_outcome(struct exchange *x)
{
    struct transport *transport = x->transport;
    if (transport->is_stopping || transport->waiting.count >= SANDBOX_WAITING_MAX)
        return reply_fixed(x->connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                           "{\"error\":\"busy\",\"message\":\"Repeat under the same key.\"}");
    suspend(x, &transport->waiting);
    return MHD_YES;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *argument_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* The answer that was held back, or that need not be. */
static enum MHD_Result give(struct exchange *x)
{
    struct provider_reply reply = x->reply;
    x->reply = (struct provider_reply){0};
    if (!reply.body)
        return reply_fixed(x->connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
                           "{\"error\":\"memory\",\"message\":\"Out of memory.\"}");
    return queue_reply(x->connection, (unsigned)reply.code, reply.body, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer(struct exchange *x, const char *method, const char *path)
{
    struct MHD_Connection *connection = x->connection;
    if (x->reply.code != 0)
        return give(x);
    struct provider_request request = {
        .method = method,
        .path = path,
        .authorization = header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION),
        .idempotency_key = header_of(connection, "Idempotency-Key"),
        .status = argument_of(connection, "status"),
        .after = argument_of(connection, "after"),
        .limit = argument_of(connection, "limit"),
        .body = x->body,
        .body_bytes = x->body_bytes,
        .is_too_large = x->discarded_bytes > 0,
    };
    struct provider *provider = x->transport->provider;
    provider_answer(provider, &request, clock_wall_ms(), &x->reply);
    if (x->reply.code == 0)
        return wait_for_outcome(x);
    if (!provider_is_undecided(provider))
        return give(x);
    suspend(x, &x->transport->held);
    return MHD_YES;
}

/* Keeps what fits; a body that is too large is read to its end within bounds, so that the 413
 * arrives. */
static enum MHD_Result take_body(struct exchange *x, const char *data, size_t bytes)
{
    if (x->discarded_bytes > 0 || bytes > sizeof x->body - x->body_bytes) {
        x->discarded_bytes += bytes;
        return x->discarded_bytes <= SANDBOX_DISCARD_BYTES_MAX ? MHD_YES : MHD_NO;
    }
    memcpy(x->body + x->body_bytes, data, bytes);
    x->body_bytes += bytes;
    return MHD_YES;
}

/* A body that announces more than we would discard is refused before it is sent. */
static enum MHD_Result refuse_huge(struct exchange *x)
{
    const char *length = header_of(x->connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || strtoull(length, NULL, 10) <= SANDBOX_DISCARD_BYTES_MAX)
        return MHD_YES;
    return reply_fixed(x->connection, MHD_HTTP_CONTENT_TOO_LARGE,
                       "{\"error\":\"too_large\",\"message\":\"The body is too large.\"}");
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **exchange)
{
    (void)version;
    struct exchange *x = *exchange;
    if (!x) {
        x = calloc(1, sizeof *x);
        if (!x)
            return MHD_NO;
        x->transport = ctx;
        x->connection = connection;
        *exchange = x;
        return refuse_huge(x);
    }
    if (*data_bytes > 0) {
        enum MHD_Result result = take_body(x, data, *data_bytes);
        *data_bytes = 0;
        return result;
    }
    return answer(x, method, path);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
    (void)ctx, (void)connection, (void)code;
    struct exchange *x = *exchange;
    if (!x)
        return;
    take_off(x);
    explicit_bzero(x->body, sizeof x->body); /* it may have held a card */
    free(x->reply.body);
    free(x);
    *exchange = NULL;
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop, (void)revents;
    MHD_run(((struct transport *)io->data)->daemon);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop, (void)revents;
    MHD_run(((struct transport *)timer->data)->daemon);
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int revents)
{
    (void)revents;
    struct transport *transport = prepare->data;
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    ev_timer_stop(loop, &transport->timer);
    if (MHD_get_timeout(transport->daemon, &timeout_ms) != MHD_YES)
        return;
    ev_timer_set(&transport->timer, (double)timeout_ms / 1000.0, 0.0);
    ev_timer_start(loop, &transport->timer);
}

static void start_watching(struct transport *transport)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(transport->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info);
    ev_io_init(&transport->io, on_io, info->epoll_fd, EV_READ);
    ev_prepare_init(&transport->prepare, on_prepare);
    ev_init(&transport->timer, on_timer);
    transport->io.data = transport->prepare.data = transport->timer.data = transport;
    ev_io_start(transport->loop, &transport->io);
    ev_prepare_start(transport->loop, &transport->prepare);
}

struct transport *transport_create(struct ev_loop *loop, struct provider *provider, int listen_fd)
{
    struct transport *transport = calloc(1, sizeof *transport);
    if (transport)
        transport->daemon = MHD_start_daemon(
            MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, transport,
            MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
            MHD_OPTION_CONNECTION_LIMIT, (unsigned)SANDBOX_CONNECTIONS_MAX,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SANDBOX_IDLE_S_MAX,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SANDBOX_CONNECTION_BYTES,
            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!transport || !transport->daemon) {
        log_error("the HTTP server could not start");
        close(listen_fd);
        free(transport);
        return NULL;
    }
    transport->loop = loop;
    transport->provider = provider;
    start_watching(transport);
    return transport;
}

static void resume_all(struct exchange_list *list)
{
    while (list->first) {
        struct exchange *x = list->first;
        take_off(x);
        MHD_resume_connection(x->connection);
    }
}

void transport_wake(struct transport *transport)
{
    resume_all(&transport->waiting);
    MHD_run(transport->daemon);
}

void transport_release(struct transport *transport, bool is_stored)
{
    if (!transport->held.first)
        return;
    for (struct exchange *x = transport->held.first; x && !is_stored; x = x->next)
        provider_undo(&x->reply);
    resume_all(&transport->held);
    MHD_run(transport->daemon);
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    transport->is_stopping = true;
    transport_wake(transport);
    transport_release(transport, provider_commit(transport->provider) == SANDBOX_STORE_OK);
    resume_all(&transport->held); /* what came in between is not answered */
    ev_io_stop(transport->loop, &transport->io);
    ev_prepare_stop(transport->loop, &transport->prepare);
    ev_timer_stop(transport->loop, &transport->timer);
    MHD_stop_daemon(transport->daemon);
    free(transport);
}
