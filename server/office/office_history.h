/* Operator's actions in the history of a line (docs/history.md). */
#ifndef STANCHION_OFFICE_HISTORY_H
#define STANCHION_OFFICE_HISTORY_H

#include <jansson.h>
#include "server/office/office.h"

/* Notes each setting that differs: who changed it, from what to what. Best effort: the change
 * stands in the ledger already. */
void office_history_settings(struct office *office, const struct office_request *request,
                             const char *event, const json_t *before, const json_t *after);

#endif
