/* See the header. Other threads (the audit's) read JSON too: the region belongs to the one that
 * began, and what lies in it is told from the rest by its address. */
#include "server/ledger/json_arena.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ALIGNMENT 16

static char *region; /* NULL = none */
static size_t used_bytes;
static _Thread_local bool is_mine;

static void *take(size_t bytes)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!is_mine || rounded > JSON_ARENA_BYTES - used_bytes)
        return malloc(bytes);
    void *memory = region + used_bytes;
    used_bytes += rounded;
    return memory;
}

static void give_back(void *memory)
{
    uintptr_t at = (uintptr_t)memory, first = (uintptr_t)region;
    bool is_ours = region != NULL && at >= first && at < first + JSON_ARENA_BYTES;
    if (!is_ours)
        free(memory);
}

void json_arena_init(void)
{
    assert(region == NULL);
    void *memory = mmap(NULL, JSON_ARENA_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return;
    region = memory;
    json_set_alloc_funcs(take, give_back);
}

void json_arena_begin(void)
{
    assert(!is_mine);
    is_mine = region != NULL;
}

void json_arena_end(void)
{
    is_mine = false;
    used_bytes = 0;
}
