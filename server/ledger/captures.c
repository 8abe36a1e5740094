/* See the header. */
#include "server/ledger/captures.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"

enum slot_state { SLOT_FREE, SLOT_CREATE, SLOT_ACT, SLOT_LOOK_UP, SLOT_DONE, SLOT_WRITTEN };

struct slot {
    struct captures *captures;
    enum slot_state state;
    bool is_settled; /* DONE: nothing is owed any more */
    struct ledger_payment payment;
    char reason[64];
};

struct captures {
    struct ledger_store *store;
    struct payment_provider *provider;
    struct slot slots[CAPTURES_MAX];
    size_t busy_count, done_count;
};

static void act(struct slot *slot);

struct captures *captures_create(struct ledger_store *store, struct payment_provider *provider)
{
    struct captures *captures = calloc(1, sizeof *captures);
    assert(captures != NULL);
    captures->store = store;
    captures->provider = provider;
    for (size_t i = 0; i < CAPTURES_MAX; i++)
        captures->slots[i].captures = captures;
    return captures;
}

void captures_free(struct captures *captures)
{
    free(captures);
}

bool captures_has_results(const struct captures *captures)
{
    return captures->done_count > 0;
}

bool captures_is_busy(const struct captures *captures)
{
    return captures->busy_count > 0;
}

/* --- how a call ends --- */

static void done(struct slot *slot, enum ledger_payment_state state, const char *reason)
{
    slot->state = SLOT_DONE;
    slot->is_settled = true;
    slot->payment.state = state;
    (void)snprintf(slot->reason, sizeof slot->reason, "%s", reason);
    slot->captures->done_count++;
    if (state == LEDGER_PAYMENT_FAILED)
        log_error("payment of order %s, intent %s, needs a person: %s", slot->payment.order,
                  slot->payment.intent, reason);
}

static void again(struct slot *slot, const char *reason)
{
    if (slot->payment.attempts + 1 >= CAPTURE_ATTEMPTS_MAX) {
        done(slot, LEDGER_PAYMENT_FAILED, reason);
        return;
    }
    slot->state = SLOT_DONE;
    slot->is_settled = false;
    (void)snprintf(slot->reason, sizeof slot->reason, "%s", reason);
    slot->captures->done_count++;
}

static bool is_capture(const struct slot *slot)
{
    return slot->payment.state == LEDGER_PAYMENT_CAPTURE_DUE;
}

/* What the provider says about the intent decides; an intent on its way
 * is asked about again later. */
static void judge_capture(struct slot *slot, enum intent_state state)
{
    if (state == INTENT_CAPTURED)
        done(slot, LEDGER_PAYMENT_CAPTURED, "");
    else if (state == INTENT_VOIDED)
        done(slot, LEDGER_PAYMENT_FAILED, "sold, but the provider says the payment was voided");
    else
        again(slot, state == INTENT_AUTHORISED ? "authorised, not captured yet"
                                               : "not authorised at the provider");
}

static void judge_void(struct slot *slot, enum intent_state state)
{
    if (state == INTENT_VOIDED || state == INTENT_DECLINED)
        done(slot, LEDGER_PAYMENT_VOIDED, "");
    else if (state == INTENT_CAPTURED)
        done(slot, LEDGER_PAYMENT_FAILED, "not sold, but captured: refund it by hand");
    else
        again(slot, "not voided yet");
}

static void judge(struct slot *slot, enum intent_state state)
{
    if (is_capture(slot))
        judge_capture(slot, state);
    else
        judge_void(slot, state);
}

static const char *failure_word(enum payment_status status)
{
    return status == PAYMENT_DOWN ? "provider not reachable" : "no answer in time";
}

static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct slot *slot = ctx;
    if (status == PAYMENT_OK || (intent != NULL && status == PAYMENT_CONFLICT))
        judge(slot, intent->state);
    else if (status == PAYMENT_CONFLICT)
        done(slot, LEDGER_PAYMENT_FAILED, "the provider does not know the intent");
    else
        again(slot, failure_word(status));
}

static void look_up(struct slot *slot)
{
    slot->state = SLOT_LOOK_UP;
    if (payment_look_up(slot->captures->provider, slot->payment.intent, on_looked_up, slot) !=
        PAYMENT_OK)
        again(slot, "too many calls under way");
}

static void on_acted(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct slot *slot = ctx;
    if (status == PAYMENT_OK || (status == PAYMENT_CONFLICT && intent != NULL))
        judge(slot, intent->state);
    else if (status == PAYMENT_CONFLICT || status == PAYMENT_DECLINED ||
             status == PAYMENT_PROCESSING)
        look_up(slot);
    else
        again(slot, failure_word(status));
}

static void act(struct slot *slot)
{
    struct payment_provider *provider = slot->captures->provider;
    slot->state = SLOT_ACT;
    enum payment_status status =
        is_capture(slot) ? payment_capture(provider, slot->payment.intent, on_acted, slot)
                         : payment_void(provider, slot->payment.intent, on_acted, slot);
    if (status != PAYMENT_OK)
        again(slot, "too many calls under way");
}

static void on_created(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct slot *slot = ctx;
    if (status == PAYMENT_OK || (status == PAYMENT_CONFLICT && intent != NULL)) {
        (void)snprintf(slot->payment.intent, sizeof slot->payment.intent, "%s", intent->id);
        act(slot);
    } else if (status == PAYMENT_CONFLICT) {
        done(slot, LEDGER_PAYMENT_FAILED, "the provider refuses the intent");
    } else {
        again(slot, failure_word(status));
    }
}

static void create_intent(struct slot *slot)
{
    slot->state = SLOT_CREATE;
    const struct ledger_payment *payment = &slot->payment;
    if (payment_create(slot->captures->provider, payment->order, payment->amount_minor,
                       payment->currency, on_created, slot) != PAYMENT_OK)
        again(slot, "too many calls under way");
}

/* --- the table --- */

bool captures_is_under_way(const struct captures *captures, const char *order)
{
    for (size_t i = 0; i < CAPTURES_MAX; i++)
        if (captures->slots[i].state != SLOT_FREE &&
            strcmp(captures->slots[i].payment.order, order) == 0)
            return true;
    return false;
}

static struct slot *free_slot(struct captures *captures)
{
    for (size_t i = 0; i < CAPTURES_MAX; i++)
        if (captures->slots[i].state == SLOT_FREE)
            return &captures->slots[i];
    return NULL;
}

enum ledger_status captures_pump(struct captures *captures, int64_t now_ms)
{
    struct ledger_payment due[2 * CAPTURES_MAX]; /* those under way are among them */
    size_t count = 0;
    if (captures->busy_count == CAPTURES_MAX)
        return LEDGER_OK;
    enum ledger_status status =
        ledger_payments_due(captures->store, now_ms, due, 2 * CAPTURES_MAX, &count);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++) {
        struct slot *slot = free_slot(captures);
        if (slot == NULL)
            break;
        if (captures_is_under_way(captures, due[i].order))
            continue;
        captures->busy_count++;
        slot->payment = due[i];
        if (slot->payment.intent[0] == '\0')
            create_intent(slot);
        else
            act(slot);
    }
    return status;
}

static int64_t back_off_ms(int64_t attempts)
{
    int64_t wait_ms = CAPTURE_BACK_OFF_MS;
    for (int64_t i = 0; i < attempts && wait_ms < CAPTURE_BACK_OFF_MS_MAX; i++)
        wait_ms *= 2;
    return wait_ms < CAPTURE_BACK_OFF_MS_MAX ? wait_ms : CAPTURE_BACK_OFF_MS_MAX;
}

enum ledger_status captures_write(struct captures *captures, int64_t now_ms)
{
    enum ledger_status status = LEDGER_OK;
    for (size_t i = 0; i < CAPTURES_MAX && status == LEDGER_OK; i++) {
        struct slot *slot = &captures->slots[i];
        if (slot->state != SLOT_DONE && slot->state != SLOT_WRITTEN)
            continue;
        int64_t next_ms = slot->is_settled ? 0 : now_ms + back_off_ms(slot->payment.attempts);
        status =
            ledger_payment_update(captures->store, &slot->payment, next_ms, slot->reason, now_ms);
        slot->state = SLOT_WRITTEN;
    }
    return status;
}

void captures_written(struct captures *captures)
{
    for (size_t i = 0; i < CAPTURES_MAX; i++)
        if (captures->slots[i].state == SLOT_WRITTEN) {
            captures->slots[i].state = SLOT_FREE;
            captures->busy_count--;
            captures->done_count--;
        }
}
