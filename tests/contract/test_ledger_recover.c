/* How the ledger tells what has become of the data of Redis, with a real ledger and a real Redis:
 * what it notes of a line, and what it concludes from the notes, the epoch and the run id. What
 * another server looks like is written into the ledger's file between two starts. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
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

TestSuite(ledger_recover, .init = setup, .fini = teardown, .timeout = 50);

static long long number(const char *command)
{
    return redis_server_number(redis, command);
}

/* `count` people wait. */
static void fill_line(int count)
{
    for (int i = 1; i <= count; i++)
        redis_server_run(redis, "ZADD ev:night:waiting %d visitor-%d", i, i);
    redis_server_run(redis, "HSET ev:night:line seq %d", count);
}

static void wait_until_noted(long long seq)
{
    for (int i = 0; i < 500; i++) {
        if (ledger_process_number(ledger, "SELECT coalesce(max(value), 0) FROM meta WHERE name = "
                                          "'line.seq.night'") == seq)
            return;
        (void)usleep(10000);
    }
    cr_assert_fail("the line was not noted");
}

static void write_meta(const char *name, long long value)
{
    sqlite3 *db = NULL;
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO meta (name, value) VALUES ('%s', %lld) ON CONFLICT (name) DO "
                   "UPDATE SET value = excluded.value",
                   name, value);
    cr_assert_eq(sqlite3_open(ledger_process_path(ledger), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static void wait_for_epoch(long long epoch)
{
    for (int i = 0; i < 500 && number("GET epoch") != epoch; i++)
        (void)usleep(10000);
    cr_assert_eq(number("GET epoch"), epoch);
}

/* How long the line still recovers. */
static long long window_ms(void)
{
    long long ends_ms = number("HGET ev:night:line recovers_at_ms");
    redisReply *time = redisCommand(redis_server_context(redis), "TIME");
    cr_assert(time != NULL && time->elements == 2);
    long long now_ms = strtoll(time->element[0]->str, NULL, 10) * 1000;
    freeReplyObject(time);
    return ends_ms <= 0 ? 0 : ends_ms - now_ms;
}

Test(ledger_recover, an_emptied_redis_goes_on_behind_the_numbers_that_were_noted)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    wait_until_noted(7);
    redis_server_run(redis, "FLUSHALL");
    wait_for_epoch(epoch + 1);
    cr_assert_eq(number("HGET ev:night:line seq"), 7);
    cr_assert_eq(number("HGET ev:night:line kept_seq"), 0);
    cr_assert(window_ms() > 50000, "%lld", window_ms());
    cr_assert_eq(number("EXISTS epoch:run"), 1);
}

Test(ledger_recover, foreign_data_is_taken_out)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    wait_until_noted(7);
    redis_server_run(redis, "SET epoch 5");
    wait_for_epoch(epoch + 1);
    cr_assert_eq(number("EXISTS ev:night:waiting"), 0);
    cr_assert(window_ms() > 50000);
}

Test(ledger_recover, another_server_with_our_data_is_a_new_epoch_that_keeps_the_line)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    wait_until_noted(7);
    ledger_process_kill(ledger);
    write_meta("redis_run", 1);
    ledger_process_start(ledger);
    wait_for_epoch(epoch + 1);
    cr_assert_eq(number("ZCARD ev:night:waiting"), 7);
    cr_assert_eq(number("HGET ev:night:line kept_seq"), 7);
    cr_assert(window_ms() > 1000 && window_ms() <= 4000, "%lld", window_ms());
}

Test(ledger_recover, a_line_that_is_shorter_than_noted_has_lost_places)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    wait_until_noted(7);
    ledger_process_kill(ledger);
    redis_server_run(redis, "HSET ev:night:line seq 5");
    redis_server_run(redis, "ZREM ev:night:waiting visitor-6 visitor-7");
    write_meta("redis_run", 1);
    ledger_process_start(ledger);
    wait_for_epoch(epoch + 1);
    cr_assert_eq(number("ZCARD ev:night:waiting"), 5);
    cr_assert_eq(number("HGET ev:night:line kept_seq"), 5);
    cr_assert_eq(number("HGET ev:night:line seq"), 7);
    cr_assert(window_ms() > 50000);
}

Test(ledger_recover, after_a_stop_in_order_the_epoch_goes_on)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    cr_assert_eq(ledger_process_stop(ledger), 0); /* notes the seven by itself */
    write_meta("redis_run", 1);
    ledger_process_start_ready(ledger);
    cr_assert_eq(number("GET epoch"), epoch);
    cr_assert_eq(window_ms(), 0);
    cr_assert_eq(ledger_process_stop(ledger), 0);
    write_meta("redis_run", 1);
    fill_line(8); /* somebody wrote after the stop: it was not the end */
    ledger_process_start(ledger);
    wait_for_epoch(epoch + 1);
    cr_assert(window_ms() > 0);
}

Test(ledger_recover, a_new_epoch_that_was_cut_off_is_gone_on_with)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    wait_until_noted(7);
    ledger_process_kill(ledger);
    write_meta("epoch", epoch + 1);
    write_meta("epoch_kept", epoch);
    write_meta("redis_run", 1);
    ledger_process_start(ledger);
    wait_for_epoch(epoch + 1);
    cr_assert_eq(number("ZCARD ev:night:waiting"), 7, "not taken for foreign data");
    for (int i = 0; i < 100; i++) {
        if (ledger_process_number(ledger, "SELECT value FROM meta WHERE name = 'epoch_kept'") == 0)
            return;
        (void)usleep(10000);
    }
    cr_assert_fail("an old copy of the data would be taken for this one");
}

Test(ledger_recover, a_restart_of_the_ledger_alone_changes_nothing)
{
    long long epoch = number("GET epoch");
    fill_line(7);
    ledger_process_kill(ledger);
    ledger_process_start_ready(ledger);
    wait_until_noted(7);
    cr_assert_eq(number("GET epoch"), epoch);
    cr_assert_eq(window_ms(), 0);
}
