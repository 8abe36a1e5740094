/* Ticket codes of a ledger. A code names the order's number and the seat (server/base/token.h). A
 * ledger that was started from a backup gives numbers again that orders had which it has lost; so
 * the codes of its new orders also bear how often that has happened, and a ticket that was lost
 * opens no door in another's place.
 */
#ifndef STANCHION_LEDGER_TICKETS_H
#define STANCHION_LEDGER_TICKETS_H

#include "ticketing/ledger_store.h"

#define LEDGER_RESTORES_MAX 64      /* further ones make no new codes */
#define LEDGER_BACKUP_MARK "backup" /* in `meta`: this file is a backup that was never opened */

void ledger_ticket_code(const struct ledger_store *s, int64_t order_nr, uint32_t seat,
                        char out[TICKET_CODE_BYTES + 1]);
/* Which ticket a code is for; false for anything but a code of this ledger. Whether it was sold,
 * and stands, is for the caller to look up. */
bool ledger_ticket_read(const struct ledger_store *s, const char *code, int64_t *order_nr,
                        uint32_t *seat);

#endif
