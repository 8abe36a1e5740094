/* The pool: right and wrong passwords, nobody's, its bounds, its end with work left, and that the
 * loop turns meanwhile. */
#include <criterion/criterion.h>
#include <ev.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/gateway/hash_pool.h"

struct told {
    int count;
    enum hash_result result;
    char hash[crypto_pwhash_STRBYTES];
};

static struct ev_loop *loop;

static void setup(void)
{
    cr_assert_geq(sodium_init(), 0);
    loop = ev_loop_new(EVFLAG_AUTO);
}

static void teardown(void)
{
    ev_loop_destroy(loop);
}

static void on_done(void *ctx, enum hash_result result, const char *hash)
{
    struct told *told = ctx;
    told->count++;
    told->result = result;
    (void)snprintf(told->hash, sizeof told->hash, "%s", hash != NULL ? hash : "");
}

static void wait_for(const struct told *told, int count)
{
    while (told->count < count)
        (void)ev_run(loop, EVRUN_ONCE);
}

TestSuite(hash_pool, .init = setup, .fini = teardown);

Test(hash_pool, checks_what_it_hashed)
{
    struct hash_pool *pool = hash_pool_create(loop, 2, 4);
    struct told made = {0}, right = {0}, wrong = {0}, nobody = {0}, damaged = {0};
    cr_assert(hash_pool_hash(pool, "correct horse", on_done, &made));
    cr_assert_eq(made.count, 0, "never before the call returns");
    wait_for(&made, 1);
    cr_assert_eq(made.result, HASH_DONE);
    cr_assert_eq(strncmp(made.hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0, "%s", made.hash);
    cr_assert(hash_pool_check(pool, made.hash, "correct horse", on_done, &right));
    cr_assert(hash_pool_check(pool, made.hash, "correct hors", on_done, &wrong));
    cr_assert(hash_pool_check(pool, NULL, "correct horse", on_done, &nobody));
    cr_assert(hash_pool_check(pool, "$argon2id$nonsense", "correct horse", on_done, &damaged));
    wait_for(&right, 1);
    wait_for(&wrong, 1);
    wait_for(&nobody, 1);
    wait_for(&damaged, 1);
    cr_assert_eq(right.result, HASH_DONE);
    cr_assert_str_eq(right.hash, "");
    cr_assert_eq(wrong.result, HASH_WRONG);
    cr_assert_eq(nobody.result, HASH_WRONG);
    cr_assert_eq(damaged.result, HASH_WRONG);
    cr_assert_eq(hash_pool_jobs_count(pool), 0);
    cr_assert_eq(hash_pool_hashes_count(pool), 5);
    hash_pool_free(pool);
}

Test(hash_pool, has_room_for_so_many_and_the_loop_turns_meanwhile)
{
    struct hash_pool *pool = hash_pool_create(loop, 1, 3);
    struct told told = {0};
    int taken = 0, turns = 0;
    while (hash_pool_check(pool, NULL, "x", on_done, &told))
        taken++;
    cr_assert_eq(taken, 4, "one under way and three that wait");
    cr_assert_not(hash_pool_has_room(pool));
    for (; told.count == 0; turns++)
        (void)ev_run(loop, EVRUN_NOWAIT);
    cr_assert_gt(turns, 100);
    cr_assert(hash_pool_has_room(pool));
    wait_for(&told, taken);
    hash_pool_free(pool);
    cr_assert_eq(told.count, taken, "each exactly once");
}

Test(hash_pool, its_end_completes_what_waited)
{
    struct hash_pool *pool = hash_pool_create(loop, 2, 20);
    struct told told[20] = {0};
    for (int i = 0; i < 20; i++)
        cr_assert(hash_pool_hash(pool, "correct horse", on_done, &told[i]));
    hash_pool_free(pool);
    int stopped = 0;
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(told[i].count, 1);
        stopped += told[i].result == HASH_STOPPED;
    }
    cr_assert_gt(stopped, 10);
    hash_pool_free(NULL);
}
