/* Prepared statements in one table, bound by a small format string: 'i' int64, 't' text, 'b' blob
 * with size, 'n' an int64 that is NULL when 0, 'e' a text that is NULL when empty.
 */
#include "server/sandbox/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox_files.h"
#include "server/base/log.h"

/* Checkpointed beyond 4 MB: everybody who pays waits for it, 6 ms now and 15 with four times as
 * much to bring to the disk. */
#define WAL_PAGES_MAX "1000"

#define INTENT_COLUMNS                                                                             \
    "seq, id, order_id, currency, error, amount_minor, status, created_ms, changed_ms, due_ms, "   \
    "due_key, (SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r WHERE r.intent = "           \
    "intents.id)"

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_INSERT_INTENT,
    SQL_UPDATE_INTENT,
    SQL_INTENT,
    SQL_DUE_INTENT,
    SQL_LIST,
    SQL_LIST_STATUS,
    SQL_PUT_REFUND,
    SQL_ANSWER,
    SQL_PUT_ANSWER,
    SQL_FINISH_ANSWER,
    SQL_DROP_ANSWER,
    SQL_FORGET_ANSWERS,
    SQL_PUT_WEBHOOK,
    SQL_DROP_WEBHOOKS_OF,
    SQL_NEXT_WEBHOOK,
    SQL_LEASE_WEBHOOK,
    SQL_DELAY_WEBHOOK,
    SQL_DROP_WEBHOOK,
    SQL_PROMOTE_WEBHOOK,
    SQL_WAKE_WEBHOOKS,
    SQL_NEXT_DUE_INTENT,
    SQL_NEXT_DUE_WEBHOOK,
    STATEMENT_COUNT
};

static const char *const sql[STATEMENT_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_INSERT_INTENT] =
        "INSERT INTO intents (id, order_id, currency, error, amount_minor, status,"
        " created_ms, changed_ms, due_ms, due_key) VALUES (?,?,?,?,?,?,?,?,?,?)",
    [SQL_UPDATE_INTENT] = "UPDATE intents SET error = ?, status = ?, changed_ms = ?, due_ms = ?,"
                          " due_key = ? WHERE seq = ?",
    [SQL_INTENT] = "SELECT " INTENT_COLUMNS " FROM intents WHERE id = ?",
    [SQL_DUE_INTENT] =
        "SELECT " INTENT_COLUMNS " FROM intents WHERE due_ms <= ? ORDER BY due_ms LIMIT 1",
    [SQL_LIST] = "SELECT " INTENT_COLUMNS " FROM intents WHERE seq > ? ORDER BY seq LIMIT ?",
    [SQL_LIST_STATUS] =
        "SELECT " INTENT_COLUMNS " FROM intents WHERE status = ? AND seq > ? ORDER BY seq LIMIT ?",
    [SQL_PUT_REFUND] = "INSERT INTO refunds (intent, amount_minor, at_ms) VALUES (?,?,?)",
    [SQL_ANSWER] = "SELECT fingerprint, code, body FROM answers WHERE key = ?",
    [SQL_PUT_ANSWER] =
        "INSERT INTO answers (key, fingerprint, code, body, at_ms) VALUES (?,?,?,?,?)",
    [SQL_FINISH_ANSWER] = "UPDATE answers SET code = ?, body = ? WHERE key = ? AND code = 0",
    [SQL_DROP_ANSWER] = "DELETE FROM answers WHERE key = ?",
    [SQL_FORGET_ANSWERS] = "DELETE FROM answers WHERE key IN (SELECT key FROM answers"
                           " WHERE at_ms < ? AND code <> 0 ORDER BY at_ms LIMIT ?)",
    [SQL_PUT_WEBHOOK] =
        "INSERT INTO deliveries (intent, type, body, attempts, next_ms) VALUES (?1,?2,?3,0,"
        " CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE intent = ?1) THEN NULL ELSE ?4 END)",
    [SQL_DROP_WEBHOOKS_OF] = "DELETE FROM deliveries WHERE intent = ? AND type = ?",
    [SQL_NEXT_WEBHOOK] = "SELECT seq, attempts, body, intent FROM deliveries WHERE next_ms <= ?"
                         " ORDER BY next_ms, seq LIMIT 1",
    [SQL_LEASE_WEBHOOK] =
        "UPDATE deliveries SET attempts = attempts + 1, next_ms = ? WHERE seq = ?",
    [SQL_DELAY_WEBHOOK] = "UPDATE deliveries SET next_ms = ? WHERE seq = ?",
    [SQL_DROP_WEBHOOK] = "DELETE FROM deliveries WHERE seq = ?",
    [SQL_PROMOTE_WEBHOOK] = "UPDATE deliveries SET next_ms = ?1 WHERE next_ms IS NULL AND"
                            " seq = (SELECT min(seq) FROM deliveries WHERE intent = ?2)",
    [SQL_WAKE_WEBHOOKS] = "UPDATE deliveries SET next_ms = ? WHERE next_ms IS NOT NULL",
    [SQL_NEXT_DUE_INTENT] = "SELECT min(due_ms) FROM intents WHERE due_ms IS NOT NULL",
    [SQL_NEXT_DUE_WEBHOOK] = "SELECT min(next_ms) FROM deliveries WHERE next_ms IS NOT NULL",
};

struct sandbox_store {
    sqlite3 *db;
    bool is_open;      /* a transaction */
    bool is_due_known; /* the two below are as in the tables */
    int64_t intent_ms, webhook_ms;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static enum sandbox_store_status failed(struct sandbox_store *store, enum statement which)
{
    log_error("storage failed in \"%s\": %s", sql[which], sqlite3_errmsg(store->db));
    return SANDBOX_STORE_FAILED;
}

static int bind_next(sqlite3_stmt *s, int column, char kind, va_list *args)
{
    if (kind == 'b') {
        const void *data = va_arg(*args, const void *);
        return sqlite3_bind_blob(s, column, data, va_arg(*args, int), SQLITE_TRANSIENT);
    }
    if (kind == 't' || kind == 'e') {
        const char *text = va_arg(*args, const char *);
        return kind == 'e' && !*text ? sqlite3_bind_null(s, column)
                                     : sqlite3_bind_text(s, column, text, -1, SQLITE_TRANSIENT);
    }
    assert(kind == 'i' || kind == 'n');
    int64_t number = va_arg(*args, int64_t);
    return kind == 'n' && number == 0 ? sqlite3_bind_null(s, column)
                                      : sqlite3_bind_int64(s, column, number);
}

/* Binds and steps once. OK = there is a row: read it, then call done(). NONE = no row, already
 * reset. */
static enum sandbox_store_status query(struct sandbox_store *store, enum statement which,
                                       const char *kinds, va_list *args)
{
    sqlite3_stmt *s = store->statements[which];
    int rc = SQLITE_OK;
    for (int i = 0; kinds[i] && rc == SQLITE_OK; i++)
        rc = bind_next(s, i + 1, kinds[i], args);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        return SANDBOX_STORE_OK;
    enum sandbox_store_status status =
        rc == SQLITE_DONE ? SANDBOX_STORE_NONE : failed(store, which);
    sqlite3_reset(s);
    return status;
}

static enum sandbox_store_status first_row(struct sandbox_store *store, enum statement which,
                                           const char *kinds, ...)
{
    va_list args;
    va_start(args, kinds);
    enum sandbox_store_status status = query(store, which, kinds, &args);
    va_end(args);
    return status;
}

static enum sandbox_store_status run(struct sandbox_store *store, enum statement which,
                                     const char *kinds, ...)
{
    va_list args;
    va_start(args, kinds);
    enum sandbox_store_status status = query(store, which, kinds, &args);
    va_end(args);
    if (status == SANDBOX_STORE_OK)
        sqlite3_reset(store->statements[which]);
    return status == SANDBOX_STORE_FAILED ? status : SANDBOX_STORE_OK;
}

/* The same for what changes something: in the transaction that is open, or begins with it. */
static enum sandbox_store_status change(struct sandbox_store *store, enum statement which,
                                        const char *kinds, ...)
{
    va_list args;
    store->is_due_known = false;
    if (store_begin(store) != SANDBOX_STORE_OK)
        return SANDBOX_STORE_FAILED;
    va_start(args, kinds);
    enum sandbox_store_status status = query(store, which, kinds, &args);
    va_end(args);
    assert(status != SANDBOX_STORE_OK); /* it has no rows */
    return status == SANDBOX_STORE_NONE ? SANDBOX_STORE_OK : status;
}

static bool prepare_all(struct sandbox_store *store)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK) {
            failed(store, (enum statement)i);
            return false;
        }
    return true;
}

struct sandbox_store *sandbox_store_open(const char *path, int64_t now_ms)
{
    struct sandbox_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char *error = NULL;
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(store->db, 1000) != SQLITE_OK ||
        sqlite3_exec(store->db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                     "PRAGMA wal_autocheckpoint=" WAL_PAGES_MAX ";",
                     NULL, NULL, &error) != SQLITE_OK ||
        sqlite3_exec(store->db, (const char *)sandbox_schema_sql, NULL, NULL, &error) !=
            SQLITE_OK) {
        log_error("cannot open %s: %s", path,
                  error       ? error
                  : store->db ? sqlite3_errmsg(store->db)
                              : "out of memory");
        sqlite3_free(error);
        sandbox_store_close(store);
        return NULL;
    }
    if (!prepare_all(store) || run(store, SQL_WAKE_WEBHOOKS, "i", now_ms) != SANDBOX_STORE_OK) {
        sandbox_store_close(store);
        return NULL;
    }
    return store;
}

void sandbox_store_close(struct sandbox_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}

bool store_is_open(const struct sandbox_store *store)
{
    return store->is_open;
}

enum sandbox_store_status store_begin(struct sandbox_store *store)
{
    if (store->is_open)
        return SANDBOX_STORE_OK;
    enum sandbox_store_status status = run(store, SQL_BEGIN, "");
    store->is_open = status == SANDBOX_STORE_OK;
    return status;
}

enum sandbox_store_status store_commit(struct sandbox_store *store)
{
    assert(store->is_open);
    enum sandbox_store_status status = run(store, SQL_COMMIT, "");
    if (status == SANDBOX_STORE_OK)
        store->is_open = false;
    return status;
}

void store_rollback(struct sandbox_store *store)
{
    store->is_open = store->is_due_known = false;
    if (!sqlite3_get_autocommit(store->db))
        run(store, SQL_ROLLBACK, "");
}

enum sandbox_store_status store_put_intent(struct sandbox_store *store, struct intent *intent)
{
    if (intent->seq != 0)
        return change(store, SQL_UPDATE_INTENT, "tiinei", intent->error, (int64_t)intent->status,
                      intent->changed_ms, intent->due_ms, intent->due_key, intent->seq);
    enum sandbox_store_status status =
        change(store, SQL_INSERT_INTENT, "ttttiiiine", intent->id, intent->order, intent->currency,
               intent->error, intent->amount_minor, (int64_t)intent->status, intent->created_ms,
               intent->changed_ms, intent->due_ms, intent->due_key);
    if (status == SANDBOX_STORE_OK)
        intent->seq = sqlite3_last_insert_rowid(store->db);
    return status;
}

/* The texts were bounded when they were written; a file changed by hand is cut, not trusted. */
static void read_text(sqlite3_stmt *s, int column, char *out, size_t out_bytes_max)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    size_t length = text ? strnlen(text, out_bytes_max - 1) : 0;
    if (length > 0)
        memcpy(out, text, length);
    out[length] = '\0';
}

static void read_intent(sqlite3_stmt *s, struct intent *out)
{
    out->seq = sqlite3_column_int64(s, 0);
    read_text(s, 1, out->id, sizeof out->id);
    read_text(s, 2, out->order, sizeof out->order);
    read_text(s, 3, out->currency, sizeof out->currency);
    read_text(s, 4, out->error, sizeof out->error);
    out->amount_minor = sqlite3_column_int64(s, 5);
    int status = sqlite3_column_int(s, 6);
    out->status =
        status >= 0 && status < INTENT_STATUS_COUNT ? (enum intent_status)status : STATUS_CANCELED;
    out->created_ms = sqlite3_column_int64(s, 7);
    out->changed_ms = sqlite3_column_int64(s, 8);
    out->due_ms = sqlite3_column_int64(s, 9);
    read_text(s, 10, out->due_key, sizeof out->due_key);
    out->refunded_minor = sqlite3_column_int64(s, 11);
}

enum sandbox_store_status store_intent(struct sandbox_store *store, const char *id,
                                       struct intent *out)
{
    enum sandbox_store_status status = first_row(store, SQL_INTENT, "t", id);
    if (status != SANDBOX_STORE_OK)
        return status;
    read_intent(store->statements[SQL_INTENT], out);
    sqlite3_reset(store->statements[SQL_INTENT]);
    return SANDBOX_STORE_OK;
}

enum sandbox_store_status store_due_intent(struct sandbox_store *store, int64_t now_ms,
                                           struct intent *out)
{
    enum sandbox_store_status status = first_row(store, SQL_DUE_INTENT, "i", now_ms);
    if (status != SANDBOX_STORE_OK)
        return status;
    read_intent(store->statements[SQL_DUE_INTENT], out);
    sqlite3_reset(store->statements[SQL_DUE_INTENT]);
    return SANDBOX_STORE_OK;
}

enum sandbox_store_status store_list(struct sandbox_store *store, enum intent_status wanted,
                                     int64_t after_seq, struct intent *out, size_t count_max,
                                     size_t *count)
{
    bool is_all = wanted == INTENT_STATUS_COUNT;
    enum statement which = is_all ? SQL_LIST : SQL_LIST_STATUS;
    enum sandbox_store_status status =
        is_all ? first_row(store, which, "ii", after_seq, (int64_t)count_max)
               : first_row(store, which, "iii", (int64_t)wanted, after_seq, (int64_t)count_max);
    *count = 0;
    if (status != SANDBOX_STORE_OK)
        return status == SANDBOX_STORE_NONE ? SANDBOX_STORE_OK : status;
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && *count < count_max) {
        read_intent(store->statements[which], &out[(*count)++]);
        rc = sqlite3_step(store->statements[which]);
    }
    status = rc == SQLITE_ROW || rc == SQLITE_DONE ? SANDBOX_STORE_OK : failed(store, which);
    sqlite3_reset(store->statements[which]);
    return status;
}

enum sandbox_store_status store_put_refund(struct sandbox_store *store, struct intent *intent,
                                           int64_t amount_minor, int64_t now_ms)
{
    enum sandbox_store_status status =
        change(store, SQL_PUT_REFUND, "tii", intent->id, amount_minor, now_ms);
    if (status == SANDBOX_STORE_OK)
        intent->refunded_minor += amount_minor;
    return status;
}

enum sandbox_store_status store_answer(struct sandbox_store *store, const char *key,
                                       struct stored_answer *out)
{
    enum sandbox_store_status status = first_row(store, SQL_ANSWER, "t", key);
    if (status != SANDBOX_STORE_OK)
        return status;
    sqlite3_stmt *s = store->statements[SQL_ANSWER];
    memset(out->fingerprint, 0, sizeof out->fingerprint);
    if (sqlite3_column_bytes(s, 0) == FINGERPRINT_BYTES)
        memcpy(out->fingerprint, sqlite3_column_blob(s, 0), FINGERPRINT_BYTES);
    out->code = sqlite3_column_int(s, 1);
    read_text(s, 2, out->body, sizeof out->body);
    sqlite3_reset(s);
    return SANDBOX_STORE_OK;
}

enum sandbox_store_status store_put_answer(struct sandbox_store *store, const char *key,
                                           const unsigned char fingerprint[FINGERPRINT_BYTES],
                                           int code, const char *body, int64_t now_ms)
{
    return change(store, SQL_PUT_ANSWER, "tbiti", key, fingerprint, FINGERPRINT_BYTES,
                  (int64_t)code, body, now_ms);
}

enum sandbox_store_status store_finish_answer(struct sandbox_store *store, const char *key,
                                              int code, const char *body)
{
    return change(store, SQL_FINISH_ANSWER, "itt", (int64_t)code, body, key);
}

enum sandbox_store_status store_drop_answer(struct sandbox_store *store, const char *key)
{
    return change(store, SQL_DROP_ANSWER, "t", key);
}

enum sandbox_store_status store_forget_answers(struct sandbox_store *store, int64_t before_ms,
                                               int count_max)
{
    return change(store, SQL_FORGET_ANSWERS, "ii", before_ms, (int64_t)count_max);
}

enum sandbox_store_status store_put_webhook(struct sandbox_store *store, const char *intent_id,
                                            const char *type, const char *body, int64_t now_ms)
{
    return change(store, SQL_PUT_WEBHOOK, "ttti", intent_id, type, body, now_ms);
}

enum sandbox_store_status store_drop_webhooks_of(struct sandbox_store *store, const char *intent_id,
                                                 const char *type, int64_t now_ms)
{
    enum sandbox_store_status status = change(store, SQL_DROP_WEBHOOKS_OF, "tt", intent_id, type);
    return status == SANDBOX_STORE_OK ? change(store, SQL_PROMOTE_WEBHOOK, "it", now_ms, intent_id)
                                      : status;
}

enum sandbox_store_status store_take_webhook(struct sandbox_store *store, int64_t now_ms,
                                             int64_t lease_until_ms, struct webhook *out)
{
    enum sandbox_store_status status = first_row(store, SQL_NEXT_WEBHOOK, "i", now_ms);
    if (status != SANDBOX_STORE_OK)
        return status;
    sqlite3_stmt *s = store->statements[SQL_NEXT_WEBHOOK];
    out->seq = sqlite3_column_int64(s, 0);
    out->attempts = sqlite3_column_int(s, 1) + 1;
    read_text(s, 2, out->body, sizeof out->body);
    read_text(s, 3, out->intent, sizeof out->intent);
    sqlite3_reset(s);
    return change(store, SQL_LEASE_WEBHOOK, "ii", lease_until_ms, out->seq);
}

enum sandbox_store_status store_delay_webhook(struct sandbox_store *store, int64_t seq,
                                              int64_t next_ms)
{
    return change(store, SQL_DELAY_WEBHOOK, "ii", next_ms, seq);
}

enum sandbox_store_status store_drop_webhook(struct sandbox_store *store, int64_t seq,
                                             const char *intent_id, int64_t now_ms)
{
    enum sandbox_store_status status = change(store, SQL_DROP_WEBHOOK, "i", seq);
    return status == SANDBOX_STORE_OK ? change(store, SQL_PROMOTE_WEBHOOK, "it", now_ms, intent_id)
                                      : status;
}

static enum sandbox_store_status read_due(struct sandbox_store *store, enum statement which,
                                          int64_t *out)
{
    enum sandbox_store_status status = first_row(store, which, "");
    *out = 0;
    if (status != SANDBOX_STORE_OK)
        return status == SANDBOX_STORE_NONE ? SANDBOX_STORE_OK : status;
    *out = sqlite3_column_int64(store->statements[which], 0);
    sqlite3_reset(store->statements[which]);
    return SANDBOX_STORE_OK;
}

enum sandbox_store_status store_next_due(struct sandbox_store *store, int64_t *intent_ms,
                                         int64_t *webhook_ms)
{
    enum sandbox_store_status status = SANDBOX_STORE_OK;
    if (!store->is_due_known)
        status = read_due(store, SQL_NEXT_DUE_INTENT, &store->intent_ms);
    if (!store->is_due_known && status == SANDBOX_STORE_OK)
        status = read_due(store, SQL_NEXT_DUE_WEBHOOK, &store->webhook_ms);
    store->is_due_known = status == SANDBOX_STORE_OK;
    *intent_ms = store->intent_ms;
    *webhook_ms = store->webhook_ms;
    return status;
}
