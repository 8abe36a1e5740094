/* The line desk: joins, receipts, turns and goodbyes. What happens by the clock is in line_ticks.h.
 */
#ifndef STANCHION_LINE_DESK_H
#define STANCHION_LINE_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;
struct place;

void line_desk_join(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);
void line_desk_resume(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request);
void line_desk_leave(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request);
void line_desk_enter(struct gateway *gateway, struct session *session, const struct reply_to *to,
                     const json_t *request);

/* Sends the joins of this loop turn in batches. */
void line_desk_before_sleep(struct gateway *gateway);
/* Writes the place into the session; true when the visitor is in line or admitted. */
bool line_desk_take_place(struct session *session, const struct place *place);
/* `place` and `admitted` of a session that has the stage. Remembers what was told, monotonic
 * now_ms. */
json_t *line_desk_place_json(struct session *session, int64_t now_ms);
json_t *line_desk_admitted_json(struct session *session, int64_t at_ms);

#endif
