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
                         const json_t *after, struct said *problem);

/* What stands against publishing the event, and what deserves a look; NULL
 * with the answer failed. */
json_t *office_findings_of(struct office *office, struct office_answer *answer,
                           const json_t *event);
/* A rehearsal gives way when the event with these settings is being sold, or soon will be. */
void office_rehearsal_give_way(struct office *office, const json_t *settings);

#endif
