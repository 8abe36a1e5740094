/* The ledger against a real Redis: what is confirmed is written, what is written is written once,
 * whatever dies. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/ledger_process.h"

static struct redis_server *redis;
static struct ledger_process *ledger;
static redisContext *outcomes;
/* The rest of the last message: lines that nobody has asked for yet. */
static char *lines, *lines_at;

static void setup(void)
{
    redis = redis_server_start();
    ledger = ledger_process_create(redis, NULL);
    struct timeval limit = {10, 0};
    outcomes = redisConnectUnix(redis_server_socket(redis));
    cr_assert(outcomes != NULL && outcomes->err == 0);
    (void)redisSetTimeout(outcomes, limit);
    freeReplyObject(redisCommand(outcomes, "SUBSCRIBE outcome"));
}

static void teardown(void)
{
    free(lines);
    lines = lines_at = NULL;
    redisFree(outcomes);
    ledger_process_free(ledger);
    redis_server_stop(redis);
}

static void read_message(void)
{
    void *message = NULL;
    cr_assert_eq(redisGetReply(outcomes, &message), REDIS_OK, "no outcome: %s", outcomes->errstr);
    free(lines);
    lines = lines_at = strdup(((redisReply *)message)->element[2]->str);
    freeReplyObject(message);
}

/* A line is event, visitor, type, order, outcome; here with the first two in the last. */
static json_t *next_outcome(void)
{
    char event[49], visitor[13];
    int head = 0;
    if (lines_at == NULL || *lines_at == '\0')
        read_message();
    char *end = strchr(lines_at, '\n');
    cr_assert(end != NULL && sscanf(lines_at, "%48s %12s %*s %*s %n", event, visitor, &head) == 2);
    json_t *outcome = json_loadb(lines_at + head, (size_t)(end - lines_at - head), 0, NULL);
    lines_at = end + 1;
    cr_assert(json_is_object(outcome));
    (void)json_object_set_new(outcome, "event", json_string(event));
    (void)json_object_set_new(outcome, "visitor", json_string(visitor));
    return outcome;
}

static void expect_outcome(const char *type, const char *order)
{
    json_t *outcome = next_outcome();
    cr_assert_str_eq(json_string_value(json_object_get(outcome, "type")), type);
    cr_assert_str_eq(json_string_value(json_object_get(outcome, "order")), order);
    json_decref(outcome);
}

static long long seat_state(int seat)
{
    redisReply *reply =
        redisCommand(redis_server_context(redis), "BITFIELD ev:night:seats GET u8 #%d", seat);
    cr_assert(reply != NULL && reply->type == REDIS_REPLY_ARRAY);
    long long state = reply->element[0]->integer;
    freeReplyObject(reply);
    return state;
}

static long long free_seats(void)
{
    return redis_server_number(redis, "HGET ev:night:counts free");
}

TestSuite(ledger_process, .init = setup, .fini = teardown, .timeout = 50);

Test(ledger_process, an_order_is_written_then_confirmed_with_its_tickets)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    cr_assert_eq(free_seats(), 20);
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    json_t *outcome = next_outcome();
    cr_assert_eq(
        ledger_process_number(ledger, "SELECT count(*) FROM sold_seats WHERE order_id = 'o_1'"), 2);
    cr_assert_str_eq(json_string_value(json_object_get(outcome, "type")), "confirmed");
    cr_assert_str_eq(json_string_value(json_object_get(outcome, "visitor")), "ann");
    json_t *tickets = json_object_get(outcome, "tickets");
    cr_assert_eq(json_array_size(tickets), 2);
    cr_assert_eq(json_string_length(json_object_get(json_array_get(tickets, 0), "code")), 24);
    ledger_process_drained(ledger);
    json_t *answer = ledger_process_ask(ledger, "orders.of",
                                        json_pack("{ss ss}", "event", "night", "visitor", "ann"));
    json_t *order = json_array_get(json_object_get(answer, "orders"), 0);
    cr_assert(json_equal(json_object_get(order, "tickets"), tickets));
    json_decref(answer);
    json_decref(outcome);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, a_seat_that_is_sold_already_becomes_a_dead_letter_and_stays_with_its_owner)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    expect_outcome("confirmed", "o_1");
    ledger_process_sell(ledger, "night", "o_2", "bob", 4, 2); /* 4 is ann's, 5 was free */
    expect_outcome("unsold", "o_2");
    ledger_process_drained(ledger);
    cr_assert_eq(seat_state(4), 3);
    cr_assert_eq(seat_state(5), 0);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:bought bob"), 0);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM dead"), 1);
    cr_assert_eq(ledger_process_number(
                     ledger, "SELECT count(*) FROM payments WHERE order_id = 'o_2' AND state = "
                             "'void_due'"),
                 1);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

/* A late webhook after a loss of Redis: settle knows nothing any more and asks for a void. */
Test(ledger_process, a_void_of_an_order_that_stands_is_dropped_without_a_word)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    expect_outcome("confirmed", "o_1");
    ledger_process_add(ledger, "{\"kind\":\"void\",\"order\":\"o_1\",\"event\":\"night\","
                               "\"visitor\":\"ann\",\"amount_minor\":1000,"
                               "\"currency\":\"EUR\",\"reason\":\"time_out\",\"at_ms\":4000}");
    ledger_process_add(ledger, "{\"kind\":\"void\",\"order\":\"o_2\",\"event\":\"night\","
                               "\"visitor\":\"bob\",\"amount_minor\":1000,"
                               "\"currency\":\"EUR\",\"reason\":\"time_out\",\"at_ms\":4000}");
    expect_outcome("unsold", "o_2"); /* and nothing about o_1 before it */
    cr_assert_eq(
        ledger_process_number(
            ledger,
            "SELECT count(*) FROM payments WHERE order_id = 'o_1' AND state = 'capture_due'"),
        1);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, broken_entries_do_not_stop_the_others)
{
    static const char *const broken[] = {
        "",     "{",       "[]", "{\"kind\":\"order\"}", "{\"kind\":\"gift\",\"order\":\"x\"}",
        "null", "\xff\xfe"};
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ledger_process_add(ledger, broken[i]);
    redis_server_run(redis, "XADD outbox * nobody here");
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    expect_outcome("confirmed", "o_1");
    ledger_process_drained(ledger);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM dead"), 8);
    json_t *answer = ledger_process_ask(ledger, "dead.list", NULL);
    cr_assert_eq(json_array_size(json_object_get(answer, "dead")), 8);
    json_decref(answer);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, an_empty_redis_gets_a_new_epoch_and_the_sold_seats_back)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    long long epoch = redis_server_number(redis, "GET epoch");
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    expect_outcome("confirmed", "o_1");
    ledger_process_drained(ledger);
    redis_server_kill(redis);
    redis_server_restart(redis);
    for (int i = 0; i < 1000 && redis_server_number(redis, "EXISTS epoch") == 0; i++)
        (void)usleep(10000);
    cr_assert_eq(redis_server_number(redis, "GET epoch"), epoch + 1);
    cr_assert_eq(seat_state(3), 3);
    cr_assert_eq(seat_state(4), 3);
    cr_assert_eq(seat_state(5), 0);
    cr_assert_eq(free_seats(), 18);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:bought ann"), 2);
    cr_assert_eq(redis_server_number(redis, "HEXISTS ev:night:settled o_1"), 1);
    cr_assert_eq(redis_server_number(redis, "HEXISTS events night"), 1);
    cr_assert_eq(redis_server_number(redis, "EXISTS ev:night:plan ev:night:cfg"), 2);
    cr_assert_eq(ledger_process_number(ledger, "SELECT value FROM meta WHERE name = 'epoch'"),
                 epoch + 1);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, a_foreign_epoch_is_replaced_and_lost_seats_are_repaired)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 20);
    ledger_process_sell(ledger, "night", "o_1", "ann", 3, 2);
    expect_outcome("confirmed", "o_1");
    ledger_process_drained(ledger);
    long long epoch = redis_server_number(redis, "GET epoch");
    cr_assert_eq(ledger_process_stop(ledger), 0);
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #3 0"); /* Redis forgot a sale */
    ledger_process_start_ready(ledger);
    cr_assert_eq(redis_server_number(redis, "GET epoch"), epoch);
    cr_assert_eq(seat_state(3), 3);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    redis_server_run(redis, "SET epoch 7");
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #9 3"); /* not our sale */
    ledger_process_start(ledger);
    for (int i = 0; i < 1000 && redis_server_number(redis, "GET epoch") != epoch + 1; i++)
        (void)usleep(10000);
    cr_assert_eq(redis_server_number(redis, "GET epoch"), epoch + 1);
    cr_assert_eq(seat_state(9), 0);
    cr_assert_eq(seat_state(4), 3);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

/* Everyone who was told "confirmed" has a row, every order has exactly one, wherever the ledger was
 * when it died. */
Test(ledger_process, killed_at_random_moments_it_loses_nothing_and_doubles_nothing)
{
    enum { ROUNDS = 15, ORDERS = 40 };
    unsigned seed = (unsigned)getpid();
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 2 * ROUNDS * ORDERS);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ORDERS; i++) {
            char order[32];
            int n = round * ORDERS + i;
            (void)snprintf(order, sizeof order, "o_%d", n);
            ledger_process_sell(ledger, "night", order, "ann", 2 * n, 2);
        }
        (void)usleep((useconds_t)(rand_r(&seed) % 15000));
        ledger_process_kill(ledger);
        ledger_process_start(ledger);
    }
    ledger_process_drained(ledger);
    bool is_told[ROUNDS * ORDERS] = {false};
    for (int told = 0; told < ROUNDS * ORDERS;) {
        json_t *outcome = next_outcome();
        int n = (int)strtol(json_string_value(json_object_get(outcome, "order")) + 2, NULL, 10);
        cr_assert_str_eq(json_string_value(json_object_get(outcome, "type")), "confirmed");
        told += !is_told[n];
        is_told[n] = true;
        json_decref(outcome);
    }
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM orders"), ROUNDS * ORDERS,
                 "seed %u", seed);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2 * ROUNDS * ORDERS);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM dead"), 0);
    cr_assert_eq(
        ledger_process_number(ledger, "SELECT count(*) FROM payments WHERE state = 'capture_due'"),
        ROUNDS * ORDERS);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, cut_off_from_redis_again_and_again_it_loses_nothing_and_doubles_nothing)
{
    enum { ROUNDS = 15, ORDERS = 40 };
    unsigned seed = (unsigned)getpid();
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 2 * ROUNDS * ORDERS);
    long long epoch = redis_server_number(redis, "GET epoch");
    for (int i = 0; i < ROUNDS * ORDERS; i++) {
        char order[32];
        (void)snprintf(order, sizeof order, "o_%d", i);
        ledger_process_sell(ledger, "night", order, "ann", 2 * i, 2);
        if (rand_r(&seed) % ORDERS == 0)
            redis_server_run(redis, "CLIENT KILL TYPE normal SKIPME yes");
    }
    ledger_process_drained(ledger);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM orders"), ROUNDS * ORDERS);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2 * ROUNDS * ORDERS);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM dead"), 0);
    cr_assert_eq(redis_server_number(redis, "GET epoch"), epoch);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, asked_to_stop_it_empties_the_outbox_first)
{
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 2000);
    for (int i = 0; i < 300; i++) {
        char order[32];
        (void)snprintf(order, sizeof order, "o_%d", i);
        ledger_process_sell(ledger, "night", order, "ann", 2 * i, 2);
    }
    cr_assert_eq(ledger_process_stop(ledger), 0);
    cr_assert_eq(redis_server_number(redis, "XLEN outbox"), 0);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM orders"), 300);
}

Test(ledger_process, a_newer_database_is_refused_with_exit_code_1)
{
    ledger_process_start_ready(ledger);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    char command[256];
    (void)snprintf(command, sizeof command, "%s", ledger_process_path(ledger));
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(command, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    ledger_process_start(ledger);
    cr_assert_eq(ledger_process_wait(ledger), 1);
}

/* The disk fills up in the middle: the ledger says so and goes; nothing was confirmed that is not
 * there, and with room again everything is written. */
Test(ledger_process, a_full_disk_ends_the_process_and_loses_nothing)
{
    enum { ORDERS = 900 };
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 2 * ORDERS);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    ledger_process_limit(ledger, 300000);
    ledger_process_start_ready(ledger);
    for (int i = 0; i < ORDERS; i++) {
        char order[32];
        (void)snprintf(order, sizeof order, "o_%d", i);
        ledger_process_sell(ledger, "night", order, "ann", 2 * i, 2);
    }
    cr_assert_eq(ledger_process_wait(ledger), 1);
    long long before = ledger_process_number(ledger, "SELECT count(*) FROM orders");
    cr_assert(before < ORDERS, "%lld", before);
    cr_assert_geq(redis_server_number(redis, "XLEN outbox"), ORDERS - before);
    ledger_process_limit(ledger, 0);
    ledger_process_start_ready(ledger);
    ledger_process_drained(ledger);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM orders"), ORDERS);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2 * ORDERS);
    for (int i = 0; i < ORDERS; i++)
        json_decref(next_outcome());
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

/* Gateways call the provider when they hear of `noted`. */
Test(ledger_process, what_is_called_noted_is_on_disk)
{
    enum { INTENTS = 4000 };
    ledger_process_start_ready(ledger);
    ledger_process_load_event(ledger, "night", 2);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    ledger_process_limit(ledger, 300000);
    ledger_process_start_ready(ledger);
    for (int i = 0; i < INTENTS; i++) {
        char body[256];
        (void)snprintf(body, sizeof body,
                       "{\"kind\":\"intent\",\"order\":\"o_%d\",\"event\":\"night\",\"visitor\":"
                       "\"ann\",\"amount_minor\":1000,\"currency\":\"EUR\",\"at_ms\":4000,"
                       "\"until_ms\":4000000000000}",
                       i);
        ledger_process_add(ledger, body);
    }
    cr_assert_eq(ledger_process_wait(ledger), 1);
    long long written = ledger_process_number(ledger, "SELECT count(*) FROM payments");
    long long left = redis_server_number(redis, "XLEN outbox");
    cr_assert(left > 0 && written > 0, "%lld written, %lld left", written, left);
    cr_assert_eq(redis_server_number(redis, "EVAL %s 0",
                                     "return #redis.call('XRANGE', 'outbox', '-', "
                                     "redis.call('GET', 'outbox:noted'))"),
                 0);
    ledger_process_limit(ledger, 0);
    ledger_process_start_ready(ledger);
    ledger_process_drained(ledger);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM payments"), INTENTS);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_process, a_second_ledger_is_kept_out)
{
    ledger_process_start_ready(ledger);
    struct ledger_process *second = ledger_process_create(redis, NULL);
    ledger_process_share(second, ledger);
    ledger_process_start(second);
    cr_assert_eq(ledger_process_wait(second), 1);
    ledger_process_free(second);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}
