/* The book of events: what this gateway knows of each, read from Redis and followed by pub/sub.
 *
 * An entry (event_entry.h) is made when the ledger publishes an event; there are EVENTS_KNOWN_MAX
 * at the most. It is `ready` once settings, plan, line and seats have been read; until then
 * visitors are answered `busy`.
 */
#ifndef STANCHION_BOOK_H
#define STANCHION_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/gateway/event_entry.h"

struct gateway;

struct book {
    struct event_entry *entries[EVENTS_KNOWN_MAX]; /* in the order in which they were heard of */
    struct event_entry *by_id[EVENTS_KNOWN_MAX];   /* the same, in the order of their ids */
    size_t count;
};

void book_release(struct book *book);
/* NULL when there is none. */
struct event_entry *book_find(const struct book *book, const char *id);
/* The event whose id is the first `bytes` bytes of the text, if people may know of it;
 * otherwise NULL. */
struct event_entry *book_find_public(const struct book *book, const char *id, size_t bytes);
/* A seats_plan_fn of the book: by which plan this gateway names an event's seats. */
const char *book_plan_of(void *book, const char *id);
/* Reads everything again: at the start, after a lost connection, after a change of epoch. */
void book_reload(struct gateway *gateway);
/* Reads one event again. */
void book_reload_event(struct gateway *gateway, const char *id);
/* Re-reads the line or the seats of an event unless that is under way. */
void book_read_line(struct event_entry *event);
void book_read_seats(struct event_entry *event);
/* Reads the seats when they are not known, or something of them may have been missed. */
void book_follow_seats(struct event_entry *event, int64_t now_ms);

#endif
