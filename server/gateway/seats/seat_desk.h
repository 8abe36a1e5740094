/* The seat desk: the map and its live changes, holds and releases. */
#ifndef STANCHION_SEAT_DESK_H
#define STANCHION_SEAT_DESK_H

#include <jansson.h>
#include <stdint.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;
struct hold;
struct json_text;

void seat_desk_map(struct gateway *gateway, struct session *session, const struct reply_to *to,
                   const json_t *request);
void seat_desk_hold(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request);
void seat_desk_release(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const json_t *request);
/* Sends the whole map as an answer, or as a push when `to` is NULL. */
void seat_desk_send_map(struct gateway *gateway, struct session *session,
                        const struct reply_to *to);
/* Pushes what changed and frees holds past their time. */
void seat_desk_on_turn(struct gateway *gateway, int64_t now_ms);
/* What a visitor holds as `held`, or as `payment` while it is being paid. */
json_t *seat_desk_hold_json(const struct event_entry *event, const struct hold *hold);
/* The latter, under the name `type`. */
void seat_desk_add_payment(struct json_text *text, const struct event_entry *event,
                           const struct hold *hold, const char *type);
/* Answers with that, and notes it for the session (told_hold.h). */
void seat_desk_answer_hold(struct gateway *gateway, const struct reply_to *to,
                           const struct event_entry *event, const struct hold *hold);
/* The answer to a hold result that is an error. */
void seat_desk_refuse(struct gateway *gateway, const struct reply_to *to, const struct hold *hold);

#endif
