/* What is told on the channel `outcome`: lines of event, visitor, type, order and
 * docs/protocol.md's confirmed or unsold. A gateway sees from the words whether the rest concerns
 * it, and many orders share a message. */
#ifndef STANCHION_LEDGER_OUTCOME_H
#define STANCHION_LEDGER_OUTCOME_H

#include "server/base/json_text.h"
#include "server/ledger/redis_pipe.h"
#include "ticketing/ledger_store.h"

/* Beyond, a message is full and the next outcome goes into another. */
#define OUTCOMES_BYTES_FULL 65536

/* {0} is empty. */
struct outcomes {
    struct json_text text;
};

/* Add a line. */
void outcome_confirmed(struct outcomes *outcomes, const struct outbox_entry *entry,
                       const struct ledger_result *result, const struct ledger_store *store);
/* reason: time_out, given_up or ledger_refused; anything else is told as ledger_refused. */
void outcome_unsold(struct outcomes *outcomes, const struct outbox_entry *entry,
                    const char *reason);
bool outcomes_are_full(const struct outcomes *outcomes);
/* Adds the message to the pipe, if there is anything to tell, and is empty again. */
void outcomes_tell(struct outcomes *outcomes, struct redis_pipe *redis);
void outcomes_release(struct outcomes *outcomes);

#endif
