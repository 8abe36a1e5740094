/* What everyone who waits at an event is told alike: the phase, what is left in each category,
 * whether everything is in other people's hands, a recovery, a draw.
 *
 * It is put together once for all visitors, when something in it has changed, and numbered: a
 * visitor who was told news 7 has something new to hear when the number is 8.
 */
#ifndef STANCHION_LINE_NEWS_H
#define STANCHION_LINE_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"

struct event_entry;

/* Lifetime: that of its event. Read `number` and `text` only from line_news(). */
struct line_news {
    uint32_t number;
    char *text; /* members of an object as JSON, without braces; NULL before the first time */
    size_t bytes;
    /* What it was made of; the same again makes the same news. */
    bool is_outdated;
    enum queue_phase phase;
    enum line_draw draw;
    int64_t recovers_at_ms, map_version;
};

/* The news of now; valid until the next call. */
const struct line_news *line_news(struct event_entry *event);
/* Something it is made of has changed that has no version of its own: the plan. */
void line_news_forget(struct event_entry *event);
void line_news_release(struct line_news *news);

#endif
