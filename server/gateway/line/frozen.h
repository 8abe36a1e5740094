/* Telling those inside what has become of their time while the ledger is away, and when it is back
 * (docs/decisions/0030-frozen-while-the-ledger-is-away.md). */
#ifndef STANCHION_FROZEN_H
#define STANCHION_FROZEN_H

#include <stdint.h>

struct gateway;
struct session;
struct place;

/* The ledger's beat was looked at: asks for the deadlines of everybody inside, every
 * FROZEN_TELL_MS while it is away and once when it is back. */
void frozen_on_beat(struct gateway *gateway, int64_t now_ms);
/* The answer about one of them: pushed when it was asked for. */
void frozen_on_checked(struct session *session, const struct place *place);

#endif
