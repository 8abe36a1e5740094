/* The best-available desk: people say how many they are, the gateway chooses, Redis decides.
 *
 * The choice (ticketing/best_seats) looks at this gateway's view of the map, less the seats it has
 * asked for already and has no answer about: a thousand people who press the button at once are not
 * all offered the same two seats. A seat that somebody else was faster to take is left out and the
 * next best is asked for, a bounded number of times.
 */
#ifndef STANCHION_BEST_DESK_H
#define STANCHION_BEST_DESK_H

#include <jansson.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;
struct hold;

/* A `hold` with `best`: {"count":k,"category":index,"accessible":n}. The session is entered and the
 * event ready. */
void best_desk_hold(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);
/* What might be taken instead of seats that are gone: as many, of the first one's category; a new
 * reference, empty when there is nothing. */
json_t *best_desk_instead(struct event_entry *event, const struct hold *taken, size_t count);
/* The plan is about to change or to go. */
void best_desk_forget(struct event_entry *event);

#endif
