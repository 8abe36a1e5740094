/* The sandbox's process: one libev loop that drives HTTP (transport), outcomes that come due
 * (provider) and webhooks (messenger). Before each sleep it settles what is due and works out when
 * to wake.
 */
#include "server/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/sandbox/messenger.h"
#include "server/sandbox/provider.h"
#include "server/sandbox/store.h"
#include "server/sandbox/transport.h"

#define STORAGE_RETRY_MS 1000 /* after a storage error, instead of spinning */
#define HOUSEKEEPING_MS 60000 /* how often old answers are forgotten */
#define SLEEP_MS_MAX 60000
#define GROUP_MS 2 /* from one commit to the next: what arrives meanwhile shares it */

struct sandbox {
    struct ev_loop *loop;
    struct provider provider;
    struct transport *transport;
    struct messenger *messenger;
    ev_prepare prepare;
    ev_timer timer;
    ev_signal on_term, on_int;
    int64_t housekeeping_ms; /* when it is due next */
    int64_t stored_ms;       /* monotonic; the last commit */
};

static void on_signal(struct ev_loop *loop, ev_signal *signal, int revents)
{
    (void)signal, (void)revents;
    ev_break(loop, EVBREAK_ALL);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop, (void)timer, (void)revents; /* the work is done before the next sleep */
}

static enum sandbox_store_status keep_house(struct sandbox *sandbox, int64_t now_ms)
{
    if (now_ms < sandbox->housekeeping_ms)
        return SANDBOX_STORE_OK;
    sandbox->housekeeping_ms = now_ms + HOUSEKEEPING_MS;
    return store_forget_answers(sandbox->provider.store, now_ms - ANSWERS_KEPT_MS,
                                ANSWERS_FORGOTTEN_MAX);
}

/* What was asked since the last turn is stored with what came due, and answered; webhooks that go
 * out are about what is stored. */
static enum sandbox_store_status store_and_tell(struct sandbox *sandbox, int64_t now_ms,
                                                bool *has_room)
{
    if (provider_is_undecided(&sandbox->provider))
        sandbox->stored_ms = clock_monotonic_ms();
    enum sandbox_store_status status = provider_commit(&sandbox->provider), sent;
    bool is_stored = status == SANDBOX_STORE_OK, has_settled = sandbox->provider.has_settled;
    sandbox->provider.has_settled = false;
    if (is_stored && sandbox->messenger) {
        sent = messenger_turn(sandbox->messenger, now_ms);
        *has_room = sent != SANDBOX_STORE_OK; /* otherwise a completion wakes us */
        status = sent == SANDBOX_STORE_FAILED ? sent : SANDBOX_STORE_OK;
    }
    transport_release(sandbox->transport, is_stored);
    if (has_settled)
        transport_wake(sandbox->transport);
    return status;
}

/* Everything that is due; *wake_ms = when there is more to do, on the wall clock. */
static enum sandbox_store_status turn(struct sandbox *sandbox, int64_t now_ms, int64_t *wake_ms)
{
    int64_t intent_ms, webhook_ms;
    bool has_room = true;
    enum sandbox_store_status status =
        store_next_due(sandbox->provider.store, &intent_ms, &webhook_ms);
    if (status == SANDBOX_STORE_OK && intent_ms && intent_ms <= now_ms)
        (void)provider_settle(&sandbox->provider, now_ms); /* what fails is told by the commit */
    int64_t group_ms = GROUP_MS - (clock_monotonic_ms() - sandbox->stored_ms);
    if (group_ms <= 0) {
        enum sandbox_store_status told = store_and_tell(sandbox, now_ms, &has_room);
        status = status == SANDBOX_STORE_OK ? told : status;
    }
    if (status == SANDBOX_STORE_OK)
        status = keep_house(sandbox, now_ms);
    if (status == SANDBOX_STORE_OK)
        status = store_next_due(sandbox->provider.store, &intent_ms, &webhook_ms);
    *wake_ms = now_ms + SLEEP_MS_MAX;
    if (intent_ms && intent_ms < *wake_ms)
        *wake_ms = intent_ms;
    if (sandbox->messenger && has_room && webhook_ms && webhook_ms < *wake_ms)
        *wake_ms = webhook_ms;
    if (provider_is_undecided(&sandbox->provider) || group_ms > 0)
        *wake_ms = now_ms + (group_ms > 0 ? group_ms : 0);
    return status;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int revents)
{
    (void)revents;
    struct sandbox *sandbox = prepare->data;
    int64_t now_ms = clock_wall_ms(), wake_ms;
    if (turn(sandbox, now_ms, &wake_ms) == SANDBOX_STORE_FAILED)
        wake_ms = now_ms + STORAGE_RETRY_MS;
    ev_timer_stop(loop, &sandbox->timer);
    ev_now_update(loop);
    ev_timer_set(&sandbox->timer, wake_ms > now_ms ? (double)(wake_ms - now_ms) / 1000.0 : 0.0,
                 0.0);
    ev_timer_start(loop, &sandbox->timer);
}

static bool fill_address(const struct sandbox_options *options, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(options->port)};
    if (inet_pton(AF_INET, options->address, &address->sin_addr) == 1 &&
        ntohl(address->sin_addr.s_addr) >> 24 == 127)
        return true;
    log_error("it listens on loopback only (127.0.0.0/8), not on \"%s\"", options->address);
    return false;
}

/* -1 = failed, logged. */
static int listen_on(const struct sandbox_options *options, uint16_t *port)
{
    struct sockaddr_in address;
    socklen_t address_bytes = sizeof address;
    if (!fill_address(options, &address))
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, SANDBOX_BACKLOG_MAX) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &address_bytes) < 0) {
        log_error("cannot listen on %s:%u: %s", options->address, options->port, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static void tell_ready(int fd, uint16_t port)
{
    if (fd < 0)
        return;
    if (dprintf(fd, "%u\n", port) < 0)
        log_warning("nobody listened to \"ready\"");
    close(fd);
}

static bool has_webhooks(const struct sandbox_options *options)
{
    return options->webhook_url && options->webhook_url[0];
}

static bool check_options(const struct sandbox_options *options)
{
    const char *wrong = NULL;
    if (!options->key || !options->key[0])
        wrong = "a key is needed";
    else if (has_webhooks(options) && (!options->webhook_secret || !options->webhook_secret[0]))
        wrong = "a webhook URL needs a webhook secret";
    else if (sodium_init() < 0)
        wrong = "libsodium could not start";
    if (wrong)
        log_error("%s", wrong);
    return !wrong;
}

static void watch(struct sandbox *sandbox)
{
    ev_prepare_init(&sandbox->prepare, on_prepare);
    ev_set_priority(&sandbox->prepare,
                    EV_MAXPRI); /* before the transport's, which then sees woken requests */
    ev_init(&sandbox->timer, on_timer);
    ev_signal_init(&sandbox->on_term, on_signal, SIGTERM);
    ev_signal_init(&sandbox->on_int, on_signal, SIGINT);
    sandbox->prepare.data = sandbox;
    ev_prepare_start(sandbox->loop, &sandbox->prepare);
    ev_signal_start(sandbox->loop, &sandbox->on_term);
    ev_signal_start(sandbox->loop, &sandbox->on_int);
}

static void unwatch(struct sandbox *sandbox)
{
    ev_prepare_stop(sandbox->loop, &sandbox->prepare);
    ev_timer_stop(sandbox->loop, &sandbox->timer);
    ev_signal_stop(sandbox->loop, &sandbox->on_term);
    ev_signal_stop(sandbox->loop, &sandbox->on_int);
}

/* Everything is open; runs and closes the transport and the messenger. */
static int serve(struct sandbox *sandbox, const struct sandbox_options *options)
{
    uint16_t port;
    int fd = listen_on(options, &port);
    if (fd < 0)
        return 1;
    sandbox->transport = transport_create(sandbox->loop, &sandbox->provider, fd);
    if (!sandbox->transport)
        return 1;
    if (sandbox->provider.has_webhooks) {
        sandbox->messenger = messenger_create(sandbox->loop, sandbox->provider.store,
                                              options->webhook_url, options->webhook_secret);
        if (!sandbox->messenger) {
            transport_free(sandbox->transport);
            return 1;
        }
    }
    watch(sandbox);
    log_info("payment provider on http://%s:%u", options->address, port);
    tell_ready(options->ready_fd, port);
    ev_run(sandbox->loop, 0);
    unwatch(sandbox);
    transport_free(sandbox->transport);
    messenger_free(sandbox->messenger);
    return 0;
}

int sandbox_main(const struct sandbox_options *options)
{
    if (!check_options(options))
        return 1;
    signal(SIGPIPE, SIG_IGN);
    struct sandbox sandbox = {
        .provider = {.key = options->key,
                     .has_webhooks = has_webhooks(options),
                     .late_ms = options->late_ms ? options->late_ms : SANDBOX_LATE_MS}};
    sandbox.provider.store = sandbox_store_open(options->db_path, clock_wall_ms());
    if (!sandbox.provider.store)
        return 1;
    sandbox.loop = ev_loop_new(EVFLAG_AUTO);
    int code = 1;
    if (sandbox.loop) {
        code = serve(&sandbox, options);
        ev_loop_destroy(sandbox.loop);
    } else {
        log_error("no event loop");
    }
    sandbox_store_close(sandbox.provider.store);
    return code;
}
