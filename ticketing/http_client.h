/* Asynchronous HTTP calls with deadlines: curl's multi interface on a libev loop.
 *
 * One client keeps its connections open for reuse. What matters to money is told apart: REFUSED
 * means that no byte of the request left this machine, BROKEN that it may have been heard. curl
 * itself repeats a request once when a kept connection turns out dead, so REFUSED is only said when
 * not one byte was sent in any of the tries.
 */
#ifndef STANCHION_HTTP_CLIENT_H
#define STANCHION_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct http_client;

/* All headers of an answer together; a larger one is HTTP_BROKEN. */
#define HTTP_HEADERS_BYTES_MAX (64u << 10)

enum http_outcome {
    HTTP_ANSWERED = 0, /* code and body are valid */
    HTTP_REFUSED,      /* no connection: nothing was sent */
    HTTP_BROKEN, /* deadline, connection lost, answer too large or no HTTP: it may have been heard
                  */
    HTTP_OUTCOME_COUNT
};

struct http_client_options {
    uint32_t deadline_ms;    /* for one call from asking to the last byte */
    uint32_t calls_max;      /* under way at once, and connections kept */
    size_t answer_bytes_max; /* of a body */
};

/* Everything is copied. Headers are whole lines without line end; body
 * NULL = GET, otherwise POST. */
struct http_call {
    const char *url;
    const char *const *headers;
    size_t headers_count;
    const char *body;
    size_t body_bytes;
};

/* `body` is NUL-terminated (bytes does not count the NUL) and valid during the call. */
typedef void http_fn(void *ctx, enum http_outcome outcome, int code, const char *body,
                     size_t bytes);

/* NULL = out of memory. */
struct http_client *http_client_create(struct ev_loop *loop,
                                       const struct http_client_options *options);
/* Calls under way complete with BROKEN before this returns. NULL is fine.
 * Never from a completion. */
void http_client_free(struct http_client *client);
/* true = fn will be called exactly once, later; false = calls_max reached, no memory or being
 * freed. */
bool http_client_send(struct http_client *client, const struct http_call *call, http_fn *fn,
                      void *ctx);

#endif
