/* Reading webhooks: only what was signed with our secret, lately, and is complete, is believed. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/payment.h"

#define SECRET "whsec_1"
#define NOW_S INT64_C(1790000000)
#define NOW_MS (NOW_S * 1000 + 999)
#define INTENT                                                                                     \
    "{\"id\":\"pi_1\",\"status\":\"requires_capture\",\"order\":\"o_1\",\"amount_minor\":25800,"   \
    "\"currency\":\"EUR\",\"error\":null,\"changed_ms\":1789999999000,\"unknown\":[1]}"
#define BODY "{\"id\":\"evt_1\",\"type\":\"payment_intent.requires_capture\",\"intent\":" INTENT "}"

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(payment_webhook, .init = set_up);

/* HMAC-SHA-256 of "t.body", written independently of the product through the one-shot function. */
static void hmac(const char *secret, int64_t t, const char *body, char hex[65])
{
    unsigned char mac[32];
    char key[33] = {0}; /* HMAC pads a short key with zeros */
    size_t text_bytes = strlen(body) + 32;
    char *text = malloc(text_bytes);
    cr_assert(text && snprintf(key, sizeof key, "%s", secret) < (int)sizeof key);
    int length = snprintf(text, text_bytes, "%lld.%s", (long long)t, body);
    crypto_auth_hmacsha256(mac, (unsigned char *)text, (size_t)length, (unsigned char *)key);
    sodium_bin2hex(hex, 65, mac, sizeof mac);
    free(text);
}

static const char *sign(const char *secret, int64_t t, const char *body)
{
    static char header[128];
    char hex[65];
    hmac(secret, t, body, hex);
    cr_assert(snprintf(header, sizeof header, "t=%lld,v1=%s", (long long)t, hex) > 0);
    return header;
}

static const char *read_at(const char *header, const char *body, struct payment_intent *out)
{
    return payment_webhook_read(SECRET, header, body, strlen(body), NOW_MS, out);
}

Test(payment_webhook, a_good_one_is_read)
{
    struct payment_intent intent;
    const char *reason = read_at(sign(SECRET, NOW_S, BODY), BODY, &intent);
    cr_assert_null(reason, "%s", reason);
    cr_expect_str_eq(intent.id, "pi_1");
    cr_expect_str_eq(intent.order, "o_1");
    cr_expect_str_eq(intent.currency, "EUR");
    cr_expect_str_eq(intent.reason, "");
    cr_expect_eq(intent.amount_minor, 25800);
    cr_expect_eq(intent.changed_ms, INT64_C(1789999999000));
    cr_expect_eq(intent.state, INTENT_AUTHORISED);
}

Test(payment_webhook, signature_of_a_known_answer)
{
    /* Computed with: printf '1790000000.{}' | openssl dgst -sha256 -hmac whsec_1 */
    char hex[65];
    hmac(SECRET, NOW_S, "{}", hex);
    cr_expect_str_eq(hex, "f705cd8e5e74965c6722350b983e7c4bbc42303bf431488efe8ea7bb07d4a2bc");
}

Test(payment_webhook, age_is_bounded_on_both_sides)
{
    struct payment_intent intent;
    cr_expect_null(read_at(sign(SECRET, NOW_S - 300, BODY), BODY, &intent));
    cr_expect_null(read_at(sign(SECRET, NOW_S + 300, BODY), BODY, &intent));
    cr_expect_str_eq(read_at(sign(SECRET, NOW_S - 301, BODY), BODY, &intent),
                     "The signature is older than 300 seconds.");
    cr_expect_str_eq(read_at(sign(SECRET, NOW_S + 301, BODY), BODY, &intent),
                     "The signature is more than 300 seconds in the future.");
}

Test(payment_webhook, forged_ones_are_refused)
{
    struct payment_intent intent = {.amount_minor = 7};
    const char *wrong = "The signature does not fit the body.";
    cr_expect_str_eq(read_at(sign("whsec_2", NOW_S, BODY), BODY, &intent), wrong);
    cr_expect_str_eq(read_at(sign(SECRET, NOW_S, BODY), BODY " ", &intent), wrong);
    char header[128];
    cr_assert(snprintf(header, sizeof header, "%s", sign(SECRET, NOW_S, BODY)) > 0);
    for (size_t i = strlen("t=1790000000,v1="); header[i]; i++) { /* every digit counts */
        char kept = header[i];
        header[i] = kept == '0' ? '1' : '0';
        cr_expect_str_eq(read_at(header, BODY, &intent), wrong, "digit %zu", i);
        header[i] = kept;
    }
    header[11] = '1'; /* another time, same signature */
    cr_expect_str_eq(read_at(header, BODY, &intent), wrong);
    cr_expect_eq(intent.amount_minor, 7, "nothing is written when it is refused");
}

Test(payment_webhook, several_signatures)
{
    struct payment_intent intent;
    char good[65], bad[65], header[WEBHOOK_HEADER_BYTES_MAX];
    hmac(SECRET, NOW_S, BODY, good);
    hmac("whsec_old", NOW_S, BODY, bad);
    cr_assert(snprintf(header, sizeof header, "t=%lld,v1=%s,v0=zz,v1=%s", (long long)NOW_S, bad,
                       good) > 0);
    cr_expect_null(read_at(header, BODY, &intent));
    cr_assert(snprintf(header, sizeof header, "t=%lld,v0=%s", (long long)NOW_S, good) > 0);
    cr_expect_not_null(read_at(header, BODY, &intent), "another scheme does not count");
    int length = snprintf(header, sizeof header, "t=%lld", (long long)NOW_S);
    for (size_t i = 0; i < WEBHOOK_SIGNATURES_MAX; i++)
        length += snprintf(header + length, sizeof header - (size_t)length, ",v1=%s", bad);
    cr_assert(snprintf(header + length, sizeof header - (size_t)length, ",v1=%s", good) > 0);
    cr_expect_not_null(read_at(header, BODY, &intent), "only the first eight are tried");
}

Test(payment_webhook, broken_headers)
{
    static const char *const headers[] = {NULL,
                                          "",
                                          "t",
                                          "t=",
                                          "t=,v1=00",
                                          "t=1790000000",
                                          "t=1790000000,",
                                          "t=1790000000,v1=",
                                          "t=1790000000,v1=00",
                                          "v1=00,t=1790000000",
                                          "t=-5,v1=00",
                                          "t= 1790000000,v1=00",
                                          "t=99999999999999999999999,v1=00",
                                          "t=1790000000x,v1=00",
                                          ",,,,",
                                          "t=0x6ab13b80,v1=00"};
    struct payment_intent intent;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        cr_expect_not_null(read_at(headers[i], BODY, &intent), "%s",
                           headers[i] ? headers[i] : "(none)");
    char truncated[128];
    cr_assert(snprintf(truncated, sizeof truncated, "%s", sign(SECRET, NOW_S, BODY)) > 0);
    while (truncated[0]) { /* every shorter header is refused */
        truncated[strlen(truncated) - 1] = '\0';
        cr_expect_not_null(read_at(truncated, BODY, &intent), "%s", truncated);
    }
}

Test(payment_webhook, huge_ones)
{
    struct payment_intent intent;
    char *header = malloc(1 << 20), *body = malloc(1 << 20);
    memset(header, '1', (1 << 20) - 1);
    header[(1 << 20) - 1] = '\0';
    memcpy(header, "t=", 2);
    cr_expect_str_eq(read_at(header, BODY, &intent), "The header Stanchion-Signature is too long.");
    memset(body, ' ', (1 << 20) - 1);
    body[(1 << 20) - 1] = '\0';
    memcpy(body, BODY, strlen(BODY));
    cr_expect_str_eq(read_at(sign(SECRET, NOW_S, body), body, &intent),
                     "The body is larger than 16384 bytes.");
    body[WEBHOOK_BODY_BYTES_MAX] = '\0';
    cr_expect_null(read_at(sign(SECRET, NOW_S, body), body, &intent), "exactly the limit is fine");
    memset(body, '[', WEBHOOK_BODY_BYTES_MAX);
    cr_expect_not_null(read_at(sign(SECRET, NOW_S, body), body, &intent), "deep nesting");
    free(header);
    free(body);
}

Test(payment_webhook, signed_nonsense)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "{}",
        "{",
        "\xff",
        "{\"id\":\"e\",\"id\":\"e\"}",
        "{\"id\":\"e\\u0000\"}",
        "{\"id\":\"evt_1\",\"type\":\"charge.refunded\",\"intent\":" INTENT "}",
        "{\"id\":\"\",\"type\":\"payment_intent.canceled\",\"intent\":" INTENT "}",
        "{\"id\":\"evt_1\",\"type\":\"payment_intent.canceled\"}",
        "{\"id\":\"evt_1\",\"type\":\"payment_intent.canceled\",\"intent\":{}}",
        "{\"id\":\"evt_1\",\"type\":7,\"intent\":" INTENT "}",
    };
    struct payment_intent intent;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        cr_expect_not_null(read_at(sign(SECRET, NOW_S, bodies[i]), bodies[i], &intent), "%s",
                           bodies[i]);
}

Test(payment_webhook, fields_of_the_intent)
{
    static const char *const intents[] = {
        "{\"id\":\"pi_1\",\"status\":\"paid\",\"order\":\"o\",\"amount_minor\":1,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi/"
        "1\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":1,\"currency\":\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"\",\"amount_minor\":1,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":0,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":-1,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":1.0,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":9e99,\"currency\":"
        "\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":500000000001,"
        "\"currency\":\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":\"1\","
        "\"currency\":\"EUR\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":1,\"currency\":"
        "\"EURO\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":1,\"currency\":"
        "\"eur\"}",
        "{\"id\":\"pi\",\"status\":\"canceled\",\"order\":\"o\",\"amount_minor\":1,\"currency\":"
        "\"EUR\",\"error\":5}",
        "{\"id\":\"pi_4567890123456789012345678901234567890123456789012345678901234\",\"status\":"
        "\"canceled\","
        "\"order\":\"o\",\"amount_minor\":1,\"currency\":\"EUR\"}",
    };
    struct payment_intent intent;
    char body[1024];
    for (size_t i = 0; i < sizeof intents / sizeof intents[0]; i++) {
        cr_assert(snprintf(body, sizeof body,
                           "{\"id\":\"evt_1\",\"type\":\"payment_intent.canceled\",\"intent\":%s}",
                           intents[i]) > 0);
        cr_expect_str_eq(
            read_at(sign(SECRET, NOW_S, body), body, &intent),
            "The event's intent is incomplete or has a field of the wrong type or range.", "%s",
            body);
    }
}

Test(payment_webhook, without_a_secret_nothing_is_believed)
{
    struct payment_intent intent;
    cr_expect_not_null(
        payment_webhook_read("", sign("", NOW_S, BODY), BODY, strlen(BODY), NOW_MS, &intent));
    cr_expect_not_null(
        payment_webhook_read(NULL, sign("", NOW_S, BODY), BODY, strlen(BODY), NOW_MS, &intent));
}
