/* See the header. */
#include "server/ledger/payouts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_refunds.h"

enum slot_state { SLOT_FREE, SLOT_ASKED, SLOT_DONE, SLOT_WRITTEN };

struct slot {
    struct payouts *payouts;
    enum slot_state state;
    enum ledger_payout_state outcome; /* DONE */
    struct ledger_payout payout;
    char reason[64];
};

struct payouts {
    struct ledger_store *store;
    struct payment_provider *provider;
    struct slot slots[PAYOUTS_MAX];
    size_t busy_count, done_count;
};

struct payouts *payouts_create(struct ledger_store *store, struct payment_provider *provider)
{
    struct payouts *payouts = calloc(1, sizeof *payouts);
    assert(payouts != NULL);
    payouts->store = store;
    payouts->provider = provider;
    for (size_t i = 0; i < PAYOUTS_MAX; i++)
        payouts->slots[i].payouts = payouts;
    return payouts;
}

void payouts_free(struct payouts *payouts)
{
    free(payouts);
}

bool payouts_has_results(const struct payouts *payouts)
{
    return payouts->done_count > 0;
}

bool payouts_is_busy(const struct payouts *payouts)
{
    return payouts->busy_count > 0;
}

static void done(struct slot *slot, enum ledger_payout_state outcome, const char *reason)
{
    if (outcome == LEDGER_PAYOUT_DUE && slot->payout.attempts + 1 >= PAYOUT_ATTEMPTS_MAX)
        outcome = LEDGER_PAYOUT_FAILED;
    slot->state = SLOT_DONE;
    slot->outcome = outcome;
    (void)snprintf(slot->reason, sizeof slot->reason, "%s", reason);
    slot->payouts->done_count++;
    if (outcome == LEDGER_PAYOUT_FAILED)
        log_error("refund %" PRId64 " of order %s, intent %s, needs a person: %s", slot->payout.nr,
                  slot->payout.order, slot->payout.intent, reason);
}

static void on_refunded(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct slot *slot = ctx;
    (void)intent;
    if (status == PAYMENT_OK)
        done(slot, LEDGER_PAYOUT_PAID, "");
    else if (status == PAYMENT_CONFLICT)
        done(slot, LEDGER_PAYOUT_FAILED, "the provider refuses the refund");
    else
        done(slot, LEDGER_PAYOUT_DUE,
             status == PAYMENT_DOWN ? "provider not reachable" : "no answer in time");
}

static void give_back(struct slot *slot)
{
    const struct ledger_payout *payout = &slot->payout;
    char key[32];
    (void)snprintf(key, sizeof key, "%" PRId64, payout->nr);
    if (payment_refund(slot->payouts->provider, payout->intent, key, payout->amount_minor,
                       on_refunded, slot) != PAYMENT_OK)
        done(slot, LEDGER_PAYOUT_DUE, "too many calls under way");
}

/* Nothing else of the order is under way. What the provider has given back beyond what the ledger
 * knows of was this payout, or one that a backup has forgotten and that is asked for again. */
static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct slot *slot = ctx;
    if (status == PAYMENT_OK &&
        intent->refunded_minor - slot->payout.paid_minor >= slot->payout.amount_minor)
        done(slot, LEDGER_PAYOUT_PAID, "given back before");
    else if (status == PAYMENT_OK)
        give_back(slot);
    else if (status == PAYMENT_CONFLICT)
        done(slot, LEDGER_PAYOUT_FAILED, "the provider does not know the intent");
    else
        done(slot, LEDGER_PAYOUT_DUE,
             status == PAYMENT_DOWN ? "provider not reachable" : "no answer in time");
}

static struct slot *slot_of(struct payouts *payouts, int64_t nr)
{
    for (size_t i = 0; i < PAYOUTS_MAX; i++)
        if (payouts->slots[i].state != SLOT_FREE && payouts->slots[i].payout.nr == nr)
            return &payouts->slots[i];
    return NULL;
}

static struct slot *free_slot(struct payouts *payouts)
{
    for (size_t i = 0; i < PAYOUTS_MAX; i++)
        if (payouts->slots[i].state == SLOT_FREE)
            return &payouts->slots[i];
    return NULL;
}

static void ask(struct slot *slot, const struct ledger_payout *payout)
{
    slot->payout = *payout;
    slot->state = SLOT_ASKED;
    slot->payouts->busy_count++;
    if (payment_look_up(slot->payouts->provider, payout->intent, on_looked_up, slot) != PAYMENT_OK)
        done(slot, LEDGER_PAYOUT_DUE, "too many calls under way");
}

enum ledger_status payouts_pump(struct payouts *payouts, int64_t now_ms)
{
    struct ledger_payout due[2 * PAYOUTS_MAX]; /* those under way are among them */
    size_t count = 0;
    if (payouts->busy_count == PAYOUTS_MAX)
        return LEDGER_OK;
    enum ledger_status status =
        ledger_payouts_due(payouts->store, now_ms, due, 2 * PAYOUTS_MAX, &count);
    for (size_t i = 0; i < count && status == LEDGER_OK; i++) {
        struct slot *slot = free_slot(payouts);
        if (slot != NULL && slot_of(payouts, due[i].nr) == NULL)
            ask(slot, &due[i]);
    }
    return status;
}

static int64_t back_off_ms(int64_t attempts)
{
    int64_t wait_ms = PAYOUT_BACK_OFF_MS;
    for (int64_t i = 0; i < attempts && wait_ms < PAYOUT_BACK_OFF_MS_MAX; i++)
        wait_ms *= 2;
    return wait_ms < PAYOUT_BACK_OFF_MS_MAX ? wait_ms : PAYOUT_BACK_OFF_MS_MAX;
}

enum ledger_status payouts_write(struct payouts *payouts, int64_t now_ms)
{
    enum ledger_status status = LEDGER_OK;
    for (size_t i = 0; i < PAYOUTS_MAX && status == LEDGER_OK; i++) {
        struct slot *slot = &payouts->slots[i];
        if (slot->state != SLOT_DONE && slot->state != SLOT_WRITTEN)
            continue;
        status =
            ledger_payout_update(payouts->store, &slot->payout, slot->outcome,
                                 now_ms + back_off_ms(slot->payout.attempts), slot->reason, now_ms);
        slot->state = SLOT_WRITTEN;
    }
    return status;
}

void payouts_written(struct payouts *payouts)
{
    for (size_t i = 0; i < PAYOUTS_MAX; i++)
        if (payouts->slots[i].state == SLOT_WRITTEN) {
            payouts->slots[i].state = SLOT_FREE;
            payouts->busy_count--;
            payouts->done_count--;
        }
}
