/* What the ledger remembers of each line outside of Redis: the last sequence given, the admissions
 * and the head, noted once a second when they have moved.
 *
 * That is not the line (receipts are), but it tells three things when Redis comes back changed:
 * whether something was lost, whether there ever was a line to wait for, and from which number on
 * new visitors may be given places without meeting an old one.
 */
#ifndef STANCHION_LEDGER_LINE_MARKS_H
#define STANCHION_LEDGER_LINE_MARKS_H

#include <stdbool.h>
#include "queue/queue_recover.h"
#include "server/ledger/batch.h"

/* One transaction, and only when something has moved. Marks never go back. */
enum batch_status line_marks_note(struct batch *batch);
/* Zeros for an event of which nothing was ever noted. */
enum ledger_status line_mark_read(struct ledger_store *store, const char *event,
                                  struct queue_mark *mark);
/* Whether Redis has exactly what was noted. */
enum batch_status line_marks_match(struct batch *batch, bool *is_match);

#endif
