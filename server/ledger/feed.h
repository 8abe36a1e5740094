/* Waiting for new entries: XREADGROUP with BLOCK on a connection of its own, one call at a time.
 *
 * The feed asks, hands over what came, and asks again only when it is told to (feed_ask), so at
 * most one batch is under way and entries gather in Redis meanwhile: the busier the sale, the
 * larger the batches. Whenever the connection was lost or Redis answered an error, nothing is asked
 * until the owner has recovered.
 */
#ifndef STANCHION_LEDGER_FEED_H
#define STANCHION_LEDGER_FEED_H

#include <stdbool.h>
#include "server/ledger/stream.h"

#define FEED_BLOCK_MS 500     /* how long one call waits in Redis */
#define FEED_DEADLINE_MS 5000 /* a later answer: the connection is taken as dead */

struct ev_loop;
struct feed;

/* Entries came (perhaps none); ask again when they are dealt with. */
typedef void feed_entries_fn(void *ctx, const struct stream_entries *entries);
/* Connected (is_ready), or what was asked has failed: recover, then feed_ask. */
typedef void feed_state_fn(void *ctx, bool is_ready);

/* NULL for an unusable URL. */
struct feed *feed_create(struct ev_loop *loop, const char *redis_url, feed_entries_fn *on_entries,
                         feed_state_fn *on_state, void *ctx);
void feed_free(struct feed *feed); /* NULL is fine; no call-back comes afterwards */
/* Asks for the next entries; nothing happens while a call is under way or the link is down. */
void feed_ask(struct feed *feed);
bool feed_is_ready(const struct feed *feed);

#endif
