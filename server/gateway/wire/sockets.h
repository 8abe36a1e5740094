/* The gateway's port, and libwebsockets behind it: our own listener accepts, libwebsockets is given
 * what has arrived. It knows three protocols: pages and API (http.h), visitors (ws.h), the
 * organizer's live view (organizer/live.h).
 */
#ifndef STANCHION_SOCKETS_H
#define STANCHION_SOCKETS_H

#include <stdbool.h>

struct gateway;

/* Starts libwebsockets and takes the port; nobody is accepted before listener_open. False, with a
 * line in the log, when either fails; gateway_free undoes both. */
bool sockets_start(struct gateway *gateway);

#endif
