/* GET /api/v1/events, made ready for many readers: with hundreds of events it is half a megabyte,
 * which is put together and compressed at most every LIST_AGE_MS_MAX, however many ask. A few
 * events are put together for each who asks, and so are always of this moment. */
#ifndef STANCHION_EVENT_LIST_H
#define STANCHION_EVENT_LIST_H

#include <stddef.h>
#include <stdint.h>

struct gateway;

#define LIST_EVENTS_FRESH 32 /* so many are listed anew for each request */
#define LIST_AGE_MS_MAX 500

/* Lifetime: that of the gateway; all zero is empty. */
struct event_list {
    char *text;
    unsigned char *gzip; /* NULL: there was no memory */
    size_t text_bytes, gzip_bytes;
    int64_t made_ms; /* monotonic */
};

/* The list of now, or one that is hardly older; the gateway's until the next call. */
const struct event_list *event_list_get(struct gateway *gateway);
void event_list_release(struct event_list *list);

#endif
