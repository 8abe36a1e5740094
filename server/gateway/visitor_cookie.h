/* The cookies: who is speaking (docs/protocol.md section 1), and which organizer is signed in. */
#ifndef STANCHION_VISITOR_COOKIE_H
#define STANCHION_VISITOR_COOKIE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

struct gateway;

/* The visitor's id from a genuine cookie; false when there is none. */
bool visitor_cookie_read(struct gateway *gateway, struct lws *wsi, char *visitor,
                         size_t visitor_bytes_max);
/* The value of Set-Cookie for a visitor. */
void visitor_cookie_write(struct gateway *gateway, const char *visitor, char *out,
                          size_t out_bytes_max);

/* Whether the request carries a genuine organizer cookie that has not ended. */
bool organizer_cookie_is_valid(struct gateway *gateway, struct lws *wsi);
/* The value of Set-Cookie for a signed-in organizer; NULL role signs out. */
void organizer_cookie_write(struct gateway *gateway, const char *role, char *out,
                            size_t out_bytes_max);

#endif
