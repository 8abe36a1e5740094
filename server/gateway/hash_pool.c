/* See the header.
 *
 *   loop: hash_pool_hash/_check -> waiting list -> thread: work -> done list
 *     -> ev_async -> loop: on_done
 *
 * One mutex guards both lists; it is never held while a password is hashed.
 */
#include "server/gateway/hash_pool.h"
#include <assert.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "server/base/account_id.h"
#include "server/base/token.h"

#define THREAD_NICE 10
#define THREAD_STACK_BYTES (256u * 1024)

struct job {
    struct job *next;
    hash_pool_fn *on_done;
    void *ctx;
    enum hash_result result;
    bool is_check;
    unsigned hashes_count; /* made for it */
    char password[ACCOUNT_PASSWORD_BYTES_MAX + 1];
    char hash[crypto_pwhash_STRBYTES]; /* to check against ("" = nobody's), or the new one */
};

struct job_list {
    struct job *first, *last;
};

struct hash_pool {
    struct ev_loop *loop;
    ev_async wake;
    pthread_mutex_t mutex;
    pthread_cond_t has_work;
    struct job_list waiting, done; /* guarded */
    bool is_stopping;              /* guarded */
    pthread_t threads[HASH_THREADS_MAX];
    size_t threads_count, waiting_max;
    size_t jobs_count; /* the loop's own: neither told nor forgotten yet */
    uint64_t hashes_count;
    char nobodys_hash[crypto_pwhash_STRBYTES];
};

static void list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    if (list->last != NULL)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;
    if (job != NULL)
        list->first = job->next;
    if (list->first == NULL)
        list->last = NULL;
    return job;
}

static bool make_hash(const char *password, char out[crypto_pwhash_STRBYTES])
{
    return crypto_pwhash_str_alg(out, password, strlen(password), ACCOUNT_HASH_PASSES,
                                 ACCOUNT_HASH_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* An address nobody has costs the same: it is checked against a hash of nobody's password. */
static void work(const struct hash_pool *pool, struct job *job)
{
    job->hashes_count = 1;
    if (!job->is_check) {
        job->result = make_hash(job->password, job->hash) ? HASH_DONE : HASH_FAILED;
        return;
    }
    bool is_somebody = job->hash[0] != '\0';
    const char *hash = is_somebody ? job->hash : pool->nobodys_hash;
    bool is_right = crypto_pwhash_str_verify(hash, job->password, strlen(job->password)) == 0;
    job->result = is_right && is_somebody ? HASH_DONE : HASH_WRONG;
}

static void *run(void *ctx)
{
    struct hash_pool *pool = ctx;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), THREAD_NICE);
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->waiting.first == NULL && !pool->is_stopping)
            pthread_cond_wait(&pool->has_work, &pool->mutex);
        if (pool->is_stopping)
            break;
        struct job *job = list_take(&pool->waiting);
        pthread_mutex_unlock(&pool->mutex);
        work(pool, job);
        pthread_mutex_lock(&pool->mutex);
        list_add(&pool->done, job);
        ev_async_send(pool->loop, &pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Tells what is in `list`; for the loop's thread. */
static void tell(struct hash_pool *pool, struct job *job)
{
    while (job != NULL) {
        struct job *next = job->next;
        pool->jobs_count--;
        pool->hashes_count += job->hashes_count;
        bool has_hash = job->result == HASH_DONE && !job->is_check;
        job->on_done(job->ctx, job->result, has_hash ? job->hash : NULL);
        sodium_memzero(job, sizeof *job);
        free(job);
        job = next;
    }
}

static void on_wake(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop, (void)events;
    struct hash_pool *pool = watcher->data;
    pthread_mutex_lock(&pool->mutex);
    struct job *done = pool->done.first;
    pool->done = (struct job_list){0};
    pthread_mutex_unlock(&pool->mutex);
    tell(pool, done);
}

/* Signals are the loop's: threads of ours never take one. */
static void start_threads(struct hash_pool *pool, size_t threads)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    while (pool->threads_count < threads &&
           pthread_create(&pool->threads[pool->threads_count], &attributes, run, pool) == 0)
        pool->threads_count++;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct hash_pool *hash_pool_create(struct ev_loop *loop, size_t threads, size_t waiting_max)
{
    assert(threads > 0 && threads <= HASH_THREADS_MAX);
    struct hash_pool *pool = calloc(1, sizeof *pool);
    assert(pool != NULL);
    char nobodys[ACCOUNT_PASSWORD_BYTES_MIN * 2 + 1];
    token_random(nobodys, sizeof nobodys - 1);
    pool->loop = loop;
    pool->waiting_max = waiting_max;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->has_work, NULL);
    ev_async_init(&pool->wake, on_wake);
    pool->wake.data = pool;
    ev_async_start(loop, &pool->wake);
    if (make_hash(nobodys, pool->nobodys_hash))
        start_threads(pool, threads);
    if (pool->threads_count == 0) {
        hash_pool_free(pool);
        return NULL;
    }
    return pool;
}

void hash_pool_free(struct hash_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->threads_count; i++)
        pthread_join(pool->threads[i], NULL);
    ev_async_stop(pool->loop, &pool->wake);
    for (struct job *job = pool->waiting.first; job != NULL; job = job->next)
        job->result = HASH_STOPPED;
    tell(pool, pool->done.first);
    tell(pool, pool->waiting.first);
    assert(pool->jobs_count == 0);
    pthread_cond_destroy(&pool->has_work);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

bool hash_pool_has_room(const struct hash_pool *pool)
{
    return pool->jobs_count < pool->waiting_max + pool->threads_count;
}

size_t hash_pool_jobs_count(const struct hash_pool *pool)
{
    return pool->jobs_count;
}

uint64_t hash_pool_hashes_count(const struct hash_pool *pool)
{
    return pool->hashes_count;
}

static bool put(struct hash_pool *pool, const char *password, const char *hash, bool is_check,
                hash_pool_fn *on_done, void *ctx)
{
    size_t password_bytes = strlen(password), hash_bytes = strlen(hash);
    assert(password_bytes <= ACCOUNT_PASSWORD_BYTES_MAX);
    struct job *job = hash_pool_has_room(pool) ? calloc(1, sizeof *job) : NULL;
    if (job == NULL || hash_bytes >= sizeof job->hash) {
        free(job);
        return false;
    }
    job->on_done = on_done;
    job->ctx = ctx;
    job->is_check = is_check;
    memcpy(job->password, password, password_bytes + 1);
    memcpy(job->hash, hash, hash_bytes + 1);
    pool->jobs_count++;
    pthread_mutex_lock(&pool->mutex);
    list_add(&pool->waiting, job);
    pthread_cond_signal(&pool->has_work);
    pthread_mutex_unlock(&pool->mutex);
    return true;
}

bool hash_pool_hash(struct hash_pool *pool, const char *password, hash_pool_fn *on_done, void *ctx)
{
    return put(pool, password, "", false, on_done, ctx);
}

bool hash_pool_check(struct hash_pool *pool, const char *hash, const char *password,
                     hash_pool_fn *on_done, void *ctx)
{
    return put(pool, password, hash != NULL ? hash : "", true, on_done, ctx);
}
