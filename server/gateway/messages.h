/* A visitor's frames: read, checked, and handed to the desk they belong to. */
#ifndef STANCHION_MESSAGES_H
#define STANCHION_MESSAGES_H

#include <stddef.h>

struct gateway;
struct session;

/* One whole text frame. Every frame gets exactly one answer, now or later. */
void messages_on_frame(struct gateway *gateway, struct session *session, const char *text,
                       size_t bytes);

#endif
