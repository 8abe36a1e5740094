/* EVENT of docs/protocol.md, from the book. */
#ifndef STANCHION_EVENT_JSON_H
#define STANCHION_EVENT_JSON_H

#include <jansson.h>

struct event_entry;

json_t *book_event_json(const struct event_entry *event);

#endif
