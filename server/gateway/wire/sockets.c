#include "server/gateway/wire/sockets.h"
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"
#include "server/gateway/wire/ws.h"

#define HEADERS_TIMEOUT_S 10
#define HEADER_BYTES_MAX 4096

static bool has_room(void *ctx, size_t waiting_count)
{
    const struct gateway *gateway = ctx;
    return gateway->connections_count + waiting_count < gateway->options->connections_max;
}

/* The request is there already (TCP_DEFER_ACCEPT), so it is read at once: no event for it has to
 * come through the loop, and what libwebsockets has just made for the connection is still in the
 * cache. A connection that was handed over without one is read again when something comes. */
static void on_accept(void *ctx, int fd)
{
    struct gateway *gateway = ctx;
    struct lws_pollfd arrived = {.fd = fd, .events = LWS_POLLIN, .revents = LWS_POLLIN};
    if (lws_adopt_socket_vhost(gateway->vhost, fd) != NULL) /* otherwise it has been closed */
        lws_service_fd(gateway->lws, &arrived);
}

/* What libwebsockets complains of is mostly what a client did: not worth more than debugging. */
static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("%.*s", (int)strcspn(line, "\n"), line);
}

static bool start_lws(struct gateway *gateway)
{
    static const lws_retry_bo_t no_timers = {.secs_since_valid_ping = 0,
                                             .secs_since_valid_hangup = 0};
    static struct lws_protocols protocols[] = {
        {.name = "http",
         .callback = http_callback,
         .per_session_data_size = sizeof(struct http_connection),
         .rx_buffer_size = HEADER_BYTES_MAX,
         .tx_packet_size = WS_TX_BYTES},
        {.name = "stanchion.v1",
         .callback = ws_callback,
         .per_session_data_size = sizeof(struct ws_connection),
         .rx_buffer_size = WS_RX_BYTES,
         .tx_packet_size = WS_TX_BYTES},
        {.name = ORGANIZER_SUBPROTOCOL,
         .callback = organizer_live_callback,
         .per_session_data_size = sizeof(struct organizer_live),
         .rx_buffer_size = WS_RX_BYTES,
         .tx_packet_size = WS_TX_BYTES},
        {0},
    };
    void *loops[1] = {gateway->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .retry_and_idle_policy = &no_timers,
        .timeout_secs = HEADERS_TIMEOUT_S,
        .keepalive_timeout = HEADERS_TIMEOUT_S,
        .max_http_header_data = HEADER_BYTES_MAX,
        .alpn = "http/1.1",
        .server_string = "stanchion",
        .user = gateway,
    };
    lws_set_log_level(LLL_ERR, on_lws_log);
    gateway->lws = lws_create_context(&info);
    if (gateway->lws == NULL)
        log_error("libwebsockets does not start; is its libev plugin installed?");
    gateway->vhost = gateway->lws != NULL ? lws_get_vhost_by_name(gateway->lws, "default") : NULL;
    return gateway->vhost != NULL;
}

static bool start_listening(struct gateway *gateway)
{
    int error = listener_init(&gateway->listener, gateway->loop, gateway->options->listen_address,
                              gateway->options->listen_port, gateway->options->unanswered_ms_max,
                              has_room, on_accept, gateway);
    if (error != 0) {
        log_error("cannot listen on %s port %u: %s", gateway->options->listen_address,
                  gateway->options->listen_port, strerror(error));
    }
    return error == 0;
}

bool sockets_start(struct gateway *gateway)
{
    return start_lws(gateway) && start_listening(gateway);
}
