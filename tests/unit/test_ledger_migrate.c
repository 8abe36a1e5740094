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
