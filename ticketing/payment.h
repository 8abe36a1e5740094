/* The port to a payment provider, after the model of payment intents with manual capture.
 *
 * create is idempotent by order: asked again it gives the same intent. So an order can always be
 * voided: create (perhaps again), then void; a later authorise of a voided intent fails.
 * payment_http.c is the adapter over libcurl on the libev loop; it speaks the protocol of
 * docs/protocol.md section 7.
 */
#ifndef STANCHION_PAYMENT_H
#define STANCHION_PAYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page of payment_list. More: ask again after the last id. */
#define PAYMENT_PAGE_MAX 100
/* An answer of the provider; a longer one is PAYMENT_UNKNOWN. */
#define PAYMENT_ANSWER_BYTES_MAX (128u << 10)
/* Webhooks. A larger body, a longer header or an older signature is refused; more than
 * SIGNATURES_MAX v1 values (a provider sends two while it changes its secret) are not looked at. */
#define WEBHOOK_BODY_BYTES_MAX (16u << 10)
#define WEBHOOK_HEADER_BYTES_MAX 1024u
#define WEBHOOK_SIGNATURES_MAX 8u
#define WEBHOOK_AGE_S_MAX 300

struct ev_loop;
struct payment_provider;

/* `intent` of the completion is valid (until it returns) where it says so, otherwise NULL. */
enum payment_status {
    PAYMENT_OK = 0,     /* done as asked; intent is valid */
    PAYMENT_DECLINED,   /* final no from the bank; intent->reason is valid (authorise only) */
    PAYMENT_PROCESSING, /* the outcome comes by webhook, or has come: look up; intent is valid */
    PAYMENT_CONFLICT,   /* refused for good: the intent is in a state that forbids it (captured,
                           voided: intent is   valid), or it does not exist or the request is wrong
                           (intent is NULL) */
    PAYMENT_UNKNOWN,    /* no usable answer in time: it may have happened; look up or repeat */
    PAYMENT_DOWN,       /* provider not reachable, or it does not let us in (401, 403, 429): nothing
                           happened */
    PAYMENT_BUSY,       /* calls_max calls under way: not sent */
    PAYMENT_STATUS_COUNT
};

enum intent_state {
    INTENT_CREATED,
    INTENT_PROCESSING,
    INTENT_AUTHORISED,
    INTENT_CAPTURED,
    INTENT_VOIDED,
    INTENT_DECLINED,
    INTENT_STATE_COUNT
};

struct payment_intent {
    int64_t amount_minor;
    int64_t refunded_minor; /* given back of a captured amount; 0 = not told */
    int64_t changed_ms; /* when it came into this state, on the provider's clock; 0 = not told */
    enum intent_state state;
    char currency[4];
    char id[64];
    char order[64];
    char reason[48]; /* of a decline */
};

/* `intents` is valid until the completion returns. */
struct payment_page {
    const struct payment_intent *intents;
    size_t count;
    bool has_more;
};

typedef void payment_fn(void *ctx, enum payment_status status, const struct payment_intent *intent);
/* page is NULL unless status is PAYMENT_OK. */
typedef void payment_page_fn(void *ctx, enum payment_status status,
                             const struct payment_page *page);

struct payment_options {
    const char *url; /* base, e.g. "http://127.0.0.1:8082"; copied */
    const char *key; /* bearer key; copied */
    uint32_t deadline_ms;
    uint32_t calls_max; /* under way at once */
};

struct payment_provider *payment_http_create(struct ev_loop *loop,
                                             const struct payment_options *options);
/* Calls under way complete with PAYMENT_UNKNOWN before this returns. NULL is fine. Never from a
 * completion. */
void payment_free(struct payment_provider *p);

/* Each: PAYMENT_OK = sent and fn will be called exactly once, later; PAYMENT_BUSY = not sent, fn
 * never called. All are safe to repeat: each carries an idempotency key, made of the order
 * (create), the intent and the card (authorise: another card is a new attempt), the intent
 * (capture, void) or the caller's (refund). */
enum payment_status payment_create(struct payment_provider *p, const char *order,
                                   int64_t amount_minor, const char *currency, payment_fn *fn,
                                   void *ctx);
enum payment_status payment_authorise(struct payment_provider *p, const char *intent,
                                      const char *card, payment_fn *fn, void *ctx);
enum payment_status payment_capture(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx);
enum payment_status payment_void(struct payment_provider *p, const char *intent, payment_fn *fn,
                                 void *ctx);
/* Gives back part of a captured amount. `key` names this refund: the same key gives it back once,
 * however often it is asked. PAYMENT_CONFLICT: not captured, or more than is left. */
enum payment_status payment_refund(struct payment_provider *p, const char *intent, const char *key,
                                   int64_t amount_minor, payment_fn *fn, void *ctx);
enum payment_status payment_look_up(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx);
/* Intents that are in `state` (INTENT_AUTHORISED or INTENT_CAPTURED; what was given back is among
 * the captured), oldest first, that come after the intent `after` (NULL or "" = from the start), at
 * most PAYMENT_PAGE_MAX. For the reconciler: who is authorised but has neither order nor void; for
 * the audit: what was taken for whom. */
enum payment_status payment_list(struct payment_provider *p, enum intent_state state,
                                 const char *after, payment_page_fn *fn, void *ctx);

/* Checks a webhook's signature header ("t=<unix s>,v1=<hex>", any of several v1 may fit; NULL =
 * missing) and its age, and reads its intent. NULL = good, otherwise the reason as a sentence; *out
 * is set only when good. */
const char *payment_webhook_read(const char *secret, const char *signature_header, const char *body,
                                 size_t body_bytes, int64_t now_ms, struct payment_intent *out);

#endif
