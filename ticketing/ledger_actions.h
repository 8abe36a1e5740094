/* The log of what organizers did, from the console and from the command line: rows are added and
 * never changed (triggers see to it). */
#ifndef STANCHION_LEDGER_ACTIONS_H
#define STANCHION_LEDGER_ACTIONS_H

#include <jansson.h>
#include "ticketing/ledger_store.h"

#define ACTIONS_PAGE_MAX 200

struct ledger_action {
    int64_t at_ms;
    const char *who, *via, *verb;
    const char *event;          /* NULL = of none */
    const char *before, *after; /* JSON objects; NULL = nothing to say */
    const char *note;           /* "" = none */
    int64_t undoes;             /* number of the action that this one undoes; 0 = none */
};

/* Within the transaction of the action itself. LEDGER_REFUSED: `undoes` has been undone before, or
 * never was. */
enum ledger_status ledger_action_add(struct ledger_store *s, const struct ledger_action *action,
                                     int64_t *nr);
/* {"nr","at_ms","who","via","verb","event","before","after","note","undoes","undone_by"}: null
 * where there is nothing. The caller owns it. */
enum ledger_status ledger_action_get(struct ledger_store *s, int64_t nr, json_t **out);
/* Up to `limit` actions with a number below `before` (INT64_MAX = from the newest), newest first,
 * of one event or all (NULL). *next: the `before` to go on with, 0 at the end. */
enum ledger_status ledger_actions_page(struct ledger_store *s, const char *event, int64_t before,
                                       int64_t limit, json_t **out, int64_t *next);

#endif
