/* Applies the migrations of ticketing/sql (see the header). A new one is a new file and a new line
 * here. */
#include "ticketing/ledger_migrate.h"

#include <stdio.h>
#include "ticketing_files.h"

const struct ledger_migration *ledger_migrations(size_t *count)
{
    static struct ledger_migration list[12];
    list[0] = (struct ledger_migration){"001_ledger", (const char *)ticketing_001_ledger_sql};
    list[1] = (struct ledger_migration){"002_visitors", (const char *)ticketing_002_visitors_sql};
    list[2] = (struct ledger_migration){"003_journal", (const char *)ticketing_003_journal_sql};
    list[3] = (struct ledger_migration){"004_stock", (const char *)ticketing_004_stock_sql};
    list[4] = (struct ledger_migration){"005_refunds", (const char *)ticketing_005_refunds_sql};
    list[5] = (struct ledger_migration){"006_scans", (const char *)ticketing_006_scans_sql};
    list[6] = (struct ledger_migration){"007_replay", (const char *)ticketing_007_replay_sql};
    list[7] = (struct ledger_migration){"008_intents", (const char *)ticketing_008_intents_sql};
    list[8] =
        (struct ledger_migration){"009_organizers", (const char *)ticketing_009_organizers_sql};
    list[9] = (struct ledger_migration){"010_types", (const char *)ticketing_010_types_sql};
    list[10] =
        (struct ledger_migration){"011_ticket_links", (const char *)ticketing_011_ticket_links_sql};
    list[11] = (struct ledger_migration){"012_mails", (const char *)ticketing_012_mails_sql};
    *count = sizeof list / sizeof list[0];
    return list;
}

static int version_of(sqlite3 *db, int *version)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        *version = sqlite3_column_int(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static enum ledger_status judge(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return LEDGER_FULL;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* our own script does not fit: not the database it claims to be */
        return LEDGER_CORRUPT;
    default:
        return LEDGER_IO;
    }
}

static int apply(sqlite3 *db, const struct ledger_migration *migration, int version)
{
    char number[64];
    int bytes = snprintf(number, sizeof number, "PRAGMA user_version = %d; COMMIT", version);
    if (bytes < 0 || (size_t)bytes >= sizeof number)
        return SQLITE_ERROR;
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, migration->sql, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, number, NULL, NULL, NULL);
    return code;
}

static enum ledger_status fail(sqlite3 *db, int code, const char *what, char *why)
{
    (void)snprintf(why, LEDGER_REASON_BYTES, "%s: %s", what, sqlite3_errmsg(db));
    if (sqlite3_get_autocommit(db) == 0)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return judge(code);
}

enum ledger_status ledger_migrate(sqlite3 *db, const struct ledger_migration *migrations,
                                  size_t count, char *why)
{
    int version = 0;
    int code = version_of(db, &version);
    if (code != SQLITE_OK)
        return fail(db, code, "reading the schema's version", why);
    if (version < 0 || (size_t)version > count) {
        (void)snprintf(why, LEDGER_REASON_BYTES,
                       "the ledger has schema %d, this program knows %zu: use the newer program",
                       version, count);
        return LEDGER_NEWER;
    }
    for (size_t i = (size_t)version; i < count; i++) {
        code = apply(db, &migrations[i], (int)i + 1);
        if (code != SQLITE_OK)
            return fail(db, code, migrations[i].name, why);
    }
    return LEDGER_OK;
}
