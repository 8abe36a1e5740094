/* What goes out to a visitor: answers, errors and pushes, over a socket or in the answer of a poll.
 *
 * A frame is written at once when the socket takes it; behind a slow reader frames wait, up to
 * OUT_BYTES_MAX, beyond which the connection is closed (1013): one slow browser never holds more.
 */
#ifndef STANCHION_WIRE_H
#define STANCHION_WIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;
struct json_text;

#define OUT_BYTES_MAX (192 * 1024)
#define RETRY_S_BUSY 2

/* Sends text as it is. */
void wire_send_text(struct gateway *gateway, struct session *session, const char *text,
                    size_t bytes);
/* Sends and releases `body`. */
void wire_send(struct gateway *gateway, struct session *session, json_t *body);
/* Answers a request: adds `re`, sends, releases `body`. A session that has ended is passed over. */
void wire_answer(struct gateway *gateway, const struct reply_to *to, json_t *body);
/* The same for an object that was written as text, to which `re` is added;
 * it stays the caller's. */
void wire_answer_text(struct gateway *gateway, const struct reply_to *to, struct json_text *body);
/* Answers with an error. `extra` (may be NULL) has further fields; it is released. */
void wire_error(struct gateway *gateway, const struct reply_to *to, const char *code,
                const char *message, json_t *extra);
/* Answers `bad_message`: this field of the request is not what the sentence says. */
void wire_bad_field(struct gateway *gateway, const struct reply_to *to, const char *field,
                    const char *message);
/* The answer when a store is not reachable. */
void wire_busy(struct gateway *gateway, const struct reply_to *to);
/* To all connections at an event. Releases `body`. */
void wire_push_event(struct gateway *gateway, struct event_entry *event, json_t *body);
/* Ends the connection with this code once the loop comes to it. */
void wire_close(struct session *session, uint16_t code);
/* Whether frames wait for this session, because its socket does not take them. */
bool wire_is_slow(const struct session *session);
/* The socket takes more: sends what waited. Returns -1 when the connection is to be closed. */
int wire_on_writable(struct gateway *gateway, struct session *session);

#endif
