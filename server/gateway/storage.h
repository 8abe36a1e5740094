/* A gateway's side of Redis: which incarnation of the data is there, and what is heard from it.
 *
 * Two links: one asks (commands and scripts), one listens (pub/sub). Nothing is decided before the
 * epoch is known, the number of this incarnation of the data; it is asked for every second, with
 * the ledger's last sign of life. Whatever may have been missed, while a link was away or because
 * the data are others now, is read again.
 */
#ifndef STANCHION_STORAGE_H
#define STANCHION_STORAGE_H

#include <stdint.h>

struct gateway;

#define STORAGE_POLL_MS 1000

/* Makes the links and the stores on them; gateway_free frees them. */
void storage_start(struct gateway *gateway);
/* Asks for epoch and beat now; call it every STORAGE_POLL_MS. */
void storage_poll(struct gateway *gateway);
/* Asks more often while there is no epoch. */
void storage_on_turn(struct gateway *gateway, int64_t now_ms);

#endif
