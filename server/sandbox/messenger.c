/* A webhook that is taken is put off by a lease at once, so a lost completion cannot lose it; it is
 * deleted only after a 2xx. Delivery is thus at least once, and the receiver is idempotent.
 */
#include "server/sandbox/messenger.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "ticketing/http_client.h"

struct messenger {
    struct sandbox_store *store;
    struct http_client *client;
    const char *url, *secret;
    size_t under_way_count;
    bool is_closing;
    bool is_failing; /* the last delivery failed: one log line per change, not per webhook */
};

struct delivery {
    struct messenger *messenger;
    int64_t seq;
    int attempts;
    char intent[INTENT_ID_CHARS + 1];
};

struct messenger *messenger_create(struct ev_loop *loop, struct sandbox_store *store,
                                   const char *url, const char *secret)
{
    struct messenger *messenger = calloc(1, sizeof *messenger);
    struct http_client_options options = {.deadline_ms = WEBHOOK_DEADLINE_MS,
                                          .calls_max = WEBHOOKS_UNDER_WAY_MAX,
                                          .answer_bytes_max = WEBHOOK_ANSWER_BYTES_MAX};
    if (!messenger)
        return NULL;
    *messenger = (struct messenger){.store = store, .url = url, .secret = secret};
    messenger->client = http_client_create(loop, &options);
    if (!messenger->client) {
        free(messenger);
        return NULL;
    }
    return messenger;
}

void messenger_free(struct messenger *messenger)
{
    if (!messenger)
        return;
    messenger->is_closing = true;
    http_client_free(messenger->client);
    free(messenger);
}

static int64_t backoff_ms(int attempts)
{
    int64_t delay_ms = WEBHOOK_BACKOFF_MS;
    for (int i = 1; i < attempts && delay_ms < WEBHOOK_BACKOFF_MS_MAX; i++)
        delay_ms *= 2;
    return delay_ms < WEBHOOK_BACKOFF_MS_MAX ? delay_ms : WEBHOOK_BACKOFF_MS_MAX;
}

static void log_change(struct messenger *messenger, bool is_delivered, int code)
{
    if (is_delivered && messenger->is_failing)
        log_info("webhooks are taken again");
    if (!is_delivered && !messenger->is_failing)
        log_info("webhooks are not taken (HTTP %d); they will be repeated", code);
    messenger->is_failing = !is_delivered;
}

static void on_delivered(void *ctx, enum http_outcome outcome, int code, const char *body,
                         size_t bytes)
{
    (void)body, (void)bytes;
    struct delivery *delivery = ctx;
    struct messenger *messenger = delivery->messenger;
    messenger->under_way_count--;
    bool is_delivered = outcome == HTTP_ANSWERED && code >= 200 && code < 300;
    if (messenger->is_closing && !is_delivered) {
        free(delivery);
        return;
    }
    log_change(messenger, is_delivered, code);
    bool is_given_up = !is_delivered && delivery->attempts >= WEBHOOK_ATTEMPTS_MAX;
    if (is_given_up)
        log_warning("webhook %lld given up after %d attempts (last HTTP %d)",
                    (long long)delivery->seq, delivery->attempts, code);
    int64_t now_ms = clock_wall_ms();
    if (is_delivered || is_given_up)
        store_drop_webhook(messenger->store, delivery->seq, delivery->intent, now_ms);
    else
        store_delay_webhook(messenger->store, delivery->seq,
                            now_ms + backoff_ms(delivery->attempts));
    free(delivery);
}

static void sign(const char *secret, const char *body, int64_t now_s, char *out,
                 size_t out_bytes_max)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hex[sizeof mac * 2 + 1], seconds[24];
    int length = snprintf(seconds, sizeof seconds, "%lld.", (long long)now_s);
    assert(length > 0 && (size_t)length < sizeof seconds);
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)seconds, (size_t)length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    length =
        snprintf(out, out_bytes_max, "Stanchion-Signature: t=%lld,v1=%s", (long long)now_s, hex);
    assert(length > 0 && (size_t)length < out_bytes_max);
}

static bool deliver(struct messenger *messenger, const struct webhook *webhook, int64_t now_ms)
{
    char signature[160];
    sign(messenger->secret, webhook->body, now_ms / 1000, signature, sizeof signature);
    const char *headers[] = {"Content-Type: application/json", signature};
    struct http_call call = {.url = messenger->url,
                             .headers = headers,
                             .headers_count = 2,
                             .body = webhook->body,
                             .body_bytes = strlen(webhook->body)};
    struct delivery *delivery = malloc(sizeof *delivery);
    if (!delivery)
        return false;
    *delivery = (struct delivery){
        .messenger = messenger, .seq = webhook->seq, .attempts = webhook->attempts};
    memcpy(delivery->intent, webhook->intent, sizeof delivery->intent);
    if (!http_client_send(messenger->client, &call, on_delivered, delivery)) {
        free(delivery);
        return false;
    }
    messenger->under_way_count++;
    return true;
}

enum sandbox_store_status messenger_turn(struct messenger *messenger, int64_t now_ms)
{
    struct webhook webhook;
    int64_t lease_until_ms = now_ms + WEBHOOK_DEADLINE_MS + WEBHOOK_BACKOFF_MS_MAX;
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    while (status == SANDBOX_STORE_OK && messenger->under_way_count < WEBHOOKS_UNDER_WAY_MAX) {
        status = store_take_webhook(messenger->store, now_ms, lease_until_ms, &webhook);
        if (status == SANDBOX_STORE_OK && !deliver(messenger, &webhook, now_ms))
            return SANDBOX_STORE_FAILED; /* out of memory: the lease brings it back */
    }
    return status;
}
