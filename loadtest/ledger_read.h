/* Reads one event's orders and sold seats from the ledger's SQLite file (docs/schema.md), and what
 * the sandbox provider took from its own, read-only. */
#ifndef STAMPEDE_LEDGER_READ_H
#define STAMPEDE_LEDGER_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loadtest/history.h"

/* Loads all rows. On false `why` says what is wrong and nothing is owned. */
bool ledger_read(const char *path, const char *event, struct ledger *l, char *why,
                 size_t why_bytes_max);
void ledger_release(struct ledger *l);
/* Reads what the sandbox provider has captured from its file (server/sandbox/schema.sql),
 * read-only, as above. */
bool ledger_read_provider(const char *path, struct provider *p, char *why, size_t why_bytes_max);
void ledger_release_provider(struct provider *p);
/* The event's `active_cap` as the ledger has it, or -1 when it cannot be read. */
int64_t ledger_read_cap(const char *path, const char *event);

#endif
