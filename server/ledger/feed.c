/* See the header. */
#include "server/ledger/feed.h"

#include <assert.h>
#include <stdlib.h>
#include "server/base/log.h"
#include "server/base/redis_link.h"

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

struct feed {
    struct redis_link *link;
    bool is_asking, is_being_freed;
    feed_entries_fn *on_entries;
    feed_state_fn *on_state;
    void *ctx;
    struct stream_entries entries;
};

static void on_link_state(void *ctx, bool is_ready)
{
    struct feed *feed = ctx;
    feed->on_state(feed->ctx, is_ready);
}

static void on_reply(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct feed *feed = ctx;
    feed->is_asking = false;
    if (feed->is_being_freed)
        return;
    if (status == REDIS_LINK_OK) {
        stream_read(reply, &feed->entries);
        feed->on_entries(feed->ctx, &feed->entries);
        return;
    }
    if (status == REDIS_LINK_ERROR)
        log_warning("Redis refuses to read the streams: %s", reply->str);
    feed->on_state(feed->ctx, false);
}

struct feed *feed_create(struct ev_loop *loop, const char *redis_url, feed_entries_fn *on_entries,
                         feed_state_fn *on_state, void *ctx)
{
    struct feed *feed = calloc(1, sizeof *feed);
    assert(feed != NULL);
    feed->on_entries = on_entries;
    feed->on_state = on_state;
    feed->ctx = ctx;
    struct redis_link_options options = {
        .url = redis_url, .deadline_ms = FEED_DEADLINE_MS, .on_state = on_link_state, .ctx = feed};
    feed->link = redis_link_create(loop, &options);
    if (feed->link == NULL) {
        free(feed);
        return NULL;
    }
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    feed->is_being_freed = true;
    redis_link_free(feed->link);
    free(feed);
}

bool feed_is_ready(const struct feed *feed)
{
    return redis_link_is_ready(feed->link);
}

void feed_ask(struct feed *feed)
{
    if (feed->is_asking || !feed_is_ready(feed))
        return;
    feed->is_asking =
        redis_link_call(feed->link, on_reply, feed, "XREADGROUP", "GROUP", STREAM_GROUP,
                        STREAM_CONSUMER, "COUNT", TEXT_OF(LEDGER_BATCH_MAX), "BLOCK",
                        TEXT_OF(FEED_BLOCK_MS), "STREAMS", stream_name(STREAM_OUTBOX),
                        stream_name(STREAM_OFFICE), ">", ">", NULL) == REDIS_LINK_OK;
}
