/* The verb `audit`: ledger against itself, Redis against the ledger, provider against the ledger.
 *
 *   office_audit -> thread: the ledger's rows among themselves (self_check.h) -> on_checked
 *   -> a turn of the loop for each event: Redis against the ledger -> call by call: the provider
 *   -> answer
 *
 * Orders are written all the while. The provider is asked until AUDIT_MS_MAX is over; the counts
 * say how much was looked at. Money whose fate is still open (authorised and younger than the time
 * to pay, or due in `payments`) is counted, not complained about.
 */
#include "server/office/office.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/audit_redis.h"
#include "server/office/self_check.h"

#define AUDIT_CALLS_MAX 16 /* look-ups under way */
#define AUDIT_MS_MAX 4000  /* of the provider; the command line waits a minute for the whole */
#define AUDIT_OPEN_MS                                                                              \
    600000 /* an authorised intent may be this old before it must have an owner                    \
            */
#define AUDIT_PAGES_MAX 1000
#define AUDIT_TURN_S 0.001 /* between two events */

struct audit {
    struct office *office;
    struct office_request request;
    json_t *body, *findings;
    json_t *events; /* ids; the next one to be compared is at events_done */
    size_t events_done;
    ev_timer turn;
    int64_t until_ms, before, pages;
    int64_t authorised, open, looked_up;
    size_t under_way;
    bool is_listed, is_at_end;
    char after[64];
};

/* One look-up. */
struct question {
    struct audit *audit;
    struct ledger_payment payment;
};

static void go_on(struct audit *audit);

static void finish(struct audit *audit)
{
    struct office_answer answer = {.body = audit->body};
    struct ledger_counts counts = {0};
    int64_t sold = 0;
    (void)ledger_counts(audit->office->batch->store, &counts);
    (void)ledger_sold_count(audit->office->batch->store, &sold);
    json_t *figures =
        json_pack("{sI sI sI sI sI sI sI sI sI}", "orders", (json_int_t)counts.orders, "sold",
                  (json_int_t)sold, "dead", (json_int_t)counts.dead, "captures_due",
                  (json_int_t)counts.captures_due, "voids_due", (json_int_t)counts.voids_due,
                  "failed", (json_int_t)counts.failed, "authorised", (json_int_t)audit->authorised,
                  "open", (json_int_t)audit->open, "looked_up", (json_int_t)audit->looked_up);
    (void)json_object_set_new(audit->body, "counts", figures);
    (void)json_object_set_new(audit->body, "findings", audit->findings);
    office_publish_answer(audit->office, &audit->request, &answer);
    (void)redis_pipe_flush(audit->office->batch->redis);
    json_decref(audit->body);
    free(audit);
}

/* --- what the provider says about settled payments --- */

static void judge(struct audit *audit, const struct ledger_payment *payment,
                  const struct payment_intent *intent)
{
    bool is_captured = payment->state == LEDGER_PAYMENT_CAPTURED;
    audit->looked_up++;
    if (is_captured && intent->state != INTENT_CAPTURED)
        audit_find(audit->findings, "missing: order %s is captured in the ledger, intent %s is not",
                   payment->order, payment->intent);
    else if (!is_captured &&
             (intent->state == INTENT_CAPTURED || intent->state == INTENT_AUTHORISED))
        audit_find(audit->findings,
                   "unintended: order %s is voided in the ledger, intent %s still takes money",
                   payment->order, payment->intent);
    else if (is_captured && (intent->amount_minor != payment->amount_minor ||
                             strcmp(intent->currency, payment->currency) != 0))
        audit_find(audit->findings,
                   "different: order %s is over %" PRId64 " %s, intent %s over %" PRId64 " %s",
                   payment->order, payment->amount_minor, payment->currency, payment->intent,
                   intent->amount_minor, intent->currency);
    else if (is_captured && !payment->has_payouts_due &&
             intent->refunded_minor != payment->refunded_minor)
        audit_find(audit->findings,
                   "different: of order %s %" PRId64 " were given back, of intent %s %" PRId64,
                   payment->order, payment->refunded_minor, payment->intent,
                   intent->refunded_minor);
}

static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct question *question = ctx;
    struct audit *audit = question->audit;
    if (status == PAYMENT_OK)
        judge(audit, &question->payment, intent);
    else if (status == PAYMENT_CONFLICT)
        audit_find(audit->findings, "missing: the provider does not know intent %s of order %s",
                   question->payment.intent, question->payment.order);
    else
        audit->is_at_end = true; /* it does not answer: looked_up says how far we came */
    free(question);
    audit->under_way--;
    go_on(audit);
}

static bool ask(struct audit *audit, const struct ledger_payment *payment)
{
    struct question *question = malloc(sizeof *question);
    assert(question != NULL);
    *question = (struct question){audit, *payment};
    if (payment_look_up(audit->office->provider, payment->intent, on_looked_up, question) !=
        PAYMENT_OK) {
        free(question);
        return false;
    }
    audit->under_way++;
    return true;
}

static void ask_some(struct audit *audit)
{
    struct ledger_payment list[AUDIT_CALLS_MAX];
    size_t count = 0, max = AUDIT_CALLS_MAX - audit->under_way;
    if (ledger_payments_settled(audit->office->batch->store, audit->before, list, max, &count,
                                &audit->before) != LEDGER_OK ||
        count < max)
        audit->is_at_end = true;
    for (size_t i = 0; i < count; i++)
        if (!ask(audit, &list[i]))
            audit->is_at_end = true;
}

/* --- authorised intents --- */

static void judge_authorised(struct audit *audit, const struct payment_intent *intent)
{
    struct ledger_payment payment;
    audit->authorised++;
    if (ledger_payment_get(audit->office->batch->store, intent->order, &payment) != LEDGER_OK) {
        if (clock_wall_ms() - intent->changed_ms > AUDIT_OPEN_MS)
            audit_find(audit->findings,
                       "unintended: intent %s is authorised for order %s, which nobody knows",
                       intent->id, intent->order);
        audit->open++;
    } else if (payment.intent[0] != '\0' && strcmp(payment.intent, intent->id) != 0) {
        audit_find(audit->findings, "duplicate: order %s has intents %s and %s", intent->order,
                   payment.intent, intent->id);
    } else if (payment.state == LEDGER_PAYMENT_CAPTURE_DUE ||
               payment.state == LEDGER_PAYMENT_VOID_DUE ||
               payment.state == LEDGER_PAYMENT_INTENDED) {
        audit->open++;
    } /* captured and voided ones are looked up */
}

static void on_page(void *ctx, enum payment_status status, const struct payment_page *page)
{
    struct audit *audit = ctx;
    audit->under_way--;
    audit->is_listed = true;
    if (status != PAYMENT_OK) {
        audit_find(audit->findings,
                   "missing: the payment provider does not answer, payments were not compared");
        audit->is_at_end = true;
    } else {
        for (size_t i = 0; i < page->count; i++)
            judge_authorised(audit, &page->intents[i]);
        if (page->has_more && page->count > 0 && ++audit->pages < AUDIT_PAGES_MAX) {
            (void)snprintf(audit->after, sizeof audit->after, "%s",
                           page->intents[page->count - 1].id);
            audit->is_listed = false;
        }
    }
    go_on(audit);
}

static void go_on(struct audit *audit)
{
    if (clock_monotonic_ms() > audit->until_ms)
        audit->is_listed = audit->is_at_end = true;
    if (!audit->is_listed && audit->under_way == 0) {
        audit->under_way++;
        if (payment_list(audit->office->provider, audit->after, on_page, audit) == PAYMENT_OK)
            return;
        audit->under_way--;
        audit->is_listed = audit->is_at_end = true;
    }
    if (audit->is_listed && !audit->is_at_end)
        ask_some(audit);
    if (audit->under_way == 0)
        finish(audit);
}

/* --- before the provider: the ledger, then each event in Redis --- */

static void drop(struct audit *audit)
{
    ev_timer_stop(audit->office->loop, &audit->turn);
    audit->office->audit = NULL;
    json_decref(audit->events);
    json_decref(audit->findings);
    json_decref(audit->body);
    free(audit);
}

void office_drop_audit(struct office *office)
{
    self_check_free(office->self_check);
    office->self_check = NULL;
    if (office->audit != NULL)
        drop(office->audit);
}

static void give_up(struct audit *audit, const char *error, const char *sentence)
{
    struct office_answer answer = {.body = audit->body};
    office_fail(&answer, error, "%s", sentence);
    office_publish_answer(audit->office, &audit->request, &answer);
    (void)redis_pipe_flush(audit->office->batch->redis);
    drop(audit);
}

static void ask_provider(struct audit *audit)
{
    ev_timer_stop(audit->office->loop, &audit->turn);
    json_decref(audit->events);
    audit->office->audit = NULL;
    audit->until_ms = clock_monotonic_ms() + AUDIT_MS_MAX;
    go_on(audit);
}

/* One event in one turn: seats, counts and outbox belong to the same moment. */
static void on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct audit *audit = timer->data;
    const char *event = json_string_value(json_array_get(audit->events, audit->events_done));
    (void)loop, (void)events;
    if (event == NULL) {
        ask_provider(audit);
        return;
    }
    enum batch_status status = audit_event(audit->office->batch->store, audit->office->batch->redis,
                                           event, audit->findings);
    audit->events_done++;
    if (status == BATCH_OK)
        return;
    audit->office->has_failed = status == BATCH_STORE_FAILED;
    give_up(audit, "busy", "Redis or the ledger cannot be read right now.");
}

static void on_checked(void *ctx, enum ledger_status status, json_t *findings, const char *why)
{
    struct audit *audit = ctx;
    audit->findings = findings;
    if (status == LEDGER_OK)
        status = ledger_event_ids(audit->office->batch->store, &audit->events);
    if (status != LEDGER_OK) {
        log_error("audit: the ledger cannot be read: %s", why);
        give_up(audit, "ledger_down", "The ledger cannot be read; the server's log says why.");
        return;
    }
    ev_timer_again(audit->office->loop, &audit->turn);
}

void office_audit(struct office *office, const struct office_request *request,
                  struct office_answer *answer)
{
    struct audit *audit = calloc(1, sizeof *audit);
    assert(audit != NULL);
    audit->office = office;
    audit->request = *request;
    audit->request.args = NULL; /* gone when the answer comes */
    audit->before = INT64_MAX;
    ev_timer_init(&audit->turn, on_turn, 0., AUDIT_TURN_S);
    audit->turn.data = audit;
    if (office->audit != NULL || !self_check_start(office->self_check, on_checked, audit)) {
        free(audit);
        office_fail(answer, "busy", "Another audit is under way; try again in a moment.");
        return;
    }
    audit->body = json_object();
    office->audit = audit;
    answer->is_later = true;
}
