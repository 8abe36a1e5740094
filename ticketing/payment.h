/* The port to a payment provider, after the model of payment intents with manual capture.
 *
 * create is idempotent by order: asked again it gives the same intent. So an order can always be
 * voided: create (perhaps again), then void; a later authorise of a voided intent fails.
 * payment_http.c is the adapter over libcurl on the libev loop; it speaks the protocol of
 * docs/protocol.md section 7.
 */
#ifndef STANCHION_PAYMENT_H
#define STANCHION_PAYMENT_H

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct payment_provider;

enum payment_status {
    PAYMENT_OK = 0,     /* done as asked; intent is valid */
    PAYMENT_DECLINED,   /* final no from the bank; reason is valid */
    PAYMENT_PROCESSING, /* the outcome comes by webhook */
    PAYMENT_CONFLICT,   /* the intent is in a state that forbids it (captured, voided) */
    PAYMENT_UNKNOWN, /* no answer in time or the connection broke: it may have happened; look up or
                        repeat */
    PAYMENT_DOWN,    /* provider not reachable: nothing happened */
    PAYMENT_BUSY,    /* too many calls under way: not sent */
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
    char id[64];
    char order[64];
    char currency[4];
    char reason[48]; /* of a decline */
    int64_t amount_minor;
    enum intent_state state;
};

typedef void payment_fn(void *ctx, enum payment_status status, const struct payment_intent *intent);

struct payment_options {
    const char *url; /* base, e.g. "http://127.0.0.1:8082" */
    const char *key; /* bearer key */
    uint32_t deadline_ms;
    uint32_t calls_max; /* under way at once */
};

struct payment_provider *payment_http_create(struct ev_loop *loop,
                                             const struct payment_options *options);
/* Calls under way complete with PAYMENT_UNKNOWN before this returns. NULL is fine. */
void payment_free(struct payment_provider *p);

/* Each: PAYMENT_OK = sent and fn will be called once later; PAYMENT_BUSY = not sent, fn never
 * called. */
enum payment_status payment_create(struct payment_provider *p, const char *order,
                                   int64_t amount_minor, const char *currency, payment_fn *fn,
                                   void *ctx);
enum payment_status payment_authorise(struct payment_provider *p, const char *intent,
                                      const char *card, payment_fn *fn, void *ctx);
enum payment_status payment_capture(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx);
enum payment_status payment_void(struct payment_provider *p, const char *intent, payment_fn *fn,
                                 void *ctx);
enum payment_status payment_look_up(struct payment_provider *p, const char *intent, payment_fn *fn,
                                    void *ctx);

/* Checks a webhook's signature header and age and reads its intent. NULL = good, otherwise the
 * reason. */
const char *payment_webhook_read(const char *secret, const char *signature_header, const char *body,
                                 size_t body_bytes, int64_t now_ms, struct payment_intent *out);

#endif
