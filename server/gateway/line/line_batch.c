#include "server/gateway/line/line_batch.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "queue/receipt.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/wire/wire.h"

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
        if (grown == NULL)
            return false;
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

static bool is_own_doubt(enum wish_kind kind)
{
    return kind == WISH_CHECK || kind == WISH_CLAIM;
}

static void send_list(struct event_entry *event, enum wish_kind kind, bool is_urgent);

/* --- gathering --- */

static bool add_wish(struct session *session, enum wish_kind kind, struct line_wish *wish,
                     const struct reply_to *to)
{
    struct gateway *gateway = session->event->gateway;
    wish->session = to->session;
    wish->re = to->re;
    wish->has_re = to->has_re;
    memcpy(wish->claim.visitor.id, session->visitor, sizeof wish->claim.visitor.id);
    if (gateway->wishes_pending >= gateway->options->joins_pending_max ||
        !wish_list_add(&session->event->wishes[kind], wish))
        return false;
    gateway->wishes_pending++;
    return true;
}

bool line_batch_join(struct session *session, const struct reply_to *to)
{
    struct line_wish wish = {0};
    return add_wish(session, WISH_JOIN, &wish, to);
}

bool line_batch_resume(struct session *session, const struct reply_to *to,
                       const struct receipt *receipt)
{
    struct line_wish wish = {
        .claim = {.seq = receipt->seq, .epoch = receipt->epoch, .is_drawn = receipt->is_drawn}};
    return add_wish(session, WISH_RESUME, &wish, to);
}

void line_batch_send_before(struct event_entry *event)
{
    send_list(event, WISH_JOIN, true);
    send_list(event, WISH_RESUME, true);
}

bool line_batch_leave(struct session *session, const struct reply_to *to)
{
    struct line_wish wish = {0};
    line_batch_send_before(session->event);
    return add_wish(session, WISH_LEAVE, &wish, to);
}

static void add_doubt(struct session *session, enum wish_kind kind)
{
    struct line_wish wish = {.session = session->id,
                             .claim = {.seq = session->seq,
                                       .epoch = session->place_epoch,
                                       .is_drawn = session->is_place_drawn}};
    memcpy(wish.claim.visitor.id, session->visitor, sizeof wish.claim.visitor.id);
    if (!session->is_check_pending)
        session->is_check_pending = wish_list_add(&session->event->wishes[kind], &wish);
}

void line_batch_check(struct session *session)
{
    add_doubt(session, session_is_of_epoch(session) ? WISH_CHECK : WISH_CLAIM);
}

void line_batch_ask_why(struct session *session)
{
    add_doubt(session, WISH_CLAIM);
}

/* --- answers --- */

/* One call under way. Lifetime: from sending to its completion. */
struct line_batch {
    struct event_entry *event;
    enum wish_kind kind;
    size_t count;
    struct line_wish wishes[];
};

static void count(struct gateway_figures *figures, enum wish_kind kind, const struct place *place)
{
    figures->joins += kind == WISH_JOIN && place->is_new;
    figures->places_put_back += kind != WISH_JOIN && place->is_new;
}

static void take_answer(const struct line_batch *batch, const struct line_wish *wish,
                        enum queue_status status, const struct place *place)
{
    struct gateway *gateway = batch->event->gateway;
    struct session *session = session_by_id(&gateway->sessions, wish->session);
    if (status == QUEUE_OK)
        count(&gateway->figures, batch->kind, place);
    struct reply_to to = {wish->session, wish->re, wish->has_re};
    if (batch->kind == WISH_LEAVE) {
        line_desk_on_left(batch->event, wish->claim.visitor.id, &to, status, place);
        return;
    }
    if (session == NULL)
        return;
    if (is_own_doubt(batch->kind)) {
        session->is_check_pending = false;
        if (status == QUEUE_OK && place->state != PLACE_RECOVERING)
            line_ticks_on_checked(session, place); /* otherwise the next tick asks again */
        return;
    }
    if (status != QUEUE_OK || strcmp(session->visitor, wish->claim.visitor.id) != 0)
        wire_busy(gateway, &to); /* or a receipt has made the session somebody else's meanwhile */
    else
        line_desk_on_place(gateway, session, &to, place, batch->kind == WISH_RESUME);
}

static void on_places(void *ctx, enum queue_status status, const struct place *places, size_t count)
{
    struct line_batch *batch = ctx;
    assert(status != QUEUE_OK || count == batch->count);
    batch->event->gateway->check_batches -= is_own_doubt(batch->kind);
    batch->event->wishes[batch->kind].under_way--;
    for (size_t i = 0; i < batch->count; i++)
        take_answer(batch, &batch->wishes[i], status, status == QUEUE_OK ? &places[i] : NULL);
    free(batch);
}

/* --- sending --- */

static enum queue_status ask_places(struct event_entry *event, struct line_batch *batch)
{
    struct queue_store *queue = event->gateway->queue;
    struct place_claim claims[JOIN_BATCH_MAX];
    struct queue_visitor visitors[JOIN_BATCH_MAX];
    for (size_t i = 0; i < batch->count; i++) {
        claims[i] = batch->wishes[i].claim;
        visitors[i] = claims[i].visitor;
    }
    switch (batch->kind) {
    case WISH_JOIN:
        return queue->join(queue, event->id, visitors, batch->count, on_places, batch);
    case WISH_LEAVE:
        return queue->leave(queue, event->id, visitors, batch->count, on_places, batch);
    case WISH_CHECK:
        return queue->look(queue, event->id, visitors, batch->count, on_places, batch);
    default:
        return queue->restore(queue, event->id, claims, batch->count, on_places, batch);
    }
}

static void send_batch(struct event_entry *event, enum wish_kind kind,
                       const struct line_wish *wishes, size_t count)
{
    struct line_batch *batch = malloc(sizeof *batch + count * sizeof *wishes);
    assert(batch != NULL);
    batch->event = event;
    batch->kind = kind;
    batch->count = count;
    memcpy(batch->wishes, wishes, count * sizeof *wishes);
    event->gateway->check_batches += is_own_doubt(kind);
    event->wishes[kind].under_way++;
    enum queue_status status = ask_places(event, batch);
    if (status != QUEUE_OK)
        on_places(batch, status, NULL, 0);
}

/* Whether the list's next call goes out now. Under load a call is worth waiting for: as many as
 * come while one is under way share the next (decisions/0066). */
static bool may_go(const struct event_entry *event, enum wish_kind kind)
{
    const struct wish_list *list = &event->wishes[kind];
    if (is_own_doubt(kind))
        return event->gateway->check_batches < CHECK_BATCHES_MAX;
    return kind == WISH_LEAVE || list->under_way == 0 || list->count >= JOIN_BATCH_MAX;
}

static void send_list(struct event_entry *event, enum wish_kind kind, bool is_urgent)
{
    struct gateway *gateway = event->gateway;
    struct wish_list *list = &event->wishes[kind];
    while (list->count > 0 && (is_urgent || may_go(event, kind))) {
        size_t count = list->count < JOIN_BATCH_MAX ? list->count : JOIN_BATCH_MAX;
        size_t first = list->first;
        gateway->wishes_pending -= is_own_doubt(kind) ? 0 : count;
        wish_list_drop(list, count);
        send_batch(event, kind, list->items + first, count);
    }
}

void line_batch_before_sleep(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->book.count; i++)
        for (int kind = 0; kind < WISH_COUNT; kind++)
            send_list(gateway->book.entries[i], (enum wish_kind)kind, false);
}
