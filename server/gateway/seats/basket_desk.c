/* See the header. */
#include "server/gateway/seats/basket_desk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/seats/told_hold.h"
#include "server/gateway/wire/wire.h"

struct basket_ask {
    struct gateway *gateway;
    struct event_entry *event;
    char visitor[VISITOR_ID_BYTES + 1];
};

/* --- what a session was told --- */

static uint64_t mix(uint64_t digest, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        digest =
            (digest ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211); /* FNV-1a */
    }
    return digest;
}

static bool is_held(const struct hold *hold)
{
    return hold != NULL && hold->seats_count > 0 &&
           (hold->result == HOLD_OK || hold->result == HOLD_PAYING);
}

#define DIGEST_HELD UINT64_C(1)
#define DIGEST_PAYING UINT64_C(2)

/* 0 = nothing is held. */
static uint64_t digest_of(const struct hold *hold)
{
    if (!is_held(hold))
        return 0;
    uint64_t digest = mix(UINT64_C(14695981039346656037), &hold->fence, sizeof hold->fence);
    for (size_t i = 0; i < hold->seats_count; i++)
        digest = mix(digest, &hold->seats[i].seat, sizeof hold->seats[i].seat);
    digest = mix(digest, hold->order, strlen(hold->order)) & ~(DIGEST_HELD | DIGEST_PAYING);
    return digest | DIGEST_HELD | (hold->is_paying ? DIGEST_PAYING : 0);
}

void basket_desk_told(struct session *session, const struct hold *hold)
{
    if (session != NULL)
        session->basket_told = digest_of(hold);
}

bool basket_desk_has_payment(const struct session *session)
{
    return (session->basket_told & DIGEST_PAYING) != 0;
}

/* --- what is to be looked at --- */

static void put(struct basket_ring *ring, const struct session *session, int64_t at_ms)
{
    if (ring->count < BASKETS_MAX) {
        struct basket_due *due = &ring->due[(ring->first + ring->count++) % BASKETS_MAX];
        due->event = session->event;
        due->at_ms = at_ms;
        memcpy(due->visitor, session->visitor, sizeof due->visitor);
    }
}

static bool take(struct basket_ring *ring, int64_t now_ms, struct basket_due *out)
{
    const struct basket_due *first = &ring->due[ring->first];
    if (ring->count == 0 || first->at_ms > now_ms)
        return false;
    *out = *first;
    ring->first = (ring->first + 1) % BASKETS_MAX;
    ring->count--;
    return true;
}

static void note_change(struct event_entry *event, const char *visitor, int64_t now_ms)
{
    struct gateway *gateway = event->gateway;
    struct session *session = session_of_visitor(&gateway->sessions, event, visitor);
    if (session == NULL)
        return;
    bool is_alone = session_next_of_visitor(session) == NULL;
    if (is_alone && now_ms - session->asked_ms < BASKET_OWN_MS) {
        if (!session->is_basket_due) {
            session->is_basket_due = true;
            put(&gateway->baskets->later, session, now_ms + BASKET_OWN_MS);
        }
    } else {
        put(&gateway->baskets->soon, session, now_ms);
    }
}

/* "version|changes|visitor visitor ..." */
void basket_desk_on_map(struct event_entry *event, const char *text, size_t bytes)
{
    const char *end = text + bytes, *at = memchr(text, '|', bytes);
    at = at != NULL ? memchr(at + 1, '|', (size_t)(end - at - 1)) : NULL;
    int64_t now_ms = clock_monotonic_ms();
    while (at != NULL) {
        const char *next = memchr(at + 1, ' ', (size_t)(end - at - 1));
        size_t length = (size_t)((next != NULL ? next : end) - at - 1);
        char visitor[VISITOR_ID_BYTES + 1];
        if (length <= VISITOR_ID_BYTES) {
            memcpy(visitor, at + 1, length);
            visitor[length] = '\0';
            note_change(event, visitor, now_ms);
        }
        at = next;
    }
}

/* --- looking and telling --- */

static json_t *nothing_held(const struct session *session)
{
    return json_pack("{ss s[] sI}", "type", "released", "seats", "deadline_ms",
                     (json_int_t)session->deadline_ms);
}

/* A payment that is no more was sold or given up, and a turn that is no more has ended: that is
 * told as its outcome. Of a sale that was quick another gateway may have heard nothing but this. */
static void tell(struct gateway *gateway, struct session *session, const struct hold *hold)
{
    uint64_t digest = digest_of(hold);
    bool has_ended = digest == 0 && (hold->deadline_ms == 0 || session->paying != 0 ||
                                     basket_desk_has_payment(session));
    if (session->stage != STAGE_ENTERED || session->basket_told == digest || has_ended)
        return;
    session->basket_told = digest;
    if (digest != 0)
        told_hold_note(session, hold);
    else
        told_hold_forget(session);
    wire_send(gateway, session,
              digest != 0 ? seat_desk_hold_json(session->event, hold) : nothing_held(session));
}

static void on_state(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct basket_ask *ask = ctx;
    struct session *session = NULL;
    if (status == SEATS_OK) /* otherwise Redis is away: everybody enters again */
        session = session_of_visitor(&ask->gateway->sessions, ask->event, ask->visitor);
    for (; session != NULL; session = session_next_of_visitor(session))
        tell(ask->gateway, session, hold);
    free(ask);
}

/* Whether somebody of the visitor is inside here, who may have to be told. */
static bool is_inside(struct gateway *gateway, const struct basket_due *due)
{
    bool is_inside = false;
    struct session *session = session_of_visitor(&gateway->sessions, due->event, due->visitor);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        session->is_basket_due = false;
        is_inside = is_inside || session->stage == STAGE_ENTERED;
    }
    return is_inside;
}

static void look(struct gateway *gateway, const struct basket_due *due)
{
    if (!is_inside(gateway, due) || !event_is_ready(due->event))
        return;
    struct basket_ask *ask = malloc(sizeof *ask);
    assert(ask != NULL);
    ask->gateway = gateway;
    ask->event = due->event;
    memcpy(ask->visitor, due->visitor, sizeof ask->visitor);
    if (gateway->seats->state(gateway->seats, ask->event->id, ask->visitor, on_state, ask) !=
        SEATS_OK)
        free(ask);
}

void basket_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    struct basket_due due;
    while (take(&gateway->baskets->soon, now_ms, &due) ||
           take(&gateway->baskets->later, now_ms, &due))
        look(gateway, &due);
}
