/* The pay desk: checkout, payment, and what the provider and the ledger say of it.
 *
 *   hold --checkout--> fixed --pay--> intent created --authorise--> authorised
 *     --settle--> in the outbox --ledger's commit--> confirmed
 *
 * Every arrow may fail, repeat or come late; what decides is settle.lua (order, fence and time
 * still match).
 */
#ifndef STANCHION_PAY_DESK_H
#define STANCHION_PAY_DESK_H

#include <jansson.h>
#include <stddef.h>

struct gateway;
struct session;
struct event_entry;
struct reply_to;

void pay_desk_checkout(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const json_t *request);
void pay_desk_pay(struct gateway *gateway, struct session *session, const struct reply_to *to,
                  const json_t *request);
void pay_desk_tickets(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request);

#endif
