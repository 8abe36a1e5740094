#include "server/gateway/wire/heartbeat.h"
#include <libwebsockets.h>
#include <sys/socket.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/wire.h"

uint32_t heartbeat_share(struct heartbeat *heartbeat, uint32_t slots_count, int64_t elapsed_ms,
                         int64_t round_ms)
{
    if (elapsed_ms >= round_ms) {
        heartbeat->rest = 0;
        return slots_count;
    }
    int64_t due = heartbeat->rest + elapsed_ms * slots_count;
    heartbeat->rest = due % round_ms;
    return (uint32_t)(due / round_ms);
}

/* What the socket does not take is not missed: then there is unacknowledged data already. */
static void beat(const struct session *session)
{
    static const unsigned char pong[] = {0x8a, 0};
    (void)!send(lws_get_socket_fd(session->wsi), pong, sizeof pong, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void heartbeat_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct heartbeat *heartbeat = &gateway->heartbeat;
    int64_t round_ms = gateway->options->heartbeat_ms;
    int64_t elapsed_ms = heartbeat->at_ms == 0 ? 0 : now_ms - heartbeat->at_ms;
    uint32_t slots_count = gateway->sessions.slots_count;
    uint32_t share = heartbeat_share(heartbeat, slots_count, elapsed_ms, round_ms);
    heartbeat->at_ms = now_ms;
    for (; share > 0; share--) {
        const struct session *session = session_at(&gateway->sessions, heartbeat->next);
        heartbeat->next = (heartbeat->next + 1) % slots_count;
        if (session != NULL && session->poll == NULL && !session->is_closing &&
            now_ms - session->told.at_ms >= round_ms && !wire_is_slow(session))
            beat(session);
    }
}
