/* A visitor's frames: read, checked, and handed to the desk they belong to. */
#ifndef STANCHION_MESSAGES_H
#define STANCHION_MESSAGES_H

#include <jansson.h>
#include <stddef.h>

struct gateway;
struct session;

/* One whole text frame. Every frame gets exactly one answer, now or later. */
void messages_on_frame(struct gateway *gateway, struct session *session, const char *text,
                       size_t bytes);
/* The same of a message that has been read; `request` may be anything, NULL with a `problem` (why
 * it cannot be read). */
void messages_on_request(struct gateway *gateway, struct session *session, const json_t *request,
                         const char *problem);

#endif
