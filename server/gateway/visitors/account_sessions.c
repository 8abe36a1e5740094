/* Sessions of accounts while they last, and their end: the part of the account desk that every
 * connection goes through. See account_desk.h. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/visitors/account_desk.h"
#include "server/gateway/wire/wire.h"

#define SESSION_DIGITS 16
#define GONE_PAGE 10000
#define GONE_TEXT_BYTES 128
#define CLOSE_SIGNED_OUT 1008

/* --- open sockets --- */

static json_t *signed_out_json(void)
{
    return json_pack("{ss ss ss}", "type", "error", "code", "sign_in", "message",
                     "You were signed out.");
}

static void end_socket(struct gateway *gateway, struct session *session)
{
    wire_send(gateway, session, signed_out_json());
    wire_close(session, CLOSE_SIGNED_OUT);
}

static bool is_over(const struct gateway *gateway, const struct session *session)
{
    return session->account != 0 &&
           (session->account_ends_ms <= clock_wall_ms() ||
            signed_out_has(&gateway->accounts.signed_out, session->account));
}

bool account_desk_takes(struct gateway *gateway, struct session *session, const struct reply_to *to,
                        bool is_joining)
{
    if (is_over(gateway, session)) {
        wire_error(gateway, to, "sign_in", "You were signed out.", NULL);
        wire_close(session, CLOSE_SIGNED_OUT);
        return false;
    }
    if (is_joining && session->account == 0 && session->event->is_account_required) {
        wire_error(gateway, to, "sign_in", "Please sign in to get in line for this event.", NULL);
        return false;
    }
    return true;
}

/* --- the list --- */

static void remember(struct gateway *gateway, uint64_t session, int64_t ends_ms)
{
    if (ends_ms > 0 &&
        !signed_out_add(&gateway->accounts.signed_out, session, ends_ms, clock_wall_ms()))
        log_error("too many sessions were signed out: one of them is forgotten");
}

static void end_sockets(struct gateway *gateway, const char *visitor, uint64_t id)
{
    struct session *session = session_of_account(&gateway->sessions, visitor, id);
    for (; session != NULL; session = session_next_of_account(session))
        end_socket(gateway, session);
}

bool account_desk_end(struct gateway *gateway, const struct account_session *session)
{
    if (!signed_out_add(&gateway->accounts.signed_out, session->id, session->ends_ms,
                        clock_wall_ms()))
        return false;
    end_sockets(gateway, session->visitor, session->id);
    return true;
}

/* Tells the gateway that signed it out that here nobody takes the session any more. */
static void answer_known(struct gateway *gateway, uint64_t session, const char *client)
{
    char channel[sizeof ACCOUNT_KNOWN_CHANNEL + CLIENT_ID_BYTES], text[SESSION_DIGITS + 1];
    if (strlen(client) == CLIENT_ID_BYTES) {
        (void)snprintf(channel, sizeof channel, ACCOUNT_KNOWN_CHANNEL "%s", client);
        (void)snprintf(text, sizeof text, "%016" PRIx64, session);
        redis_link_call(gateway->commands, NULL, NULL, "PUBLISH", channel, text, NULL);
    }
}

void account_desk_on_gone(struct gateway *gateway, const char *text, size_t bytes)
{
    char copy[GONE_TEXT_BYTES], *end = NULL;
    if (bytes >= sizeof copy)
        return;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    uint64_t id = strtoull(copy, &end, 16);
    int64_t ends_ms = strtoll(end, &end, 10);
    if (id == 0 || *end != ' ')
        return;
    char *visitor = end + 1, *client = visitor + strcspn(visitor, " ");
    bool is_asked = *client == ' ';
    *client = '\0';
    remember(gateway, id, ends_ms);
    end_sockets(gateway, visitor, id);
    if (is_asked)
        answer_known(gateway, id, client + 1);
}

/* After a list that was read anew: who of those here is on it? */
static void end_those_gone(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct session *session = gateway->book.entries[i]->sessions;
        for (; session != NULL; session = session->event_next)
            if (!session->is_closing && is_over(gateway, session))
                end_socket(gateway, session);
    }
}

static void ask_page(struct gateway *gateway, const char *from);

static void on_page(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    gateway->accounts.is_asked = false;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY)
        return; /* asked again when the link is back */
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        remember(gateway, strtoull(reply->element[i]->str, NULL, 16),
                 strtoll(reply->element[i + 1]->str, NULL, 10));
    }
    if (reply->elements == 2 * GONE_PAGE) { /* the next page begins with what this one ended with */
        ask_page(gateway, reply->element[reply->elements - 1]->str);
        return;
    }
    /* Without an epoch Redis has lost its data, and the ledger has not put the list back yet. */
    gateway->accounts.is_ready = gateway->accounts.is_ready || gateway->epoch != 0;
    end_those_gone(gateway);
}

static void ask_page(struct gateway *gateway, const char *from)
{
    char count[16];
    (void)snprintf(count, sizeof count, "%d", GONE_PAGE);
    gateway->accounts.is_asked =
        redis_link_call(gateway->commands, on_page, gateway, "ZRANGEBYSCORE", ACCOUNT_GONE_KEY,
                        from, "+inf", "WITHSCORES", "LIMIT", "0", count, NULL) == REDIS_LINK_OK;
}

void account_desk_reload(struct gateway *gateway)
{
    char from[24];
    (void)snprintf(from, sizeof from, "%" PRId64, clock_wall_ms());
    if (!gateway->accounts.is_asked)
        ask_page(gateway, from);
}
