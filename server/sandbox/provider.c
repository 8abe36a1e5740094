/* Each POST: look up the key, decide, write intent, webhook and answer; those of one turn of the
 * loop share a transaction, and are answered when it is committed (docs/decisions/0054). So a
 * process kill at any moment leaves either nothing or all of it, and the repeat under the same key
 * gets the rest.
 *
 * A slow card writes its key with code 0 ("to come") and a due time into the intent; the caller's
 * connection waits outside and asks again when outcomes were settled. After a restart the due time
 * is still there.
 */
#include "server/sandbox/provider.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/limits.h"
#include "server/sandbox/intent_act.h"
#include "server/sandbox/provider_json.h"

#define INTENTS_PATH "/v1/payment_intents"

static void reply_storage(struct provider_reply *reply)
{
    reply_error(reply, 500, "storage", "The provider's storage failed; nothing was decided.", NULL);
}

/* Compares digests, so that neither length nor content shows in the time it takes. */
static bool is_authorized(const struct provider *provider, const char *header)
{
    unsigned char given[32], wanted[32];
    const char prefix[] = "Bearer ";
    if (!header || strncmp(header, prefix, strlen(prefix)) != 0)
        return false;
    const char *key = header + strlen(prefix);
    crypto_generichash(given, sizeof given, (const unsigned char *)key, strlen(key), NULL, 0);
    crypto_generichash(wanted, sizeof wanted, (const unsigned char *)provider->key,
                       strlen(provider->key), NULL, 0);
    return sodium_memcmp(given, wanted, sizeof given) == 0;
}

/* What was asked, as a digest under our key: the stored form of a request tells no card. */
static void fingerprint_of(const struct provider *provider, const struct provider_request *request,
                           unsigned char out[FINGERPRINT_BYTES])
{
    unsigned char key[32];
    crypto_generichash_state state;
    crypto_generichash(key, sizeof key, (const unsigned char *)provider->key, strlen(provider->key),
                       NULL, 0);
    crypto_generichash_init(&state, key, sizeof key, FINGERPRINT_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)request->path,
                              strlen(request->path) + 1);
    crypto_generichash_update(&state, (const unsigned char *)request->body, request->body_bytes);
    crypto_generichash_final(&state, out, FINGERPRINT_BYTES);
}

/* ---- POST: one transaction under an idempotency key ---- */

/* OK = the key was seen before and the reply is made (code 0: still to come); NONE = a new key. */
static enum sandbox_store_status replay(struct provider *provider,
                                        const struct provider_request *request,
                                        const unsigned char fingerprint[FINGERPRINT_BYTES],
                                        struct provider_reply *reply)
{
    struct stored_answer answer;
    enum sandbox_store_status status =
        store_answer(provider->store, request->idempotency_key, &answer);
    if (status != SANDBOX_STORE_OK)
        return status;
    if (memcmp(answer.fingerprint, fingerprint, FINGERPRINT_BYTES) != 0) {
        reply_error(reply, 422, "idempotency_key_reused",
                    "This Idempotency-Key was used with a different request.", NULL);
        return SANDBOX_STORE_OK;
    }
    reply->code = answer.code;
    reply->body = answer.code ? strdup(answer.body) : NULL;
    return SANDBOX_STORE_OK;
}

static bool is_kept(int code)
{
    return code == 0 || code == 402 || (code >= 200 && code < 300);
}

static enum sandbox_store_status decide(struct provider *provider,
                                        const struct provider_request *request, enum action action,
                                        const char *intent_id, const json_t *body, int64_t now_ms,
                                        struct provider_reply *reply)
{
    unsigned char fingerprint[FINGERPRINT_BYTES];
    fingerprint_of(provider, request, fingerprint);
    enum sandbox_store_status status = replay(provider, request, fingerprint, reply);
    if (status != SANDBOX_STORE_NONE)
        return status;
    status = intent_act(provider, action, intent_id, body, request->idempotency_key, now_ms, reply);
    if (status != SANDBOX_STORE_OK || !is_kept(reply->code))
        return status;
    if (reply->code != 0 && !reply->body)
        return SANDBOX_STORE_FAILED; /* out of memory: nothing is kept, so the caller may repeat */
    assert(!reply->body || strlen(reply->body) < ANSWER_BYTES_MAX);
    return store_put_answer(provider->store, request->idempotency_key, fingerprint, reply->code,
                            reply->body ? reply->body : "", now_ms);
}

/* The first failure undoes what the others of this turn have written, so nothing more is tried. */
static void transact(struct provider *provider, const struct provider_request *request,
                     enum action action, const char *intent_id, const json_t *body, int64_t now_ms,
                     struct provider_reply *reply)
{
    enum sandbox_store_status status =
        provider->has_failed ? SANDBOX_STORE_FAILED : store_begin(provider->store);
    if (status == SANDBOX_STORE_OK)
        status = decide(provider, request, action, intent_id, body, now_ms, reply);
    if (status == SANDBOX_STORE_OK)
        return;
    provider->has_failed = true;
    free(reply->body);
    reply_storage(reply);
}

static void answer_post(struct provider *provider, const struct provider_request *request,
                        enum action action, const char *intent_id, int64_t now_ms,
                        struct provider_reply *reply)
{
    size_t key_length =
        request->idempotency_key ? strnlen(request->idempotency_key, IDEMPOTENCY_BYTES_MAX + 1) : 0;
    if (key_length == 0 || key_length > IDEMPOTENCY_BYTES_MAX) {
        reply_error(reply, 400, "bad_idempotency_key",
                    "Every POST needs an Idempotency-Key of 1 to 200 bytes.", NULL);
        return;
    }
    json_error_t error;
    json_t *body = json_loadb(request->body, request->body_bytes, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(body))
        transact(provider, request, action, intent_id, body, now_ms, reply);
    else
        reply_error(reply, 400, "bad_json", "The body must be one JSON object.", NULL);
    json_decref(body);
}

/* ---- GET ---- */

static void answer_get(struct provider *provider, const char *intent_id,
                       struct provider_reply *reply)
{
    struct intent intent;
    enum sandbox_store_status status = store_intent(provider->store, intent_id, &intent);
    if (status == SANDBOX_STORE_OK)
        reply_intent(reply, 200, &intent);
    else if (status == SANDBOX_STORE_NONE)
        reply_error(reply, 404, "no_such_intent", "There is no such payment intent.", NULL);
    else
        reply_storage(reply);
}

/* 0 = not a number from 1 to INTENTS_PAGE_MAX. */
static size_t read_limit(const char *text)
{
    if (!text)
        return INTENTS_PAGE_MAX;
    size_t length = strspn(text, "0123456789"), number = 0;
    if (length == 0 || length > 3 || text[length])
        return 0;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + (size_t)(text[i] - '0');
    return number <= INTENTS_PAGE_MAX ? number : 0;
}

static void answer_list(struct provider *provider, const struct provider_request *request,
                        struct provider_reply *reply)
{
    struct intent after = {0}, page[INTENTS_PAGE_MAX + 1];
    enum intent_status wanted =
        request->status ? intent_status_of(request->status) : INTENT_STATUS_COUNT;
    size_t limit = read_limit(request->limit), count = 0;
    if (request->status && wanted == INTENT_STATUS_COUNT) {
        reply_error(reply, 400, "bad_field", "status is not one of the five states.", NULL);
        return;
    }
    if (limit == 0) {
        reply_error(reply, 400, "bad_field", "limit must be a number from 1 to 100.", NULL);
        return;
    }
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    if (request->after && *request->after)
        status = store_intent(provider->store, request->after, &after);
    if (status == SANDBOX_STORE_NONE) {
        reply_error(reply, 400, "bad_field", "after names no payment intent.", NULL);
        return;
    }
    if (status == SANDBOX_STORE_OK)
        status = store_list(provider->store, wanted, after.seq, page, limit + 1, &count);
    if (status != SANDBOX_STORE_OK) {
        reply_storage(reply);
        return;
    }
    reply->code = 200;
    reply->body = page_json(page, count > limit ? limit : count, count > limit);
}

/* ---- routing ---- */

/* Splits "/v1/payment_intents[/ID[/VERB]]". id is "" for the collection; verb points into the path
 * or is "". */
static bool split_path(const char *path, char id[INTENT_ID_CHARS + 1], const char **verb)
{
    size_t prefix = strlen(INTENTS_PATH);
    id[0] = '\0';
    *verb = "";
    if (strncmp(path, INTENTS_PATH, prefix) != 0)
        return false;
    path += prefix;
    if (!*path)
        return true;
    size_t length = *path == '/' ? strcspn(path + 1, "/") : 0;
    if (length == 0 || length > INTENT_ID_CHARS)
        return false;
    memcpy(id, path + 1, length);
    id[length] = '\0';
    path += 1 + length;
    *verb = *path ? path + 1 : "";
    return !*path || **verb;
}

static void answer_path(struct provider *provider, const struct provider_request *request,
                        int64_t now_ms, struct provider_reply *reply)
{
    char id[INTENT_ID_CHARS + 1];
    const char *verb;
    bool is_post = strcmp(request->method, "POST") == 0,
         is_get = strcmp(request->method, "GET") == 0;
    int action = ACTION_COUNT;
    if (split_path(request->path, id, &verb))
        for (action = id[0] && *verb ? ACTION_CONFIRM : ACTION_CREATE; action < ACTION_COUNT;
             action++)
            if (strcmp(verb, action_names[action]) == 0)
                break;
    bool is_readable = action == ACTION_CREATE; /* no verb: the collection or one intent */
    if (action == ACTION_COUNT)
        reply_error(reply, 404, "not_found", "There is nothing at this path.", NULL);
    else if (is_get && is_readable)
        id[0] ? answer_get(provider, id, reply) : answer_list(provider, request, reply);
    else if (is_post && !(is_readable && id[0]))
        answer_post(provider, request, (enum action)action, id, now_ms, reply);
    else
        reply_error(reply, 405, "bad_method", "This path does not take that method.", NULL);
}

void provider_answer(struct provider *provider, const struct provider_request *request,
                     int64_t now_ms, struct provider_reply *reply)
{
    *reply = (struct provider_reply){0};
    if (strcmp(request->path, "/healthz") == 0) {
        int64_t ignored[2];
        if (store_next_due(provider->store, &ignored[0], &ignored[1]) == SANDBOX_STORE_OK) {
            reply->code = 200;
            reply->body = strdup("{\"status\":\"ok\"}");
        } else {
            reply_storage(reply);
        }
    } else if (!is_authorized(provider, request->authorization)) {
        reply_error(reply, 401, "bad_key",
                    "The header Authorization must be \"Bearer\" and the key.", NULL);
    } else if (request->is_too_large) {
        reply_error(reply, 413, "too_large", "The body is larger than 4096 bytes.", NULL);
    } else {
        answer_path(provider, request, now_ms, reply);
    }
}

enum sandbox_store_status provider_settle(struct provider *provider, int64_t now_ms)
{
    struct intent intent;
    size_t settled_count = 0;
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    while (status == SANDBOX_STORE_OK && settled_count < OUTCOMES_PER_TURN_MAX) {
        status = store_due_intent(provider->store, now_ms, &intent);
        if (status == SANDBOX_STORE_OK)
            status = intent_settle(provider, &intent, now_ms);
        settled_count++;
    }
    provider->has_failed = provider->has_failed || status == SANDBOX_STORE_FAILED;
    provider->has_settled = true;
    return status;
}

enum sandbox_store_status provider_commit(struct provider *provider)
{
    bool is_good = !provider->has_failed;
    provider->has_failed = false;
    if (is_good && store_is_open(provider->store))
        is_good = store_commit(provider->store) == SANDBOX_STORE_OK;
    if (!is_good)
        store_rollback(provider->store);
    return is_good ? SANDBOX_STORE_OK : SANDBOX_STORE_FAILED;
}

bool provider_is_undecided(const struct provider *provider)
{
    return provider->has_failed || store_is_open(provider->store);
}

void provider_undo(struct provider_reply *reply)
{
    free(reply->body);
    reply_storage(reply);
}
