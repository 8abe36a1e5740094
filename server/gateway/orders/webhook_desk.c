/* Three lookups, each of which may have to wait for Redis: whose order, whether it is settled, what
 * its visitor holds. Nearly always the gateway that asked the provider has settled it by then, and
 * the second is the last. An ask is in the list of those that wait, or with Redis, never both. */
#include "server/gateway/orders/webhook_desk.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"

struct webhook_ask {
    struct gateway *gateway;
    struct event_entry *event;
    struct webhook_ask *next;
    char visitor[VISITOR_ID_BYTES + 1];
    struct payment_intent intent;
    int64_t retry_at_ms;
    unsigned attempts;
};

static void put_in(struct webhook_list *list, struct webhook_ask *ask)
{
    if (list->first == NULL || ask->retry_at_ms < list->due_ms)
        list->due_ms = ask->retry_at_ms;
    ask->next = list->first;
    list->first = ask;
    list->count++;
}

static void try_later(struct webhook_ask *ask)
{
    struct webhook_list *list = &ask->gateway->webhooks;
    if (++ask->attempts >= WEBHOOK_ATTEMPTS_MAX || list->count >= WEBHOOKS_WAITING_MAX) {
        log_warning("order %s: what the provider says of it is left to the reconciler",
                    ask->intent.order);
        free(ask);
        return;
    }
    ask->retry_at_ms = clock_monotonic_ms() + WEBHOOK_RETRY_MS;
    put_in(list, ask);
}

static void on_hold(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct webhook_ask *ask = ctx;
    bool is_yes = ask->intent.state == INTENT_AUTHORISED;
    if (status != SEATS_OK) {
        try_later(ask);
        return;
    }
    struct hold about = *hold;
    bool is_running = hold->is_paying && strcmp(hold->order, ask->intent.order) == 0;
    if (!is_running) { /* settling an order that no longer runs leaves a `void` for the ledger */
        memset(&about, 0, sizeof about);
        snprintf(about.order, sizeof about.order, "%.*s", ORDER_ID_BYTES, ask->intent.order);
        about.amount_minor = ask->intent.amount_minor;
    }
    snprintf(about.intent, sizeof about.intent, "%s", ask->intent.id);
    bool is_wanted = is_yes || is_running;
    if (is_wanted && !payment_run_start(ask->gateway, ask->event, ask->visitor, &about, "",
                                        is_yes ? RUN_SETTLE : RUN_DECLINE, ask->intent.reason)) {
        try_later(ask);
        return;
    }
    free(ask);
}

/* Settled, one way or the other, is settled: the script would say the same and change nothing. */
static void on_settled_read(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct webhook_ask *ask = ctx;
    struct seat_store *seats = ask->gateway->seats;
    if (status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING)
        free(ask);
    else if (status != REDIS_LINK_OK ||
             seats->state(seats, ask->event->id, ask->visitor, on_hold, ask) != SEATS_OK)
        try_later(ask);
}

static void on_order_owner(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct webhook_ask *ask = ctx;
    char event_id[EVENT_ID_BYTES_MAX + 1], key[EVENT_ID_BYTES_MAX + 16];
    struct gateway *gateway = ask->gateway;
    if (status != REDIS_LINK_OK) {
        try_later(ask);
        return;
    }
    ask->event = NULL;
    if (reply->type == REDIS_REPLY_STRING &&
        sscanf(reply->str, "%48s %12s", event_id, ask->visitor) == 2)
        ask->event = book_find(&gateway->book, event_id);
    if (ask->event == NULL) {
        free(ask); /* the ledger's reconciler finds what we could not follow up */
        return;
    }
    snprintf(key, sizeof key, "ev:%s:settled", ask->event->id);
    if (redis_link_call(gateway->commands, on_settled_read, ask, "HGET", key, ask->intent.order,
                        NULL) != REDIS_LINK_OK)
        try_later(ask);
}

static void look_up(struct webhook_ask *ask)
{
    char key[80];
    snprintf(key, sizeof key, "order:%s", ask->intent.order);
    if (redis_link_call(ask->gateway->commands, on_order_owner, ask, "GET", key, NULL) !=
        REDIS_LINK_OK)
        try_later(ask);
}

void webhook_desk_take(struct gateway *gateway, const struct payment_intent *intent)
{
    if (intent->state != INTENT_AUTHORISED && intent->state != INTENT_DECLINED)
        return; /* captures and voids are the ledger's own doing */
    struct webhook_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->gateway = gateway;
    ask->intent = *intent;
    look_up(ask);
}

void webhook_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct webhook_list *list = &gateway->webhooks;
    struct webhook_ask *ask = list->first;
    if (ask == NULL || list->due_ms > now_ms)
        return;
    *list = (struct webhook_list){0};
    while (ask != NULL) {
        struct webhook_ask *next = ask->next;
        if (ask->retry_at_ms <= now_ms)
            look_up(ask);
        else
            put_in(list, ask);
        ask = next;
    }
}

void webhook_desk_release(struct gateway *gateway)
{
    struct webhook_list *list = &gateway->webhooks;
    while (list->first != NULL) {
        struct webhook_ask *ask = list->first;
        list->first = ask->next;
        free(ask);
    }
    list->count = 0;
}
