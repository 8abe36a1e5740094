/* Publishing a plan as a whole: for a new event, in the place of one that nobody has bought from or
 * chosen in, or over one that is being sold.
 *
 * All or nothing. Before anything is written, seats that would go are taken off sale in Redis by
 * the script that sees that nobody has them, so nobody can get them in between: of a plan that
 * nobody has chosen in, all; otherwise those that the comparison with the plan in force names. Then
 * SQLite, then everybody hears. A crash on the way leaves the old plan, and the recovery gives
 * those seats back.
 */
#ifndef STANCHION_OFFICE_PLAN_H
#define STANCHION_OFFICE_PLAN_H

#include "server/office/office.h"
#include "ticketing/plan.h"

#define SEATS_NAMED_MAX 20 /* in a refusal; all are counted */
#define SEATS_IN_MESSAGE_MAX 4

struct plan_swap {
    bool is_live; /* seats are sold, held or withheld: the sale goes on with the new plan */
    bool is_stock_changed; /* seats come, go, or are put on or off sale */
    bool is_off_sale;      /* Redis has taken seats off sale for it */
};

/* Whether the plan may be published for the event; otherwise the answer has failed. `event` is as
 * in ledger_event_json, NULL for a new one. */
bool office_plan_prepare(struct office *office, struct office_answer *answer, const char *id,
                         const json_t *event, const char *currency, const struct plan *plan,
                         struct plan_swap *swap);
/* The plan is committed: tells Redis. */
enum batch_status office_plan_publish(struct office *office, const char *id,
                                      const struct plan_swap *swap);
/* It could not be written: what was taken off sale is given back. */
void office_plan_abandon(struct office *office, const char *id, const struct plan_swap *swap);

#endif
