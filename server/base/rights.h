/* Who of the organizers may do what: the one table of roles and rights (docs/organizer.md). Pure.
 *
 * The gateway asks it before anything is done; the ledger and the command line only for the names
 * of roles. Whoever has the data directory has the command line, and there may do everything.
 */
#ifndef STANCHION_RIGHTS_H
#define STANCHION_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum role { ROLE_OWNER, ROLE_OPERATOR, ROLE_DOOR, ROLE_COUNT };

enum right {
    RIGHT_EVENT_READ,
    RIGHT_EVENT_EDIT,
    RIGHT_EVENT_LIVE,
    RIGHT_EVENT_STEER,
    RIGHT_ORDER_READ,
    RIGHT_ORDER_REFUND,
    RIGHT_ORDER_RESEND,
    RIGHT_ORDER_EXPORT,
    RIGHT_DOOR_CHECK,
    RIGHT_LOG_READ,
    RIGHT_ACCOUNT_EDIT,
    RIGHT_COUNT
};

/* "owner", ... */
const char *role_word(enum role role);
/* False when there is no such role; NULL is none. */
bool role_parse(const char *word, enum role *out);
/* "event.read", ... */
const char *right_word(enum right right);
bool role_has(enum role role, enum right right);
/* "only an owner or an operator may do this", for a refusal; a constant. */
const char *right_holders(enum right right);

#endif
