/* The line desk: joins, receipts, turns and goodbyes. What happens by the
 * clock is in line_ticks.h. */
#ifndef STANCHION_LINE_DESK_H
#define STANCHION_LINE_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"

struct gateway;
struct session;
struct event_entry;
struct reply_to;

void line_desk_join(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);
void line_desk_resume(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request);
/* A resume without a receipt: where this visitor stands, by the cookie alone. */
void line_desk_look(struct gateway *gateway, struct session *session, const struct reply_to *to);
void line_desk_leave(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request);
void line_desk_enter(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request);

/* The page says that it is hidden or asleep, or back. */
void line_desk_away(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);

/* The answer to a join or (is_resume) to a receipt. */
void line_desk_on_place(struct gateway *gateway, struct session *session, const struct reply_to *to,
                        const struct place *place, bool is_resume);
/* The answer to a goodbye from the line; place NULL unless status is QUEUE_OK. */
void line_desk_on_left(struct event_entry *event, const char *visitor, const struct reply_to *to,
                       enum queue_status status, const struct place *place);
/* A place or turn of this visitor was given up, at this gateway or another one. */
void line_desk_left_somewhere(struct event_entry *event, const char *visitor);
/* Looks all waiting visitors of the event up again, because numbers may have changed; whose has is
 * told the new place with a new receipt. */
void line_desk_reask(struct event_entry *event);
/* Writes the place into the session; true when the visitor is in line or admitted. */
bool line_desk_take_place(struct session *session, const struct place *place);
/* Tells a session that waits its place, with a receipt for a number that was given at_ms. */
void line_desk_tell_new_place(struct session *session, int64_t at_ms);
/* `admitted` of a session that has the stage. */
json_t *line_desk_admitted_json(struct session *session, int64_t at_ms);

#endif
