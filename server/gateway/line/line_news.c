/* See the header. */
#include "server/gateway/line/line_news.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/gateway/app.h"

static json_t *free_json(const struct event_entry *event)
{
    json_t *list = json_array();
    size_t count = event->plan != NULL ? event->plan->categories_count : 0;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(seat_map_count(event->map, i, SEAT_FREE)));
    return list;
}

static json_t *body_of(const struct event_entry *event)
{
    json_t *body = json_pack("{ss so}", "phase", queue_phase_name(event_phase(event)), "free",
                             free_json(event));
    assert(body != NULL);
    if (seat_map_is_held_out(event->map))
        json_object_set_new(body, "held_out", json_true());
    if (event->line.recovers_at_ms != 0)
        json_object_set_new(body, "recovers_at_ms", json_integer(event->line.recovers_at_ms));
    if (event->line.draw == DRAW_PENDING)
        json_object_set_new(body, "drawing", json_true());
    return body;
}

static bool is_same(const struct line_news *a, const struct line_news *b)
{
    return a->text != NULL && !a->is_outdated && a->phase == b->phase && a->draw == b->draw &&
           a->recovers_at_ms == b->recovers_at_ms && a->map_version == b->map_version;
}

const struct line_news *line_news(struct event_entry *event)
{
    struct line_news *news = &event->news;
    struct line_news fresh = {.number = news->number,
                              .phase = event_phase(event),
                              .draw = event->line.draw,
                              .recovers_at_ms = event->line.recovers_at_ms,
                              .map_version = seat_map_version(event->map)};
    if (is_same(news, &fresh))
        return news;
    json_t *body = body_of(event);
    fresh.text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(fresh.text != NULL);
    fresh.bytes = strlen(fresh.text) - 2;
    memmove(fresh.text, fresh.text + 1, fresh.bytes);
    bool is_new = news->text == NULL || fresh.bytes != news->bytes ||
                  memcmp(fresh.text, news->text, fresh.bytes) != 0;
    fresh.number += is_new;
    line_news_release(news);
    *news = fresh;
    return news;
}

void line_news_forget(struct event_entry *event)
{
    event->news.is_outdated = true;
}

void line_news_release(struct line_news *news)
{
    free(news->text);
    news->text = NULL;
}
