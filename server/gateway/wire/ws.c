/* The life of a visitor's connection:
 *
 *   handshake checked (http.c, CONFIRM_UPGRADE) -> cookie read or made
 *     -> ESTABLISHED: session -> frames -> CLOSED
 *
 * Frames arrive in pieces of WS_RX_BYTES; a piece that is the whole frame is handled where it lies,
 * others are put together in memory that exists only meanwhile and is bounded for one frame and for
 * the gateway.
 */
#include "server/gateway/wire/ws.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/limits.h"
#include "server/gateway/app.h"
#include "server/gateway/messages.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"
#include "server/gateway/wire/wire.h"

#define HEADER_BYTES_MAX 512

static struct gateway *gateway_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* The header's text in `out`, or NULL when there is none or it is too long. */
static const char *header(struct lws *wsi, enum lws_token_indexes token, char out[HEADER_BYTES_MAX])
{
    return lws_hdr_copy(wsi, out, HEADER_BYTES_MAX, token) > 0 ? out : NULL;
}

/* The event named by /api/v1/events/{event}/ws, or NULL. */
static struct event_entry *event_of_path(struct gateway *gateway, const char *path)
{
    static const char prefix[] = "/api/v1/events/", suffix[] = "/ws";
    size_t prefix_bytes = sizeof prefix - 1, path_bytes = strlen(path);
    if (path_bytes <= prefix_bytes + 3 || strncmp(path, prefix, prefix_bytes) != 0 ||
        strcmp(path + path_bytes - 3, suffix) != 0)
        return NULL;
    return book_find_public(&gateway->book, path + prefix_bytes, path_bytes - prefix_bytes - 3);
}

static struct event_entry *event_of(struct gateway *gateway, struct lws *wsi)
{
    char path[HEADER_BYTES_MAX];
    return header(wsi, WSI_TOKEN_GET_URI, path) != NULL ? event_of_path(gateway, path) : NULL;
}

static int refuse(struct gateway *gateway, struct lws *wsi, unsigned status, const char *code,
                  const char *message)
{
    gateway->figures.handshakes_refused++;
    http_refuse(wsi, status, code, message);
    return -1;
}

int ws_check_handshake(struct gateway *gateway, struct lws *wsi)
{
    char version[HEADER_BYTES_MAX], host[HEADER_BYTES_MAX], upgrade[HEADER_BYTES_MAX],
        connection[HEADER_BYTES_MAX], key[HEADER_BYTES_MAX], number[HEADER_BYTES_MAX],
        protocols[HEADER_BYTES_MAX];
    char path[HEADER_BYTES_MAX];
    bool is_organizer = header(wsi, WSI_TOKEN_GET_URI, path) != NULL && organizer_live_is_at(path);
    struct handshake handshake = {
        .is_get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0,
        .http_version = header(wsi, WSI_TOKEN_HTTP, version),
        .host = lws_hdr_fragment_length(wsi, WSI_TOKEN_HOST, 1) > 0
                    ? NULL /* two of them: which one is meant? */
                    : header(wsi, WSI_TOKEN_HOST, host),
        .upgrade = header(wsi, WSI_TOKEN_UPGRADE, upgrade),
        .connection = header(wsi, WSI_TOKEN_CONNECTION, connection),
        .key = header(wsi, WSI_TOKEN_KEY, key),
        .version = header(wsi, WSI_TOKEN_VERSION, number),
        .protocols = header(wsi, WSI_TOKEN_PROTOCOL, protocols),
        .protocol = is_organizer ? ORGANIZER_SUBPROTOCOL : "stanchion.v1",
    };
    struct handshake_verdict verdict = handshake_check(&handshake);
    if (verdict.status != 0)
        return refuse(gateway, wsi, verdict.status, "bad_handshake", verdict.message);
    if (!http_origin_is_allowed(gateway, wsi))
        return refuse(gateway, wsi, 403, "bad_handshake", "This Origin is not allowed.");
    if (gateway->is_draining || !gateway->has_events || !gateway->accounts.is_ready) {
        return refuse(gateway, wsi, 503, "busy",
                      "This gateway is not ready. Please connect again.");
    }
    if (is_organizer)
        return organizer_live_check(gateway, wsi, path);
    if (event_of(gateway, wsi) == NULL)
        return refuse(gateway, wsi, 404, "not_found", "There is no such event.");
    return 0;
}

/* The 101 answer: a client without a cookie gets one. */
static int add_headers(struct gateway *gateway, struct lws *wsi, struct ws_connection *connection,
                       struct lws_process_html_args *args)
{
    if (connection->who.visitor[0] == '\0')
        visitor_identify(gateway, wsi, &connection->who);
    if (!connection->who.is_fresh)
        return 0;
    char value[TOKEN_BYTES_MAX + 128];
    visitor_cookie_write(gateway, connection->who.visitor, value, sizeof value);
    unsigned char *at = (unsigned char *)args->p;
    if (lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_SET_COOKIE, (unsigned char *)value,
                                     (int)strlen(value), &at, at + args->max_len) != 0)
        return 1;
    args->max_len -= (int)(at - (unsigned char *)args->p);
    args->p = (char *)at;
    return 0;
}

static int on_established(struct gateway *gateway, struct lws *wsi,
                          struct ws_connection *connection)
{
    struct event_entry *event = event_of(gateway, wsi);
    assert(connection != NULL);
    if (event == NULL)
        return -1;
    if (connection->who.visitor[0] == '\0')
        visitor_identify(gateway, wsi, &connection->who);
    struct session *session =
        session_create(&gateway->sessions, wsi, event, connection->who.visitor);
    if (session == NULL) {
        lws_close_reason(wsi, 1013, NULL, 0);
        return -1;
    }
    session->is_fresh_visitor = connection->who.is_fresh;
    session->account = connection->who.account;
    session->account_ends_ms = connection->who.account_ends_ms;
    connection->session = session->id;
    gateway->figures.handshakes++;
    return 0;
}

/* --- frames --- */

static void drop_assembly(struct gateway *gateway, struct session *session)
{
    gateway->assembly_bytes -= session->assembly_bytes_max;
    free(session->assembly);
    session->assembly = NULL;
    session->assembly_bytes = session->assembly_bytes_max = 0;
}

static bool assemble(struct gateway *gateway, struct session *session, const char *piece,
                     size_t bytes)
{
    size_t needed = session->assembly_bytes + bytes;
    if (bytes == 0)
        return true; /* an empty fragment; there may be no memory yet */
    if (needed > session->assembly_bytes_max) {
        size_t room = session->assembly_bytes_max == 0 ? 1024 : session->assembly_bytes_max * 2;
        room = room < needed ? needed : room;
        size_t others = gateway->assembly_bytes - session->assembly_bytes_max;
        char *grown = others + room <= ASSEMBLY_BYTES_MAX ? realloc(session->assembly, room) : NULL;
        if (grown == NULL)
            return false;
        session->assembly = grown;
        session->assembly_bytes_max = (uint32_t)room;
        gateway->assembly_bytes = others + room;
    }
    memcpy(session->assembly + session->assembly_bytes, piece, bytes);
    session->assembly_bytes += (uint32_t)bytes;
    return true;
}

/* Closing from the writable side: what the client is still sending is read and passed over
 * meanwhile, so that the close frame is not lost in a reset. */
static int close_with(struct session *session, uint16_t code)
{
    wire_close(session, code);
    return 0;
}

static int on_piece(struct gateway *gateway, struct session *session, const char *piece,
                    size_t bytes)
{
    struct lws *wsi = session->wsi;
    if (session->is_closing)
        return 0; /* what it still says does not count */
    if (lws_frame_is_binary(wsi))
        return close_with(session, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE);
    size_t left = lws_remaining_packet_payload(wsi);
    bool is_whole = left == 0 && lws_is_final_fragment(wsi);
    if (session->assembly_bytes + bytes + left > FRAME_BYTES_MAX)
        return close_with(session, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
    if (is_whole && session->assembly == NULL) {
        messages_on_frame(gateway, session, piece, bytes);
        return 0;
    }
    if (!assemble(gateway, session, piece, bytes))
        return close_with(session, 1013);
    if (is_whole) {
        messages_on_frame(gateway, session, session->assembly, session->assembly_bytes);
        drop_assembly(gateway, session);
    }
    return 0;
}

static void on_closed(struct gateway *gateway, struct session *session)
{
    drop_assembly(gateway, session);
    session_destroy(&gateway->sessions, session);
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct ws_connection *connection = user;
    struct gateway *gateway = gateway_of(wsi);
    struct session *session = NULL;
    if (connection != NULL && connection->session != 0)
        session = session_by_id(&gateway->sessions, connection->session);
    switch (reason) {
    case LWS_CALLBACK_ADD_HEADERS:
        return connection != NULL ? add_headers(gateway, wsi, connection, in) : 0;
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(gateway, wsi, connection);
    case LWS_CALLBACK_RECEIVE:
        return session != NULL ? on_piece(gateway, session, in, len) : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return session != NULL ? wire_on_writable(gateway, session) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (len == 1) { /* half a status code */
            lws_close_reason(wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
            return -1;
        }
        return 0;
    case LWS_CALLBACK_CLOSED:
        if (session != NULL) {
            on_closed(gateway, session);
            connection->session = 0;
        }
        return 0;
    default:
        return 0;
    }
}
