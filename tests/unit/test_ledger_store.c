/* The ledger on a real SQLite file: a seat once, an order once, a batch wholly or not at all. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ticketing/ledger_dead.h"
#include "ticketing/ledger_migrate.h"
#include "ticketing/ledger_refunds.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/ledger_store.h"

static char dir[64], path[128];
static struct token_keys keys;
static struct ledger_store *store;

static void open_store(void)
{
    char why[LEDGER_REASON_BYTES] = "";
    cr_assert_eq(ledger_open(path, &keys, &store, why), LEDGER_OK, "%s", why);
}

static void load_event(const char *id)
{
    struct ledger_event event = {
        id, "Night", "EUR", "Europe/Berlin", "open", "{}", "{\"version\":1}", 1000, false};
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_event_load(store, &event, 1), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
}

static void setup(void)
{
    unsigned char secret[SECRET_BYTES] = {7};
    token_keys_init(&keys, secret);
    (void)snprintf(dir, sizeof dir, "/tmp/ledger-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/ledger.db", dir);
    open_store();
    load_event("night");
}

static void teardown(void)
{
    char command[128];
    ledger_close(store);
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(command, sizeof command, "%s%s", path, endings[i]);
        (void)unlink(command);
    }
    (void)rmdir(dir);
}

/* Two seats from `seat` on at 500 each. */
static struct ledger_result write_body(const char *body)
{
    char order[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    struct ledger_result result = {0};
    struct ledger_origin origin = {order, body, 1, 5000};
    const char *reason = outbox_entry_read(body, strlen(body), &entry, order);
    cr_assert_null(reason, "%s: %s", reason, body);
    cr_assert_eq(ledger_write_order(store, &entry, &origin, &result), LEDGER_OK, "%s",
                 ledger_problem(store));
    outbox_entry_release(&entry);
    return result;
}

static void order_body(char *out, size_t bytes, const char *order, const char *visitor,
                       unsigned seat, int price)
{
    (void)snprintf(
        out, bytes,
        "{\"kind\":\"order\",\"order\":\"%s\",\"event\":\"night\",\"visitor\":\"%s\",\"fence\":3,"
        "\"epoch\":1,"
        "\"intent\":\"pi_%s\",\"amount_minor\":%d,\"currency\":\"EUR\",\"at_ms\":4000,\"seats\":["
        "{\"seat\":%u,\"section\":\"A\",\"row\":\"01\",\"number\":\"1\",\"category\":\"C\",\"price_"
        "minor\":%d},"
        "{\"seat\":%u,\"section\":\"A\",\"row\":\"01\",\"number\":\"2\",\"category\":\"C\",\"price_"
        "minor\":%d}]}",
        order, visitor, order, 2 * price, seat, price, seat + 1, price);
}

static struct ledger_result write_order(const char *order, const char *visitor, unsigned seat,
                                        int price)
{
    char body[1024];
    order_body(body, sizeof body, order, visitor, seat, price);
    return write_body(body);
}

static struct ledger_counts counts(void)
{
    struct ledger_counts out;
    cr_assert_eq(ledger_counts(store, &out), LEDGER_OK);
    return out;
}

static int64_t sold(void)
{
    int64_t count = -1;
    cr_assert_eq(ledger_sold_count(store, &count), LEDGER_OK);
    return count;
}

static enum ledger_payment_state payment_state(const char *order)
{
    struct ledger_payment payment;
    cr_assert_eq(ledger_payment_get(store, order, &payment), LEDGER_OK);
    return payment.state;
}

TestSuite(ledger_store, .init = setup, .fini = teardown);

Test(ledger_store, an_order_is_written_once_however_often_it_comes)
{
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(ledger_begin(store), LEDGER_OK);
        cr_assert_eq(write_order("o_1", "ann", 10, 500).verdict,
                     i == 0 ? VERDICT_WRITTEN : VERDICT_REPEATED);
        cr_assert_eq(ledger_commit(store), LEDGER_OK);
    }
    cr_assert_eq(counts().orders, 1);
    cr_assert_eq(sold(), 2);
    cr_assert_eq(counts().dead, 0);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
}

Test(ledger_store, a_seat_is_sold_once_and_the_others_of_the_batch_stand)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_1", "ann", 10, 500).verdict, VERDICT_WRITTEN);
    struct ledger_result second = write_order("o_2", "bob", 11, 500); /* 11 is ann's, 12 is free */
    cr_assert_eq(second.verdict, VERDICT_DEAD);
    cr_assert_not_null(strstr(second.reason, "seat 11 is already sold"), "%s", second.reason);
    cr_assert_eq(write_order("o_3", "cid", 12, 500).verdict, VERDICT_WRITTEN);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(counts().orders, 2);
    cr_assert_eq(sold(), 4);
    cr_assert_eq(counts().dead, 1);
    cr_assert_eq(payment_state("o_2"), LEDGER_PAYMENT_VOID_DUE);
    char owner[ORDER_ID_BYTES + 1];
    cr_assert_eq(ledger_seat_owner(store, "night", 11, owner), LEDGER_OK);
    cr_assert_str_eq(owner, "o_1");
    cr_assert_eq(ledger_seat_owner(store, "night", 14, owner), LEDGER_NOT_FOUND);
}

Test(ledger_store, the_same_number_with_other_content_is_refused_and_the_first_keeps_its_payment)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(write_order("o_1", "ann", 20, 500).verdict, VERDICT_DEAD);
    cr_assert_eq(write_order("o_1", "bob", 10, 500).verdict, VERDICT_DEAD);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(counts().orders, 1);
    cr_assert_eq(sold(), 2);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
}

Test(ledger_store, what_cannot_be_is_refused_with_its_reason)
{
    static const struct {
        const char *from, *to, *reason;
    } cases[] = {
        {"\"night\"", "\"day\"", "no event day"},
        {"\"EUR\"", "\"USD\"", "currency USD"},
        {"\"seat\":10", "\"seat\":1000", "seat 1000 is not in the plan"},
        {"\"seat\":10", "\"seat\":11", "already sold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[1024], changed[1024], order[16];
        (void)snprintf(order, sizeof order, "o_%zu", i);
        order_body(body, sizeof body, order, "ann", 10, 500);
        char *at = strstr(body, cases[i].from);
        (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - body), body, cases[i].to,
                       at + strlen(cases[i].from));
        cr_assert_eq(ledger_begin(store), LEDGER_OK);
        struct ledger_result result = write_body(changed);
        cr_assert_eq(ledger_commit(store), LEDGER_OK);
        cr_assert_eq(result.verdict, VERDICT_DEAD);
        cr_assert_not_null(strstr(result.reason, cases[i].reason), "%s", result.reason);
        cr_assert_eq(payment_state(order), LEDGER_PAYMENT_VOID_DUE);
    }
    cr_assert_eq(sold(), 0);
}

static void write_void(const char *order)
{
    char body[512], name[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    bool order_stands;
    (void)snprintf(body, sizeof body,
                   "{\"kind\":\"void\",\"order\":\"%s\",\"event\":\"night\",\"visitor\":\"ann\","
                   "\"amount_minor\":1000,"
                   "\"currency\":\"EUR\",\"reason\":\"time_out\",\"at_ms\":4000}",
                   order);
    cr_assert_null(outbox_entry_read(body, strlen(body), &entry, name));
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_write_void(store, &entry, 5000, &order_stands), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    outbox_entry_release(&entry);
}

Test(ledger_store, a_void_never_touches_an_order_that_stands)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    write_void("o_1");
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
}

Test(ledger_store, an_order_whose_payment_was_given_up_is_refused)
{
    write_void("o_1");
    write_void("o_1");
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_VOID_DUE);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_1", "ann", 10, 500).verdict, VERDICT_DEAD);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(sold(), 0);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_VOID_DUE);
}

Test(ledger_store, a_free_order_owes_nothing)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_1", "ann", 10, 0).verdict, VERDICT_WRITTEN);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_NONE);
}

Test(ledger_store, without_commit_nothing_is_there_after_reopening)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    ledger_close(store);
    open_store();
    cr_assert_eq(counts().orders, 0);
    cr_assert_eq(sold(), 0);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    ledger_close(store);
    open_store();
    cr_assert_eq(sold(), 2);
}

/* A disk that is full at a random point of the batch: the file size limit makes write() fail. */
Test(ledger_store, a_full_disk_loses_the_batch_as_a_whole_and_says_so)
{
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY}, tight = {1u << 20, RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    enum ledger_status status = LEDGER_OK;
    char order[32];
    int batches = 0, n = 0;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    while (status == LEDGER_OK && batches < 200) {
        status = ledger_begin(store);
        for (int i = 0; i < 100 && status == LEDGER_OK; i++, n++) {
            char body[1024], name[ORDER_ID_BYTES + 1];
            struct outbox_entry entry;
            struct ledger_result result;
            struct ledger_origin origin = {order, "{}", 1, 5000};
            (void)snprintf(order, sizeof order, "o_%d", n);
            order_body(body, sizeof body, order, "ann", (unsigned)(2 * n) % 990, 500);
            cr_assert_null(outbox_entry_read(body, strlen(body), &entry, name));
            status = ledger_write_order(store, &entry, &origin, &result);
            outbox_entry_release(&entry);
        }
        if (status == LEDGER_OK)
            status = ledger_commit(store);
        batches += status == LEDGER_OK;
    }
    cr_assert(status == LEDGER_FULL || status == LEDGER_IO, "%s", ledger_status_word(status));
    cr_assert(strlen(ledger_problem(store)) > 0);
    ledger_close(store);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    open_store();
    struct ledger_counts now = counts();
    cr_assert_eq(now.orders + now.dead, INT64_C(100) * batches);
    cr_assert_eq(now.orders * 2, sold());
}

Test(ledger_store, tickets_keep_their_codes_and_are_found_again)
{
    json_t *list = NULL, *again = NULL;
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    (void)write_order("o_2", "ann", 12, 500);
    (void)write_order("o_3", "bob", 14, 500);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(ledger_orders_of(store, "night", "ann", &list), LEDGER_OK);
    cr_assert_eq(json_array_size(list), 2);
    json_t *tickets = json_object_get(json_array_get(list, 0), "tickets");
    cr_assert_eq(json_array_size(tickets), 2);
    char code[TICKET_CODE_BYTES + 1];
    token_ticket_code(&keys, 1, 10, code);
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(tickets, 0), "code")), code);
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(tickets, 0), "row")), "01");
    int64_t next = 0;
    cr_assert_eq(ledger_orders_page(store, NULL, 0, 2, &again, &next), LEDGER_OK);
    cr_assert_eq(json_array_size(again), 2);
    json_decref(again);
    cr_assert_eq(ledger_orders_page(store, "night", next, 2, &again, &next), LEDGER_OK);
    cr_assert_eq(json_array_size(again), 1);
    cr_assert_eq(next, 0);
    json_decref(again);
    json_decref(list);
    uint32_t *seats = NULL;
    size_t count = 0;
    cr_assert_eq(ledger_sold_seats(store, "night", &seats, &count), LEDGER_OK);
    cr_assert_eq(count, 6);
    cr_assert_eq(seats[5], 15);
    free(seats);
    cr_assert_eq(ledger_self_check(store, &list), LEDGER_OK);
    cr_assert_eq(json_array_size(list), 0);
    json_decref(list);
}

Test(ledger_store, an_event_with_sold_seats_is_not_replaced)
{
    struct ledger_event event = {"night", "Other",           "EUR", "UTC", "open",
                                 "{}",    "{\"version\":1}", 5,     false};
    load_event("night");
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_event_load(store, &event, 9), LEDGER_REFUSED);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
}

Test(ledger_store, the_file_is_private_and_has_one_writer)
{
    struct stat info;
    struct ledger_store *second = NULL;
    char why[LEDGER_REASON_BYTES];
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(ledger_open(path, &keys, &second, why), LEDGER_IN_USE);
    cr_assert_not_null(strstr(why, "another ledger"), "%s", why);
}

Test(ledger_store, a_file_that_is_no_ledger_is_refused)
{
    struct ledger_store *other = NULL;
    char why[LEDGER_REASON_BYTES], name[160];
    (void)snprintf(name, sizeof name, "%s/other", dir);
    FILE *file = fopen(name, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 500; i++)
        (void)fputs("this is not a database\n", file);
    (void)fclose(file);
    cr_assert_eq(ledger_open(name, &keys, &other, why), LEDGER_CORRUPT, "%s", why);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s/other.lock", dir);
    (void)unlink(name);
}

static size_t findings(void)
{
    json_t *list = NULL;
    cr_assert_eq(ledger_self_check(store, &list), LEDGER_OK);
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(stderr, "%s\n", json_string_value(json_array_get(list, i)));
    json_decref(list);
    return count;
}

static void tamper(const char *sql)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(ledger_store, the_journal_follows_every_order_and_capture_once)
{
    struct ledger_payment payment;
    for (int i = 0; i < 2; i++) { /* the second time is a repetition */
        cr_assert_eq(ledger_begin(store), LEDGER_OK);
        struct ledger_result result = write_order("o_1", "ann", 10, 500);
        cr_assert_eq(result.order_nr, 1);
        (void)write_order("o_2", "bob", 12, 0);
        cr_assert_eq(ledger_payment_get(store, "o_1", &payment), LEDGER_OK);
        payment.state = LEDGER_PAYMENT_CAPTURED;
        cr_assert_eq(ledger_payment_update(store, &payment, 0, "", 6000), LEDGER_OK);
        cr_assert_eq(ledger_commit(store), LEDGER_OK);
        cr_assert_eq(findings(), 0);
    }
    tamper("DROP TRIGGER journal_is_never_shortened; DELETE FROM journal WHERE kind = 'capture'");
    cr_assert_eq(findings(), 1);
    tamper("DELETE FROM journal");
    cr_assert_eq(findings(), 1);
    tamper("INSERT INTO journal VALUES (1, 1, 1, 'sale', 'receivable', 'sales', 999, 'EUR', '')");
    cr_assert_eq(findings(), 1);
}

static struct ledger_refund refund(const char *order, const uint32_t *seats, size_t count,
                                   enum ledger_status expected)
{
    struct ledger_refund out;
    struct ledger_refund_request request = {.order = order,
                                            .seats = seats,
                                            .seats_count = count,
                                            .by_whom = "organizer",
                                            .reason = "rain",
                                            .now_ms = 7000};
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_refund(store, &request, &out), expected, "%s", ledger_problem(store));
    cr_assert_eq(expected == LEDGER_OK ? ledger_commit(store) : ledger_rollback(store), LEDGER_OK);
    return out;
}

static size_t work_count(void)
{
    static struct ledger_stock_work work[STOCK_WORK_MAX];
    size_t count = 0;
    cr_assert_eq(ledger_stock_work(store, work, &count), LEDGER_OK);
    return count;
}

Test(ledger_store, a_refund_moves_seats_once_and_owes_their_price)
{
    static const uint32_t one[] = {10}, strangers[] = {11, 12};
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(refund("o_9", NULL, 0, LEDGER_NOT_FOUND).count, 0);
    struct ledger_refund refused = refund("o_1", strangers, 2, LEDGER_REFUSED);
    cr_assert_eq(refused.strangers_count, 1);
    cr_assert_eq(refused.strangers[0], 12);
    cr_assert_eq(sold(), 2);

    struct ledger_refund first = refund("o_1", one, 1, LEDGER_OK);
    cr_assert_eq(first.count, 1);
    cr_assert_eq(first.amount_minor, 500);
    cr_assert_str_eq(first.visitor, "ann");
    cr_assert_eq(sold(), 1);
    cr_assert_eq(work_count(), 1);
    struct ledger_refund rest = refund("o_1", NULL, 0, LEDGER_OK);
    cr_assert_eq(rest.count, 1);
    cr_assert_eq(rest.before_count, 1);
    cr_assert_eq(rest.amount_minor, 500);
    cr_assert_eq(refund("o_1", NULL, 0, LEDGER_OK).count, 0);
    cr_assert_eq(work_count(), 2);
    cr_assert_eq(findings(), 0);

    cr_assert_eq(ledger_begin(store),
                 LEDGER_OK); /* its entry comes once more; its seat is sold anew */
    cr_assert_eq(write_order("o_1", "ann", 10, 500).verdict, VERDICT_REPEATED);
    cr_assert_eq(write_order("o_2", "bob", 10, 500).verdict, VERDICT_WRITTEN);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(refund("o_1", NULL, 0, LEDGER_OK).count, 0);
    cr_assert_eq(sold(), 2);
    cr_assert_eq(findings(), 0);
}

Test(ledger_store, a_payout_waits_for_the_capture_and_is_entered_once)
{
    struct ledger_payout due[4];
    struct ledger_payment payment;
    size_t count = 9;
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    (void)refund("o_1", NULL, 0, LEDGER_OK);
    cr_assert_eq(ledger_payouts_due(store, 9000, due, 4, &count), LEDGER_OK);
    cr_assert_eq(count, 0, "nothing to give back yet");
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_payment_get(store, "o_1", &payment), LEDGER_OK);
    payment.state = LEDGER_PAYMENT_CAPTURED;
    cr_assert_eq(ledger_payment_update(store, &payment, 0, "", 8000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(ledger_payouts_due(store, 9000, due, 4, &count), LEDGER_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(due[0].amount_minor, 1000);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ledger_begin(store), LEDGER_OK);
        cr_assert_eq(ledger_payout_update(store, &due[0], LEDGER_PAYOUT_PAID, 0, "", 9000),
                     LEDGER_OK);
        cr_assert_eq(ledger_commit(store), LEDGER_OK);
        cr_assert_eq(findings(), 0);
    }
    tamper("DROP TRIGGER journal_is_never_shortened; DELETE FROM journal WHERE kind = 'refund'");
    cr_assert_eq(findings(), 1);
}

Test(ledger_store, payouts_of_an_order_are_due_one_after_the_other)
{
    static const uint32_t one[] = {10};
    struct ledger_payout due[4];
    struct ledger_payment payment;
    size_t count = 0;
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    (void)write_order("o_1", "ann", 10, 500);
    cr_assert_eq(ledger_payment_get(store, "o_1", &payment), LEDGER_OK);
    payment.state = LEDGER_PAYMENT_CAPTURED;
    cr_assert_eq(ledger_payment_update(store, &payment, 0, "", 8000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    (void)refund("o_1", one, 1, LEDGER_OK);
    (void)refund("o_1", NULL, 0, LEDGER_OK);
    cr_assert_eq(ledger_payouts_due(store, 9000, due, 4, &count), LEDGER_OK);
    cr_assert(count == 1 && due[0].amount_minor == 500 && due[0].paid_minor == 0);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_payout_update(store, &due[0], LEDGER_PAYOUT_PAID, 0, "", 9000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    int64_t first = due[0].nr;
    cr_assert_eq(ledger_payouts_due(store, 9000, due, 4, &count), LEDGER_OK);
    cr_assert(count == 1 && due[0].nr > first && due[0].paid_minor == 500);
}

/* --- dead letters --- */

/* A letter for order `order` over the seat 10 and the next, which `o_first` has. */
static void write_letter(const char *order)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_first", "bob", 10, 500).verdict, VERDICT_WRITTEN);
    cr_assert_eq(write_order(order, "ann", 11, 500).verdict, VERDICT_DEAD);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
}

static enum replay_verdict replay(int64_t nr)
{
    struct ledger_replay letter;
    cr_assert_eq(ledger_replay_look(store, nr, &letter), LEDGER_OK);
    if (letter.verdict == REPLAY_OK) {
        cr_assert_eq(ledger_begin(store), LEDGER_OK);
        cr_assert_eq(ledger_replay(store, &letter, 9000), LEDGER_OK);
        cr_assert_eq(letter.verdict == REPLAY_OK ? ledger_commit(store) : ledger_rollback(store),
                     LEDGER_OK);
    }
    ledger_replay_release(&letter);
    return letter.verdict;
}

Test(ledger_store, a_replayed_letter_is_captured_instead_of_voided)
{
    write_letter("o_1");
    cr_assert_eq(replay(1), REPLAY_SEAT_TAKEN);
    (void)refund("o_first", NULL, 0, LEDGER_OK);
    cr_assert_eq(replay(1), REPLAY_OK);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
    cr_assert_eq(sold(), 2);
    cr_assert_eq(counts().dead, 0);
    cr_assert_eq(replay(1), REPLAY_BEFORE);
    cr_assert_eq(counts().orders, 2);
    cr_assert_eq(findings(), 0);
}

Test(ledger_store, money_that_may_have_gone_back_is_not_taken_for_a_letter)
{
    struct ledger_payment payment;
    write_letter("o_1");
    (void)refund("o_first", NULL, 0, LEDGER_OK);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_payment_get(store, "o_1", &payment), LEDGER_OK);
    cr_assert_eq(payment.state, LEDGER_PAYMENT_VOID_DUE);
    cr_assert_eq(ledger_payment_update(store, &payment, 9000, "no answer in time", 8000),
                 LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(replay(1), REPLAY_VOIDED);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    payment.state = LEDGER_PAYMENT_VOIDED;
    cr_assert_eq(ledger_payment_update(store, &payment, 0, "", 9000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(replay(1), REPLAY_VOIDED);
    cr_assert_eq(sold(), 0);
}

Test(ledger_store, what_the_visitor_gave_up_stays_given_up)
{
    write_void("o_1");
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_1", "ann", 11, 500).verdict, VERDICT_DEAD);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(replay(1), REPLAY_GIVEN_UP);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_VOID_DUE);
}

Test(ledger_store, a_letter_of_an_order_that_stands_leaves_it_alone)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(write_order("o_1", "ann", 10, 0).verdict, VERDICT_WRITTEN);
    cr_assert_eq(write_order("o_1", "ann", 20, 0).verdict, VERDICT_DEAD);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_assert_eq(replay(1), REPLAY_REFUSED);
    cr_assert_eq(payment_state("o_1"), LEDGER_PAYMENT_NONE);
    cr_assert_eq(sold(), 2);
    cr_assert_eq(findings(), 0);
}
