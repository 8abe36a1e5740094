/* A small server on a libev loop that answers each HTTP request with whatever bytes a test wants:
 * nonsense, nothing, or a proper answer (then it serves as the receiver of webhooks). Loopback, a
 * port of the kernel's choice.
 */
#ifndef STANCHION_TEST_RAW_SERVER_H
#define STANCHION_TEST_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct raw_server;

/* What to do with a request: `text` (NUL-terminated, may be NULL = say nothing) is sent, then the
 * connection is closed when is_last. */
struct raw_answer {
    const char *text;
    bool is_last;
};

/* `request` is the whole request, head and body, NUL-terminated; `body` points into it;
 * `answer` starts as "say nothing, stay". */
typedef void raw_request_fn(void *ctx, const char *request, const char *body, size_t body_bytes,
                            struct raw_answer *answer);

struct raw_server *raw_server_start(struct ev_loop *loop, raw_request_fn *on_request, void *ctx);
/* "http://127.0.0.1:<port>", belongs to the server. */
const char *raw_server_url(const struct raw_server *server);
/* Stops listening and closes every connection; may be called within on_request (answer is then not
 * sent). */
void raw_server_die(struct raw_server *server);
void raw_server_stop(struct raw_server *server);

#endif
