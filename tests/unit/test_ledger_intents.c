/* What is noted before the provider is called, on a real SQLite file: it becomes what is heard next
 * and never the other way round. Also the marks by which others know what is on disk. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ticketing/ledger_intents.h"
#include "ticketing/outbox_mark.h"

static char dir[64], path[128];
static struct token_keys keys;
static struct ledger_store *store;

static void setup(void)
{
    char why[LEDGER_REASON_BYTES] = "";
    unsigned char secret[SECRET_BYTES] = {7};
    struct ledger_event event = {"night",           "Night", "EUR", "Europe/Berlin", "open", "{}",
                                 "{\"version\":1}", 1000,    false};
    token_keys_init(&keys, secret);
    (void)snprintf(dir, sizeof dir, "/tmp/intents-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/ledger.db", dir);
    cr_assert_eq(ledger_open(path, &keys, &store, why), LEDGER_OK, "%s", why);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_event_load(store, &event, 1), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
}

static void teardown(void)
{
    char name[160];
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    ledger_close(store);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(dir);
}

TestSuite(ledger_intents, .init = setup, .fini = teardown);

/* An outbox entry about the payment of `order`, 500 minor units until 60000. */
static void write_entry(const char *kind, const char *order)
{
    char body[700], id[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    struct ledger_result result = {0};
    struct ledger_origin origin = {order, body, 1, 5000};
    bool order_stands;
    (void)snprintf(
        body, sizeof body,
        "{\"kind\":\"%s\",\"order\":\"%s\",\"event\":\"night\",\"visitor\":\"ann\",\"fence\":3,"
        "\"epoch\":1,\"amount_minor\":500,\"currency\":\"EUR\",\"at_ms\":4000,\"until_ms\":60000,"
        "\"reason\":\"time_out\",\"seats\":[{\"seat\":7,\"section\":\"A\",\"row\":\"1\","
        "\"number\":\"1\",\"category\":\"C\",\"price_minor\":500}]}",
        kind, order);
    const char *reason = outbox_entry_read(body, strlen(body), &entry, id);
    cr_assert_null(reason, "%s", reason);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    if (entry.kind == OUTBOX_INTENT)
        cr_assert_eq(ledger_write_intent(store, &entry, 5000), LEDGER_OK);
    else if (entry.kind == OUTBOX_VOID)
        cr_assert_eq(ledger_write_void(store, &entry, 5000, &order_stands), LEDGER_OK);
    else
        cr_assert_eq(ledger_write_order(store, &entry, &origin, &result), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    outbox_entry_release(&entry);
}

static enum ledger_payment_state state_of(const char *order)
{
    struct ledger_payment payment;
    cr_assert_eq(ledger_payment_get(store, order, &payment), LEDGER_OK);
    cr_expect_eq(payment.amount_minor, 500);
    return payment.state;
}

static size_t overdue(int64_t now_ms, struct ledger_intent *out)
{
    size_t count = 99;
    cr_assert_eq(ledger_intents_overdue(store, now_ms, out, 4, &count), LEDGER_OK);
    return count;
}

Test(ledger_intents, an_intent_becomes_an_order_or_a_void)
{
    write_entry("intent", "o_1");
    write_entry("intent", "o_1"); /* delivered again */
    cr_expect_eq(state_of("o_1"), LEDGER_PAYMENT_INTENDED);
    write_entry("order", "o_1");
    cr_expect_eq(state_of("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
    write_entry("intent", "o_2");
    write_entry("void", "o_2");
    cr_expect_eq(state_of("o_2"), LEDGER_PAYMENT_VOID_DUE);
}

Test(ledger_intents, an_intent_that_comes_late_undoes_nothing)
{
    write_entry("order", "o_1");
    write_entry("intent", "o_1");
    cr_expect_eq(state_of("o_1"), LEDGER_PAYMENT_CAPTURE_DUE);
    write_entry("void", "o_2");
    write_entry("intent", "o_2");
    cr_expect_eq(state_of("o_2"), LEDGER_PAYMENT_VOID_DUE);
}

Test(ledger_intents, an_order_whose_payment_was_voided_is_refused)
{
    struct ledger_intent found[4];
    write_entry("intent", "o_1");
    cr_assert_eq(overdue(INT64_MAX, found), 1);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_intent_void(store, "o_1", "not paid", 6000), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    write_entry("order", "o_1");
    cr_expect_eq(state_of("o_1"), LEDGER_PAYMENT_VOID_DUE);
    struct ledger_counts counts;
    cr_assert_eq(ledger_counts(store, &counts), LEDGER_OK);
    cr_expect_eq(counts.orders, 0);
    cr_expect_eq(counts.dead, 1);
}

Test(ledger_intents, it_is_looked_for_when_its_time_is_over)
{
    struct ledger_intent found[4];
    write_entry("intent", "o_1");
    write_entry("intent", "o_2");
    write_entry("order", "o_2");
    cr_expect_eq(overdue(60000 + INTENT_MARGIN_MS - 1, found), 0);
    cr_assert_eq(overdue(60000 + INTENT_MARGIN_MS, found), 1);
    cr_expect_str_eq(found[0].order, "o_1");
    cr_expect_str_eq(found[0].event, "night");
    cr_expect_str_eq(found[0].visitor, "ann");
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_intent_later(store, "o_1", 90000), LEDGER_OK);
    cr_expect_eq(overdue(89999, found), 0);
    cr_assert_eq(ledger_intents_hurry(store, 70000), LEDGER_OK);
    cr_expect_eq(overdue(70000, found), 1);
    cr_assert_eq(ledger_intents_hurry(store, 80000), LEDGER_OK);
    cr_expect_eq(overdue(70000, found), 1, "hurry makes nothing later");
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    cr_expect_eq(state_of("o_2"), LEDGER_PAYMENT_CAPTURE_DUE, "what is decided stays so");
}

Test(outbox_mark, is_read_and_compared)
{
    struct outbox_mark early, late, none;
    cr_assert(outbox_mark_read("1700000000000-7", &early));
    cr_assert(outbox_mark_read("1700000000000-12", &late));
    cr_assert(outbox_mark_read("", &none));
    cr_expect(outbox_mark_has(&late, &early));
    cr_expect(outbox_mark_has(&late, &late));
    cr_expect_not(outbox_mark_has(&early, &late));
    cr_expect_not(outbox_mark_has(&none, &early));
    cr_expect(outbox_mark_has(&none, &none), "a free order waits for nothing");
    static const char *const wrong[] = {"-", "1", "1-", "-1-2", "1--2", "1-2x", "x-1", "1 -2", "*"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(outbox_mark_read(wrong[i], &early), "%s", wrong[i]);
}
