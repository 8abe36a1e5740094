/* Brings a database to the schema this program knows: numbered scripts, each in a transaction of
 * its own, with PRAGMA user_version as the number of the last one applied. */
#ifndef STANCHION_LEDGER_MIGRATE_H
#define STANCHION_LEDGER_MIGRATE_H

#include <sqlite3.h>
#include <stddef.h>
#include "ticketing/ledger_store.h"

struct ledger_migration {
    const char *name;
    const char *sql;
};

/* All migrations of this program, in order; the n-th (from 1) leads to user_version n. */
const struct ledger_migration *ledger_migrations(size_t *count);
/* Applies what is missing. LEDGER_NEWER when the database knows more than `count`. On failure the
 * database stands at the last migration that went well and `why` (LEDGER_REASON_BYTES) has one
 * sentence. */
enum ledger_status ledger_migrate(sqlite3 *db, const struct ledger_migration *migrations,
                                  size_t count, char *why);

#endif
