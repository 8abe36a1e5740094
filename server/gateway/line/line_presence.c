#include "server/gateway/line/line_presence.h"
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_moments.h"

static void on_present(void *ctx, enum queue_status status, size_t shortened_count)
{
    (void)ctx, (void)status, (void)shortened_count; /* when it failed the longer time stays */
}

void present_list_init(struct present_list *list, struct event_entry *event, int64_t at_ms)
{
    list->event = event;
    list->at_ms = at_ms;
    list->count = 0;
}

void present_list_send(struct present_list *list)
{
    struct queue_store *queue = list->event->gateway->queue;
    if (list->count > 0) {
        queue->present(queue, list->event->id, list->at_ms, list->visitors, list->count, on_present,
                       NULL);
    }
    list->count = 0;
}

/* News that come so late would leave hardly any time to claim. */
static bool is_late(const struct present_list *list)
{
    const struct event_entry *event = list->event;
    int64_t storage_ms = line_moments_storage_ms(event->gateway, clock_monotonic_ms());
    return storage_ms - list->at_ms > event->claim_ms / 2;
}

int64_t present_list_deadline(struct present_list *list, const struct session *session,
                              int64_t deadline_ms)
{
    int64_t nearer_ms = list->at_ms + list->event->claim_ms;
    while (session != NULL && session->is_away)
        session = session_next_of_visitor(session);
    if (session == NULL || nearer_ms >= deadline_ms || is_late(list))
        return deadline_ms;
    struct queue_visitor *noted = &list->visitors[list->count++];
    memcpy(noted->id, session->visitor, sizeof noted->id);
    if (list->count == JOIN_BATCH_MAX)
        present_list_send(list);
    return nearer_ms;
}
