/* The steps of a payment run; payment_run.h draws them. Each step asks one party once; its answer
 * chooses the next step, or the same one again after RUN_RETRY_MS. A run is in the list from start
 * to end and in nobody else's hands. */
#include "server/gateway/orders/payment_run.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json_text.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/wire/wire.h"
#include "ticketing/offer.h"

static void step(struct payment_run *run);

static void run_free(struct payment_run *run)
{
    free(run->offer);
    free(run);
}

static void end(struct payment_run *run)
{
    struct payment_runs *runs = &run->gateway->runs;
    struct payment_run **link = &runs->first;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    runs->count--;
    run_free(run);
}

static void go_on(struct payment_run *run, enum run_step next)
{
    run->step = next;
    run->attempts = 0;
    step(run);
}

/* Waits and tries the same step again; after too many attempts the payment counts as declined.
 * While Redis is being put together again what it is to be told waits, and is told afterwards. */
static void retry(struct payment_run *run)
{
    bool is_for_redis = run->step == RUN_SETTLE || run->step == RUN_DECLINE;
    run->is_waiting = false;
    run->attempts += is_for_redis && run->gateway->epoch == 0 ? 0 : 1;
    if (run->attempts < RUN_ATTEMPTS_MAX) {
        run->retry_at_ms = clock_monotonic_ms() + RUN_RETRY_MS;
        return;
    }
    bool is_with_provider =
        run->step == RUN_NOTED || run->step == RUN_CREATE || run->step == RUN_AUTHORISE;
    if (!is_with_provider) {
        log_warning("order %s: giving up at step %d; its deadline will free the seats", run->order,
                    (int)run->step);
        end(run);
        return;
    }
    snprintf(run->reason, sizeof run->reason, "payments_down");
    go_on(run, RUN_DECLINE);
}

/* --- what the ledger has on disk --- */

static bool is_noted(const struct payment_run *run)
{
    return outbox_mark_has(&run->gateway->runs.noted, &run->hold.note);
}

void payment_runs_on_noted(struct gateway *gateway, const char *text)
{
    struct payment_runs *runs = &gateway->runs;
    struct outbox_mark noted;
    if (gateway->epoch == 0 || !outbox_mark_read(text, &noted) ||
        outbox_mark_has(&runs->noted, &noted))
        return;
    runs->noted = noted;
    struct payment_run *next = NULL;
    for (struct payment_run *run = runs->first; run != NULL; run = next) {
        next = run->next;
        if (run->step == RUN_NOTED && run->epoch == gateway->epoch && is_noted(run))
            go_on(run, RUN_CREATE);
    }
}

void payment_runs_on_epoch(struct gateway *gateway)
{
    gateway->runs.noted = (struct outbox_mark){0};
}

static void on_noted_read(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    if (status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING)
        payment_runs_on_noted(ctx, reply->str);
}

/* The channel brings it within milliseconds; what it has brought before we listened is read. */
static void wait_until_noted(struct payment_run *run)
{
    struct gateway *gateway = run->gateway;
    if (gateway->epoch != 0 && run->epoch != gateway->epoch) {
        snprintf(run->reason, sizeof run->reason, "payments_down"); /* the entry may be lost */
        go_on(run, RUN_DECLINE);
    } else if (gateway->epoch != 0 && is_noted(run)) {
        go_on(run, RUN_CREATE);
    } else {
        redis_link_call(gateway->commands, on_noted_read, gateway, "GET", OUTBOX_NOTED_KEY, NULL);
        retry(run);
    }
}

/* --- what the order looks like for the ledger --- */

/* What the checkout offered. A hold of an earlier version has no offer: then the plan says. */
static void add_seats(struct json_text *text, const struct payment_run *run)
{
    const uint8_t types[HOLD_SEATS_MAX] = {0};
    struct offer offer;
    if (run->offer[0] == '[') {
        json_text_raw(text, run->offer);
    } else if (offer_make(run->event->plan, run->hold.seats, run->hold.seats_count, types,
                          &offer) == OFFER_OK) {
        json_text_raw(text, offer.text);
        offer_release(&offer);
    } else {
        json_text_raw(text, "[]"); /* the ledger refuses it, and the money is given back */
    }
}

static void add_snapshot(struct json_text *text, const struct payment_run *run)
{
    const struct event_entry *event = run->event;
    json_text_string(text, "{\"kind\":\"order\",\"order\":", run->order);
    json_text_string(text, ",\"event\":", event->id);
    json_text_string(text, ",\"visitor\":", run->visitor);
    json_text_whole(text, ",\"fence\":", run->hold.fence);
    json_text_whole(text, ",\"epoch\":", run->gateway->epoch);
    json_text_string(text, ",\"intent\":", run->hold.intent);
    json_text_whole(text, ",\"amount_minor\":", run->hold.amount_minor);
    json_text_string(text, ",\"currency\":", event->currency);
    json_text_whole(text, ",\"at_ms\":", clock_wall_ms());
    json_text_raw(text, ",\"seats\":");
    add_seats(text, run);
    json_text_raw(text, "}");
}

/* --- answers --- */

static void on_settled(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct payment_run *run = ctx;
    if (status != SEATS_OK) {
        retry(run);
        return;
    }
    bool is_ours = hold->result == HOLD_OK && hold->seats_count > 0; /* not another gateway's */
    pulse_on_settled(run->event, run->order, is_ours);
    if (is_ours) {
        run->gateway->figures.orders_settled++;
        line_ticks_refill(run->event); /* the buyer's turn is over */
    } /* otherwise it came too late: the script left a `void`, and the ledger tells the visitor */
    end(run);
}

/* By way of all gateways: the provider's webhook may have come to another one than the visitor, and
 * whoever is first to note the decline is the only one who tells it. */
static void tell_declined(const struct payment_run *run, int64_t deadline_ms)
{
    json_t *body = json_pack("{ss ss ss sI}", "type", "declined", "order", run->order, "reason",
                             run->reason, "deadline_ms", (json_int_t)deadline_ms);
    char *text = json_dumps(body, JSON_COMPACT);
    json_t *line =
        json_sprintf("%s %s declined %s %s\n", run->event->id, run->visitor, run->order, text);
    assert(text != NULL && line != NULL);
    if (redis_link_call(run->gateway->commands, NULL, NULL, "PUBLISH", "outcome",
                        json_string_value(line), NULL) != REDIS_LINK_OK)
        log_warning("order %s: the visitor may not hear of the decline", run->order);
    free(text);
    json_decref(line);
    json_decref(body);
}

static void on_declined(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct payment_run *run = ctx;
    if (status != SEATS_OK) {
        retry(run);
        return;
    }
    if (hold->result == HOLD_OK)
        tell_declined(run, hold->deadline_ms);
    end(run);
}

static void decide_by_state(struct payment_run *run, const struct payment_intent *intent)
{
    if (intent->state == INTENT_AUTHORISED || intent->state == INTENT_CAPTURED) {
        go_on(run, RUN_SETTLE);
    } else if (intent->state == INTENT_PROCESSING) {
        end(run);
    } else if (intent->state == INTENT_VOIDED) {
        snprintf(run->reason, sizeof run->reason, "payment_canceled");
        go_on(run, RUN_DECLINE);
    } else {
        retry(run);
    }
}

static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct payment_run *run = ctx;
    run->is_waiting = false;
    if (status == PAYMENT_OK)
        decide_by_state(run, intent);
    else
        retry(run);
}

/* Remembering the intent is a convenience for the next gateway, and for the ledger if it comes to
 * nothing; without it create simply gives it again. So only a payment that takes long is worth it.
 */
static void on_intent_kept(void *ctx, enum seats_status status, const struct hold *hold)
{
    (void)ctx, (void)status, (void)hold;
}

static void keep_intent(const struct payment_run *run)
{
    struct seat_store *seats = run->gateway->seats;
    seats->intent(seats, run->event->id, run->visitor, run->order, run->hold.intent, on_intent_kept,
                  NULL);
}

static void on_authorised(void *ctx, enum payment_status status,
                          const struct payment_intent *intent)
{
    struct payment_run *run = ctx;
    run->is_waiting = false;
    if (status == PAYMENT_OK) {
        go_on(run, RUN_SETTLE);
    } else if (status == PAYMENT_DECLINED) {
        snprintf(run->reason, sizeof run->reason, "%s", intent->reason);
        go_on(run, RUN_DECLINE);
    } else if (status == PAYMENT_PROCESSING) {
        keep_intent(run);
        end(run); /* the webhook brings the outcome */
    } else if (status == PAYMENT_CONFLICT &&
               payment_look_up(run->gateway->payments, run->hold.intent, on_looked_up, run) ==
                   PAYMENT_OK) {
        run->is_waiting = true;
    } else {
        keep_intent(run);
        retry(run);
    }
}

static void on_created(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct payment_run *run = ctx;
    run->is_waiting = false;
    if (status != PAYMENT_OK) {
        retry(run);
        return;
    }
    snprintf(run->hold.intent, sizeof run->hold.intent, "%s", intent->id);
    go_on(run, RUN_AUTHORISE);
}

/* --- steps --- */

/* For the webhook, which knows only the order: whose it is. No decision hangs on this key. */
static void remember_order(const struct payment_run *run)
{
    char key[ORDER_ID_BYTES + 8], value[EVENT_ID_BYTES_MAX + VISITOR_ID_BYTES + 2];
    snprintf(key, sizeof key, "order:%s", run->order);
    snprintf(value, sizeof value, "%s %s", run->event->id, run->visitor);
    redis_link_call(run->gateway->commands, NULL, NULL, "SET", key, value, "EX", "86400", NULL);
}

static bool settle(struct payment_run *run)
{
    struct seat_store *seats = run->gateway->seats;
    struct json_text snapshot = {0};
    add_snapshot(&snapshot, run);
    enum seats_status sent = seats->settle(seats, run->event->id, run->visitor, run->order,
                                           run->hold.fence, snapshot.bytes, on_settled, run);
    json_text_release(&snapshot);
    return sent == SEATS_OK;
}

/* What began in another epoch may have been lost with its data: then nobody else tells of it. */
static bool decline(struct payment_run *run)
{
    struct seat_store *seats = run->gateway->seats;
    struct json_text lost = {0};
    if (run->epoch != run->gateway->epoch)
        add_snapshot(&lost, run);
    enum seats_status sent = seats->decline(seats, run->event->id, run->visitor, run->order,
                                            run->hold.fence, lost.bytes, on_declined, run);
    json_text_release(&lost);
    return sent == SEATS_OK;
}

static void step(struct payment_run *run)
{
    struct payment_provider *payments = run->gateway->payments;
    bool is_sent = false;
    switch (run->step) {
    case RUN_NOTED:
        wait_until_noted(run);
        return;
    case RUN_CREATE:
        remember_order(run);
        is_sent = payment_create(payments, run->order, run->hold.amount_minor, run->event->currency,
                                 on_created, run) == PAYMENT_OK;
        break;
    case RUN_AUTHORISE:
        is_sent = payment_authorise(payments, run->hold.intent, run->card, on_authorised, run) ==
                  PAYMENT_OK;
        break;
    case RUN_SETTLE:
        pulse_on_settling(run->event, run->order);
        is_sent = settle(run);
        break;
    case RUN_DECLINE:
        is_sent = decline(run);
        break;
    default:
        assert(0);
    }
    run->is_waiting = is_sent;
    if (!is_sent)
        retry(run);
}

static struct payment_run *find(const struct payment_runs *runs, const char *order)
{
    struct payment_run *run = runs->first;
    while (run != NULL && strcmp(run->order, order) != 0)
        run = run->next;
    return run;
}

bool payment_run_start(struct gateway *gateway, struct event_entry *event, const char *visitor,
                       const struct hold *hold, const char *card, enum run_step first,
                       const char *reason)
{
    struct payment_runs *runs = &gateway->runs;
    if (find(runs, hold->order) != NULL)
        return true;
    struct payment_run *run = runs->count < PAYMENT_RUNS_MAX ? calloc(1, sizeof *run) : NULL;
    if (run == NULL)
        return false;
    run->gateway = gateway;
    run->epoch = gateway->epoch;
    run->event = event;
    run->hold = *hold;
    run->hold.offer = NULL; /* it lives only as long as the answer */
    run->offer = strdup(hold->offer != NULL ? hold->offer : "");
    assert(run->offer != NULL);
    snprintf(run->visitor, sizeof run->visitor, "%s", visitor);
    snprintf(run->order, sizeof run->order, "%s", hold->order);
    snprintf(run->card, sizeof run->card, "%s", card);
    snprintf(run->reason, sizeof run->reason, "%s", reason);
    run->next = runs->first;
    runs->first = run;
    runs->count++;
    go_on(run, first);
    return true;
}

void payment_runs_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct payment_run *next = NULL;
    for (struct payment_run *run = gateway->runs.first; run != NULL; run = next) {
        next = run->next;
        if (!run->is_waiting && run->retry_at_ms <= now_ms)
            step(run);
    }
}

void payment_runs_release(struct gateway *gateway)
{
    while (gateway->runs.first != NULL) {
        struct payment_run *run = gateway->runs.first;
        gateway->runs.first = run->next;
        gateway->runs.count--;
        run_free(run);
    }
}
