/* The queue of letters in the ledger. A letter carries the newest link to the tickets of an order;
 * the link is not in the queue but made again from serial and end when the letter goes. */
#ifndef STANCHION_LEDGER_MAILS_H
#define STANCHION_LEDGER_MAILS_H

#include <jansson.h>
#include "server/base/account_id.h"
#include "server/base/ticket_link.h"
#include "ticketing/ledger_links.h"

#define LEDGER_MAILS_DUE_MAX 1000   /* of all orders; one more is refused */
#define LEDGER_MAILS_OF_ORDER_MAX 5 /* of one order within LEDGER_MAILS_WINDOW_MS, likewise */
#define LEDGER_MAILS_WINDOW_MS (24 * 3600 * INT64_C(1000))
#define MAIL_REASON_BYTES 160

enum ledger_mail_state { LEDGER_MAIL_DUE, LEDGER_MAIL_SENT, LEDGER_MAIL_FAILED };

struct ledger_mail {
    int64_t nr, attempts, serial, ends_ms, made_ms;
    char order[ORDER_ID_BYTES + 1], event[EVENT_ID_BYTES_MAX + 1];
    char recipient[EMAIL_BYTES_MAX + 1];
    char link[TICKET_LINK_BYTES_MAX + 1]; /* the page with its token */
};

/* Within a transaction: the letters of this order that wait or failed are outdated. */
enum ledger_status ledger_mails_outdate(struct ledger_store *s, const char *order, int64_t now_ms);
/* Within a transaction. LEDGER_REFUSED: too many wait, or went to this order lately. */
enum ledger_status ledger_mail_add(struct ledger_store *s, const char *order, const char *recipient,
                                   const struct ledger_link *link, int64_t now_ms);
/* The one that is due longest; LEDGER_NOT_FOUND: none is. */
enum ledger_status ledger_mail_due(struct ledger_store *s, int64_t now_ms, struct ledger_mail *out);
/* Within a transaction: counts the attempt. One that was outdated meanwhile stays so. */
enum ledger_status ledger_mail_update(struct ledger_store *s, const struct ledger_mail *mail,
                                      enum ledger_mail_state state, int64_t next_try_ms,
                                      const char *reason, int64_t now_ms);
/* The last letters of an order, newest first: [{"to","state","attempts","reason","at_ms"}]. */
enum ledger_status ledger_mails_of(struct ledger_store *s, const char *order, json_t **out);

#endif
