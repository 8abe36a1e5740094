/* The verb `audit`: ledger against itself, Redis against the ledger, provider against the ledger.
 *
 *   office_audit -> thread: the ledger's rows among themselves (self_check.h) -> on_checked
 *   -> a turn of the loop for each event: Redis against the ledger -> call by call: the provider
 *   (audit_money.h) -> on_compared -> answer
 *
 * Orders are written all the while. Money whose fate is still open (authorised and younger than the
 * time to pay, or due in `payments`) is counted, not complained about.
 */
#include "server/office/office.h"

#include <assert.h>
#include <stdlib.h>
#include "server/base/log.h"
#include "server/office/audit_money.h"
#include "server/office/audit_redis.h"
#include "server/office/self_check.h"

#define AUDIT_TURN_S 0.001 /* between two events */

struct audit {
    struct office *office;
    struct office_request request;
    json_t *body, *findings;
    json_t *events; /* ids; the next one to be compared is at events_done */
    size_t events_done;
    ev_timer turn;
    struct audit_money *money; /* the last part, while it is under way */
};

static void drop(struct audit *audit)
{
    ev_timer_stop(audit->office->loop, &audit->turn);
    audit_money_free(audit->money);
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

static void send(struct audit *audit, struct office_answer *answer)
{
    office_publish_answer(audit->office, &audit->request, answer);
    (void)redis_pipe_flush(audit->office->batch->redis);
    drop(audit);
}

static void give_up(struct audit *audit, const char *error, const char *sentence)
{
    struct office_answer answer = {.body = audit->body};
    office_fail(&answer, error, "%s", sentence);
    send(audit, &answer);
}

/* --- the end: what the provider says --- */

static void add_counts(struct audit *audit, json_t *figures)
{
    struct ledger_counts counts = {0};
    int64_t sold = 0;
    (void)ledger_counts(audit->office->batch->store, &counts);
    (void)ledger_sold_count(audit->office->batch->store, &sold);
    json_t *all = json_pack("{sI sI sI sI sI sI}", "orders", (json_int_t)counts.orders, "sold",
                            (json_int_t)sold, "dead", (json_int_t)counts.dead, "captures_due",
                            (json_int_t)counts.captures_due, "voids_due",
                            (json_int_t)counts.voids_due, "failed", (json_int_t)counts.failed);
    (void)json_object_update(all, figures);
    (void)json_object_set_new(audit->body, "counts", all);
}

static void on_compared(void *ctx, json_t *counts, json_t *to_return, bool has_failed)
{
    struct audit *audit = ctx;
    struct office_answer answer = {.body = audit->body};
    audit->money = NULL;
    audit->office->has_failed = audit->office->has_failed || has_failed;
    add_counts(audit, counts);
    json_decref(counts);
    (void)json_object_set(audit->body, "findings", audit->findings);
    (void)json_object_set_new(audit->body, "to_return", to_return);
    send(audit, &answer);
}

static void ask_provider(struct audit *audit)
{
    const struct audit_money_options options = {.loop = audit->office->loop,
                                                .provider = audit->office->provider,
                                                .store = audit->office->batch->store,
                                                .findings = audit->findings};
    ev_timer_stop(audit->office->loop, &audit->turn);
    audit->money = audit_money_start(&options, on_compared, audit);
}

/* --- before the provider: the ledger, then each event in Redis --- */

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
