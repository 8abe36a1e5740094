/* /e/{event}/line: the line for browsers without JavaScript. A page that is made here, asks again
 * by itself and keeps the place; getting in line and leaving it are forms. What it asks are polls
 * (poll_desk.h), so it hears what every other visitor would hear.
 */
#ifndef STANCHION_LINE_PAGE_H
#define STANCHION_LINE_PAGE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

struct gateway;
struct http_connection;

/* Whether the path is that of such a page, of whatever event. */
bool line_page_is_at(const char *path);
/* Sends a browser on that asked for a sale page with "?plain", because it runs no scripts. False:
 * it is none; otherwise *result is what the call-back returns. */
bool line_page_redirects(struct gateway *gateway, struct lws *wsi,
                         struct http_connection *connection, int *result);
/* Both return what the libwebsockets call-back returns. */
int line_page_get(struct gateway *gateway, struct lws *wsi, struct http_connection *connection);
/* Body: the form, action=join or action=leave. */
int line_page_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   const char *body);

#endif
