/* What the verbs about events share. */
#ifndef STANCHION_OFFICE_EVENTS_H
#define STANCHION_OFFICE_EVENTS_H

#include "server/office/office.h"

/* A figure that lives in Redis under ev:{E}:<key_name>; 0 when Redis does not say. */
int64_t office_live_figure(struct office *office, const char *event, const char *key_name,
                           const char *command, const char *field);
/* The event named by the argument `event`, as in ledger_event_json; NULL with the answer failed. */
json_t *office_find_event(struct office *office, const struct office_request *request,
                          struct office_answer *answer);
/* A draw must be committed to before anybody comes, so it is switched on or off only then. false:
 * `problem` says so. */
bool office_may_set_draw(struct office *office, const char *id, const json_t *before,
                         const json_t *after, char *problem);

#endif
