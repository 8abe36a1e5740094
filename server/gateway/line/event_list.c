#include "server/gateway/line/event_list.h"
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/event_json.h"
#include "server/gateway/wire/gzip.h"

void event_list_release(struct event_list *list)
{
    free(list->text);
    free(list->gzip);
    *list = (struct event_list){0};
}

const struct event_list *event_list_get(struct gateway *gateway)
{
    struct event_list *list = &gateway->event_list;
    int64_t now_ms = clock_monotonic_ms();
    bool is_large = gateway->book.count > LIST_EVENTS_FRESH;
    if (list->text != NULL && is_large && now_ms - list->made_ms < LIST_AGE_MS_MAX)
        return list;
    event_list_release(list);
    json_t *events = json_array();
    for (size_t i = 0; i < gateway->book.count; i++)
        if (event_is_public(gateway->book.entries[i]))
            json_array_append_new(events, book_event_json(gateway->book.entries[i]));
    json_t *body = json_pack("{so}", "events", events);
    list->text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(list->text != NULL);
    list->text_bytes = strlen(list->text);
    list->made_ms = now_ms;
    if (is_large)
        list->gzip = gzip_text(list->text, list->text_bytes, &list->gzip_bytes);
    return list;
}
