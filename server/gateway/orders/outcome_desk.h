/* What became of orders, as it is told on the channel `outcome` (docs/redis.md): by the ledger,
 * which confirmed or refused them, or by a gateway whose provider declined. */
#ifndef STANCHION_OUTCOME_DESK_H
#define STANCHION_OUTCOME_DESK_H

#include <stdbool.h>
#include <stddef.h>

struct gateway;
struct event_entry;

/* A text of the channel: one line for each order. Whoever is here hears of it. */
void outcome_desk_take(struct gateway *gateway, const char *text, size_t bytes);
/* All tabs of a visitor: a payment of this order runs, until its outcome comes. */
void outcome_desk_note_paying(struct gateway *gateway, const struct event_entry *event,
                              const char *visitor, const char *order);

#endif
