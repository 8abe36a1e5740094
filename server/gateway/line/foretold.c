/* See the header. */
#include "server/gateway/line/foretold.h"

#include "server/gateway/app.h"

bool foretold_ask(struct session *session, int64_t ahead, struct estimate_range *range)
{
    const struct line_view *line = &session->event->line;
    struct foretold *told = &session->foretold;
    if (!estimate_wait(&line->estimate, ahead, range))
        return false;
    if (told->seq != session->seq) {
        *told = (struct foretold){session->seq, line->moving_ms, (int32_t)range->low_ms,
                                  (int32_t)range->high_ms};
    }
    return true;
}

void foretold_on_admitted(struct session *session)
{
    struct event_entry *event = session->event;
    const struct foretold *told = &session->foretold;
    int64_t real_ms = event->line.moving_ms - told->at_ms;
    if (told->seq == session->seq && event->line.is_current) {
        struct estimate_range predicted = {told->low_ms, told->high_ms};
        estimate_error_add(&event->errors, &predicted, real_ms);
        estimate_error_add(&event->gateway->figures.estimates, &predicted, real_ms);
    }
    session->foretold.seq = 0;
}
