/* What the sandbox provider remembers: intents, answers given, webhooks to deliver. One SQLite
 * file, one thread.
 *
 * The first change opens a transaction and the next ones join it, until store_commit: whoever tells
 * what was changed waits for that. Only a process kill has to be survived here, so the WAL is not
 * synced at each commit. Any SQLite error ends in SANDBOX_STORE_FAILED and a log line; the caller
 * rolls back.
 */
#ifndef STANCHION_SANDBOX_STORE_H
#define STANCHION_SANDBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTENT_ID_CHARS 27 /* "pi_", 8 characters of time, 16 random ones */
#define INTENT_ORDER_BYTES_MAX 63
#define IDEMPOTENCY_BYTES_MAX 200
#define FINGERPRINT_BYTES 16
#define ANSWER_BYTES_MAX 2048 /* of one intent; asserted, since every field in it is bounded */
#define INTENTS_PAGE_MAX 100

enum sandbox_store_status {
    SANDBOX_STORE_OK = 0,
    SANDBOX_STORE_NONE, /* no such row */
    SANDBOX_STORE_FAILED,
    SANDBOX_STORE_STATUS_COUNT
};

enum intent_status {
    STATUS_REQUIRES_PAYMENT_METHOD,
    STATUS_PROCESSING,
    STATUS_REQUIRES_CAPTURE,
    STATUS_SUCCEEDED,
    STATUS_CANCELED,
    INTENT_STATUS_COUNT
};

struct intent {
    int64_t seq; /* 0 = not stored yet */
    int64_t amount_minor, refunded_minor;
    int64_t created_ms, changed_ms;
    int64_t due_ms; /* 0 = nothing is due */
    enum intent_status status;
    char id[INTENT_ID_CHARS + 1];
    char order[INTENT_ORDER_BYTES_MAX + 1];
    char currency[4];
    char error[32];
    char due_key[IDEMPOTENCY_BYTES_MAX + 1]; /* "" = nobody waits */
};

struct stored_answer {
    unsigned char fingerprint[FINGERPRINT_BYTES];
    int code; /* 0 = still to come */
    char body[ANSWER_BYTES_MAX];
};

struct webhook {
    int64_t seq;
    int attempts;
    char intent[INTENT_ID_CHARS + 1];
    char body[ANSWER_BYTES_MAX];
};

struct sandbox_store;

/* NULL = could not be opened, with a log line. Pending webhooks become due at once. */
struct sandbox_store *sandbox_store_open(const char *path, int64_t now_ms);
void sandbox_store_close(struct sandbox_store *store);

/* Nothing happens when a transaction is open. */
enum sandbox_store_status store_begin(struct sandbox_store *store);
bool store_is_open(const struct sandbox_store *store);
enum sandbox_store_status store_commit(struct sandbox_store *store); /* of an open one */
void store_rollback(struct sandbox_store *store);

/* Inserts (seq 0, then sets seq) or updates. */
enum sandbox_store_status store_put_intent(struct sandbox_store *store, struct intent *intent);
enum sandbox_store_status store_intent(struct sandbox_store *store, const char *id,
                                       struct intent *out);
/* The intent whose outcome has been due longest; NONE when none is due until now_ms. */
enum sandbox_store_status store_due_intent(struct sandbox_store *store, int64_t now_ms,
                                           struct intent *out);
/* Intents with seq > after_seq in order, wanted INTENT_STATUS_COUNT = all; writes at most
 * count_max. */
enum sandbox_store_status store_list(struct sandbox_store *store, enum intent_status wanted,
                                     int64_t after_seq, struct intent *out, size_t count_max,
                                     size_t *count);

/* Notes a refund; adds it to intent->refunded_minor. */
enum sandbox_store_status store_put_refund(struct sandbox_store *store, struct intent *intent,
                                           int64_t amount_minor, int64_t now_ms);

enum sandbox_store_status store_answer(struct sandbox_store *store, const char *key,
                                       struct stored_answer *out);
enum sandbox_store_status store_put_answer(struct sandbox_store *store, const char *key,
                                           const unsigned char fingerprint[FINGERPRINT_BYTES],
                                           int code, const char *body, int64_t now_ms);
/* Fills in an answer that was still to come; nothing happens when there is none. */
enum sandbox_store_status store_finish_answer(struct sandbox_store *store, const char *key,
                                              int code, const char *body);
enum sandbox_store_status store_drop_answer(struct sandbox_store *store, const char *key);
/* Forgets at most count_max answers given before before_ms. */
enum sandbox_store_status store_forget_answers(struct sandbox_store *store, int64_t before_ms,
                                               int count_max);

enum sandbox_store_status store_put_webhook(struct sandbox_store *store, const char *intent_id,
                                            const char *type, const char *body, int64_t now_ms);
/* Undelivered webhooks of this type for the intent are dropped: it is no longer so. */
enum sandbox_store_status store_drop_webhooks_of(struct sandbox_store *store, const char *intent_id,
                                                 const char *type, int64_t now_ms);
/* The next webhook to send: due, and the oldest of its intent. It is put off to lease_until_ms. */
enum sandbox_store_status store_take_webhook(struct sandbox_store *store, int64_t now_ms,
                                             int64_t lease_until_ms, struct webhook *out);
enum sandbox_store_status store_delay_webhook(struct sandbox_store *store, int64_t seq,
                                              int64_t next_ms);
/* Delivered or given up; the next one of the intent becomes due. */
enum sandbox_store_status store_drop_webhook(struct sandbox_store *store, int64_t seq,
                                             const char *intent_id, int64_t now_ms);
/* When the next outcome or webhook is due; 0 = never. */
enum sandbox_store_status store_next_due(struct sandbox_store *store, int64_t *intent_ms,
                                         int64_t *webhook_ms);

#endif
