/* See the header. */
#include "server/ledger/reconcile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/event_settings.h"

struct reconcile {
    struct ledger_store *store;
    struct redis_pipe *redis;
    struct payment_provider *provider;
    bool is_running, has_failed;
    int64_t pages, found, longest_ms; /* the longest pay_ms, read anew for each round */
    char after[64];
};

struct reconcile *reconcile_create(struct ledger_store *store, struct redis_pipe *redis,
                                   struct payment_provider *provider)
{
    struct reconcile *reconcile = calloc(1, sizeof *reconcile);
    assert(reconcile != NULL);
    reconcile->store = store;
    reconcile->redis = redis;
    reconcile->provider = provider;
    return reconcile;
}

void reconcile_free(struct reconcile *reconcile)
{
    free(reconcile);
}

bool reconcile_has_failed(const struct reconcile *reconcile)
{
    return reconcile->has_failed;
}

/* The longest time to pay of all events. */
static enum ledger_status pay_ms_longest(struct ledger_store *store, int64_t *longest)
{
    json_t *ids = NULL, *id;
    size_t i;
    enum ledger_status status = ledger_event_ids(store, &ids);
    *longest = 0;
    json_array_foreach(ids, i, id) {
        json_t *event = NULL;
        if (status == LEDGER_OK)
            status = ledger_event_json(store, json_string_value(id), &event);
        int64_t pay_ms =
            event != NULL ? event_setting_whole(json_object_get(event, "settings"), "pay_ms") : 0;
        if (pay_ms > *longest)
            *longest = pay_ms;
        json_decref(event);
    }
    json_decref(ids);
    return status;
}

/* An entry that is not written yet may be the very order we are looking for. */
static bool is_outbox_empty(struct redis_pipe *redis)
{
    return redis_pipe_is_up(redis) &&
           redis_pipe_number(redis_pipe_ask(redis, "XLEN", "outbox", NULL), -1) == 0;
}

static enum ledger_status note_orphan(struct reconcile *reconcile,
                                      const struct payment_intent *intent, int64_t now_ms)
{
    struct ledger_payment payment = {.amount_minor = intent->amount_minor};
    enum ledger_status status = ledger_payment_get(reconcile->store, intent->order, &payment);
    if (status != LEDGER_NOT_FOUND)
        return status;
    (void)snprintf(payment.order, sizeof payment.order, "%s", intent->order);
    (void)snprintf(payment.intent, sizeof payment.intent, "%s", intent->id);
    (void)snprintf(payment.currency, sizeof payment.currency, "%s", intent->currency);
    reconcile->found++;
    log_warning("intent %s is authorised for order %s, which nobody wrote: it is voided",
                intent->id, intent->order);
    return ledger_payment_void_due(reconcile->store, &payment, "authorised without an order",
                                   now_ms);
}

static enum ledger_status note_page(struct reconcile *reconcile, const struct payment_page *page)
{
    int64_t now_ms = clock_wall_ms();
    enum ledger_status status = ledger_begin(reconcile->store);
    for (size_t i = 0; i < page->count && status == LEDGER_OK; i++) {
        const struct payment_intent *intent = &page->intents[i];
        int64_t age_ms = now_ms - intent->changed_ms;
        if (intent->state == INTENT_AUTHORISED && intent->changed_ms > 0 &&
            age_ms > reconcile->longest_ms + RECONCILE_MARGIN_MS)
            status = note_orphan(reconcile, intent, now_ms);
    }
    return status == LEDGER_OK ? ledger_commit(reconcile->store) : status;
}

static void ask_page(struct reconcile *reconcile);

static void on_page(void *ctx, enum payment_status status, const struct payment_page *page)
{
    struct reconcile *reconcile = ctx;
    reconcile->is_running = false;
    if (status != PAYMENT_OK || page->count == 0 || !is_outbox_empty(reconcile->redis))
        return; /* the next round looks again */
    if (note_page(reconcile, page) != LEDGER_OK) {
        log_error("noting voids: %s", ledger_problem(reconcile->store));
        reconcile->has_failed = true;
        return;
    }
    (void)snprintf(reconcile->after, sizeof reconcile->after, "%s",
                   page->intents[page->count - 1].id);
    if (page->has_more && ++reconcile->pages < RECONCILE_PAGES_MAX)
        ask_page(reconcile);
}

static void ask_page(struct reconcile *reconcile)
{
    reconcile->is_running = payment_list(reconcile->provider, INTENT_AUTHORISED, reconcile->after,
                                         on_page, reconcile) == PAYMENT_OK;
}

void reconcile_start(struct reconcile *reconcile)
{
    if (reconcile->is_running || reconcile->has_failed)
        return;
    if (pay_ms_longest(reconcile->store, &reconcile->longest_ms) != LEDGER_OK) {
        log_error("reading the events: %s", ledger_problem(reconcile->store));
        reconcile->has_failed = true;
        return;
    }
    reconcile->pages = 0;
    reconcile->after[0] = '\0';
    ask_page(reconcile);
}
