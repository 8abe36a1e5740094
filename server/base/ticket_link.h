/* Links to the tickets of one order, for a buyer who cannot open them any more
 * (docs/decisions/0080-links-to-tickets.md).
 *
 * `/tickets#t1.<payload>.<signature>`: the token stands behind `#`, so no request carries it until
 * the page sends it in a body. It names the order, the link's serial and its end. Of an order only
 * the link with the newest serial is good; which one that is, the ledger knows. Everything else is
 * decided here, without I/O.
 */
#ifndef STANCHION_TICKET_LINK_H
#define STANCHION_TICKET_LINK_H

#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "server/base/token.h"

#define TICKET_LINK_PAGE "/tickets#" /* the token follows */
#define TICKET_LINK_BYTES_MAX (sizeof TICKET_LINK_PAGE - 1 + TOKEN_BYTES_MAX)

struct ticket_link {
    char order[ORDER_ID_BYTES + 1];
    int64_t serial;  /* grows with each link of the order; at least 1 */
    int64_t ends_ms; /* from then on it opens nothing */
};

enum ticket_link_status {
    TICKET_LINK_OK = 0,
    TICKET_LINK_INVALID, /* forged, damaged, or no link of ours */
    TICKET_LINK_ENDED,   /* genuine, but its time is over */
    TICKET_LINK_STATUS_COUNT
};

/* The serial of the next link: the time, so that a ledger which was started from a backup does not
 * give a lost link's serial again, and always more than the last one (0 = there was none). */
int64_t ticket_link_next(int64_t last_serial, int64_t now_ms);
/* Writes the page with the token, NUL-terminated; it always fits. Asserts that the order's id is
 * plain (letters, digits, '_', '-'). */
void ticket_link_write(const struct token_keys *keys, const struct ticket_link *link,
                       char out[TICKET_LINK_BYTES_MAX + 1]);
/* Reads a token, without the page. *link is set unless it is TICKET_LINK_INVALID. */
enum ticket_link_status ticket_link_read(const struct token_keys *keys, const char *token,
                                         size_t token_bytes, int64_t now_ms,
                                         struct ticket_link *link);

#endif
