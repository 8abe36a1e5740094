/* A copy of the ledger while it is in use, and the proof that a ledger is whole.
 *
 * Both read from outside: they never take the writer's lock, and the writer does not wait. The copy
 * is one moment of the ledger (SQLite's online backup from one read transaction), written under
 * another name, synced, and only then given its own: a file of that name is a whole backup.
 */
#ifndef STANCHION_LEDGER_BACKUP_H
#define STANCHION_LEDGER_BACKUP_H

#include <jansson.h>
#include "ticketing/ledger_store.h"

/* Copies the ledger at `path` to a new file (mode 0600). LEDGER_REFUSED when `file` exists already;
 * LEDGER_NOT_FOUND without a ledger. `why` (LEDGER_REASON_BYTES) gets one sentence on failure, and
 * nothing is left behind then. */
enum ledger_status ledger_backup(const char *path, const char *file, char *why);

/* Reads every page and row: SQLite's own check, foreign keys, sums and payments. *findings: an
 * array of sentences, empty when all is well; the caller releases it. Set on LEDGER_OK only. */
enum ledger_status ledger_verify(const char *path, json_t **findings, char *why);

#endif
