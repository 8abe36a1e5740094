/* The office of a running ledger: every verb, what it refuses, and an audit that finds what was
 * broken. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/ledger_process.h"

static struct redis_server *redis;
static struct ledger_process *ledger;

static void setup(void)
{
    redis = redis_server_start();
    ledger = ledger_process_create(redis, NULL);
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
}

static void teardown(void)
{
    ledger_process_free(ledger);
    redis_server_stop(redis);
}

/* Asks, and expects the error code; NULL = ok. */
static void expect(const char *error, const char *verb, json_t *args)
{
    json_t *answer = ledger_process_ask(ledger, verb, args);
    const char *found = json_string_value(json_object_get(answer, "error"));
    cr_assert_eq(json_is_true(json_object_get(answer, "ok")), error == NULL, "%s: %s", verb,
                 json_string_value(json_object_get(answer, "message")));
    if (error != NULL) {
        cr_assert_str_eq(found, error, "%s", verb);
        cr_assert(json_string_length(json_object_get(answer, "message")) > 10);
    }
    json_decref(answer);
}

static const char *in_redis(const char *key, const char *field)
{
    static char text[4096];
    redisReply *reply = redisCommand(redis_server_context(redis), "HGET %s %s", key, field);
    cr_assert(reply != NULL && reply->type == REDIS_REPLY_STRING, "%s %s", key, field);
    (void)snprintf(text, sizeof text, "%s", reply->str);
    freeReplyObject(reply);
    return text;
}

TestSuite(ledger_office, .init = setup, .fini = teardown, .timeout = 50);

Test(ledger_office, settings_reach_sqlite_redis_and_pages)
{
    expect(NULL, "event.set",
           json_pack("{ss s{ss ss}}", "event", "night", "set", "admit_per_tick", "0.50", "phase",
                     "paused"));
    cr_assert_str_eq(in_redis("ev:night:cfg", "admit_per_tick"), "0.5");
    cr_assert_str_eq(in_redis("ev:night:cfg", "phase"), "paused");
    json_t *event = json_loads(in_redis("events", "night"), 0, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(event, "phase")), "paused");
    json_t *category = json_array_get(json_object_get(event, "categories"), 0);
    cr_assert_eq(json_integer_value(json_object_get(category, "total")), 20);
    cr_assert_eq(json_integer_value(json_object_get(category, "price_minor")), 500);
    json_decref(event);
    cr_assert_eq(
        ledger_process_number(ledger, "SELECT count(*) FROM events WHERE phase = 'paused'"), 1);
    expect("bad_setting", "event.set",
           json_pack("{ss s{ss ss}}", "event", "night", "set", "phase", "open", "tick_ms", "1"));
    expect("bad_setting", "event.set",
           json_pack("{ss s{ss}}", "event", "night", "set", "colour", "red"));
    expect("bad_setting", "event.set", json_pack("{ss ss}", "event", "night", "set", "open"));
    cr_assert_str_eq(in_redis("ev:night:cfg", "phase"), "paused");
    expect("not_found", "event.set", json_pack("{ss s{}}", "event", "day", "set"));
    expect("bad_request", "event.set", NULL);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_office, events_are_listed_and_shown)
{
    json_t *answer = ledger_process_ask(ledger, "event.list", NULL);
    json_t *event = json_array_get(json_object_get(answer, "events"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(event, "id")), "night");
    cr_assert_eq(json_integer_value(json_object_get(event, "seats")), 20);
    json_decref(answer);
    answer = ledger_process_ask(ledger, "event.show", json_pack("{ss}", "event", "night"));
    cr_assert_str_eq(
        json_string_value(json_object_get(json_object_get(answer, "settings"), "pay_ms")),
        "420000");
    json_decref(answer);
    expect("not_found", "event.show", json_pack("{ss}", "event", "day"));
    expect("unknown_verb", "event.burn", NULL);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_office, a_plan_in_use_is_not_replaced_and_bad_ones_are_refused)
{
    static const char *const bad[] = {
        "{\"id\":\"x y\",\"name\":\"N\",\"currency\":\"EUR\",\"time_zone\":\"UTC\",\"plan\":{}}",
        "{\"id\":\"x\",\"name\":\"N\",\"currency\":\"eur\",\"time_zone\":\"UTC\",\"plan\":{}}",
        "{\"id\":\"x\",\"name\":\"\",\"currency\":\"EUR\",\"time_zone\":\"UTC\",\"plan\":{}}",
        "{\"id\":\"x\",\"name\":\"N\",\"currency\":\"EUR\",\"time_zone\":\"UTC zone\",\"plan\":{}}",
        "{\"id\":7}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect("bad_request", "event.load", json_loads(bad[i], 0, NULL));
    expect(
        "bad_plan", "event.load",
        json_loads(
            "{\"id\":\"x\",\"name\":\"N\",\"currency\":\"EUR\",\"time_zone\":\"UTC\",\"plan\":{}}",
            0, NULL));
    ledger_process_load_event(ledger, "night", 30); /* untouched: may be replaced */
    cr_assert_eq(redis_server_number(redis, "STRLEN ev:night:seats"), 30);
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    ledger_process_drained(ledger);
    json_t *event = NULL;
    redisReply *reply = redisCommand(redis_server_context(redis), "GET ev:night:plan");
    event = json_pack("{ss ss ss ss so}", "id", "night", "name", "N", "currency", "EUR",
                      "time_zone", "UTC", "plan", json_loads(reply->str, 0, NULL));
    freeReplyObject(reply);
    json_t *rows = json_object_get(
        json_array_get(json_object_get(json_object_get(event, "plan"), "sections"), 0), "rows");
    (void)json_array_set_new(
        json_object_get(json_array_get(rows, 0), "seats"), 3,
        json_pack("[s, i, i, i, i]", "other", 1, 1, 0, 0)); /* seat 3 is sold */
    expect("seats_in_use", "event.load", event);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_office, orders_are_exported_flat_and_page_by_page)
{
    for (int i = 0; i < 5; i++) {
        char order[16];
        (void)snprintf(order, sizeof order, "o_%d", i);
        ledger_process_sell(ledger, "night", order, "ann", 2 * i, 2);
    }
    ledger_process_drained(ledger);
    json_int_t after = 0;
    size_t rows = 0, pages = 0;
    do {
        json_t *answer = ledger_process_ask(
            ledger, "orders.export",
            json_pack("{ss sI si}", "event", "night", "after", after, "limit", 2));
        json_t *row = json_array_get(json_object_get(answer, "rows"), 0);
        cr_assert_str_eq(json_string_value(json_object_get(row, "section")), "A");
        cr_assert_str_eq(json_string_value(json_object_get(row, "payment_state")), "capture_due");
        rows += json_array_size(json_object_get(answer, "rows"));
        after = json_integer_value(json_object_get(answer, "next"));
        json_decref(answer);
        pages++;
    } while (after > 0 && pages < 10);
    cr_assert_eq(rows, 10);
    cr_assert_eq(pages, 3);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_office, nonsense_in_the_stream_is_dropped_and_old_requests_are_not_done)
{
    redis_server_run(redis, "XADD office * body %s", "{");
    redis_server_run(redis, "XADD office * body %s", "[1,2]");
    redis_server_run(redis, "XADD office * nobody here");
    redis_server_run(redis, "XADD office * body %s",
                     "{\"id\":\"x\",\"reply\":\"tick:night\",\"verb\":\"audit\"}");
    expect(NULL, "event.list", NULL);
    cr_assert_eq(redis_server_number(redis, "XLEN office"), 0);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

/* Requests that lie there from long ago, as after an outage of the ledger. */
Test(ledger_office, a_request_that_waited_too_long_is_answered_but_not_done)
{
    cr_assert_eq(ledger_process_stop(ledger), 0);
    redis_server_run(redis, "DEL office");
    redis_server_run(redis, "XADD office 1000-1 body %s",
                     "{\"id\":\"x\",\"reply\":\"reply:old\",\"verb\":\"event.set\",\"args\":{"
                     "\"event\":\"night\",\"set\":"
                     "{\"phase\":\"closed\"}}}");
    ledger_process_start_ready(ledger);
    expect(NULL, "event.list", NULL);
    cr_assert_str_eq(in_redis("ev:night:cfg", "phase"), "open");
    cr_assert_eq(redis_server_number(redis, "XLEN office"), 0);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

static size_t findings(const char *word)
{
    json_t *answer = ledger_process_ask(ledger, "audit", NULL), *finding;
    size_t i, count = 0;
    cr_assert(json_is_true(json_object_get(answer, "ok")));
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
        count += strstr(json_string_value(finding), word) != NULL;
    json_decref(answer);
    return count;
}

/* Rows enough that reading them takes a while; straight into the file, the ledger being stopped. */
static void write_many_orders(int count)
{
    char sql[2000];
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(ledger_process_path(ledger), &db), SQLITE_OK);
    (void)snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO orders SELECT i, 'o_' || i, 1, 'v', 1, 1, '', 5, 'EUR', '[' || i || ']', 1, 1 "
        "FROM n; INSERT INTO sold SELECT 1, nr, nr, 4, 'A', '1', '1', 'C', '' FROM orders; "
        "INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms, "
        "changed_ms) "
        "SELECT id, '', 5, 'EUR', 'none', 0, 1 FROM orders;",
        count);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static void send(const char *id, const char *verb)
{
    char body[200];
    (void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"reply\":\"reply:many\",\"verb\":\"%s\"}",
                   id, verb);
    redis_server_run(redis, "XADD office * body %s", body);
}

/* Which message is next: the id of an answer, or "outcome" for an order. They come in the order in
 * which the ledger said them. */
static void next_said(redisContext *listening, char *id, size_t id_bytes)
{
    void *message = NULL;
    cr_assert_eq(redisGetReply(listening, &message), REDIS_OK, "%s", listening->errstr);
    redisReply *reply = message;
    json_t *answer = json_loads(reply->element[2]->str, 0, NULL);
    const char *name = json_string_value(json_object_get(answer, "id"));
    (void)snprintf(id, id_bytes, "%s", name != NULL ? name : reply->element[1]->str);
    json_decref(answer);
    freeReplyObject(reply);
}

/* The next three, with a space before each. */
static void next_three(redisContext *listening, char *ids, size_t ids_bytes)
{
    size_t used = 0;
    for (int i = 0; i < 3; i++) {
        ids[used++] = ' ';
        next_said(listening, ids + used, ids_bytes - used);
        used += strlen(ids + used);
    }
}

/* 150,000 orders whose rows do not add up, so every one of them is read: meanwhile others are
 * answered. */
Test(ledger_office, an_audit_keeps_nobody_waiting)
{
    cr_assert_eq(ledger_process_stop(ledger), 0);
    write_many_orders(150000);
    ledger_process_start_ready(ledger);
    redisContext *listening = redisConnectUnix(redis_server_socket(redis));
    const struct timeval limit = {30, 0};
    (void)redisSetTimeout(listening, limit);
    freeReplyObject(redisCommand(listening, "SUBSCRIBE reply:many"));
    freeReplyObject(redisCommand(listening, "SUBSCRIBE outcome"));
    send("audit", "audit");
    send("again", "audit");
    ledger_process_sell(ledger, "day", "o_new", "ann", 1, 1);
    send("list", "account.list");
    char id[20], three[80];
    next_three(listening, three, sizeof three);
    cr_assert_not_null(strstr(three, " again"), "a second audit is refused at once:%s", three);
    cr_assert_not_null(strstr(three, " list"), "%s", three);
    cr_assert_not_null(strstr(three, " outcome"), "the order waited for the audit:%s", three);
    next_said(listening, id, sizeof id);
    cr_assert_str_eq(id, "audit");
    send("last", "audit"); /* and a stop in the middle of one is clean */
    send("list", "account.list");
    next_said(listening, id, sizeof id);
    cr_assert_str_eq(id, "list");
    redisFree(listening);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_office, the_audit_is_silent_when_all_is_well_and_names_what_is_not)
{
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    ledger_process_drained(ledger);
    cr_assert_eq(findings(" night"), 0);
    cr_assert_eq(findings("provider does not answer"), 1); /* nobody is there in this test */
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #3 0");
    cr_assert_eq(findings("missing: seat 3 of night"), 1);
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #3 3");
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #9 3");
    cr_assert_eq(findings("unintended: seat 9 of night"), 1);
    cr_assert_eq(findings("different: count"), 3); /* free, sold, free:0 */
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #9 0");
    redis_server_run(redis, "HSET ev:night:counts free:0 5");
    cr_assert_eq(findings("different: count free:0"), 1);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}
