#include "server/gateway/book.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/draw_desk.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/best_desk.h"

/* A change of the seats that was told before our subscription counted is not heard of; and a plan
 * and the seats that belong to it come one after the other. */
#define LOOK_AGAIN_MS 1000

/* Where in by_id the id is, or would be. */
static size_t place_of(const struct book *book, const char *id)
{
    size_t low = 0, high = book->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(book->by_id[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct event_entry *book_find(const struct book *book, const char *id)
{
    size_t at = place_of(book, id);
    return at < book->count && strcmp(book->by_id[at]->id, id) == 0 ? book->by_id[at] : NULL;
}

static void add(struct book *book, struct event_entry *event)
{
    size_t at = place_of(book, event->id);
    memmove(&book->by_id[at + 1], &book->by_id[at], (book->count - at) * sizeof book->by_id[0]);
    book->by_id[at] = event;
    book->entries[book->count++] = event;
}

struct event_entry *book_find_public(const struct book *book, const char *id, size_t bytes)
{
    char text[EVENT_ID_BYTES_MAX + 1];
    if (bytes > EVENT_ID_BYTES_MAX)
        return NULL;
    memcpy(text, id, bytes);
    text[bytes] = '\0';
    struct event_entry *event = book_find(book, text);
    return event != NULL && event_is_public(event) ? event : NULL;
}

static void entry_free(struct event_entry *event)
{
    json_decref(event->draw);
    line_view_release(&event->line);
    seat_map_free(event->map);
    pulse_free(event->pulse);
    best_desk_forget(event);
    plan_free(event->plan);
    free(event->plan_text);
    free(event->plan_gzip);
    free(event->name);
    free(event->time_zone);
    free(event->accent);
    free(event->message);
    line_news_release(&event->news);
    for (int kind = 0; kind < WISH_COUNT; kind++)
        wish_list_release(&event->wishes[kind]);
    free(event);
}

void book_release(struct book *book)
{
    for (size_t i = 0; i < book->count; i++)
        entry_free(book->entries[i]);
    book->count = 0;
}

/* --- pub/sub --- */

static void on_tick_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    line_ticks_on_report(ctx, data, bytes);
}

static void on_map_message(void *ctx, const char *channel, const char *data, size_t bytes)
{
    (void)channel;
    struct event_entry *event = ctx;
    event_wake(event);
    if (seat_map_apply_message(event->map, data, bytes) == SEAT_MAP_NEEDS_SNAPSHOT)
        book_read_seats(event);
    basket_desk_on_map(event, data, bytes);
}

static struct event_entry *entry_create(struct gateway *gateway, const char *id)
{
    struct book *book = &gateway->book;
    if (book->count == EVENTS_KNOWN_MAX || strlen(id) > EVENT_ID_BYTES_MAX) {
        log_warning("event %.60s is not served: too many events or too long a name", id);
        return NULL;
    }
    struct event_entry *event = calloc(1, sizeof *event);
    assert(event != NULL);
    snprintf(event->id, sizeof event->id, "%s", id);
    event->gateway = gateway;
    event->tick_ms = 1000;
    event->map = seat_map_create();
    assert(event->map != NULL);
    line_view_init(&event->line);
    event->look_again_ms = clock_monotonic_ms() + LOOK_AGAIN_MS;
    add(book, event);
    char channel[EVENT_ID_BYTES_MAX + 8];
    snprintf(channel, sizeof channel, "tick:%s", id);
    redis_link_subscribe(gateway->subscriptions, channel, on_tick_message, event);
    snprintf(channel, sizeof channel, "map:%s", id);
    redis_link_subscribe(gateway->subscriptions, channel, on_map_message, event);
    return event;
}

/* --- reading an event --- */

static void on_plan(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct event_entry *event = ctx;
    if (status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING)
        event_take_plan(event, reply->str, (size_t)reply->len);
}

static void on_line(void *ctx, enum queue_status status, const struct line_state *line)
{
    struct event_entry *event = ctx;
    event->is_line_asked = false;
    if (status != QUEUE_OK)
        return; /* the turn timer asks again */
    enum queue_phase before = event_phase(event);
    enum line_draw draw_before = event->line.draw;
    bool was_known = event->has_line;
    if (line_view_on_state(&event->line, line) == LINE_VIEW_GAP)
        return; /* a newer tick has been heard of meanwhile; asked again by the turn timer */
    event->has_line = true;
    draw_desk_on_line(event, draw_before);
    line_ticks_after_gap(event);
    if (was_known && before != event_phase(event))
        line_ticks_push_phase(event);
}

void book_read_line(struct event_entry *event)
{
    struct gateway *gateway = event->gateway;
    if (!event->is_line_asked && gateway->epoch != 0 &&
        gateway->queue->line(gateway->queue, event->id, on_line, event) == QUEUE_OK)
        event->is_line_asked = true;
}

static void on_snapshot(void *ctx, enum seats_status status, const struct seat_snapshot *snapshot)
{
    struct event_entry *event = ctx;
    event->is_seats_asked = false;
    if (status != SEATS_OK)
        return;
    /* One that is older than what has been heard meanwhile is good enough to go on with: the turn
     * timer asks again. */
    if (seat_map_apply_snapshot(event->map, snapshot) != SEAT_MAP_NO_MEMORY)
        event->has_seats = true;
}

void book_follow_seats(struct event_entry *event, int64_t now_ms)
{
    bool is_due = event->look_again_ms != 0 && now_ms >= event->look_again_ms;
    if (is_due || !event->has_seats || seat_map_needs_snapshot(event->map)) {
        bool is_whole =
            event->has_plan && seat_map_seats_count(event->map) == plan_seats_count(event->plan);
        event->look_again_ms = is_due && is_whole ? 0 : now_ms + LOOK_AGAIN_MS;
        book_read_seats(event);
    }
}

void book_read_seats(struct event_entry *event)
{
    struct gateway *gateway = event->gateway;
    if (!event->is_seats_asked && gateway->epoch != 0 &&
        gateway->seats->snapshot(gateway->seats, event->id, on_snapshot, event) == SEATS_OK)
        event->is_seats_asked = true;
}

static void read_parts(struct event_entry *event)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    snprintf(key, sizeof key, "ev:%s:plan", event->id);
    redis_link_call(event->gateway->commands, on_plan, event, "GET", key, NULL);
    draw_desk_read(event);
    book_read_line(event);
    book_read_seats(event);
}

/* --- the list of events --- */

static void take_event(struct gateway *gateway, const char *id, const char *text, size_t bytes)
{
    struct event_entry *event = book_find(&gateway->book, id);
    if (event == NULL)
        event = entry_create(gateway, id);
    json_t *root = json_loadb(text, bytes, 0, NULL);
    if (event != NULL && json_is_object(root)) {
        event_take_settings(event, root);
        read_parts(event);
    }
    json_decref(root);
}

static void on_events(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct gateway *gateway = ctx;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < gateway->book.count; i++)
        gateway->book.entries[i]->is_listed = false;
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        take_event(gateway, reply->element[i]->str, reply->element[i + 1]->str,
                   (size_t)reply->element[i + 1]->len);
    }
    gateway->has_events = true;
}

const char *book_plan_of(void *book, const char *id)
{
    const struct event_entry *event = book_find(book, id);
    return event != NULL ? event->plan_digest : "";
}

void book_reload(struct gateway *gateway)
{
    redis_link_call(gateway->commands, on_events, gateway, "HGETALL", "events", NULL);
}

/* One event's id travels with the question because the answer does not repeat it. */
struct event_question {
    struct gateway *gateway;
    char id[EVENT_ID_BYTES_MAX + 1];
};

static void on_event(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct event_question *question = ctx;
    if (status == REDIS_LINK_OK && reply->type == REDIS_REPLY_STRING) {
        take_event(question->gateway, question->id, reply->str, (size_t)reply->len);
    } else if (status == REDIS_LINK_OK && reply->type == REDIS_REPLY_NIL) {
        struct event_entry *event = book_find(&question->gateway->book, question->id);
        if (event != NULL)
            event->is_listed = false;
    }
    free(question);
}

void book_reload_event(struct gateway *gateway, const char *id)
{
    struct event_question *question = calloc(1, sizeof *question);
    if (question == NULL || strlen(id) > EVENT_ID_BYTES_MAX) {
        free(question);
        return;
    }
    question->gateway = gateway;
    snprintf(question->id, sizeof question->id, "%s", id);
    if (redis_link_call(gateway->commands, on_event, question, "HGET", "events", id, NULL) !=
        REDIS_LINK_OK)
        free(question); /* the link is down: everything is reloaded when it is back */
}
