/* The line in Redis: the adapter of queue_store.h on a redis_link, one Lua script for each
 * operation.
 *
 * A process registers its scripts with its link once, for all modules together:
 *
 *     size_t count;
 *     const struct redis_script *scripts = queue_redis_scripts(&count);
 *     ... copy them into the process's array from index `base` on, create the link ...
 *     struct queue_store *store = queue_redis_create(link, base);
 *     queue_redis_set_epoch(store, epoch);
 *
 * The owner reads the key `epoch` and sets it here, and again after QUEUE_EPOCH. Until then every
 * operation is refused with QUEUE_EPOCH.
 */
#ifndef STANCHION_QUEUE_REDIS_H
#define STANCHION_QUEUE_REDIS_H

#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"
#include "server/base/redis_link.h"

#define QUEUE_REDIS_SCRIPTS 9

/* The scripts, QUEUE_REDIS_SCRIPTS of them; static, the same at each call. */
const struct redis_script *queue_redis_scripts(size_t *count);
/* The text that every script begins with, for tests that compare its rules
 * with the C ones. Static. */
const char *queue_redis_prelude(void);

/* `script_base` is the index of the first of our scripts in the link's array. The link stays the
 * caller's and must live as long as the store is used; either may be freed first. NULL without
 * memory. */
struct queue_store *queue_redis_create(struct redis_link *link, size_t script_base);
/* The epoch that the caller knows; 0 = not known. */
void queue_redis_set_epoch(struct queue_store *store, int64_t epoch);

#endif
