/* See the header. */
#include "server/gateway/organizer/guard.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/organizer/live.h"
#include "server/gateway/visitors/visitor_cookie.h"

#define ORGANIZERS_KEY "organizers"
#define PAYLOAD_BYTES_MAX 160

/* --- the cookie --- */

static bool parse(const char *payload, struct organizer_session *out)
{
    char role[ORGANIZER_ROLE_BYTES_MAX + 1];
    int must_change = 0, end = 0;
    bool is_ours =
        sscanf(payload, "%" SCNd64 " %16" SCNx64 " %" SCNd64 " %15s %1d %32s%n", &out->ends_ms,
               &out->id, &out->generation, role, &must_change, out->name, &end) == 6 &&
        payload[end] == '\0' && role_parse(role, &out->role);
    out->must_change = must_change != 0;
    return is_ours;
}

void organizer_guard_cookie(struct gateway *gateway, const struct organizer_session *session,
                            char *out, size_t out_bytes_max)
{
    char payload[PAYLOAD_BYTES_MAX], token[TOKEN_BYTES_MAX + 1] = "";
    if (session != NULL) {
        int bytes =
            snprintf(payload, sizeof payload, "%" PRId64 " %016" PRIx64 " %" PRId64 " %s %d %s",
                     session->ends_ms, session->id, session->generation, role_word(session->role),
                     session->must_change, session->name);
        assert(bytes > 0 && (size_t)bytes < sizeof payload);
        enum token_status status =
            token_sign(&gateway->keys, TOKEN_ORGANIZER, payload, token, sizeof token);
        assert(status == TOKEN_OK);
        (void)status;
    }
    organizer_cookie_write(gateway, token, session != NULL ? ORGANIZER_SESSION_S : 0, out,
                           out_bytes_max);
}

static int64_t generation_of(const struct organizer_guard *guard, const char *name)
{
    for (size_t i = 0; i < guard->known_count; i++)
        if (strcmp(guard->known[i].name, name) == 0)
            return guard->known[i].generation;
    return 0;
}

bool organizer_guard_takes(struct gateway *gateway, const struct organizer_session *session)
{
    return session->ends_ms > clock_wall_ms() &&
           session->generation >= generation_of(&gateway->organizers, session->name) &&
           !signed_out_has(&gateway->accounts.signed_out, session->id);
}

enum guard_verdict organizer_guard_read(struct gateway *gateway, struct lws *wsi,
                                        struct organizer_session *out)
{
    char payload[PAYLOAD_BYTES_MAX];
    struct organizer_session session = {0};
    if (!organizer_cookie_read(gateway, wsi, payload, sizeof payload) || !parse(payload, &session))
        return GUARD_SIGN_IN;
    if (!gateway->organizers.is_ready || !gateway->accounts.is_ready)
        return GUARD_BUSY;
    if (!organizer_guard_takes(gateway, &session))
        return GUARD_SIGN_IN;
    *out = session;
    return GUARD_OK;
}

/* --- one session ends --- */

static void on_kept(void *ctx, const json_t *answer)
{
    (void)ctx;
    if (!json_is_true(json_object_get(answer, "ok")))
        log_warning("an organizer's session that was signed out is not in the ledger");
}

void organizer_guard_end(struct gateway *gateway, const struct organizer_session *session)
{
    char id[24], ends[24], text[64];
    (void)snprintf(id, sizeof id, "%016" PRIx64, session->id);
    (void)snprintf(ends, sizeof ends, "%" PRId64, session->ends_ms);
    (void)snprintf(text, sizeof text, "%s %s -", id, ends);
    if (!signed_out_add(&gateway->accounts.signed_out, session->id, session->ends_ms,
                        clock_wall_ms()))
        log_error("too many sessions were signed out: one of them is forgotten");
    redis_link_call(gateway->commands, NULL, NULL, "ZADD", ACCOUNT_GONE_KEY, ends, id, NULL);
    redis_link_call(gateway->commands, NULL, NULL, "PUBLISH", ACCOUNT_GONE_KEY, text, NULL);
    json_t *args = json_pack("{ss sI}", "session", id, "ends_ms", (json_int_t)session->ends_ms);
    (void)office_client_ask(gateway, "visitor.sign_out", args, "gateway", on_kept, NULL);
    organizer_live_end_those_gone(gateway);
}

/* --- what is known of the accounts --- */

static void take(struct organizer_guard *guard, const redisReply *name, const redisReply *text)
{
    if (guard->known_count == ORGANIZERS_MAX) {
        log_error("more than %d organizers: sessions of %s end by time only", ORGANIZERS_MAX,
                  name->str);
        return;
    }
    struct organizer_known *known = &guard->known[guard->known_count];
    if (name->len <= ORGANIZER_NAME_BYTES_MAX) {
        memcpy(known->name, name->str, name->len + 1);
        known->generation = strtoll(text->str, NULL, 10);
        guard->known_count++;
    }
}

static void on_all(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    struct organizer_guard *guard = &gateway->organizers;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY || gateway->epoch == 0)
        return; /* asked again when there is an epoch: the ledger writes the hash before it */
    guard->known_count = 0;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        if (reply->element[i]->str != NULL && reply->element[i + 1]->str != NULL)
            take(guard, reply->element[i], reply->element[i + 1]);
    guard->is_ready = true;
    organizer_live_end_those_gone(gateway);
}

void organizer_guard_reload(struct gateway *gateway)
{
    struct organizer_guard *guard = &gateway->organizers;
    if (guard->known == NULL) {
        guard->known = calloc(ORGANIZERS_MAX, sizeof *guard->known);
        assert(guard->known != NULL);
    }
    (void)redis_link_call(gateway->commands, on_all, gateway, "HGETALL", ORGANIZERS_KEY, NULL);
}

void organizer_guard_release(struct gateway *gateway)
{
    free(gateway->organizers.known);
    gateway->organizers.known = NULL;
}
