/* Whose browser is there when the turn comes.
 *
 * A tick gives everyone the longer time to claim, because it does not know who is connected. The
 * gateways do: those with an open, visible page of the visitor shorten the time to claim_ms and
 * tell the shorter deadline. A phone that sleeps keeps the longer one. When the shortening gets
 * lost on its way, the slot is kept for the longer time: never more are inside for that.
 */
#ifndef STANCHION_LINE_PRESENCE_H
#define STANCHION_LINE_PRESENCE_H

#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"

struct event_entry;
struct session;

/* Visitors admitted at at_ms whose pages are open, gathered while a report is told. */
struct present_list {
    struct event_entry *event;
    int64_t at_ms; /* storage clock */
    size_t count;
    struct queue_visitor visitors[JOIN_BATCH_MAX];
};

void present_list_init(struct present_list *list, struct event_entry *event, int64_t at_ms);
/* Given the first of the visitor's sessions and the deadline of the admission, returns the one that
 * holds; notes the visitor when that is nearer. */
int64_t present_list_deadline(struct present_list *list, const struct session *session,
                              int64_t deadline_ms);
/* Sends what has been noted. */
void present_list_send(struct present_list *list);

#endif
