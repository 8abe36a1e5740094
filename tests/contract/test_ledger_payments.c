/* The ledger and the real sandbox provider: money is captured exactly for the orders that stand,
 * and given back for those that never did, whoever dies in between. */
#include <criterion/criterion.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "support/ledger_process.h"
#include "support/raw_server.h"
#include "support/sandbox_process.h"
#include "ticketing/payment.h"

#define CARD "4242424242424242"
#define WAIT_MS 15000

static struct redis_server *redis;
static struct ledger_process *ledger;
static struct sandbox_process *sandbox;
static struct payment_provider *provider;
static struct ev_loop *loop;

struct outcome {
    bool is_done;
    enum payment_status status;
    struct payment_intent intent;
};

static void setup(void)
{
    redis = redis_server_start();
    sandbox = sandbox_process_start(NULL, 0);
    ledger = ledger_process_create(redis, sandbox_process_url(sandbox));
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 400);
    loop = ev_loop_new(EVFLAG_AUTO);
    struct payment_options options = {.url = sandbox_process_url(sandbox),
                                      .key = SANDBOX_TEST_KEY,
                                      .deadline_ms = 5000,
                                      .calls_max = 16};
    provider = payment_http_create(loop, &options);
}

/* Ends everything; in the body of a test, because Criterion does not count what fails in .fini. */
static void finish(void)
{
    cr_assert_eq(ledger_process_stop(ledger), 0);
    payment_free(provider);
    ev_loop_destroy(loop);
    ledger_process_free(ledger);
    sandbox_process_stop(sandbox);
    redis_server_stop(redis);
}

static void on_done(void *ctx, enum payment_status status, const struct payment_intent *intent)
{
    struct outcome *outcome = ctx;
    outcome->is_done = true;
    outcome->status = status;
    if (intent != NULL)
        outcome->intent = *intent;
}

static void wait_for(struct outcome *outcome)
{
    while (!outcome->is_done)
        ev_run(loop, EVRUN_ONCE);
}

static void create(const char *order, int64_t amount_minor, char intent[64])
{
    struct outcome outcome = {0};
    cr_assert_eq(payment_create(provider, order, amount_minor, "EUR", on_done, &outcome),
                 PAYMENT_OK);
    wait_for(&outcome);
    cr_assert_eq(outcome.status, PAYMENT_OK);
    memcpy(intent, outcome.intent.id, 64);
}

static enum payment_status authorise(const char *intent)
{
    struct outcome outcome = {0};
    cr_assert_eq(payment_authorise(provider, intent, CARD, on_done, &outcome), PAYMENT_OK);
    wait_for(&outcome);
    return outcome.status;
}

static enum intent_state state_of(const char *intent)
{
    struct outcome outcome = {0};
    cr_assert_eq(payment_look_up(provider, intent, on_done, &outcome), PAYMENT_OK);
    wait_for(&outcome);
    cr_assert_eq(outcome.status, PAYMENT_OK);
    return outcome.intent.state;
}

static void wait_until(long long wanted, const char *sql)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    while (ledger_process_number(ledger, sql) != wanted && clock_monotonic_ms() < until_ms)
        (void)usleep(10000);
    cr_assert_eq(ledger_process_number(ledger, sql), wanted, "%s", sql);
}

static void add_void(const char *order, const char *intent)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"kind\":\"void\",\"order\":\"%s\",\"event\":\"night\",\"visitor\":\"ann\","
                   "\"amount_minor\":1000,"
                   "\"currency\":\"EUR\",\"reason\":\"time_out\",\"at_ms\":4000%s%s%s}",
                   order, intent[0] != '\0' ? ",\"intent\":\"" : "", intent,
                   intent[0] != '\0' ? "\"" : "");
    ledger_process_add(ledger, body);
}

static size_t findings(void)
{
    json_t *answer = ledger_process_ask(ledger, "audit", NULL);
    size_t count = json_array_size(json_object_get(answer, "findings"));
    char *text = json_dumps(answer, JSON_COMPACT);
    if (count > 0)
        cr_log_info("%s", text);
    free(text);
    json_decref(answer);
    return count;
}

TestSuite(ledger_payments, .init = setup, .timeout = 58);

Test(ledger_payments, orders_are_captured_and_the_rest_is_given_back)
{
    char sold[64], late[64], other[64];
    create("o_sold", 1000, sold);
    create("o_late", 1000, late);
    create("o_other", 1000, other);
    cr_assert_eq(authorise(sold), PAYMENT_OK);
    cr_assert_eq(authorise(late), PAYMENT_OK);
    cr_assert_eq(authorise(other), PAYMENT_OK);
    ledger_process_sell_intent(ledger, "night", "o_sold", "ann", 0, 2, sold);
    ledger_process_sell_intent(ledger, "night", "o_other", "bob", 1, 2,
                               other); /* seat 1 is ann's: dead */
    add_void("o_late", late);
    add_void("o_never", ""); /* the provider has never heard of it */
    wait_until(4, "SELECT count(*) FROM payments WHERE state IN ('captured', 'voided')");
    cr_assert_eq(state_of(sold), INTENT_CAPTURED);
    cr_assert_eq(state_of(late), INTENT_VOIDED);
    cr_assert_eq(state_of(other), INTENT_VOIDED);
    char never[64];
    create("o_never", 1000, never); /* the same intent again, and it can be used no more */
    cr_assert_eq(state_of(never), INTENT_VOIDED);
    cr_assert_neq(authorise(never), PAYMENT_OK);
    cr_assert_eq(findings(), 0);
    finish();
}

Test(ledger_payments, a_provider_that_is_away_gets_its_captures_later)
{
    char intent[64];
    create("o_1", 1000, intent);
    cr_assert_eq(authorise(intent), PAYMENT_OK);
    sandbox_process_kill(sandbox);
    ledger_process_sell_intent(ledger, "night", "o_1", "ann", 0, 2, intent);
    wait_until(1, "SELECT count(*) FROM payments WHERE state = 'capture_due' AND attempts >= 1");
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2,
                 "the sale does not wait for it");
    sandbox_process_restart(sandbox);
    wait_until(1, "SELECT count(*) FROM payments WHERE state = 'captured'");
    cr_assert_eq(state_of(intent), INTENT_CAPTURED);
    finish();
}

Test(ledger_payments, killed_at_random_moments_every_payment_ends_as_its_order_did)
{
    enum { ORDERS = 60, ROUNDS = 6 };
    static char intents[ORDERS][64];
    unsigned seed = (unsigned)getpid();
    for (int i = 0; i < ORDERS; i++) {
        char order[16];
        (void)snprintf(order, sizeof order, "o_%d", i);
        create(order, 1000, intents[i]);
        cr_assert_eq(authorise(intents[i]), PAYMENT_OK);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = round * ORDERS / ROUNDS; i < (round + 1) * ORDERS / ROUNDS; i++) {
            char order[16];
            (void)snprintf(order, sizeof order, "o_%d", i);
            if (i % 3 == 0)
                add_void(order, i % 2 == 0 ? intents[i] : "");
            else
                ledger_process_sell_intent(ledger, "night", order, "ann", 2 * i, 2, intents[i]);
        }
        (void)usleep((useconds_t)(rand_r(&seed) % 30000));
        ledger_process_kill(ledger);
        ledger_process_start(ledger);
    }
    wait_until(ORDERS, "SELECT count(*) FROM payments WHERE state IN ('captured', 'voided')");
    for (int i = 0; i < ORDERS; i++)
        cr_assert_eq(state_of(intents[i]), i % 3 == 0 ? INTENT_VOIDED : INTENT_CAPTURED,
                     "order %d, seed %u", i, seed);
    cr_assert_eq(findings(), 0);
    finish();
}

/* --- noted before the provider was called --- */

static void add_intent(const char *order, const char *visitor, int64_t until_ms)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"kind\":\"intent\",\"order\":\"%s\",\"event\":\"night\",\"visitor\":\"%s\","
                   "\"amount_minor\":1000,\"currency\":\"EUR\",\"at_ms\":4000,\"until_ms\":%lld}",
                   order, visitor, (long long)until_ms);
    ledger_process_add(ledger, body);
}

Test(ledger_payments, what_nobody_pays_any_more_is_given_back_and_the_rest_is_waited_for)
{
    char lost[64], open[64];
    create("o_lost", 1000, lost);
    create("o_open", 1000, open);
    cr_assert_eq(authorise(lost), PAYMENT_OK);
    cr_assert_eq(authorise(open), PAYMENT_OK);
    redis_server_run(redis, "HSET ev:night:held bob o_open");
    add_intent("o_open", "bob", clock_wall_ms() - 60000);
    add_intent("o_lost", "ann", clock_wall_ms() - 60000);
    wait_until(1, "SELECT count(*) FROM payments WHERE order_id = 'o_lost' AND state = 'voided'");
    cr_assert_eq(state_of(lost), INTENT_VOIDED);
    cr_assert_eq(state_of(open), INTENT_AUTHORISED, "somebody is paying it");
    ledger_process_sell_intent(ledger, "night", "o_open", "bob", 0, 2, open);
    wait_until(1, "SELECT count(*) FROM payments WHERE order_id = 'o_open' AND state = 'captured'");
    cr_assert_eq(findings(), 0);
    finish();
}

Test(ledger_payments, what_a_redis_without_its_data_has_forgotten_is_given_back_at_once)
{
    char intent[64];
    create("o_1", 1000, intent);
    cr_assert_eq(authorise(intent), PAYMENT_OK);
    add_intent("o_1", "ann", clock_wall_ms() + 3600000);
    wait_until(1, "SELECT count(*) FROM payments WHERE state = 'intended'");
    redis_server_run(redis, "FLUSHALL");
    wait_until(1, "SELECT count(*) FROM payments WHERE state = 'voided'");
    cr_assert_eq(state_of(intent), INTENT_VOIDED);
    finish();
}

/* --- money that nobody owns: a provider that tells of an old and a young authorised intent --- */

static int cancelled_count, wrong_count;

static void on_request(void *ctx, const char *request, const char *body, size_t body_bytes,
                       struct raw_answer *answer)
{
    static char text[1024], json[600];
    (void)ctx, (void)body, (void)body_bytes;
    if (strncmp(request, "GET ", 4) == 0) {
        (void)snprintf(
            json, sizeof json,
            "{\"data\":[{\"id\":\"pi_old\",\"status\":\"requires_capture\",\"order\":\"o_old\","
            "\"currency\":"
            "\"EUR\",\"amount_minor\":500,\"changed_ms\":1000},{\"id\":\"pi_young\",\"status\":"
            "\"requires_capture\",\"order\":\"o_young\",\"currency\":\"EUR\",\"amount_minor\":500,"
            "\"changed_ms\":%lld}],\"has_more\":false}",
            (long long)clock_wall_ms());
    } else {
        bool is_wanted = strncmp(request, "POST /v1/payment_intents/pi_old/cancel", 38) == 0;
        cancelled_count += is_wanted;
        wrong_count += !is_wanted;
        (void)snprintf(
            json, sizeof json,
            "{\"id\":\"pi_old\",\"status\":\"canceled\",\"order\":\"o_old\",\"currency\":\"EUR\","
            "\"amount_minor\":500,\"changed_ms\":%lld}",
            (long long)clock_wall_ms());
    }
    (void)snprintf(
        text, sizeof text,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: "
        "close\r\n\r\n%s",
        strlen(json), json);
    *answer = (struct raw_answer){text, true};
}

Test(ledger_orphans, old_authorised_money_without_an_order_is_given_back_and_young_is_left_alone,
     .timeout = 50)
{
    loop = ev_loop_new(EVFLAG_AUTO);
    struct raw_server *server = raw_server_start(loop, on_request, NULL);
    redis = redis_server_start();
    ledger = ledger_process_create(redis, raw_server_url(server));
    ledger_process_start(ledger);
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    while (cancelled_count == 0 && clock_monotonic_ms() < until_ms) {
        ev_run(loop, EVRUN_NOWAIT);
        (void)usleep(1000);
    }
    cr_assert_eq(cancelled_count, 1);
    wait_until(1, "SELECT count(*) FROM payments WHERE order_id = 'o_old' AND state = 'voided'");
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM payments"), 1);
    cr_assert_eq(wrong_count, 0);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    raw_server_stop(server);
    ev_loop_destroy(loop);
    ledger_process_free(ledger);
    redis_server_stop(redis);
}
