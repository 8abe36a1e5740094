/* Accounts of visitors in a running ledger: what it keeps and gives out, what it refuses, and that
 * nobody who was signed out is signed in again when Redis has lost its data. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "support/ledger_process.h"

#define HASH "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA"

static struct redis_server *redis;
static struct ledger_process *ledger;

static void setup(void)
{
    redis = redis_server_start();
    ledger = ledger_process_create(redis, NULL);
    ledger_process_start_ready(ledger);
}

static void teardown(void)
{
    ledger_process_free(ledger);
    redis_server_stop(redis);
}

static json_t *expect(const char *error, const char *verb, json_t *args)
{
    json_t *answer = ledger_process_ask(ledger, verb, args);
    const char *found = json_string_value(json_object_get(answer, "error"));
    cr_assert_eq(json_is_true(json_object_get(answer, "ok")), error == NULL, "%s: %s", verb,
                 json_string_value(json_object_get(answer, "message")));
    if (error != NULL)
        cr_assert_str_eq(found, error, "%s", verb);
    return answer;
}

static void run(const char *error, const char *verb, json_t *args)
{
    json_decref(expect(error, verb, args));
}

static json_t *account(const char *email, const char *hash)
{
    return json_pack("{ss ss}", "email", email, "hash", hash);
}

static json_t *session(const char *id, long long ends_ms)
{
    return json_pack("{ss sI}", "session", id, "ends_ms", (json_int_t)ends_ms);
}

static long long now_ms(void)
{
    return (long long)time(NULL) * 1000;
}

TestSuite(ledger_visitors, .init = setup, .fini = teardown, .timeout = 50);

Test(ledger_visitors, an_account_is_made_once_and_found)
{
    run(NULL, "visitor.add", account("ann@example.org", HASH));
    run(NULL, "visitor.add", account("bob@example.org", HASH "b"));
    json_t *again = expect(NULL, "visitor.add", account("ann@example.org", HASH "other"));
    json_t *fresh = expect(NULL, "visitor.add", account("eve@example.org", HASH));
    json_object_del(again, "id");
    json_object_del(fresh, "id");
    cr_assert(json_equal(again, fresh), "a repeat is answered like a new one");
    json_decref(again);
    json_decref(fresh);
    json_t *ann = expect(NULL, "visitor.get", json_pack("{ss}", "email", "ann@example.org"));
    json_t *bob = expect(NULL, "visitor.get", json_pack("{ss}", "email", "bob@example.org"));
    cr_assert_str_eq(json_string_value(json_object_get(ann, "hash")), HASH);
    const char *visitor = json_string_value(json_object_get(ann, "visitor"));
    cr_assert_eq(strlen(visitor), 12);
    cr_assert_eq(visitor[0], '.');
    cr_assert_str_neq(visitor, json_string_value(json_object_get(bob, "visitor")));
    json_decref(ann);
    json_decref(bob);
    json_t *nobody = expect(NULL, "visitor.get", json_pack("{ss}", "email", "joe@example.org"));
    cr_assert_null(json_object_get(nobody, "hash"));
    json_decref(nobody);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM visitor_accounts"), 3);
    cr_assert_eq(ledger_process_number(ledger, "SELECT sum(repeats) FROM visitor_accounts"), 1);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_visitors, an_export_says_whose_account_bought)
{
    ledger_process_load_event(ledger, "night", 10);
    run(NULL, "visitor.add", account("ann@example.org", HASH));
    json_t *ann = expect(NULL, "visitor.get", json_pack("{ss}", "email", "ann@example.org"));
    ledger_process_sell(ledger, "night", "o_1", json_string_value(json_object_get(ann, "visitor")),
                        0, 1);
    ledger_process_sell(ledger, "night", "o_2", "anonymous123", 1, 1);
    ledger_process_drained(ledger);
    json_decref(ann);
    json_t *answer = expect(NULL, "orders.export",
                            json_pack("{ss si si}", "event", "night", "after", 0, "limit", 10));
    const json_t *rows = json_object_get(answer, "rows");
    cr_assert_eq(json_array_size(rows), 2);
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 0), "email")),
                     "ann@example.org");
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 1), "email")), "");
    json_decref(answer);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_visitors, a_password_is_replaced)
{
    run(NULL, "visitor.add", account("ann@example.org", HASH));
    run("not_found", "visitor.password", account("bob@example.org", HASH));
    run(NULL, "visitor.password", account("ann@example.org", HASH "new"));
    json_t *ann = expect(NULL, "visitor.get", json_pack("{ss}", "email", "ann@example.org"));
    cr_assert_str_eq(json_string_value(json_object_get(ann, "hash")), HASH "new");
    json_decref(ann);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_visitors, what_is_not_usable_is_refused)
{
    run("bad_request", "visitor.get", NULL);
    run("bad_request", "visitor.get", json_pack("{ss}", "email", "Ann@example.org"));
    run("bad_request", "visitor.add", account("ann", HASH));
    run("bad_request", "visitor.add", account("ann@example.org", "plain text"));
    run("bad_request", "visitor.add", json_pack("{ss}", "email", "ann@example.org"));
    run("bad_request", "visitor.sign_out", session("0123456789abcde", now_ms() + 60000));
    run("bad_request", "visitor.sign_out", session("0123456789abcdeX", now_ms() + 60000));
    run("bad_request", "visitor.sign_out", json_pack("{ss}", "session", "0123456789abcdef"));
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM visitor_accounts"), 0);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM signed_out"), 0);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_visitors, the_list_of_signed_out_sessions_survives_a_loss_of_redis)
{
    char id[17];
    long long soon = now_ms() + 2000, late = now_ms() + 600000;
    for (int i = 0; i < 30; i++) {
        (void)snprintf(id, sizeof id, "%016x", i);
        run(NULL, "visitor.sign_out", session(id, late + i));
    }
    run(NULL, "visitor.sign_out", session("00000000000000aa", soon));
    run(NULL, "visitor.sign_out", session("00000000000000aa", soon));
    run(NULL, "visitor.sign_out", session("00000000000000bb", now_ms() - 60000));
    cr_assert_eq(redis_server_number(redis, "ZCARD account:gone"), 31);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM signed_out"), 31);
    long long epoch = redis_server_number(redis, "GET epoch");
    redis_server_run(redis, "FLUSHALL");
    for (int i = 0; i < 200 && redis_server_number(redis, "GET epoch") <= epoch; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    cr_assert_gt(redis_server_number(redis, "GET epoch"), epoch);
    cr_assert_geq(redis_server_number(redis, "ZCARD account:gone"), 30);
    cr_assert_eq(redis_server_number(redis, "ZSCORE account:gone 0000000000000007"), late + 7);
    (void)nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    run(NULL, "visitor.sign_out", session("00000000000000cc", late));
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM signed_out"), 31,
                 "those that have ended are dropped");
    cr_assert_eq(ledger_process_stop(ledger), 0);
}
