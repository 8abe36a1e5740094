/* What is told on the channel `outcome`: docs/protocol.md's confirmed and unsold, with event and
 * visitor added. */
#ifndef STANCHION_LEDGER_OUTCOME_H
#define STANCHION_LEDGER_OUTCOME_H

#include "server/base/token.h"
#include "ticketing/ledger_store.h"

/* JSON texts, the caller's to free. */
char *outcome_confirmed(const struct outbox_entry *entry, const struct ledger_result *result,
                        const struct token_keys *keys);
/* reason: time_out, given_up or ledger_refused; anything else is told as ledger_refused. */
char *outcome_unsold(const struct outbox_entry *entry, const char *reason);

#endif
