/* What the ledger publishes into Redis about an event: the hash `events`, `ev:{E}:cfg` and
 * `ev:{E}:plan`. */
#ifndef STANCHION_OFFICE_REDIS_H
#define STANCHION_OFFICE_REDIS_H

#include <jansson.h>
#include "server/ledger/batch.h"

/* All three from the ledger's rows, and `PUBLISH events`. */
enum batch_status office_publish_event(struct ledger_store *store, struct redis_pipe *redis,
                                       const char *event);
/* The sessions of visitors that were signed out, into `account:gone`. */
enum batch_status office_publish_signed_out(struct ledger_store *store, struct redis_pipe *redis);
/* What gateways must know of the organizers' accounts, into `organizers`. */
enum batch_status office_publish_organizers(struct ledger_store *store, struct redis_pipe *redis);

#endif
