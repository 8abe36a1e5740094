/* The ledger's check of itself beside the loop: a thread of its own reads one moment of the file
 * over a connection of its own, while orders go on being written (SQLite's WAL keeps that moment
 * for it). One check at a time.
 *
 *   start (loop) -> thread: every row -> ev_async -> done (loop)
 */
#ifndef STANCHION_SELF_CHECK_H
#define STANCHION_SELF_CHECK_H

#include <ev.h>
#include <jansson.h>
#include "ticketing/ledger_store.h"

struct self_check;

/* Called on the loop, once for each start: `findings` is the callee's, NULL unless LEDGER_OK; then
 * `why` has a sentence. */
typedef void self_check_fn(void *ctx, enum ledger_status status, json_t *findings, const char *why);

/* `path` is copied; the loop outlives the check. */
struct self_check *self_check_create(struct ev_loop *loop, const char *path);
/* Ends a running check early, without calling anybody. NULL is fine. */
void self_check_free(struct self_check *check);
/* false: one is under way, or no thread is to be had; nobody is called. */
bool self_check_start(struct self_check *check, self_check_fn *on_done, void *ctx);

#endif
