#include "server/gateway/line_batch.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/line_desk.h"
#include "server/gateway/line_ticks.h"
#include "server/gateway/wire.h"

#define WISHES_ROOM_FIRST 64

/* --- lists --- */

void wish_list_release(struct wish_list *list)
{
    free(list->items);
    *list = (struct wish_list){0};
}

static bool wish_list_add(struct wish_list *list, const struct line_wish *wish)
{
    if (list->first > 0 && list->first + list->count == list->room) {
        memmove(list->items, list->items + list->first, list->count * sizeof *list->items);
        list->first = 0;
    }
    if (list->count == list->room) {
        size_t room = list->room == 0 ? WISHES_ROOM_FIRST : list->room * 2;
        struct line_wish *grown = realloc(list->items, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        list->items = grown;
        list->room = room;
    }
    list->items[list->first + list->count++] = *wish;
    return true;
}

static void wish_list_drop(struct wish_list *list, size_t count)
{
    list->count -= count;
    list->first = list->count == 0 ? 0 : list->first + count;
}

/* --- gathering --- */

bool line_batch_wish(struct event_entry *event, enum wish_kind kind, const struct session *session,
                     const struct reply_to *to)
{
    struct gateway *gateway = event->gateway;
    struct line_wish wish = {.session = to->session, .re = to->re, .has_re = to->has_re};
    memcpy(wish.visitor, session->visitor, sizeof wish.visitor);
    if (gateway->wishes_pending >= gateway->options->joins_pending_max ||
        !wish_list_add(&event->wishes[kind], &wish)) {
        return false;
    }
    gateway->wishes_pending++;
    return true;
}

void line_batch_check(struct session *session)
{
    struct line_wish wish = {.session = session->id};
    memcpy(wish.visitor, session->visitor, sizeof wish.visitor);
    if (!session->is_check_pending) {
        session->is_check_pending = wish_list_add(&session->event->wishes[WISH_CHECK], &wish);
    }
}

/* --- answers --- */

/* One call under way. Lifetime: from sending to its completion. */
struct line_batch {
    struct event_entry *event;
    enum wish_kind kind;
    size_t count;
    struct line_wish wishes[];
};

static void take_answer(const struct line_batch *batch, const struct line_wish *wish,
                        enum queue_status status, const struct place *place)
{
    struct gateway *gateway = batch->event->gateway;
    struct session *session = session_by_id(&gateway->sessions, wish->session);
    if (session == NULL) {
        return;
    }
    if (batch->kind == WISH_CHECK) {
        session->is_check_pending = false;
        if (status == QUEUE_OK) { /* otherwise the next tick asks again */
            line_ticks_on_checked(session, place);
        }
        return;
    }
    struct reply_to to = {wish->session, wish->re, wish->has_re};
    if (status != QUEUE_OK || strcmp(session->visitor, wish->visitor) != 0) {
        wire_busy(gateway, &to); /* or a receipt has made the session somebody else's meanwhile */
    } else {
        line_desk_on_place(gateway, session, &to, place);
    }
}

static void on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct line_batch *batch = ctx;
    assert(status != QUEUE_OK || count == batch->count);
    batch->event->gateway->check_batches -= batch->kind == WISH_CHECK;
    for (size_t i = 0; i < batch->count; i++) {
        take_answer(batch, &batch->wishes[i], status, status == QUEUE_OK ? &places[i] : NULL);
    }
    free(batch);
}

/* --- sending --- */

static void send_batch(struct event_entry *event, enum wish_kind kind,
                       const struct line_wish *wishes, size_t count)
{
    struct queue_store *queue = event->gateway->queue;
    struct queue_visitor visitors[JOIN_BATCH_MAX];
    struct line_batch *batch = malloc(sizeof *batch + count * sizeof *wishes);
    assert(batch != NULL);
    batch->event = event;
    batch->kind = kind;
    batch->count = count;
    memcpy(batch->wishes, wishes, count * sizeof *wishes);
    for (size_t i = 0; i < count; i++) {
        memcpy(visitors[i].id, wishes[i].visitor, sizeof visitors[i].id);
    }
    event->gateway->check_batches += kind == WISH_CHECK;
    enum queue_status status =
        kind == WISH_JOIN ? queue->join(queue, event->id, visitors, count, on_places, batch)
                          : queue->look(queue, event->id, visitors, count, on_places, batch);
    if (status != QUEUE_OK) {
        on_places(batch, status, NULL, 0);
    }
}

static void send_list(struct event_entry *event, enum wish_kind kind)
{
    struct gateway *gateway = event->gateway;
    struct wish_list *list = &event->wishes[kind];
    while (list->count > 0 && (kind != WISH_CHECK || gateway->check_batches < CHECK_BATCHES_MAX)) {
        size_t count = list->count < JOIN_BATCH_MAX ? list->count : JOIN_BATCH_MAX;
        size_t first = list->first;
        wish_list_drop(list, count);
        send_batch(event, kind, list->items + first, count);
    }
}

void line_batch_before_sleep(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        for (int kind = 0; kind < WISH_COUNT; kind++) {
            send_list(gateway->book.entries[i], (enum wish_kind)kind);
        }
    }
    gateway->wishes_pending = 0;
}
