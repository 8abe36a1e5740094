/* Bringing Redis and the ledger together: at the start, and whenever Redis was away.
 *
 *   epoch in Redis   | and the server       | what it means      | what is done
 *   -----------------+----------------------+--------------------+---------------------------------
 *   the ledger's own | is the one we knew,  | Redis kept its     | pending entries are written;
 *                    | or both were stopped | data               | seats and counts are repaired
 *                    | cleanly              |                    |
 *   the ledger's own | was started anew     | the end of its log | as above, and a new epoch: those
 *                    |                      | may be missing     | who held places say so
 *   absent           |                      | empty, or a        | new epoch: everything is rebuilt
 *                    |                      | rebuild was cut off| from SQLite, lines from receipts
 *   another          |                      | not the data we    | as absent, after its outbox was
 *                    |                      | left               | emptied
 *
 * The new epoch is committed to SQLite first and set in Redis last; between the two nobody decides
 * anything on empty data, because every script refuses to run. After a restart with the data the
 * old epoch stands until then, so gateways ask which server an epoch is for (`epoch:run`) and wait
 * until it is theirs. The first epoch of an installation is the clock in seconds, so the data of
 * two installations never match by accident.
 */
#ifndef STANCHION_LEDGER_RECOVER_H
#define STANCHION_LEDGER_RECOVER_H

#include "queue/queue_recover.h"
#include "server/ledger/batch.h"

/* Sets batch->epoch on BATCH_OK. BATCH_REDIS_LOST: to be tried again. */
enum batch_status recover(struct batch *batch);
/* Writes what is in the outbox: `from` "0" = what was delivered before, ">" = what is new; until
 * there is no more. */
enum batch_status recover_outbox(struct batch *batch, const char *from);
/* Takes all lines over into a new epoch. `epoch` is what Redis has now, "" while it is absent. */
enum batch_status recover_lines(struct batch *batch, const char *epoch, enum queue_data data);
/* Notes that everything stopped in an orderly way and nobody can have written since. */
enum batch_status recover_note_stop(struct batch *batch);
/* Fills seats, counts and bought of an event from the ledger. `epoch` is "" while it is absent in
 * Redis. */
enum batch_status recover_seats(struct ledger_store *store, struct redis_pipe *redis,
                                const char *event, const char *epoch, bool is_replace);

#endif
