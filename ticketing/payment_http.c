/* The payment provider over HTTP (docs/protocol.md section 7).
 *
 * One table of what a call says and one function that judges every answer, so that no path can
 * forget that money is at stake: whatever is not exactly the answer we know is PAYMENT_UNKNOWN, and
 * the caller looks up or repeats. Each POST carries an idempotency key that depends only on what is
 * asked, never on when or by whom, so a repeat by another process after a crash is the same call to
 * the provider.
 */
#include "ticketing/payment_http.h"
#include "ticketing/payment.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/http_client.h"
#include "ticketing/payment_intent.h"

#define CARD_DIGEST_BYTES 16
#define HEADER_BYTES_MAX 256

struct payment_provider {
    struct http_client *client;
    char url[PAYMENT_URL_BYTES_MAX];
    char key[PAYMENT_KEY_BYTES_MAX];
    char authorization[HEADER_BYTES_MAX];
    int refused_code; /* the last HTTP code that was logged, so that a storm is one line */
};

enum verb {
    VERB_CREATE,
    VERB_AUTHORISE,
    VERB_CAPTURE,
    VERB_VOID,
    VERB_REFUND,
    VERB_LOOK_UP,
    VERB_LIST,
    VERB_COUNT
};

/* What was asked, to be compared with what is answered. */
struct payment_call {
    struct payment_provider *provider;
    enum verb verb;
    char intent[64], order[64], currency[4];
    int64_t amount_minor;
    enum intent_state state; /* of those that are listed */
    payment_fn *fn;
    payment_page_fn *page_fn;
    void *ctx;
};

bool payment_confirm_key(const char *bearer_key, const char *intent, const char *card, char *out,
                         size_t out_bytes_max)
{
    unsigned char digest[CARD_DIGEST_BYTES];
    char hex[CARD_DIGEST_BYTES * 2 + 1];
    crypto_generichash_state state;
    unsigned char key[crypto_generichash_KEYBYTES];
    crypto_generichash(key, sizeof key, (const unsigned char *)bearer_key, strlen(bearer_key), NULL,
                       0);
    crypto_generichash_init(&state, key, sizeof key, sizeof digest);
    crypto_generichash_update(&state, (const unsigned char *)card, strlen(card));
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    int length = snprintf(out, out_bytes_max, "confirm:%s:%s", intent, hex);
    return length > 0 && (size_t)length < out_bytes_max;
}

struct payment_provider *payment_http_create(struct ev_loop *loop,
                                             const struct payment_options *options)
{
    assert(options->url && options->key && options->deadline_ms > 0 && options->calls_max > 0);
    struct payment_provider *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    size_t url_length = strlen(options->url);
    while (url_length > 0 && options->url[url_length - 1] == '/')
        url_length--;
    int url = snprintf(p->url, sizeof p->url, "%.*s", (int)url_length, options->url);
    int key = snprintf(p->key, sizeof p->key, "%s", options->key);
    int header = snprintf(p->authorization, sizeof p->authorization, "Authorization: Bearer %s",
                          options->key);
    bool fits = url > 0 && (size_t)url < sizeof p->url / 2 && key > 0 &&
                (size_t)key < sizeof p->key && header > 0 &&
                (size_t)header < sizeof p->authorization && !strpbrk(options->key, "\r\n");
    struct http_client_options client = {.deadline_ms = options->deadline_ms,
                                         .calls_max = options->calls_max,
                                         .answer_bytes_max = PAYMENT_ANSWER_BYTES_MAX};
    if (!fits)
        log_error("payment: the provider's URL or key is empty or too long");
    p->client = fits && sodium_init() >= 0 ? http_client_create(loop, &client) : NULL;
    if (!p->client) {
        payment_free(p);
        return NULL;
    }
    return p;
}

void payment_free(struct payment_provider *p)
{
    if (!p)
        return;
    http_client_free(p->client);
    sodium_memzero(p->key, sizeof p->key);
    sodium_memzero(p->authorization, sizeof p->authorization);
    free(p);
}

static void log_refusal(struct payment_provider *p, int code)
{
    if (p->refused_code != code && code != 0)
        log_warning("payment: the provider answers %d%s", code,
                    code == 401 || code == 403 ? " (is the key right?)" : "");
    p->refused_code = code;
}

/* Does the intent belong to what was asked? A provider that mixes up answers
 * must not be believed. */
static bool fits_call(const struct payment_call *call, const struct payment_intent *intent)
{
    if (call->verb == VERB_CREATE)
        return strcmp(intent->order, call->order) == 0 &&
               intent->amount_minor == call->amount_minor &&
               strcmp(intent->currency, call->currency) == 0;
    return strcmp(intent->id, call->intent) == 0;
}

/* A 2xx to each verb, judged by the state it must have led to. */
static enum payment_status judge_success(enum verb verb, int code, enum intent_state state)
{
    switch (verb) {
    case VERB_AUTHORISE:
        if (code == 202 || state == INTENT_PROCESSING)
            return PAYMENT_PROCESSING;
        return state == INTENT_AUTHORISED || state == INTENT_CAPTURED ? PAYMENT_OK
                                                                      : PAYMENT_UNKNOWN;
    case VERB_CAPTURE:
        return state == INTENT_CAPTURED ? PAYMENT_OK : PAYMENT_UNKNOWN;
    case VERB_VOID:
        return state == INTENT_VOIDED ? PAYMENT_OK : PAYMENT_UNKNOWN;
    case VERB_REFUND:
        return state == INTENT_CAPTURED ? PAYMENT_OK : PAYMENT_UNKNOWN;
    default:
        return PAYMENT_OK;
    }
}

static enum payment_status judge_refusal(int code)
{
    switch (code) {
    case 401:
    case 403:
    case 429:
        return PAYMENT_DOWN;
    case 400:
    case 404:
    case 409:
    case 413:
    case 422:
        return PAYMENT_CONFLICT;
    default:
        return PAYMENT_UNKNOWN;
    }
}

/* Sets *has_intent when `intent` was filled. */
static enum payment_status judge(struct payment_call *call, int code, const json_t *answer,
                                 struct payment_intent *intent, bool *has_intent)
{
    bool is_success = code == 200 || code == 201 || code == 202;
    const json_t *object = is_success ? answer : json_object_get(answer, "intent");
    *has_intent = payment_intent_read(object, intent) && fits_call(call, intent);
    if (is_success) {
        enum payment_status status =
            *has_intent ? judge_success(call->verb, code, intent->state) : PAYMENT_UNKNOWN;
        *has_intent = status == PAYMENT_OK || status == PAYMENT_PROCESSING;
        return status;
    }
    if (code == 402 && call->verb == VERB_AUTHORISE) {
        bool is_declined = *has_intent && intent->state == INTENT_DECLINED;
        *has_intent = is_declined;
        return is_declined ? PAYMENT_DECLINED : PAYMENT_UNKNOWN;
    }
    enum payment_status status = judge_refusal(code);
    log_refusal(call->provider, code == 409 || code == 404 ? 0 : code);
    if (status == PAYMENT_CONFLICT && !json_is_object(answer))
        status = PAYMENT_UNKNOWN; /* not our provider speaking */
    *has_intent = *has_intent && status == PAYMENT_CONFLICT && code == 409;
    return status;
}

static enum payment_status judge_outcome(enum http_outcome outcome)
{
    return outcome == HTTP_REFUSED ? PAYMENT_DOWN : PAYMENT_UNKNOWN;
}

static void on_intent(void *ctx, enum http_outcome outcome, int code, const char *body,
                      size_t bytes)
{
    struct payment_call *call = ctx;
    struct payment_intent intent;
    bool has_intent = false;
    enum payment_status status = judge_outcome(outcome);
    if (outcome == HTTP_ANSWERED) {
        json_t *answer = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
        status = judge(call, code, answer, &intent, &has_intent);
        json_decref(answer);
    }
    call->fn(call->ctx, status, has_intent ? &intent : NULL);
    free(call);
}

static bool read_page(const json_t *answer, enum intent_state state, struct payment_intent *intents,
                      struct payment_page *page)
{
    const json_t *data = json_object_get(answer, "data");
    const json_t *more = json_object_get(answer, "has_more");
    if (!json_is_array(data) || json_array_size(data) > PAYMENT_PAGE_MAX || !json_is_boolean(more))
        return false;
    size_t count = json_array_size(data);
    for (size_t i = 0; i < count; i++)
        if (!payment_intent_read(json_array_get(data, i), &intents[i]) || intents[i].state != state)
            return false;
    *page =
        (struct payment_page){.intents = intents, .count = count, .has_more = json_is_true(more)};
    return count > 0 || !page->has_more; /* an empty page with more to come would never end */
}

static void on_page(void *ctx, enum http_outcome outcome, int code, const char *body, size_t bytes)
{
    struct payment_call *call = ctx;
    struct payment_intent intents[PAYMENT_PAGE_MAX];
    struct payment_page page;
    enum payment_status status = judge_outcome(outcome);
    if (outcome == HTTP_ANSWERED) {
        json_t *answer = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
        if (code == 200)
            status = read_page(answer, call->state, intents, &page) ? PAYMENT_OK : PAYMENT_UNKNOWN;
        else
            status = json_is_object(answer) ? judge_refusal(code) : PAYMENT_UNKNOWN;
        json_decref(answer);
    }
    call->page_fn(call->ctx, status, status == PAYMENT_OK ? &page : NULL);
    free(call);
}

/* Sends `call`, which then belongs to the completion; freed here when it cannot be sent.
 * idempotency NULL = GET. */
static enum payment_status send_call(struct payment_call *call, const char *path,
                                     const char *idempotency, const char *body)
{
    struct payment_provider *p = call->provider;
    char url[PAYMENT_URL_BYTES_MAX + 256], header[HEADER_BYTES_MAX];
    int url_length = snprintf(url, sizeof url, "%s/v1/payment_intents%s", p->url, path);
    int header_length =
        snprintf(header, sizeof header, "Idempotency-Key: %s", idempotency ? idempotency : "");
    assert(url_length > 0 && (size_t)url_length < sizeof url);
    assert(header_length > 0 && (size_t)header_length < sizeof header);
    const char *headers[] = {p->authorization, "Content-Type: application/json", header};
    struct http_call http = {.url = url,
                             .headers = headers,
                             .headers_count = idempotency ? 3 : 1,
                             .body = body,
                             .body_bytes = body ? strlen(body) : 0};
    if (http_client_send(p->client, &http, call->verb == VERB_LIST ? on_page : on_intent, call))
        return PAYMENT_OK;
    free(call);
    return PAYMENT_BUSY;
}

static struct payment_call *new_call(struct payment_provider *p, enum verb verb, const char *intent,
                                     payment_fn *fn, void *ctx)
{
    struct payment_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    *call = (struct payment_call){.provider = p, .verb = verb, .fn = fn, .ctx = ctx};
    int length = snprintf(call->intent, sizeof call->intent, "%s", intent);
    assert(length >= 0 && (size_t)length < sizeof call->intent);
    return call;
}

/* "/<intent><suffix>" with the intent made safe for a URL: at most 3 * 63 characters. */
static bool intent_path(const char *intent, const char *suffix, char *out, size_t out_bytes_max)
{
    char *escaped = curl_easy_escape(NULL, intent, 0);
    if (!escaped)
        return false;
    int length = snprintf(out, out_bytes_max, "/%s%s", escaped, suffix);
    curl_free(escaped);
    assert(length > 0 && (size_t)length < out_bytes_max);
    return true;
}

enum payment_status payment_create(struct payment_provider *p, const char *order,
                                   int64_t amount_minor, const char *currency, payment_fn *fn,
                                   void *ctx)
{
    struct payment_call *call = new_call(p, VERB_CREATE, "", fn, ctx);
    if (!call)
        return PAYMENT_BUSY;
    char key[IDEMPOTENCY_KEY_BYTES_MAX];
    int order_length = snprintf(call->order, sizeof call->order, "%s", order);
    int currency_length = snprintf(call->currency, sizeof call->currency, "%s", currency);
    assert(order_length > 0 && (size_t)order_length < sizeof call->order && currency_length == 3);
    call->amount_minor = amount_minor;
    int key_length = snprintf(key, sizeof key, "create:%s", order);
    assert(key_length > 0 && (size_t)key_length < sizeof key && !strpbrk(order, "\r\n"));
    json_t *body = json_pack("{s:I,s:s,s:s}", "amount_minor", (json_int_t)amount_minor, "currency",
                             currency, "order", order);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!text) {
        free(call);
        return PAYMENT_BUSY;
    }
    enum payment_status status = send_call(call, "", key, text);
    free(text);
    return status;
}

enum payment_status payment_authorise(struct payment_provider *p, const char *intent,
                                      const char *card, payment_fn *fn, void *ctx)
{
    struct payment_call *call = new_call(p, VERB_AUTHORISE, intent, fn, ctx);
    char path[256], key[IDEMPOTENCY_KEY_BYTES_MAX];
    json_t *body = json_pack("{s:s}", "card", card);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    enum payment_status status = PAYMENT_BUSY;
    if (call && text && intent_path(intent, "/confirm", path, sizeof path) &&
        payment_confirm_key(p->key, intent, card, key, sizeof key))
        status = send_call(call, path, key, text);
    else
        free(call);
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
    return status;
}

static enum payment_status send_verb(struct payment_provider *p, enum verb verb, const char *intent,
                                     payment_fn *fn, void *ctx)
{
    static const char *const suffixes[VERB_COUNT] = {
        [VERB_CAPTURE] = "/capture", [VERB_VOID] = "/cancel", [VERB_LOOK_UP] = ""};
    struct payment_call *call = new_call(p, verb, intent, fn, ctx);
    char path[256], key[IDEMPOTENCY_KEY_BYTES_MAX];
    if (!call || !intent_path(intent, suffixes[verb], path, sizeof path)) {
        free(call);
        return PAYMENT_BUSY;
    }
    if (verb == VERB_LOOK_UP)
        return send_call(call, path, NULL, NULL);
    int length = snprintf(key, sizeof key, "%s:%s", suffixes[verb] + 1, intent);
    assert(length > 0 && (size_t)length < sizeof key);
    return send_call(call, path, key, "{}");
}

enum payment_status payment_capture(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx)
{
    return send_verb(p, VERB_CAPTURE, intent, fn, ctx);
}

enum payment_status payment_void(struct payment_provider *p, const char *intent, payment_fn *fn,
                                 void *ctx)
{
    return send_verb(p, VERB_VOID, intent, fn, ctx);
}

enum payment_status payment_refund(struct payment_provider *p, const char *intent, const char *key,
                                   int64_t amount_minor, payment_fn *fn, void *ctx)
{
    struct payment_call *call = new_call(p, VERB_REFUND, intent, fn, ctx);
    char path[256], header[IDEMPOTENCY_KEY_BYTES_MAX], body[64];
    int key_bytes = snprintf(header, sizeof header, "refund:%s:%s", intent, key);
    int body_bytes = snprintf(body, sizeof body, "{\"amount_minor\":%" PRId64 "}", amount_minor);
    assert(key_bytes > 0 && (size_t)key_bytes < sizeof header && !strpbrk(key, "\r\n"));
    assert(body_bytes > 0 && (size_t)body_bytes < sizeof body);
    if (!call || !intent_path(intent, "/refund", path, sizeof path)) {
        free(call);
        return PAYMENT_BUSY;
    }
    return send_call(call, path, header, body);
}

enum payment_status payment_look_up(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx)
{
    return send_verb(p, VERB_LOOK_UP, intent, fn, ctx);
}

enum payment_status payment_list(struct payment_provider *p, enum intent_state state,
                                 const char *after, payment_page_fn *fn, void *ctx)
{
    assert(state == INTENT_AUTHORISED || state == INTENT_CAPTURED);
    struct payment_call *call = new_call(p, VERB_LIST, after ? after : "", NULL, ctx);
    if (!call)
        return PAYMENT_BUSY;
    call->page_fn = fn;
    call->state = state;
    const char *word = state == INTENT_CAPTURED ? "succeeded" : "requires_capture";
    char query[256];
    char *escaped = curl_easy_escape(NULL, after ? after : "", 0);
    int length = snprintf(query, sizeof query, "?status=%s&limit=%d%s%s", word, PAYMENT_PAGE_MAX,
                          call->intent[0] ? "&after=" : "", escaped ? escaped : "");
    bool fits = escaped && length > 0 && (size_t)length < sizeof query;
    curl_free(escaped);
    if (!fits) {
        free(call);
        return PAYMENT_BUSY;
    }
    return send_call(call, query, NULL, NULL);
}
