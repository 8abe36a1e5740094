/* A backup taken in the middle of writing is one moment of the ledger, can be opened as one, and
 * verify finds what somebody changed in it. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ticketing/ledger_backup.h"
#include "ticketing/ledger_doors.h"
#include "ticketing/ledger_sqlite.h"

static char dir[64], path[128], copy[128], why[LEDGER_REASON_BYTES];
static struct token_keys keys;
static struct ledger_store *store;

static void write_orders(unsigned first, unsigned count)
{
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    for (unsigned i = first; i < first + count; i++) {
        char body[512], order[ORDER_ID_BYTES + 1];
        struct outbox_entry entry;
        struct ledger_result result;
        (void)snprintf(body, sizeof body,
                       "{\"kind\":\"order\",\"order\":\"o_%u\",\"event\":\"night\",\"visitor\":"
                       "\"ann\",\"fence\":3,\"epoch\":1,\"intent\":\"pi_%u\",\"amount_minor\":500,"
                       "\"currency\":\"EUR\",\"at_ms\":4000,\"seats\":[{\"seat\":%u,\"section\":"
                       "\"A\",\"row\":\"1\",\"number\":\"1\",\"category\":\"C\",\"price_minor\":"
                       "500}]}",
                       i, i, i);
        struct ledger_origin origin = {"1-1", body, 1, 5000};
        cr_assert_null(outbox_entry_read(body, strlen(body), &entry, order));
        cr_assert_eq(ledger_write_order(store, &entry, &origin, &result), LEDGER_OK);
        cr_assert_eq(result.verdict, VERDICT_WRITTEN);
        outbox_entry_release(&entry);
    }
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
}

static void setup(void)
{
    unsigned char secret[SECRET_BYTES] = {7};
    struct ledger_event event = {"night", "Night", "EUR", "UTC", "open", "{}", "{}", 1000, false};
    token_keys_init(&keys, secret);
    (void)snprintf(dir, sizeof dir, "/tmp/ledger-backup-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/ledger.db", dir);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", dir);
    cr_assert_eq(ledger_open(path, &keys, &store, why), LEDGER_OK, "%s", why);
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_event_load(store, &event, 1), LEDGER_OK);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    write_orders(1, 10);
}

static void teardown(void)
{
    static const char *const names[] = {"ledger.db",      "ledger.db-wal", "ledger.db-shm",
                                        "ledger.db.lock", "copy.db",       "copy.db-wal",
                                        "copy.db-shm",    "copy.db.lock",  "copy.db.part"};
    char name[160];
    ledger_close(store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(name, sizeof name, "%s/%s", dir, names[i]);
        (void)unlink(name);
    }
    cr_assert_eq(rmdir(dir), 0, "something else was left behind");
}

TestSuite(ledger_backup, .init = setup, .fini = teardown);

static size_t findings_of(const char *file)
{
    json_t *findings = NULL;
    cr_assert_eq(ledger_verify(file, &findings, why), LEDGER_OK, "%s", why);
    size_t count = json_array_size(findings);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(stderr, "%s\n", json_string_value(json_array_get(findings, i)));
    json_decref(findings);
    return count;
}

static void change(const char *file, const char *sql)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(ledger_backup, holds_what_was_committed_and_not_what_was_not)
{
    struct stat file;
    cr_assert_eq(ledger_begin(store), LEDGER_OK);
    cr_assert_eq(ledger_number_set(store, "epoch", 99), LEDGER_OK);
    cr_assert_eq(ledger_backup(path, copy, why), LEDGER_OK, "%s", why);
    cr_assert_eq(ledger_commit(store), LEDGER_OK);
    write_orders(11, 10);
    cr_assert_eq(stat(copy, &file), 0);
    cr_assert_eq(file.st_mode & 0777, 0600);
    cr_assert_eq(findings_of(copy), 0);

    struct ledger_store *restored;
    struct ledger_counts counts;
    int64_t epoch;
    cr_assert_eq(ledger_open(copy, &keys, &restored, why), LEDGER_OK, "%s", why);
    cr_assert_eq(ledger_counts(restored, &counts), LEDGER_OK);
    cr_assert_eq(counts.orders, 10);
    cr_assert_eq(ledger_number_get(restored, "epoch", &epoch), LEDGER_NOT_FOUND);
    ledger_close(restored);
}

static void code_of(struct ledger_store *of, const char *order, char code[TICKET_CODE_BYTES + 1])
{
    json_t *shown = NULL;
    cr_assert_eq(ledger_order_json(of, order, &shown), LEDGER_OK);
    const json_t *ticket = json_array_get(json_object_get(shown, "tickets"), 0);
    (void)snprintf(code, TICKET_CODE_BYTES + 1, "%s",
                   json_string_value(json_object_get(ticket, "code")));
    json_decref(shown);
}

static enum ticket_verdict verdict_of(struct ledger_store *of, const char *code)
{
    struct ticket_check check;
    cr_assert_eq(ledger_ticket_check(of, code, NULL, 1, &check), LEDGER_OK);
    return check.verdict;
}

/* Order 11 is lost; the next one gets its number and, here, its seat. */
Test(ledger_backup, a_lost_ticket_is_not_good_for_the_order_that_has_its_number)
{
    char kept[TICKET_CODE_BYTES + 1], lost[sizeof kept], anew[sizeof kept], again[sizeof kept];
    cr_assert_eq(ledger_backup(path, copy, why), LEDGER_OK, "%s", why);
    write_orders(11, 1);
    code_of(store, "o_10", kept);
    code_of(store, "o_11", lost);
    struct ledger_store *original = store;
    cr_assert_eq(ledger_open(copy, &keys, &store, why), LEDGER_OK, "%s", why);
    cr_assert_eq(verdict_of(store, kept), TICKET_VALID);
    cr_assert_eq(verdict_of(store, lost), TICKET_UNKNOWN);
    write_orders(11, 1);
    code_of(store, "o_11", anew);
    cr_assert_str_neq(anew, lost);
    cr_assert_eq(verdict_of(store, lost), TICKET_UNKNOWN);
    cr_assert_eq(verdict_of(store, anew), TICKET_VALID);
    ledger_close(store); /* opened again it is no backup any more */
    cr_assert_eq(ledger_open(copy, &keys, &store, why), LEDGER_OK, "%s", why);
    write_orders(12, 1);
    code_of(store, "o_11", again);
    cr_assert_str_eq(again, anew);
    code_of(store, "o_12", again);
    cr_assert_eq(verdict_of(store, again), TICKET_VALID);
    cr_assert_eq(verdict_of(original, again), TICKET_UNKNOWN);
    code_of(store, "o_10", again);
    cr_assert_str_eq(again, kept);
    ledger_close(store);
    store = original;
}

Test(ledger_backup, overwrites_nothing)
{
    cr_assert_eq(ledger_backup(path, copy, why), LEDGER_OK, "%s", why);
    cr_assert_eq(ledger_backup(path, copy, why), LEDGER_REFUSED);
    cr_assert_not_null(strstr(why, "exists"), "%s", why);
    cr_assert_eq(findings_of(copy), 0);
}

Test(ledger_backup, says_what_is_wrong_and_leaves_nothing)
{
    char nowhere[160];
    (void)snprintf(nowhere, sizeof nowhere, "%s/no/such/copy.db", dir);
    cr_assert_eq(ledger_backup(path, nowhere, why), LEDGER_IO);
    cr_assert_not_null(strstr(why, "No such file"), "%s", why);
    (void)snprintf(nowhere, sizeof nowhere, "%s/none.db", dir);
    cr_assert_eq(ledger_backup(nowhere, copy, why), LEDGER_NOT_FOUND);
    cr_assert_neq(access(copy, F_OK), 0);
}

Test(ledger_backup, verify_finds_what_was_changed)
{
    json_t *findings = NULL;
    cr_assert_eq(ledger_backup(path, copy, why), LEDGER_OK, "%s", why);
    cr_assert_eq(findings_of(copy), 0);
    change(copy, "PRAGMA foreign_keys = OFF; UPDATE sold SET price_minor = 1 WHERE seat = 3");
    cr_assert_eq(findings_of(copy), 1);
    change(copy, "PRAGMA foreign_keys = OFF; UPDATE sold SET order_nr = 77 WHERE seat = 4");
    cr_assert_geq(findings_of(copy), 3);
    change(copy, "PRAGMA user_version = 77");
    cr_assert_eq(ledger_verify(copy, &findings, why), LEDGER_NEWER);
    cr_assert_not_null(strstr(why, "schema 77"), "%s", why);
}

Test(ledger_backup, verify_refuses_what_is_no_ledger)
{
    json_t *findings = NULL;
    FILE *file = fopen(copy, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is not a database\n", file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(ledger_verify(copy, &findings, why), LEDGER_CORRUPT);
    cr_assert_eq(ledger_verify("/nonexistent.db", &findings, why), LEDGER_NOT_FOUND);
}
