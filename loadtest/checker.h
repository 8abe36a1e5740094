/* The promises, checked from outside: pure functions over what visitors were told and what the
 * ledger holds.
 *
 * Each function sorts copies (O(n log n)), changes nothing and writes one finding. The text has the
 * figures and, when it failed, the first violations by name. docs/stampede.md tells what each
 * proves and what not. */
#ifndef STAMPEDE_CHECKER_H
#define STAMPEDE_CHECKER_H

#include <stddef.h>
#include <stdint.h>
#include "loadtest/history.h"

enum finding_state {
    FINDING_OK,
    FINDING_FAILED,
    FINDING_NOT_CHECKED, /* what it needs was not there; never counts as green */
    FINDING_STATE_COUNT
};

#define FINDING_TEXT_BYTES 512
struct finding {
    const char *name; /* static */
    enum finding_state state;
    uint64_t violations;
    char text[FINDING_TEXT_BYTES];
};

/* No seat in two confirmed orders, nor twice in one. */
void checker_seats_told_once(const struct history *h, struct finding *f);
/* No seat in two rows of the ledger, whoever bought it. */
void checker_seats_sold_once(const struct ledger *l, struct finding *f);
/* Each confirmed order has its row, for the same visitor, with the same seats and amount, and
 * `tickets` listed it; each row of these visitors belongs to an order whose payment was asked for
 * and that was not told as unsold. */
void checker_confirmed_have_rows(const struct history *h, const struct ledger *l,
                                 struct finding *f);
/* Sorted by sequence, admission numbers and times ascend; no sequence or admission was given twice;
 * nobody who was still waiting at some moment had been passed by a later sequence before. */
void checker_order_of_admission(const struct history *h, struct finding *f);
/* Never more than `cap` of these visitors inside at once; no sample of `inside` above it. cap < 0:
 * not checked. */
void checker_cap(const struct history *h, const struct history_sample *samples,
                 size_t samples_count, int64_t cap, struct finding *f);
/* Every answer to one visitor, over all its connections, told one sequence and one admission; no
 * two visitors share one. */
void checker_one_place(const struct history *h, struct finding *f);
/* Sum of confirmed amounts = sum of the orders in the ledger that were confirmed to them; seat
 * prices add up to the amount of their order; no payment of such an order is void or failed. */
void checker_money(const struct history *h, const struct ledger *l, struct finding *f);
/* Money was taken exactly for the orders: each capture of an order of these visitors is for a row
 * of the ledger, with its amount, and the only one; each payment that the ledger calls captured is
 * one. `before` was read before the ledger, `after` after it: what is only under way is no
 * violation. */
void checker_money_taken(const struct history *h, const struct ledger *l,
                         const struct provider *before, const struct provider *after,
                         struct finding *f);
/* No hold ended twice or vanished. */
void checker_holds(const struct history *h, struct finding *f);
/* Nobody was given a seat that was certainly somebody else's: clashes found while running. */
void checker_holds_apart(const struct history_clash *clashes, uint64_t clashes_count,
                         struct finding *f);

const char *finding_state_name(enum finding_state state);

#endif
