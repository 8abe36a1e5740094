/* What an event has taken, for those who watch it live: the Redis hash `ev:{E}:sales`. The ledger
 * is the one that knows. It reads what has come since the last time, once a second; the whole
 * tables only once after its start. */
#ifndef STANCHION_LEDGER_SALES_H
#define STANCHION_LEDGER_SALES_H

#include "server/ledger/batch.h"

struct sale;

struct sales {
    struct sale *items; /* one for each event with orders */
    size_t count;
    int64_t orders_nr, refunds_nr; /* read up to here */
    int64_t epoch;                 /* of the Redis data that has been told all of it */
};

/* Zero-initialised is empty. */
void sales_release(struct sales *sales);
enum batch_status sales_tell(struct sales *sales, struct batch *batch);

#endif
