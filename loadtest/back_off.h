/* How long a visitor stays away who was put off. Pure.
 *
 * Who is told when to come back comes no earlier, and not much later, at a moment drawn by lot:
 * else all who were put off together would come together. */
#ifndef STAMPEDE_BACK_OFF_H
#define STAMPEDE_BACK_OFF_H

#include <stdint.h>
#include "loadtest/dice.h"

/* After an answer that says: later, in retry_s (0 = at once; a negative one counts as 0). put_off
 * is how many such answers came before it in a row: when everybody is put off, they would ask as
 * often again as the server can say no, so each waits twice as long from the third on, up to
 * 2^STAMPEDE_PUT_OFF_MAX. More than STAMPEDE_RETRY_S_MAX is not waited for. In microseconds. */
int64_t back_off_asked_us(struct dice *dice, int64_t retry_s, uint32_t put_off);

/* After a connection that did not come about: as a `Retry-After` of retry_after_s (negative = there
 * was none) says, otherwise longer with each of the `failures` in a row before it. */
int64_t back_off_failed_us(struct dice *dice, int64_t retry_after_s, uint32_t failures);

#endif
