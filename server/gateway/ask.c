#include "server/gateway/ask.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/session.h"

struct ask *ask_create(struct gateway *gateway, struct session *session, const struct reply_to *to)
{
    struct ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->gateway = gateway;
    ask->event = session->event;
    ask->to = *to;
    ask->asked_ms = session->asked_ms = clock_monotonic_ms();
    memcpy(ask->visitor, session->visitor, sizeof ask->visitor);
    return ask;
}
