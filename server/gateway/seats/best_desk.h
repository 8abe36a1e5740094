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
#include <stdbool.h>
#include <stdint.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;
struct hold;

/* What looking for other seats for those who were too slow has cost, in processor time. A fifth of
 * what the gateway got since is forgiven. */
struct best_spent {
    int64_t seen_us, spent_us; /* until when, and what is not forgiven yet */
};

/* Whether that may go on: so it gets a fifth of the gateway's processor time, and a little at once.
 * By that time and not by the clock, because on a full machine a gateway gets little in a second.
 * Pure but for `spent`. */
bool best_desk_may_look(struct best_spent *spent, int64_t cpu_us);

/* A `hold` with `best`: {"count":k,"category":index,"accessible":n}. The session is entered and the
 * event ready. */
void best_desk_hold(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);
/* What might be taken instead of seats that are gone: as many, of the first one's category; a new
 * reference, empty when there is nothing, or no time to look: in a crowd that fights for seats,
 * offering others must not be what keeps it from buying. */
json_t *best_desk_instead(struct event_entry *event, const struct hold *taken, size_t count);
/* The plan is about to change or to go. */
void best_desk_forget(struct event_entry *event);

#endif
