/* Tickets at the door: a code is looked up, and let in once. */
#ifndef STANCHION_LEDGER_DOORS_H
#define STANCHION_LEDGER_DOORS_H

#include <jansson.h>
#include "ticketing/ledger_store.h"

#define DOOR_BYTES_MAX 60

enum ticket_verdict {
    TICKET_VALID,    /* sold, and not used before this check */
    TICKET_USED,     /* let in earlier: used_ms and door say when and where */
    TICKET_REFUNDED, /* was sold, and given back */
    TICKET_UNKNOWN,  /* no ticket of ours */
    TICKET_VERDICT_COUNT
};

struct ticket_check {
    enum ticket_verdict verdict;
    int64_t used_ms;
    char door[DOOR_BYTES_MAX + 1];
    char event[EVENT_ID_BYTES_MAX + 1], order[ORDER_ID_BYTES + 1];
    uint32_t seat;
    char section[PLAN_LABEL_BYTES_MAX * 2 + 1], row[PLAN_LABEL_BYTES_MAX + 1],
        number[PLAN_LABEL_BYTES_MAX + 1], category[PLAN_LABEL_BYTES_MAX + 1],
        type[PLAN_LABEL_BYTES_MAX + 1]; /* "" = one price for everybody */
};

/* "valid", "used", "refunded", "unknown". */
const char *ticket_verdict_word(enum ticket_verdict verdict);

/* Looks a code up. With `door` a valid one is noted as used from now on, within a transaction; with
 * NULL nothing is noted. */
enum ledger_status ledger_ticket_check(struct ledger_store *s, const char *code, const char *door,
                                       int64_t now_ms, struct ticket_check *out);
/* Up to `limit` tickets of an event that stand, by seat, those after seat `after` (-1 = from the
 * start): [{"seat","section","row","number","category","type","order","code","used_ms"}]. */
enum ledger_status ledger_door_list(struct ledger_store *s, const char *event, int64_t after,
                                    int64_t limit, json_t **out);

#endif
