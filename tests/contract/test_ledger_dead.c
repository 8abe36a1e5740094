/* Dead letters and their second try: what is written, what Redis shows, what stands in the way, and
 * a crash in between. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/ledger_process.h"
#include "ticketing/ledger_dead.h"

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

TestSuite(ledger_dead, .init = setup, .fini = teardown, .timeout = 50);

/* Two seats from `seat` on, free of charge: no payment stands in the way. */
static void add_free_order(const char *event, const char *order, int seat)
{
    char body[800];
    (void)snprintf(body, sizeof body,
                   "{\"kind\":\"order\",\"order\":\"%s\",\"event\":\"%s\",\"visitor\":\"ann\","
                   "\"fence\":1,\"epoch\":1,\"intent\":\"\",\"amount_minor\":0,\"currency\":"
                   "\"EUR\",\"at_ms\":5,\"seats\":[{\"seat\":%d,\"section\":\"A\",\"row\":\"01\","
                   "\"number\":\"1\",\"category\":\"C\",\"price_minor\":0},{\"seat\":%d,"
                   "\"section\":\"A\",\"row\":\"01\",\"number\":\"2\",\"category\":\"C\","
                   "\"price_minor\":0}]}",
                   order, event, seat, seat + 1);
    ledger_process_add(ledger, body);
    ledger_process_drained(ledger);
}

static json_t *replay(int nr)
{
    return ledger_process_ask(ledger, "dead.replay", json_pack("{si}", "nr", nr));
}

/* Expects the error, and that nothing was written. */
static void expect_refused(int nr, const char *error, const char *sentence)
{
    long long orders = ledger_process_number(ledger, "SELECT count(*) FROM orders");
    json_t *answer = replay(nr);
    const char *message = json_string_value(json_object_get(answer, "message"));
    cr_assert(json_is_false(json_object_get(answer, "ok")), "letter %d was replayed", nr);
    cr_assert_str_eq(json_string_value(json_object_get(answer, "error")), error, "%s", message);
    cr_assert_not_null(strstr(message, sentence), "%s", message);
    json_decref(answer);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM orders"), orders);
    cr_assert_eq(
        ledger_process_number(ledger, "SELECT count(*) FROM dead WHERE replayed_ms IS NOT NULL"),
        0);
}

static long long seat_byte(int seat)
{
    redisReply *reply =
        redisCommand(redis_server_context(redis), "BITFIELD ev:night:seats GET u8 #%d", seat);
    long long state = reply->element[0]->integer;
    freeReplyObject(reply);
    return state;
}

static void expect_clean_audit(void)
{
    json_t *answer = ledger_process_ask(ledger, "audit", NULL), *finding;
    size_t i;
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
        /* the provider is not there in these tests */
        if (strstr(json_string_value(finding), "provider") == NULL)
            cr_assert_fail("%s", json_string_value(finding));
    json_decref(answer);
}

static void expect_sold(void)
{
    cr_assert_eq(seat_byte(3), 3);
    cr_assert_eq(seat_byte(4), 3);
    cr_assert_eq(seat_byte(5), 0);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:counts sold"), 2);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:counts free"), 8);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:counts free:0"), 8);
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:bought ann"), 2);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM sold"), 2);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM stock_work"), 0);
}

Test(ledger_dead, a_letter_is_replayed_once_its_event_is_there)
{
    add_free_order("night", "o_1", 3);
    cr_assert_eq(ledger_process_number(ledger, "SELECT count(*) FROM dead"), 1);
    expect_refused(1, "refused", "no event night");
    ledger_process_load_event(ledger, "night", 10);
    json_t *answer = replay(1);
    cr_assert(json_is_true(json_object_get(answer, "ok")), "%s",
              json_string_value(json_object_get(answer, "message")));
    cr_assert(json_is_false(json_object_get(answer, "before")));
    json_decref(answer);
    expect_sold();
    cr_assert_eq(
        ledger_process_number(ledger, "SELECT count(*) FROM payments WHERE state = 'none'"), 1);
    answer = replay(1);
    cr_assert(json_is_true(json_object_get(answer, "before")));
    json_decref(answer);
    expect_sold();
    expect_clean_audit();
    answer = ledger_process_ask(ledger, "dead.list", NULL);
    json_t *letter = json_array_get(json_object_get(answer, "dead"), 0);
    cr_assert(json_integer_value(json_object_get(letter, "replayed_ms")) > 0);
    json_decref(answer);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_dead, somebody_elses_seat_refuses_before_anything_is_written)
{
    add_free_order("night", "o_1", 3);
    ledger_process_load_event(ledger, "night", 10);
    static const struct {
        int state;
        const char *sentence;
    } cases[] = {{1, "Seat 4 is held"},
                 {2, "Seat 4 is being paid"},
                 {3, "Seat 4 is sold"},
                 {4, "Seat 4 is not for sale"}};
    for (size_t i = 0; i < 4; i++) {
        redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #4 %d", cases[i].state);
        expect_refused(1, "seat_taken", cases[i].sentence);
        cr_assert_eq(seat_byte(3), 0, "the other seat was kept");
        cr_assert_eq(seat_byte(4), cases[i].state);
        cr_assert_eq(redis_server_number(redis, "HGET ev:night:counts free"), 10);
    }
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #4 0");
    ledger_process_sell(ledger, "night", "o_2", "bob", 4, 1);
    ledger_process_drained(ledger);
    expect_refused(1, "seat_taken", "Seat 4 belongs to order o_2");
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

Test(ledger_dead, what_cannot_be_replayed_is_named)
{
    ledger_process_load_event(ledger, "night", 10);
    ledger_process_add(ledger, "{\"kind\":\"order\",\"order\":\"o_1\"}");
    add_free_order("night", "o_2", 9); /* seat 10 is not in the plan */
    ledger_process_sell(ledger, "day", "o_3", "ann", 1, 1);
    ledger_process_drained(ledger);
    expect_refused(1, "unreadable", "cannot be read");
    expect_refused(2, "seat_taken", "Seat 10 is not for sale");
    cr_assert_eq(seat_byte(9), 0);
    for (int i = 0; i < 500 && ledger_process_number(ledger, "SELECT coalesce(sum(attempts), 0) "
                                                             "FROM payments WHERE order_id = "
                                                             "'o_3'") == 0;
         i++)
        (void)usleep(10000);
    expect_refused(3, "payment_voided", "o_3: ");
    expect_refused(77, "no_such_letter", "no dead letter");
    json_t *answer = ledger_process_ask(ledger, "dead.replay", json_pack("{ss}", "nr", "all"));
    cr_assert_str_eq(json_string_value(json_object_get(answer, "error")), "bad_request");
    json_decref(answer);
    cr_assert_eq(ledger_process_stop(ledger), 0);
}

/* As the ledger leaves it when it dies after its commit, and when it dies before. */
Test(ledger_dead, a_crash_around_the_commit_is_made_good_at_the_next_start)
{
    static const unsigned char secret[SECRET_BYTES] = {3, 1, 4};
    struct token_keys keys;
    struct ledger_store *store = NULL;
    struct ledger_replay letter;
    char why[LEDGER_REASON_BYTES] = "";
    add_free_order("night", "o_1", 3);
    ledger_process_load_event(ledger, "night", 10);
    ledger_process_kill(ledger);
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #3 4 SET u8 #4 4");
    redis_server_run(redis, "HSET ev:night:counts free 8 free:0 8");
    ledger_process_start_ready(ledger);
    cr_assert_eq(seat_byte(3), 0, "a reservation without a commit is over");
    cr_assert_eq(redis_server_number(redis, "HGET ev:night:counts free"), 10);
    ledger_process_kill(ledger);
    redis_server_run(redis, "BITFIELD ev:night:seats SET u8 #3 4 SET u8 #4 4");
    redis_server_run(redis, "HSET ev:night:counts free 8 free:0 8");
    token_keys_init(&keys, secret);
    cr_assert_eq(ledger_open(ledger_process_path(ledger), &keys, &store, why), LEDGER_OK, "%s",
                 why);
    cr_assert_eq(ledger_replay_look(store, 1, &letter), LEDGER_OK);
    cr_assert_eq(letter.verdict, REPLAY_OK, "%s", letter.reason);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_replay(store, &letter, 7000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    ledger_replay_release(&letter);
    ledger_close(store);
    ledger_process_start_ready(ledger);
    for (int i = 0; i < 200 && redis_server_number(redis, "XLEN office") > 0; i++)
        (void)usleep(10000);
    expect_clean_audit();
    expect_sold();
    cr_assert_eq(ledger_process_stop(ledger), 0);
}
