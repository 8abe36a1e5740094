/* What organizers do is noted in the log, in the transaction that does it (docs/organizer.md). */
#ifndef STANCHION_OFFICE_NOTES_H
#define STANCHION_OFFICE_NOTES_H

#include "server/office/office.h"

struct office_note {
    const char *verb;             /* NULL = the request's */
    const char *event;            /* NULL = of none */
    const json_t *before, *after; /* what changed; NULL = nothing to say */
    const char *text;             /* NULL = none */
    const char *who;              /* NULL = who sent the request */
};

/* Adds the line (which undoes what request->undoes says); its number goes into the answer's `log`.
 * For what LEDGER_OK does not say, roll back. */
enum ledger_status office_note(struct office *office, const struct office_request *request,
                               struct office_answer *answer, const struct office_note *note);
/* The members of `of` whose values are others in `than`, or missing there. A new object. */
json_t *office_difference(const json_t *of, const json_t *than);

#endif
