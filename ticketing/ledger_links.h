/* Links to the tickets of an order (server/base/ticket_link.h): the ledger keeps which one is the
 * newest, so that the others are void. The links themselves are kept nowhere. */
#ifndef STANCHION_LEDGER_LINKS_H
#define STANCHION_LEDGER_LINKS_H

#include "server/base/ticket_link.h"
#include "ticketing/ledger_store.h"

/* The newest link of an order. */
struct ledger_link {
    int64_t serial, made_ms, ends_ms;
    int64_t made_count; /* links made for this order, this one included */
};

/* Makes the newest link, within a transaction; `text` is the page with its token. LEDGER_NOT_FOUND:
 * no such order. The link is good once the transaction was committed. */
enum ledger_status ledger_link_make(struct ledger_store *s, const char *order, int64_t now_ms,
                                    int64_t ends_ms, struct ledger_link *out,
                                    char text[TICKET_LINK_BYTES_MAX + 1]);
/* LEDGER_NOT_FOUND: none was made, or there is no such order. */
enum ledger_status ledger_link_get(struct ledger_store *s, const char *order,
                                   struct ledger_link *out);

#endif
