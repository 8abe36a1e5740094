/* See the header. go_on() is the one place that decides what comes next; every answer and every
 * turn of the timer ends in it. */
#include "server/office/audit_money.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/office/audit_judge.h"
#include "server/office/audit_redis.h"

#define CALLS_MAX 8       /* look-ups under way: what captures and refunds leave over */
#define TRIES_MAX 2       /* of a call without an answer, and of an intent that moves meanwhile */
#define PAGES_MAX 1000000 /* a provider that never ends is not followed further */
#define NUMBERS_MAX 10000 /* payments of the ledger that one turn goes through */
#define TURN_S 0.001      /* between two of them */
#define WAIT_S 0.05       /* the provider's calls are all taken */

enum step { STEP_AUTHORISED, STEP_CAPTURED, STEP_UNSEEN, STEP_END };

struct doubt {
    char order[64], intent[64];
    int tries;
};

struct audit_money {
    struct audit_money_options options;
    struct audit_judge judge;
    audit_money_fn *on_done;
    void *ctx;
    enum step step;
    bool is_stopped, has_failed; /* stopped: before everything was compared */
    int64_t until_ms, pages;
    int page_tries;
    char after[64]; /* the last intent of the page before */
    ev_timer timer;
    size_t under_way;
    /* what is to be looked up before anything else; those that a page leaves fit, and so do those
     * of a turn in STEP_UNSEEN, which goes on where the room ended */
    struct doubt doubts[PAYMENT_PAGE_MAX];
    size_t doubts_count;
    uint8_t *seen;              /* one bit for each payment up to last_nr */
    int64_t last_nr, unseen_nr; /* STEP_UNSEEN: gone through up to here */
};

/* A look-up under way, and what the ledger said before. */
struct question {
    struct audit_money *audit;
    struct doubt doubt;
    struct ledger_money before;
};

static void go_on(struct audit_money *audit);

static void doubt(struct audit_money *audit, const char *order, const char *intent, int tries)
{
    assert(audit->doubts_count < PAYMENT_PAGE_MAX);
    struct doubt *added = &audit->doubts[audit->doubts_count++];
    (void)snprintf(added->order, sizeof added->order, "%s", order);
    (void)snprintf(added->intent, sizeof added->intent, "%s", intent);
    added->tries = tries;
}

static void stop(struct audit_money *audit, const char *why)
{
    if (!audit->is_stopped)
        audit_find(audit->options.findings, "missing: %s, payments were %s", why,
                   audit->pages > 0 ? "compared in part" : "not compared");
    audit->is_stopped = true;
    audit->step = STEP_END;
    audit->doubts_count = 0;
}

static bool is_read(struct audit_money *audit, enum ledger_status status)
{
    if (status == LEDGER_OK)
        return true;
    audit->has_failed = true;
    stop(audit, "the ledger cannot be read");
    return false;
}

/* --- a doubt --- */

/* The provider's word was given between two looks into the ledger. */
static void judge_answer(struct question *question, const struct payment_intent *intent)
{
    struct audit_money *audit = question->audit;
    struct ledger_money now;
    if (!is_read(audit, ledger_money_of(audit->options.store, question->doubt.order, &now)))
        return;
    bool has_stood = now.nr == question->before.nr && now.has_order == question->before.has_order &&
                     now.payment.state == question->before.payment.state &&
                     now.payment.refunded_minor == question->before.payment.refunded_minor &&
                     now.payment.has_payouts_due == question->before.payment.has_payouts_due;
    if (has_stood)
        audit_judge_looked_up(&audit->judge, intent, &now);
    else if (question->doubt.tries < TRIES_MAX)
        doubt(audit, question->doubt.order, question->doubt.intent, question->doubt.tries + 1);
    else
        audit->judge.counts.open++;
}

static void take_answer(struct question *question, enum payment_status status,
                        const struct payment_intent *intent)
{
    struct audit_money *audit = question->audit;
    const struct doubt *asked = &question->doubt;
    if (status == PAYMENT_OK)
        judge_answer(question, intent);
    else if (status == PAYMENT_CONFLICT)
        audit_judge_unknown(&audit->judge, asked->order, asked->intent);
    else if (status == PAYMENT_UNKNOWN && asked->tries < TRIES_MAX)
        doubt(audit, asked->order, asked->intent, asked->tries + 1);
    else
        stop(audit, "the payment provider does not answer");
}

static void on_looked_up(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct question *question = ctx;
    struct audit_money *audit = question->audit;
    audit->under_way--;
    if (!audit->is_stopped)
        take_answer(question, status, intent);
    free(question);
    go_on(audit);
}

static bool look_up(struct audit_money *audit, const struct doubt *one)
{
    struct question *question = malloc(sizeof *question);
    assert(question != NULL);
    question->audit = audit;
    question->doubt = *one;
    if (!is_read(audit, ledger_money_of(audit->options.store, one->order, &question->before)) ||
        payment_look_up(audit->options.provider, one->intent, on_looked_up, question) !=
            PAYMENT_OK) {
        free(question);
        return false;
    }
    audit->under_way++;
    return true;
}

/* --- the provider's lists --- */

/* The list has shown the ledger's own intent of this payment. */
static void see(struct audit_money *audit, const struct ledger_money *money,
                const struct payment_intent *intent)
{
    if (money->nr > 0 && money->nr <= audit->last_nr &&
        strcmp(money->payment.intent, intent->id) == 0)
        audit->seen[money->nr / 8] |= (uint8_t)(1u << (money->nr % 8));
}

static void take_page(struct audit_money *audit, const struct payment_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct payment_intent *intent = &page->intents[i];
        struct ledger_money money;
        if (!is_read(audit, ledger_money_of(audit->options.store, intent->order, &money)))
            return;
        see(audit, &money, intent);
        if (!audit_judge_listed(&audit->judge, intent, &money))
            doubt(audit, intent->order, intent->id, 1);
    }
    audit->pages++;
    if (page->has_more && audit->pages < PAGES_MAX) {
        (void)snprintf(audit->after, sizeof audit->after, "%s", page->intents[page->count - 1].id);
        return;
    }
    if (page->has_more) {
        stop(audit, "the payment provider's list does not end");
        return;
    }
    audit->after[0] = '\0';
    audit->step = audit->step == STEP_AUTHORISED ? STEP_CAPTURED : STEP_UNSEEN;
}

static void on_page(void *ctx, enum payment_status status, const struct payment_page *page)
{
    struct audit_money *audit = ctx;
    audit->under_way--;
    if (!audit->is_stopped) {
        audit->page_tries = status == PAYMENT_OK ? 0 : audit->page_tries + 1;
        if (status == PAYMENT_OK)
            take_page(audit, page);
        else if (status != PAYMENT_UNKNOWN || audit->page_tries == TRIES_MAX)
            stop(audit, "the payment provider does not answer");
    }
    go_on(audit);
}

/* --- what nobody has shown --- */

static void on_captured(void *ctx, int64_t nr, const char *order, const char *intent)
{
    struct audit_money *audit = ctx;
    if ((audit->seen[nr / 8] & (1u << (nr % 8))) != 0 || audit->doubts_count == PAYMENT_PAGE_MAX)
        return;
    doubt(audit, order, intent, 1);
    if (audit->doubts_count == PAYMENT_PAGE_MAX)
        audit->unseen_nr = nr; /* the rest at the next turn */
}

static void take_unseen(struct audit_money *audit)
{
    int64_t last = audit->unseen_nr + NUMBERS_MAX;
    last = last < audit->last_nr ? last : audit->last_nr;
    int64_t began = audit->unseen_nr;
    audit->unseen_nr = last;
    (void)is_read(audit,
                  ledger_money_captured(audit->options.store, began, last, on_captured, audit));
    if (audit->unseen_nr == audit->last_nr && audit->step == STEP_UNSEEN)
        audit->step = STEP_END;
}

/* --- one thing after the other --- */

static void finish(struct audit_money *audit)
{
    json_t *to_return = json_incref(audit->judge.to_return);
    json_t *counts = audit_judge_counts(&audit->judge);
    bool has_failed = audit->has_failed;
    audit_money_fn *on_done = audit->on_done;
    void *ctx = audit->ctx;
    audit_money_free(audit);
    on_done(ctx, counts, to_return, has_failed);
}

static void wait(struct audit_money *audit, double s)
{
    audit->timer.repeat = s;
    ev_timer_again(audit->options.loop, &audit->timer);
}

static void ask_doubts(struct audit_money *audit)
{
    while (audit->doubts_count > 0 && audit->under_way < CALLS_MAX) {
        struct doubt last = audit->doubts[audit->doubts_count - 1];
        if (!look_up(audit, &last))
            return;
        audit->doubts_count--;
    }
}

static bool ask_page(struct audit_money *audit)
{
    enum intent_state state = audit->step == STEP_AUTHORISED ? INTENT_AUTHORISED : INTENT_CAPTURED;
    if (payment_list(audit->options.provider, state, audit->after, on_page, audit) != PAYMENT_OK)
        return false;
    audit->under_way++;
    return true;
}

static void go_on(struct audit_money *audit)
{
    ev_timer_stop(audit->options.loop, &audit->timer);
    bool is_at_end = audit->step == STEP_END && audit->doubts_count == 0 && audit->under_way == 0;
    if (clock_monotonic_ms() > audit->until_ms && !is_at_end)
        stop(audit, "the time is over");
    ask_doubts(audit);
    if (audit->under_way > 0)
        return;
    if (audit->doubts_count > 0)
        wait(audit, WAIT_S);
    else if (audit->step == STEP_END)
        finish(audit);
    else if (audit->step == STEP_UNSEEN || !ask_page(audit))
        wait(audit, audit->step == STEP_UNSEEN ? TURN_S : WAIT_S);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct audit_money *audit = timer->data;
    (void)loop, (void)events;
    if (audit->step == STEP_UNSEEN && audit->doubts_count == 0)
        take_unseen(audit);
    go_on(audit);
}

struct audit_money *audit_money_start(const struct audit_money_options *options,
                                      audit_money_fn *on_done, void *ctx)
{
    struct audit_money *audit = calloc(1, sizeof *audit);
    assert(audit != NULL);
    audit->options = *options;
    audit->on_done = on_done;
    audit->ctx = ctx;
    audit->until_ms = clock_monotonic_ms() + AUDIT_MONEY_MS_MAX;
    audit_judge_init(&audit->judge, options->findings);
    if (is_read(audit, ledger_money_last(options->store, &audit->last_nr))) {
        audit->seen = calloc((size_t)audit->last_nr / 8 + 1, 1);
        assert(audit->seen != NULL);
    }
    ev_timer_init(&audit->timer, on_timer, 0., TURN_S);
    audit->timer.data = audit;
    ev_timer_again(options->loop, &audit->timer);
    return audit;
}

void audit_money_free(struct audit_money *audit)
{
    if (audit == NULL)
        return;
    assert(audit->under_way == 0);
    ev_timer_stop(audit->options.loop, &audit->timer);
    audit_judge_release(&audit->judge);
    free(audit->seen);
    free(audit);
}
