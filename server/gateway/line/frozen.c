/* See the header. A page counts a deadline down by itself; each push puts it back to what is left
 * while time stands still. */
#include "server/gateway/line/frozen.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_batch.h"
#include "server/gateway/wire/wire.h"

#define FROZEN_TELL_MS 5000

static void ask_all(struct event_entry *event)
{
    for (struct session *s = event->sessions; s != NULL; s = s->event_next) {
        if ((s->stage == STAGE_ADMITTED || s->stage == STAGE_ENTERED) && session_is_of_epoch(s)) {
            s->is_deadline_wanted = true;
            line_batch_check(s);
        }
    }
}

void frozen_on_beat(struct gateway *gateway, int64_t now_ms)
{
    bool was_frozen = gateway->is_frozen;
    gateway->is_frozen = gateway->beat_age_ms > LEDGER_AWAY_MS;
    if (gateway->epoch == 0 || (!gateway->is_frozen && !was_frozen) ||
        (gateway->is_frozen && was_frozen && now_ms - gateway->frozen_told_ms < FROZEN_TELL_MS))
        return;
    gateway->frozen_told_ms = now_ms;
    for (size_t i = 0; i < gateway->book.count; i++)
        ask_all(gateway->book.entries[i]);
}

void frozen_on_checked(struct session *session, const struct place *place)
{
    struct gateway *gateway = session->event->gateway;
    bool is_inside = session->stage == STAGE_ADMITTED || session->stage == STAGE_ENTERED;
    if (session->is_deadline_wanted && is_inside) {
        wire_send(gateway, session,
                  json_pack("{ss sI sb sI}", "type", "deadline", "deadline_ms",
                            (json_int_t)place->deadline_ms, "is_frozen", gateway->is_frozen,
                            "server_ms", (json_int_t)place->now_ms));
    }
    session->is_deadline_wanted = false;
}
