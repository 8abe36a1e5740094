/* The switch of the language: "?lang=ko" behind the address of a page leads back to the page
 * without it, and is remembered by a cookie. It is a link, so it works without JavaScript, and
 * nothing but the cookie knows of it.
 */
#ifndef STANCHION_LANGUAGE_PAGE_H
#define STANCHION_LANGUAGE_PAGE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

struct gateway;
struct http_connection;

#define LANGUAGE_ARGUMENTS_BYTES 512

/* Takes "lang=..." out of the arguments of an address ("event=x&lang=ko"): the id goes to
 * `language`, what is left to `rest`. False: there is no such argument, or it does not fit. */
bool language_of_arguments(const char *arguments, char *language, size_t language_bytes_max,
                           char rest[LANGUAGE_ARGUMENTS_BYTES]);
/* Answers such a request. False: it is none, or not for a language we have; otherwise *result is
 * what the call-back returns. */
bool language_page_switches(struct gateway *gateway, struct lws *wsi,
                            struct http_connection *connection, int *result);

#endif
