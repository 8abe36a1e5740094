/* See the header. */
#include "server/office/office.h"

void office_audit(struct office *office, const struct office_request *request, struct office_answer *answer)
{
    (void)office, (void)request;
    office_fail(answer, "not_ready", "The audit is not there yet.");
}
