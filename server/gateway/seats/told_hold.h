/* What a session was last told that it holds or pays for: a hint, never a decision.
 *
 * With it a checkout names the seats at once instead of asking for them first, and an order that
 * costs nothing is settled at once: one question to Redis instead of two. Redis compares seats,
 * order and fence all the same, so a hint that is no longer true costs a second try.
 * Lifetime: from an answer to the next one about the hold, or to the outcome of an order.
 */
#ifndef STANCHION_TOLD_HOLD_H
#define STANCHION_TOLD_HOLD_H

#include "server/gateway/session.h"
#include "ticketing/seat_store.h"

/* Notes the hold for the session, if it still exists. Copied. */
void told_hold_note(struct session *session, const struct hold *hold);
/* Writes what is noted to `out`; false when there is nothing. Its offer
 * lives as long as the note. */
bool told_hold_read(const struct session *session, struct hold *out);
/* The session may be NULL. */
void told_hold_forget(struct session *session);

#endif
