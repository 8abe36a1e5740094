/* Threads that hash and check passwords, so that the loop never does.
 *
 * A check costs 15 ms of a core and 19 MiB, a thousand times what anything else here costs, and
 * whoever can make us do it can make us do it often: the threads are few, they run at a lower
 * priority than the loop, and what may wait for them is bounded. Each of them lives as long as the
 * pool. Jobs come back to the loop in one bundle per wake-up.
 */
#ifndef STANCHION_HASH_POOL_H
#define STANCHION_HASH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct hash_pool;

#define HASH_THREADS_MAX 16

enum hash_result {
    HASH_DONE = 0, /* hashed; or checked, and it is the right password */
    HASH_WRONG,    /* checked: not the right password, or there was no hash to check against */
    HASH_FAILED,   /* not enough memory */
    HASH_STOPPED,  /* the pool was freed before the job's turn came */
    HASH_RESULT_COUNT
};

/* `hash` is the new hash after hash_pool_hash, otherwise NULL; valid during the call. */
typedef void hash_pool_fn(void *ctx, enum hash_result result, const char *hash);

/* NULL when no thread could be started. threads 1 to HASH_THREADS_MAX. */
struct hash_pool *hash_pool_create(struct ev_loop *loop, size_t threads, size_t waiting_max);
/* Waits for the jobs under way; all that have not been told complete before this returns. NULL is
 * fine. */
void hash_pool_free(struct hash_pool *pool);

/* Whether one more job may wait. */
bool hash_pool_has_room(const struct hash_pool *pool);
/* Jobs that wait or are under way. */
size_t hash_pool_jobs_count(const struct hash_pool *pool);

/* Passwords hashed so far, for whomever: what signing in and up costs. */
uint64_t hash_pool_hashes_count(const struct hash_pool *pool);

/* Both copy their texts, wipe the copies, and call on_done from the loop, exactly once and never
 * before they return. False: there is no room; on_done is never called. */
bool hash_pool_hash(struct hash_pool *pool, const char *password, hash_pool_fn *on_done, void *ctx);
/* hash NULL = there is no such account: takes just as long and is HASH_WRONG. */
bool hash_pool_check(struct hash_pool *pool, const char *hash, const char *password,
                     hash_pool_fn *on_done, void *ctx);

#endif
