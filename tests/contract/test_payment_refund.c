/* Refunds at the real sandbox provider: in parts, never more than was captured, once for each key,
 * also over a kill of the provider. */
#include <criterion/criterion.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include "tests/support/sandbox_process.h"
#include "ticketing/payment.h"

#define DEADLINE_MS 3000

struct outcome {
    int calls;
    enum payment_status status;
    bool has_intent;
    struct payment_intent intent;
};

static struct ev_loop *loop;
static struct payment_provider *provider;
static struct sandbox_process *sandbox;
static struct outcome last;

static void on_done(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    (void)ctx;
    last.calls++;
    last.status = status;
    last.has_intent = intent != NULL;
    if (intent)
        last.intent = *intent;
}

static void on_deadline(struct ev_loop *l, ev_timer *timer, int events)
{
    (void)timer, (void)events;
    ev_break(l, EVBREAK_ALL);
}

static enum payment_status wait(enum payment_status sent)
{
    ev_timer timer;
    cr_assert_eq(sent, PAYMENT_OK);
    ev_now_update(loop);
    ev_timer_init(&timer, on_deadline, 2 * DEADLINE_MS / 1e3, 0);
    ev_timer_start(loop, &timer);
    while (last.calls == 0 && ev_is_active(&timer))
        ev_run(loop, EVRUN_ONCE);
    ev_timer_stop(loop, &timer);
    cr_assert_eq(last.calls, 1);
    last.calls = 0;
    return last.status;
}

static enum payment_status refund(const char *id, const char *key, int64_t amount_minor)
{
    return wait(payment_refund(provider, id, key, amount_minor, on_done, NULL));
}

static void set_up(void)
{
    loop = ev_loop_new(0);
    sandbox = sandbox_process_start(NULL, 0);
    struct payment_options options = {.url = sandbox_process_url(sandbox),
                                      .key = SANDBOX_TEST_KEY,
                                      .deadline_ms = DEADLINE_MS,
                                      .calls_max = 4};
    provider = payment_http_create(loop, &options);
    cr_assert_not_null(provider);
}

static void tear_down(void)
{
    payment_free(provider);
    ev_loop_destroy(loop);
    sandbox_process_stop(sandbox);
}

static void captured(char id[64])
{
    cr_assert_eq(wait(payment_create(provider, "o_1", 1000, "EUR", on_done, NULL)), PAYMENT_OK);
    memcpy(id, last.intent.id, 64);
    cr_assert_eq(refund(id, "early", 1), PAYMENT_CONFLICT);
    cr_assert_eq(wait(payment_authorise(provider, id, "4242424242424242", on_done, NULL)),
                 PAYMENT_OK);
    cr_assert_eq(refund(id, "still early", 1), PAYMENT_CONFLICT);
    cr_assert_eq(wait(payment_capture(provider, id, on_done, NULL)), PAYMENT_OK);
    cr_assert_eq(last.intent.refunded_minor, 0);
}

Test(payment_refund, in_parts_and_never_too_much)
{
    char id[64];
    set_up();
    captured(id);
    cr_assert_eq(refund(id, "1", 300), PAYMENT_OK);
    cr_assert_eq(last.intent.refunded_minor, 300);
    cr_assert_eq(refund(id, "2", 700), PAYMENT_OK);
    cr_assert_eq(last.intent.refunded_minor, 1000);
    cr_assert_eq(refund(id, "3", 1), PAYMENT_CONFLICT);
    cr_assert(last.has_intent);
    cr_assert_eq(last.intent.refunded_minor, 1000);
    tear_down();
}

Test(payment_refund, once_for_each_key_over_a_kill)
{
    char id[64];
    set_up();
    captured(id);
    cr_assert_eq(refund(id, "1", 300), PAYMENT_OK);
    sandbox_process_kill(sandbox);
    cr_assert_eq(refund(id, "1", 300), PAYMENT_DOWN);
    sandbox_process_restart(sandbox);
    cr_assert_eq(refund(id, "1", 300), PAYMENT_OK);
    cr_assert_eq(refund(id, "1", 300), PAYMENT_OK);
    cr_assert_eq(wait(payment_look_up(provider, id, on_done, NULL)), PAYMENT_OK);
    cr_assert_eq(last.intent.refunded_minor, 300);
    tear_down();
}

/* --- the list of what was captured --- */

static struct payment_intent page[PAYMENT_PAGE_MAX];
static size_t page_count;
static bool page_has_more;

static void on_page(void *ctx, enum payment_status status, const struct payment_page *got)
{
    (void)ctx;
    last.calls++;
    last.status = status;
    page_count = got != NULL ? got->count : 0;
    page_has_more = got != NULL && got->has_more;
    if (page_count > 0)
        memcpy(page, got->intents, page_count * sizeof page[0]);
}

static enum payment_status list_captured(const char *after)
{
    return wait(payment_list(provider, INTENT_CAPTURED, after, on_page, NULL));
}

Test(payment_refund, the_list_of_captured_intents_is_paged_and_tells_what_was_given_back)
{
    char ids[PAYMENT_PAGE_MAX + 3][64], order[16];
    set_up();
    for (int i = 0; i < PAYMENT_PAGE_MAX + 3; i++) {
        cr_assert(snprintf(order, sizeof order, "o_%d", i) > 0);
        cr_assert_eq(wait(payment_create(provider, order, 100, "EUR", on_done, NULL)), PAYMENT_OK);
        memcpy(ids[i], last.intent.id, 64);
        cr_assert_eq(wait(payment_authorise(provider, ids[i], "4242424242424242", on_done, NULL)),
                     PAYMENT_OK);
        if (i > 0) /* the first one is only authorised */
            cr_assert_eq(wait(payment_capture(provider, ids[i], on_done, NULL)), PAYMENT_OK);
    }
    cr_assert_eq(refund(ids[1], "1", 30), PAYMENT_OK);
    cr_assert_eq(list_captured(NULL), PAYMENT_OK);
    cr_assert(page_count == PAYMENT_PAGE_MAX && page_has_more);
    for (int i = 0; i < PAYMENT_PAGE_MAX; i++) {
        cr_assert_str_eq(page[i].id, ids[i + 1]);
        cr_assert_eq(page[i].state, INTENT_CAPTURED);
    }
    cr_expect_eq(page[0].refunded_minor, 30);
    cr_expect_eq(page[1].refunded_minor, 0);
    cr_assert_eq(list_captured(ids[PAYMENT_PAGE_MAX]), PAYMENT_OK);
    cr_assert(page_count == 2 && !page_has_more);
    cr_expect_str_eq(page[1].id, ids[PAYMENT_PAGE_MAX + 2]);
    tear_down();
}
