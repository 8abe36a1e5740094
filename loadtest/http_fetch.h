/* Blocking HTTP GETs of the run's main process (event, plan, time), with libcurl. */
#ifndef STAMPEDE_HTTP_FETCH_H
#define STAMPEDE_HTTP_FETCH_H

#include <netinet/in.h>
#include <stddef.h>

struct http_fetch; /* one connection, kept open */

/* Everything is fetched from this address, whatever the name in a URL means by then. */
struct http_fetch *http_fetch_create(const struct sockaddr_in *server);
void http_fetch_free(struct http_fetch *f);
/* GET base + path. Returns the status, or 0 when there was no answer within timeout_ms. The body is
 * NUL-terminated, valid until the next call and decompressed; more than STAMPEDE_HTTP_BYTES_MAX
 * counts as no answer. */
long http_fetch_get(struct http_fetch *f, const char *base, const char *path, long timeout_ms,
                    const char **body, size_t *bytes);
/* Why the last call had no answer. */
const char *http_fetch_error(const struct http_fetch *f);

#endif
