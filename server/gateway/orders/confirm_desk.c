/* See the header. A session waits for one order at a time; its part of the wait goes with it. */
#include "server/gateway/orders/confirm_desk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json_text.h"
#include "server/gateway/app.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/seats/told_hold.h"
#include "server/gateway/wire/wire.h"

struct confirm {
    struct reply_to to;
    char order[ORDER_ID_BYTES + 1];
};

/* The session waits for nothing afterwards. False: it did not before. */
static bool take(struct session *session, struct confirm *out)
{
    if (session->confirm == NULL)
        return false;
    *out = *session->confirm;
    free(session->confirm);
    session->confirm = NULL;
    return true;
}

void confirm_desk_go_on(struct gateway *gateway, struct session *session)
{
    struct confirm confirm;
    struct hold hold;
    struct json_text text = {0};
    if (!take(session, &confirm))
        return;
    if (!told_hold_read(session, &hold) || strcmp(hold.order, confirm.order) != 0) {
        wire_busy(gateway, &confirm.to); /* another tab has given it up meanwhile */
        return;
    }
    seat_desk_add_payment(&text, session->event, &hold, "paying");
    wire_answer_text(gateway, &confirm.to, &text);
    json_text_release(&text);
}

void confirm_desk_wait(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const struct hold *hold)
{
    struct confirm_ring *ring = gateway->confirms;
    confirm_desk_go_on(gateway, session);
    session->confirm = malloc(sizeof *session->confirm);
    assert(session->confirm != NULL);
    session->confirm->to = *to;
    memcpy(session->confirm->order, hold->order, sizeof session->confirm->order);
    if (ring->count == CONFIRMS_MAX) {
        confirm_desk_go_on(gateway, session);
        return;
    }
    ring->due[(ring->first + ring->count++) % CONFIRMS_MAX] =
        (struct confirm_due){session->id, clock_monotonic_ms() + CONFIRM_WAIT_MS};
}

bool confirm_desk_confirmed(struct gateway *gateway, struct session *session, const char *order,
                            const struct json_text *confirmed)
{
    struct confirm confirm;
    struct json_text text = {0};
    if (session->confirm == NULL || strcmp(session->confirm->order, order) != 0 ||
        !take(session, &confirm))
        return false;
    json_text_add(&text, confirmed->bytes, confirmed->count);
    wire_answer_text(gateway, &confirm.to, &text);
    json_text_release(&text);
    return true;
}

/* Who was answered in time is passed over; one that asked again meanwhile is answered early. */
void confirm_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct confirm_ring *ring = gateway->confirms;
    while (ring->count > 0 && ring->due[ring->first].at_ms <= now_ms) {
        struct session *session = session_by_id(&gateway->sessions, ring->due[ring->first].session);
        ring->first = (ring->first + 1) % CONFIRMS_MAX;
        ring->count--;
        if (session != NULL)
            confirm_desk_go_on(gateway, session);
    }
}
