/* Reading what the provider says: the JSON of an intent, and webhooks with their signature.
 *
 * A webhook is checked from the outside in: sizes, the shape of the header, its age, the signature
 * in constant time, and only then is the body parsed. The age is judged before the signature
 * because it is cheaper; neither answer tells a forger anything that is not in the protocol.
 */
#include "ticketing/payment.h"
#include "ticketing/payment_intent.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/limits.h"

#define MAC_HEX_CHARS (crypto_auth_hmacsha256_BYTES * 2)
#define SECONDS_DIGITS_MAX 12

static const struct {
    const char *status;
    enum intent_state state;
} states[] = {
    {"requires_payment_method", INTENT_CREATED},
    {"processing", INTENT_PROCESSING},
    {"requires_capture", INTENT_AUTHORISED},
    {"succeeded", INTENT_CAPTURED},
    {"canceled", INTENT_VOIDED},
};

static const char *const webhook_types[] = {"payment_intent.requires_capture",
                                            "payment_intent.payment_failed",
                                            "payment_intent.succeeded", "payment_intent.canceled"};

/* Copies a short text of letters, digits, '_', '-', '.' and ':'; false when it is empty, longer or
 * has others. */
static bool read_name(const json_t *value, char *out, size_t out_bytes_max)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (!text || length == 0 || length >= out_bytes_max)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_alphanumeric && c != '_' && c != '-' && c != '.' && c != ':')
            return false;
    }
    memcpy(out, text, length + 1);
    return true;
}

static bool read_state(const json_t *value, enum intent_state *out)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < sizeof states / sizeof states[0]; i++)
        if (strcmp(text, states[i].status) == 0) {
            *out = states[i].state;
            return true;
        }
    return false;
}

static bool read_currency(const json_t *value, char out[4])
{
    if (!read_name(value, out, 4) || strlen(out) != 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (out[i] < 'A' || out[i] > 'Z')
            return false;
    return true;
}

bool payment_intent_read(const json_t *object, struct payment_intent *out)
{
    struct payment_intent intent = {0};
    const json_t *amount = json_object_get(object, "amount_minor");
    const json_t *changed = json_object_get(object, "changed_ms");
    const json_t *refunded = json_object_get(object, "refunded_minor");
    const json_t *error = json_object_get(object, "error");
    if (!read_name(json_object_get(object, "id"), intent.id, sizeof intent.id) ||
        !read_name(json_object_get(object, "order"), intent.order, sizeof intent.order) ||
        !read_currency(json_object_get(object, "currency"), intent.currency) ||
        !read_state(json_object_get(object, "status"), &intent.state) || !json_is_integer(amount))
        return false;
    intent.amount_minor = json_integer_value(amount);
    if (intent.amount_minor < 1 || intent.amount_minor > PRICE_MINOR_MAX * HOLD_SEATS_MAX)
        return false;
    if (changed && (!json_is_integer(changed) || json_integer_value(changed) < 0))
        return false;
    intent.changed_ms = json_integer_value(changed);
    intent.refunded_minor = json_integer_value(refunded);
    if (refunded && (!json_is_integer(refunded) || intent.refunded_minor < 0 ||
                     intent.refunded_minor > intent.amount_minor))
        return false;
    if (error && !json_is_null(error)) {
        if (!read_name(error, intent.reason, sizeof intent.reason))
            return false;
        if (intent.state == INTENT_CREATED)
            intent.state = INTENT_DECLINED;
    }
    *out = intent;
    return true;
}

/* Reads "t=<digits>" up to ',' or the end. Returns what follows the number, or NULL. */
static const char *read_seconds(const char *header, int64_t *seconds,
                                char digits[SECONDS_DIGITS_MAX + 1])
{
    if (strncmp(header, "t=", 2) != 0)
        return NULL;
    const char *p = header + 2;
    size_t count = 0;
    *seconds = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (count == SECONDS_DIGITS_MAX)
            return NULL;
        digits[count++] = *p;
        *seconds = *seconds * 10 + (*p - '0');
    }
    digits[count] = '\0';
    return count > 0 && *p == ',' ? p : NULL;
}

static void sign(const char *secret, const char *digits, const char *body, size_t body_bytes,
                 unsigned char mac[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)digits, strlen(digits));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, body_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
}

/* Compares each ",v1=<hex>" with the MAC; other schemes are skipped. */
static bool has_signature(const char *fields, const unsigned char mac[crypto_auth_hmacsha256_BYTES])
{
    size_t tried_count = 0;
    bool is_found = false;
    for (const char *p = fields; p && *p == ',' && tried_count < WEBHOOK_SIGNATURES_MAX;
         p = strchr(p, ',')) {
        p++;
        size_t length = strcspn(p, ",");
        unsigned char given[crypto_auth_hmacsha256_BYTES];
        size_t given_bytes = 0;
        if (length != 3 + MAC_HEX_CHARS || strncmp(p, "v1=", 3) != 0)
            continue;
        tried_count++;
        if (sodium_hex2bin(given, sizeof given, p + 3, MAC_HEX_CHARS, NULL, &given_bytes, NULL) ==
                0 &&
            given_bytes == sizeof given && sodium_memcmp(given, mac, sizeof given) == 0)
            is_found = true;
    }
    return is_found;
}

static const char *check_signature(const char *secret, const char *header, const char *body,
                                   size_t body_bytes, int64_t now_ms)
{
    char digits[SECONDS_DIGITS_MAX + 1];
    int64_t seconds;
    if (!header || !*header)
        return "The header Stanchion-Signature is missing.";
    if (strnlen(header, WEBHOOK_HEADER_BYTES_MAX + 1) > WEBHOOK_HEADER_BYTES_MAX)
        return "The header Stanchion-Signature is too long.";
    const char *fields = read_seconds(header, &seconds, digits);
    if (!fields)
        return "The header Stanchion-Signature is not of the form t=<unix seconds>,v1=<hex>.";
    int64_t age_s = now_ms / 1000 - seconds;
    if (age_s > WEBHOOK_AGE_S_MAX)
        return "The signature is older than 300 seconds.";
    if (age_s < -WEBHOOK_AGE_S_MAX)
        return "The signature is more than 300 seconds in the future.";
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    sign(secret, digits, body, body_bytes, mac);
    return has_signature(fields, mac) ? NULL : "The signature does not fit the body.";
}

static bool is_known_type(const json_t *type)
{
    const char *text = json_string_value(type);
    for (size_t i = 0; text && i < sizeof webhook_types / sizeof webhook_types[0]; i++)
        if (strcmp(text, webhook_types[i]) == 0)
            return true;
    return false;
}

const char *payment_webhook_read(const char *secret, const char *signature_header, const char *body,
                                 size_t body_bytes, int64_t now_ms, struct payment_intent *out)
{
    if (!secret || !*secret)
        return "No webhook secret is configured here.";
    if (body_bytes > WEBHOOK_BODY_BYTES_MAX)
        return "The body is larger than 16384 bytes.";
    const char *reason = check_signature(secret, signature_header, body, body_bytes, now_ms);
    if (reason)
        return reason;
    json_t *event = json_loadb(body, body_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(event))
        reason = "The body is not one JSON object.";
    else if (!json_string_length(json_object_get(event, "id")))
        reason = "The event has no id.";
    else if (!is_known_type(json_object_get(event, "type")))
        reason = "The event's type is not known.";
    else if (!payment_intent_read(json_object_get(event, "intent"), out))
        reason = "The event's intent is incomplete or has a field of the wrong type or range.";
    json_decref(event);
    return reason;
}
