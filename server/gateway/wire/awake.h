/* An idle watcher that does nothing but run: as long as it does, the loop does not sleep. For work
 * that is spread over several turns. */
#ifndef STANCHION_AWAKE_H
#define STANCHION_AWAKE_H

#include <ev.h>

/* Afterwards ev_idle_start keeps the loop awake, and ev_idle_stop lets it sleep. */
void awake_init(ev_idle *awake);

#endif
