/* What a WebSocket handshake and a request with a body must look like.
 *
 * libwebsockets 4.1 hardly checks either: POST, HTTP/1.0, old versions, short keys, foreign Origins
 * and contradictory lengths pass. These rules are ours; the transport collects the headers and asks
 * here. Source: RFC 6455 section 4.2.1, RFC 9112 section 6.
 */
#ifndef STANCHION_HANDSHAKE_H
#define STANCHION_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The headers of an upgrade request; NULL where the request had none. */
struct handshake {
    bool is_get;
    const char *http_version; /* "HTTP/1.1" */
    const char *host;
    const char *upgrade;
    const char *connection;
    const char *key;
    const char *version;
    const char *protocols;
    const char *protocol; /* that must be among them; NULL = stanchion.v1 */
};

struct origin_rule {
    const char *public_url; /* "" = none */
    const char *origins;    /* allowed ones, separated by spaces */
};

/* The status to answer with and a sentence; status 0 = the handshake is good. */
struct handshake_verdict {
    unsigned status;
    const char *message;
};

/* Everything but the Origin, which is the same question for every request: origin_is_allowed. */
struct handshake_verdict handshake_check(const struct handshake *handshake);

/* Whether a page of this origin may speak for its visitor: none given (not a browser), the
 * request's own host, the public URL, or one of the configured origins. */
bool origin_is_allowed(const char *origin, const char *host, const struct origin_rule *rule);

/* Reads Content-Length; false unless it is 1 to 18 digits. */
bool content_length_parse(const char *text, int64_t *bytes);

#endif
