#include "server/sandbox/intent_act.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/limits.h"
#include "server/base/token.h"
#include "server/sandbox/provider_json.h"

#define EVENT_ID_CHARS 28 /* "evt_" + base64url of 18 random bytes */
#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19

const char *const action_names[ACTION_COUNT] = {"", "confirm", "capture", "cancel", "refund"};

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

void reply_error(struct provider_reply *reply, int code, const char *error, const char *message,
                 const struct intent *intent)
{
    reply->code = code;
    reply->body = error_json(error, message, intent);
}

void reply_intent(struct provider_reply *reply, int code, const struct intent *intent)
{
    reply->code = code;
    reply->body = intent_json(intent);
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

enum sandbox_store_status intent_act(struct provider *provider, enum action action,
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

enum sandbox_store_status intent_settle(struct provider *provider, struct intent *intent,
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
