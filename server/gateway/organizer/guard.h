/* The guard of the organizer's console: which sessions are good (docs/organizer.md).
 *
 * A session is a signed cookie that says everything by itself: account, role, end, and the
 * generation of the account that it began in. What every gateway must know besides is the present
 * generation of each account; the ledger puts it into the Redis hash `organizers` and says so on
 * the channel of that name. A session of an older generation is over. Generations grow, so a cookie
 * that names a newer one than is known here comes from a change that this gateway has not heard of
 * yet, and counts. Single sessions that were signed out are in the list of account_desk.h.
 */
#ifndef STANCHION_ORGANIZER_GUARD_H
#define STANCHION_ORGANIZER_GUARD_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "server/base/rights.h"
#include "ticketing/ledger_accounts.h"

struct gateway;

#define ORGANIZERS_MAX 1000 /* beyond: their sessions end by time only, and the log says so */
#define ORGANIZER_SESSION_S (12 * 3600)

struct organizer_session {
    uint64_t id;
    int64_t ends_ms, generation;
    enum role role;
    bool must_change;
    char name[ORGANIZER_NAME_BYTES_MAX + 1];
};

struct organizer_known {
    char name[ORGANIZER_NAME_BYTES_MAX + 1];
    int64_t generation;
};

struct organizer_guard {
    struct organizer_known *known;
    size_t known_count;
    bool is_ready; /* the hash has been read once since Redis had its data */
};

enum guard_verdict { GUARD_OK = 0, GUARD_SIGN_IN, GUARD_BUSY, GUARD_VERDICT_COUNT };

/* The session that a request carries. GUARD_BUSY: this gateway does not know enough yet. */
enum guard_verdict organizer_guard_read(struct gateway *gateway, struct lws *wsi,
                                        struct organizer_session *out);
/* Whether the session is still good. */
bool organizer_guard_takes(struct gateway *gateway, const struct organizer_session *session);
/* The value of Set-Cookie; NULL takes the cookie away. `out` of TOKEN_BYTES_MAX + 128. */
void organizer_guard_cookie(struct gateway *gateway, const struct organizer_session *session,
                            char *out, size_t out_bytes_max);
/* Ends the session at all gateways; Redis and the ledger are told. */
void organizer_guard_end(struct gateway *gateway, const struct organizer_session *session);

/* Reads the hash again: at the start, after a lost connection, when the channel says so. */
void organizer_guard_reload(struct gateway *gateway);
void organizer_guard_release(struct gateway *gateway);

#endif
