/* See the header. A hold's text begins with its order (ticketing/lua/prelude.lua). It is read
 * before `settled`: a script that ends a payment changes both in one step, so a hold that was gone
 * has left its word there. */
#include "server/ledger/intents.h"

#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "ticketing/ledger_intents.h"
#include "ticketing/ledger_scripts.h"

enum { KEY_HELD = 7, KEY_SETTLED = 10 };

enum fate { FATE_OPEN, FATE_OVER, FATE_UNKNOWN };

/* Whether a hash field begins with this text, which ends there or at a NUL; false in *is_there when
 * Redis did not answer. */
static bool field_is(struct redis_pipe *redis, const char *key, const char *field,
                     const char *value, bool *is_there)
{
    redisReply *reply = redis_pipe_ask(redis, "HGET", key, field, NULL);
    *is_there = *is_there && reply != NULL && reply->type != REDIS_REPLY_ERROR;
    bool is = reply != NULL && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, value) == 0;
    if (reply != NULL)
        freeReplyObject(reply);
    return is;
}

/* A sale that is not written yet stands in the outbox. */
static enum fate fate_of(struct redis_pipe *redis, const struct ledger_intent *intent)
{
    struct seat_keys keys;
    bool is_there = true;
    seat_keys_init(&keys, intent->event);
    bool is_open =
        field_is(redis, keys.text[KEY_HELD], intent->visitor, intent->order, &is_there) ||
        field_is(redis, keys.text[KEY_SETTLED], intent->order, "sold", &is_there);
    if (!is_there)
        return FATE_UNKNOWN;
    return is_open ? FATE_OPEN : FATE_OVER;
}

static enum ledger_status decide(struct batch *batch, const struct ledger_intent *intent,
                                 enum fate fate, int64_t now_ms)
{
    if (fate == FATE_OPEN)
        return ledger_intent_later(batch->store, intent->order, now_ms + INTENT_MARGIN_MS);
    log_info("order %s: nobody pays it any more, it is voided", intent->order);
    return ledger_intent_void(batch->store, intent->order, "not paid", now_ms);
}

static enum batch_status store_failed(struct batch *batch, enum ledger_status status)
{
    log_error("looking for payments (%s): %s", ledger_status_word(status),
              ledger_problem(batch->store));
    return BATCH_STORE_FAILED;
}

enum batch_status intents_check(struct batch *batch)
{
    struct ledger_intent intents[INTENTS_CHECK_MAX];
    enum fate fates[INTENTS_CHECK_MAX];
    size_t count = 0;
    int64_t now_ms = clock_wall_ms();
    enum ledger_status status =
        ledger_intents_overdue(batch->store, now_ms, intents, INTENTS_CHECK_MAX, &count);
    if (status == LEDGER_OK && count == 0)
        return BATCH_OK;
    for (size_t i = 0; i < count; i++) {
        fates[i] = fate_of(batch->redis, &intents[i]);
        if (fates[i] == FATE_UNKNOWN)
            return BATCH_REDIS_LOST;
    }
    if (status == LEDGER_OK)
        status = ledger_begin(batch->store);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++)
        status = decide(batch, &intents[i], fates[i], now_ms);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    return status == LEDGER_OK ? BATCH_OK : store_failed(batch, status);
}

enum batch_status intents_hurry(struct batch *batch)
{
    enum ledger_status status = ledger_begin(batch->store);
    if (status == LEDGER_OK)
        status = ledger_intents_hurry(batch->store, clock_wall_ms() + INTENTS_HURRY_MS);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    return status == LEDGER_OK ? BATCH_OK : store_failed(batch, status);
}
