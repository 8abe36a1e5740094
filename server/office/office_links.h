/* What the verbs of an order share with those of the links to its tickets. */
#ifndef STANCHION_OFFICE_LINKS_H
#define STANCHION_OFFICE_LINKS_H

#include "server/office/office.h"

/* The order as ledger_order_json gives it, the caller's; NULL when the answer has failed. */
json_t *office_find_order(struct office *office, struct office_answer *answer, const char *id);
/* Adds to an order as ledger_order_json gives it: `link`, {"made_ms","ends_ms","links"} of the
 * newest one or null; `mails`, its last letters; `can_mail`, whether any can be sent. */
enum ledger_status office_links_show(const struct office *office, json_t *order);
/* Adds `email`: whose account ordered; "" = an anonymous visitor. */
enum ledger_status office_order_add_email(struct ledger_store *store, const char *id,
                                          json_t *order);

#endif
