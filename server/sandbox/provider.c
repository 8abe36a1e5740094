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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/token.h"
#include "server/sandbox/provider_json.h"

#define INTENTS_PATH "/v1/payment_intents"
#define EVENT_ID_CHARS 28 /* "evt_" + base64url of 18 random bytes */
#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19

enum action {
    ACTION_CREATE,
    ACTION_CONFIRM,
    ACTION_CAPTURE,
    ACTION_CANCEL,
    ACTION_REFUND,
    ACTION_COUNT
};
static const char *const action_names[ACTION_COUNT] = {"", "confirm", "capture", "cancel",
                                                       "refund"};

enum card_outcome {
    CARD_APPROVED,
    CARD_TWICE,
    CARD_DECLINED,
    CARD_SLOW,
    CARD_PROCESSING,
    CARD_LATE
};

static const struct card {
    const char *number;
    enum card_outcome outcome;
    const char *error;
} cards[] = {
    {"4242424242424242", CARD_APPROVED, ""},
    {"4000000000000002", CARD_DECLINED, "card_declined"},
    {"4000000000009995", CARD_DECLINED, "insufficient_funds"},
    {"4000000000000077", CARD_SLOW, ""},
    {"4000000000000085", CARD_TWICE, ""},
    {"4000000000000093", CARD_PROCESSING, ""},
    {"4000000000000101", CARD_LATE, ""},
};
static const struct card unknown_card = {"", CARD_DECLINED, "unknown_test_card"};

static void reply_error(struct provider_reply *reply, int code, const char *error,
                        const char *message, const struct intent *intent)
{
    reply->code = code;
    reply->body = error_json(error, message, intent);
}

static void reply_storage(struct provider_reply *reply)
{
    reply_error(reply, 500, "storage", "The provider's storage failed; nothing was decided.", NULL);
}

static void reply_intent(struct provider_reply *reply, int code, const struct intent *intent)
{
    reply->code = code;
    reply->body = intent_json(intent);
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

static enum sandbox_store_status announce(struct provider *provider, const struct intent *intent,
                                          const char *type, int copies_count)
{
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    char id[EVENT_ID_CHARS + 1] = "evt_";
    if (!provider->has_webhooks)
        return status;
    token_random(id + 4, EVENT_ID_CHARS - 4);
    char *body = event_json(id, type, intent);
    if (!body)
        return SANDBOX_STORE_FAILED;
    assert(strlen(body) < ANSWER_BYTES_MAX);
    for (int i = 0; i < copies_count && status == SANDBOX_STORE_OK; i++)
        status = store_put_webhook(provider->store, intent->id, type, body, intent->changed_ms);
    free(body);
    return status;
}

/* Moves the intent to a state, stores it and announces it. */
static enum sandbox_store_status move(struct provider *provider, struct intent *intent,
                                      enum intent_status to, int64_t now_ms, int copies_count)
{
    static const char *const types[INTENT_STATUS_COUNT] = {
        "payment_intent.payment_failed", NULL, "payment_intent.requires_capture",
        "payment_intent.succeeded", "payment_intent.canceled"};
    intent->status = to;
    intent->changed_ms = now_ms;
    if (to != STATUS_PROCESSING) {
        intent->due_ms = 0;
        intent->due_key[0] = '\0';
    }
    enum sandbox_store_status status = store_put_intent(provider->store, intent);
    if (status == SANDBOX_STORE_OK && types[to])
        status = announce(provider, intent, types[to], copies_count);
    return status;
}

/* ---- create ---- */

static bool is_order(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    return length > 0 && length <= INTENT_ORDER_BYTES_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:") ==
               length;
}

static bool is_currency(const char *text)
{
    return text && strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static enum sandbox_store_status create(struct provider *provider, const json_t *body,
                                        int64_t now_ms, struct provider_reply *reply)
{
    const json_t *amount = json_object_get(body, "amount_minor");
    const char *currency = json_string_value(json_object_get(body, "currency"));
    const char *order = json_string_value(json_object_get(body, "order"));
    const char *wrong = NULL;
    if (!json_is_integer(amount) || json_integer_value(amount) < 1 ||
        json_integer_value(amount) > PRICE_MINOR_MAX * HOLD_SEATS_MAX)
        wrong = "amount_minor must be a whole number from 1 to 500000000000.";
    else if (!is_currency(currency))
        wrong = "currency must be three capital letters.";
    else if (!is_order(order))
        wrong = "order must be 1 to 63 letters, digits, or _ - . :";
    if (wrong) {
        reply_error(reply, 400, "bad_field", wrong, NULL);
        return SANDBOX_STORE_OK;
    }
    struct intent intent = {.id = "pi_",
                            .amount_minor = json_integer_value(amount),
                            .created_ms = now_ms,
                            .changed_ms = now_ms};
    token_timed(intent.id + 3, INTENT_ID_CHARS - 3, now_ms); /* side by side in every index */
    memcpy(intent.order, order, strlen(order) + 1);
    memcpy(intent.currency, currency, sizeof intent.currency);
    enum sandbox_store_status status = store_put_intent(provider->store, &intent);
    reply_intent(reply, 200, &intent);
    return status;
}

/* ---- confirm ---- */

static const struct card *find_card(const char *number)
{
    for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++)
        if (strcmp(number, cards[i].number) == 0)
            return &cards[i];
    return &unknown_card;
}

static enum sandbox_store_status decline(struct provider *provider, struct intent *intent,
                                         const char *error, int64_t now_ms,
                                         struct provider_reply *reply)
{
    int length = snprintf(intent->error, sizeof intent->error, "%s", error);
    assert(length > 0 && (size_t)length < sizeof intent->error);
    enum sandbox_store_status status =
        move(provider, intent, STATUS_REQUIRES_PAYMENT_METHOD, now_ms, 1);
    reply_error(reply, 402, error, "The card was declined.", intent);
    return status;
}

/* Into processing; is_waited = the caller waits for the outcome under `key`, else it gets a 202
 * now. */
static enum sandbox_store_status process(struct provider *provider, struct intent *intent,
                                         int64_t delay_ms, bool is_waited, const char *key,
                                         int64_t now_ms, struct provider_reply *reply)
{
    intent->due_ms = now_ms + delay_ms;
    if (is_waited) {
        int length = snprintf(intent->due_key, sizeof intent->due_key, "%s", key);
        assert(length > 0 && (size_t)length < sizeof intent->due_key);
    } else {
        reply_intent(reply, 202, intent);
    }
    return move(provider, intent, STATUS_PROCESSING, now_ms, 1);
}

static enum sandbox_store_status confirm(struct provider *provider, struct intent *intent,
                                         const json_t *body, const char *key, int64_t now_ms,
                                         struct provider_reply *reply)
{
    const char *number = json_string_value(json_object_get(body, "card"));
    size_t digits = number ? strspn(number, "0123456789") : 0;
    if (!number || number[digits] || digits < CARD_DIGITS_MIN || digits > CARD_DIGITS_MAX) {
        reply_error(reply, 400, "bad_field", "card must be a string of 12 to 19 digits.", NULL);
        return SANDBOX_STORE_OK;
    }
    const struct card *card = find_card(number);
    if (card->outcome == CARD_DECLINED)
        return decline(provider, intent, card->error, now_ms, reply);
    intent->error[0] = '\0';
    if (card->outcome == CARD_APPROVED || card->outcome == CARD_TWICE) {
        int copies_count = card->outcome == CARD_TWICE ? 2 : 1;
        enum sandbox_store_status status =
            move(provider, intent, STATUS_REQUIRES_CAPTURE, now_ms, copies_count);
        reply_intent(reply, 200, intent);
        return status;
    }
    int64_t delay_ms = card->outcome == CARD_SLOW         ? SANDBOX_SLOW_MS
                       : card->outcome == CARD_PROCESSING ? SANDBOX_PROCESSING_MS
                                                          : provider->late_ms;
    intent->status = STATUS_PROCESSING; /* what a 202 shows */
    intent->changed_ms = now_ms;
    return process(provider, intent, delay_ms, card->outcome == CARD_SLOW, key, now_ms, reply);
}

/* ---- capture and cancel ---- */

static enum sandbox_store_status finish(struct provider *provider, struct intent *intent,
                                        enum intent_status to, int64_t now_ms,
                                        struct provider_reply *reply)
{
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    if (intent->status != to) {
        if (to == STATUS_CANCELED &&
            intent->due_key[0]) /* whoever waits for the outcome asks again */
            status = store_drop_answer(provider->store, intent->due_key);
        provider->has_settled = provider->has_settled || to == STATUS_CANCELED;
        if (to == STATUS_CANCELED && status == SANDBOX_STORE_OK)
            status = store_drop_webhooks_of(provider->store, intent->id,
                                            "payment_intent.requires_capture", now_ms);
        if (status == SANDBOX_STORE_OK)
            status = move(provider, intent, to, now_ms, 1);
    }
    reply_intent(reply, 200, intent);
    return status;
}

/* ---- refund: every key is a refund of its own ---- */

static enum sandbox_store_status refund(struct provider *provider, struct intent *intent,
                                        const json_t *body, int64_t now_ms,
                                        struct provider_reply *reply)
{
    const json_t *amount = json_object_get(body, "amount_minor");
    int64_t left = intent->amount_minor - intent->refunded_minor;
    if (!json_is_integer(amount) || json_integer_value(amount) < 1) {
        reply_error(reply, 400, "bad_field", "amount_minor must be a whole number from 1.", NULL);
        return SANDBOX_STORE_OK;
    }
    if (json_integer_value(amount) > left) {
        reply_error(reply, 409, "too_much", "More than is left of the captured amount.", intent);
        return SANDBOX_STORE_OK;
    }
    enum sandbox_store_status status =
        store_put_refund(provider->store, intent, json_integer_value(amount), now_ms);
    reply_intent(reply, 200, intent);
    return status;
}

/* Which states each action may start from. Capture and cancel of what is
 * already so change nothing. */
static bool is_allowed(enum action action, enum intent_status status)
{
    switch (action) {
    case ACTION_CONFIRM:
        return status == STATUS_REQUIRES_PAYMENT_METHOD;
    case ACTION_CAPTURE:
        return status == STATUS_REQUIRES_CAPTURE || status == STATUS_SUCCEEDED;
    case ACTION_CANCEL:
        return status != STATUS_SUCCEEDED;
    case ACTION_REFUND:
        return status == STATUS_SUCCEEDED;
    default:
        return false;
    }
}

static void reply_conflict(struct provider_reply *reply, enum action action,
                           const struct intent *intent)
{
    char message[128];
    int length =
        snprintf(message, sizeof message, "A %s is not possible: the intent is in state %s.",
                 action_names[action], intent_status_name(intent->status));
    assert(length > 0 && (size_t)length < sizeof message);
    reply_error(reply, 409, "wrong_state", message, intent);
}

static enum sandbox_store_status act(struct provider *provider, enum action action,
                                     const char *intent_id, const json_t *body, const char *key,
                                     int64_t now_ms, struct provider_reply *reply)
{
    if (action == ACTION_CREATE)
        return create(provider, body, now_ms, reply);
    struct intent intent;
    enum sandbox_store_status status = store_intent(provider->store, intent_id, &intent);
    if (status == SANDBOX_STORE_NONE) {
        reply_error(reply, 404, "no_such_intent", "There is no such payment intent.", NULL);
        return SANDBOX_STORE_OK;
    }
    if (status != SANDBOX_STORE_OK)
        return status;
    if (!is_allowed(action, intent.status)) {
        reply_conflict(reply, action, &intent);
        return SANDBOX_STORE_OK;
    }
    if (action == ACTION_CONFIRM)
        return confirm(provider, &intent, body, key, now_ms, reply);
    if (action == ACTION_REFUND)
        return refund(provider, &intent, body, now_ms, reply);
    return finish(provider, &intent, action == ACTION_CAPTURE ? STATUS_SUCCEEDED : STATUS_CANCELED,
                  now_ms, reply);
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
    status = act(provider, action, intent_id, body, request->idempotency_key, now_ms, reply);
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

static enum sandbox_store_status settle_one(struct provider *provider, struct intent *intent,
                                            int64_t now_ms)
{
    char key[sizeof intent->due_key];
    memcpy(key, intent->due_key, sizeof key);
    assert(intent->status == STATUS_PROCESSING);
    enum sandbox_store_status status = move(provider, intent, STATUS_REQUIRES_CAPTURE, now_ms, 1);
    if (status != SANDBOX_STORE_OK || !key[0])
        return status;
    char *body = intent_json(intent);
    status = body ? store_finish_answer(provider->store, key, 200, body) : SANDBOX_STORE_FAILED;
    free(body);
    return status;
}

enum sandbox_store_status provider_settle(struct provider *provider, int64_t now_ms)
{
    struct intent intent;
    size_t settled_count = 0;
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    while (status == SANDBOX_STORE_OK && settled_count < OUTCOMES_PER_TURN_MAX) {
        status = store_due_intent(provider->store, now_ms, &intent);
        if (status == SANDBOX_STORE_OK)
            status = settle_one(provider, &intent, now_ms);
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
