/* How often somebody may try something, counted in Redis for all gateways together.
 *
 * Fixed windows: one counter per rule, who and window, named by a fingerprint (no address and no
 * e-mail is kept), which Redis forgets by itself. No decision about places or seats hangs on it.
 */
#ifndef STANCHION_RATE_LIMIT_H
#define STANCHION_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;

#define RATE_RULES_MAX 4

struct rate_rule {
    const char *name; /* part of the key */
    const char *who;
    int64_t window_s, tries_max;
};

enum rate_verdict {
    RATE_OK = 0,
    RATE_TOO_FAST,
    RATE_UNKNOWN, /* Redis did not answer */
    RATE_VERDICT_COUNT
};

/* retry_s: after RATE_TOO_FAST, when the longest window that is full has passed. */
typedef void rate_limit_fn(void *ctx, enum rate_verdict verdict, int retry_s);

/* Counts one try under each rule, also when it is one too many. Completes exactly once, never
 * before this returns; false = Redis is away, on_verdict is never called. Texts are copied. */
bool rate_limit_count(struct gateway *gateway, const struct rate_rule *rules, size_t count,
                      rate_limit_fn *on_verdict, void *ctx);
/* The tries are forgotten, or Redis is away. */
typedef void rate_forgotten_fn(void *ctx);

/* Forgets the tries of the present window: it was the right person. Completes exactly once, never
 * before this returns; false = Redis is away, on_forgotten is never called. */
bool rate_limit_forget(struct gateway *gateway, const struct rate_rule *rule,
                       rate_forgotten_fn *on_forgotten, void *ctx);

#endif
