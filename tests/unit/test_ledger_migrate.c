/* Migrations: in order, once, each wholly or not at all; a newer database is refused. */
#include <criterion/criterion.h>
#include <string.h>
#include "ticketing/ledger_migrate.h"

static sqlite3 *db;
static char why[LEDGER_REASON_BYTES];

static const struct ledger_migration steps[] = {
    {"001", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"},
    {"002", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;"},
    {"003", "INSERT INTO a VALUES (5, 6); INSERT INTO no_such_table VALUES (1);"},
};

static void setup(void)
{
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
}

static void teardown(void)
{
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

static int number(const char *sql)
{
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

TestSuite(ledger_migrate, .init = setup, .fini = teardown);

Test(ledger_migrate, an_old_database_is_brought_forward_and_keeps_its_rows)
{
    cr_assert_eq(ledger_migrate(db, steps, 1, why), LEDGER_OK);
    cr_assert_eq(number("PRAGMA user_version"), 1);
    cr_assert_eq(ledger_migrate(db, steps, 2, why), LEDGER_OK);
    cr_assert_eq(number("PRAGMA user_version"), 2);
    cr_assert_eq(number("SELECT y FROM a"), 2);
    cr_assert_eq(ledger_migrate(db, steps, 2, why), LEDGER_OK);
    cr_assert_eq(number("SELECT count(*) FROM a"), 1);
}

Test(ledger_migrate, a_newer_database_is_refused)
{
    cr_assert_eq(ledger_migrate(db, steps, 2, why), LEDGER_OK);
    cr_assert_eq(ledger_migrate(db, steps, 1, why), LEDGER_NEWER);
    cr_assert_not_null(strstr(why, "schema 2"), "%s", why);
    cr_assert_eq(number("PRAGMA user_version"), 2);
}

Test(ledger_migrate, a_failing_step_leaves_nothing_behind)
{
    cr_assert_neq(ledger_migrate(db, steps, 3, why), LEDGER_OK);
    cr_assert_not_null(strstr(why, "003"), "%s", why);
    cr_assert_eq(number("PRAGMA user_version"), 2);
    cr_assert_eq(number("SELECT count(*) FROM a"), 1);
}

Test(ledger_migrate, the_programs_own_schema_stands_and_seats_are_unique_in_it)
{
    size_t count;
    const struct ledger_migration *own = ledger_migrations(&count);
    cr_assert_eq(ledger_migrate(db, own, count, why), LEDGER_OK, "%s", why);
    cr_assert_eq((size_t)number("PRAGMA user_version"), count);
    cr_assert_eq(number("SELECT count(*) FROM pragma_index_list('sold') i, "
                        "pragma_index_info(i.name) c WHERE i.origin = "
                        "'pk' AND i.[unique] = 1 AND c.name IN ('event_id', 'seat')"),
                 2);
}

static void run(const char *sql)
{
    char *problem = NULL;
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &problem), SQLITE_OK, "%s: %s", sql, problem);
}

Test(ledger_migrate, what_was_sold_under_the_first_schema_is_sold_under_the_present_one)
{
    size_t count;
    const struct ledger_migration *own = ledger_migrations(&count);
    run("PRAGMA foreign_keys = ON");
    cr_assert_eq(ledger_migrate(db, own, 1, why), LEDGER_OK, "%s", why);
    run("INSERT INTO events VALUES (1, 'night', 'Night', 'EUR', 'UTC', 'open', '{}', 1)");
    run("INSERT INTO orders VALUES (1, 'o_a', 1, 'ann', 1, 1, 'pi_a', 1000, 'EUR', '[3,4]', 1, 2),"
        " (2, 'o_b', 1, 'bob', 2, 1, 'pi_b', 700, 'EUR', '[9]', 1, 3),"
        " (3, 'o_c', 1, 'cid', 3, 1, '', 0, 'EUR', '[5]', 1, 4)");
    run("INSERT INTO sold VALUES (1, 3, 'o_a', 500, 'A', '1', '3', 'C', 'x3'),"
        " (1, 4, 'o_a', 500, 'A', '1', '4', 'C', 'x4'),"
        " (1, 5, 'o_c', 0, 'A', '1', '5', 'C', 'x5'),"
        " (1, 9, 'o_b', 700, 'A', '1', '9', 'C', 'x9')");
    run("INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms,"
        " changed_ms) VALUES ('o_a', 'pi_a', 1000, 'EUR', 'captured', 0, 5),"
        " ('o_b', 'pi_b', 700, 'EUR', 'capture_due', 0, 5), ('o_c', '', 0, 'EUR', 'none', 0, 5)");
    cr_assert_eq(ledger_migrate(db, own, count, why), LEDGER_OK, "%s", why);
    cr_assert_eq(number("SELECT group_concat(order_nr, '') FROM sold"), 1132);
    cr_assert_eq(number("SELECT count(*) FROM sold_seats WHERE order_id = 'o_a'"), 2);
    cr_assert_eq(number("SELECT sum(amount_minor) FROM journal WHERE kind = 'sale'"), 1700);
    cr_assert_eq(number("SELECT sum(amount_minor) FROM journal WHERE kind = 'capture'"), 1000);
    cr_assert_eq(number("SELECT sum(nr * amount_minor) FROM payments"), 2400);
    cr_assert_eq(
        number("SELECT count(*) FROM payments WHERE order_id = 'o_a' AND intent = 'pi_a' AND"
               " state = 'captured' AND changed_ms = 5"),
        1);
    cr_assert_eq(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

Test(ledger_migrate, orders_and_journal_cannot_be_changed)
{
    static const char *const crimes[] = {
        "UPDATE journal SET amount_minor = 1", "DELETE FROM journal",
        "UPDATE orders SET amount_minor = 1", "DELETE FROM orders"};
    size_t count;
    const struct ledger_migration *own = ledger_migrations(&count);
    cr_assert_eq(ledger_migrate(db, own, count, why), LEDGER_OK, "%s", why);
    run("INSERT INTO events VALUES (1, 'night', 'Night', 'EUR', 'UTC', 'open', '{}', 1)");
    run("INSERT INTO orders VALUES (1, 'o_a', 1, 'ann', 1, 1, 'pi_a', 1000, 'EUR', '[3]', 1, 2)");
    run("INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)"
        " VALUES (1, 1, 'sale', 'receivable', 'sales', 1000, 'EUR')");
    for (size_t i = 0; i < sizeof crimes / sizeof crimes[0]; i++) {
        cr_assert_neq(sqlite3_exec(db, crimes[i], NULL, NULL, NULL), SQLITE_OK, "%s", crimes[i]);
        cr_assert_not_null(strstr(sqlite3_errmsg(db), "never"), "%s", sqlite3_errmsg(db));
    }
}
