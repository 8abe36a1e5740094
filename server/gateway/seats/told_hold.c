/* See the header. Only as many seats as there are take memory. */
#include "server/gateway/seats/told_hold.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct told_hold {
    bool is_paying;
    int64_t fence, deadline_ms, amount_minor;
    char order[ORDER_ID_BYTES + 1];
    char *offer; /* owned; NULL unless paying */
    size_t seats_count;
    struct held_seat seats[];
};

void told_hold_note(struct session *session, const struct hold *hold)
{
    if (session == NULL)
        return;
    told_hold_forget(session);
    size_t seats_bytes = hold->seats_count * sizeof hold->seats[0];
    struct told_hold *told = malloc(sizeof *told + seats_bytes);
    assert(told != NULL);
    told->is_paying = hold->is_paying;
    told->fence = hold->fence;
    told->deadline_ms = hold->deadline_ms;
    told->amount_minor = hold->amount_minor;
    memcpy(told->order, hold->order, sizeof told->order);
    told->offer = hold->is_paying && hold->offer != NULL ? strdup(hold->offer) : NULL;
    told->seats_count = hold->seats_count;
    memcpy(told->seats, hold->seats, seats_bytes);
    session->told_hold = told;
}

bool told_hold_read(const struct session *session, struct hold *out)
{
    const struct told_hold *told = session->told_hold;
    if (told == NULL)
        return false;
    *out = (struct hold){.result = HOLD_OK,
                         .is_paying = told->is_paying,
                         .fence = told->fence,
                         .deadline_ms = told->deadline_ms,
                         .amount_minor = told->amount_minor,
                         .offer = told->offer != NULL ? told->offer : "",
                         .seats_count = told->seats_count};
    memcpy(out->order, told->order, sizeof out->order);
    memcpy(out->seats, told->seats, told->seats_count * sizeof told->seats[0]);
    return true;
}

void told_hold_forget(struct session *session)
{
    if (session != NULL && session->told_hold != NULL) {
        free(session->told_hold->offer);
        free(session->told_hold);
        session->told_hold = NULL;
    }
}
