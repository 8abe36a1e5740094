/* The part of the audit that compares Redis with the ledger. */
#ifndef STANCHION_AUDIT_REDIS_H
#define STANCHION_AUDIT_REDIS_H

#include <jansson.h>
#include "server/ledger/batch.h"

#define AUDIT_FINDINGS_MAX 1000 /* more are not listed */

/* Appends what differs between the seats and counts of one event in Redis and the ledger's rows.
 * Sales that still stand in the outbox are none. Only the ledger process may call it: nobody else
 * empties the outbox. */
enum batch_status audit_event(struct ledger_store *store, struct redis_pipe *redis,
                              const char *event, json_t *findings);
/* Appends one sentence unless there are too many. */
void audit_find(json_t *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
