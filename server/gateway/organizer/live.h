/* Open consoles that watch a sale (docs/organizer.md, Live). */
#ifndef STANCHION_ORGANIZER_LIVE_H
#define STANCHION_ORGANIZER_LIVE_H

struct gateway;

/* Closes the consoles whose session is over (1008). */
void organizer_live_end_those_gone(struct gateway *gateway);

#endif
