/* The usual heap; `position` follows every move. */
#include "loadtest/timer_heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct timer_entry {
    int64_t due_us;
    uint32_t number;
};

bool timer_heap_init(struct timer_heap *h, uint32_t count_max)
{
    *h = (struct timer_heap){.count_max = count_max};
    h->entries = calloc((size_t)count_max + 1, sizeof *h->entries);
    h->position = malloc(((size_t)count_max + 1) * sizeof *h->position);
    if (!h->entries || !h->position) {
        timer_heap_release(h);
        return false;
    }
    memset(h->position, 0xff, ((size_t)count_max + 1) * sizeof *h->position);
    return true;
}

void timer_heap_release(struct timer_heap *h)
{
    free(h->entries);
    free(h->position);
    *h = (struct timer_heap){0};
}

static void put(struct timer_heap *h, uint32_t at, struct timer_entry entry)
{
    h->entries[at] = entry;
    h->position[entry.number] = at;
}

static void sift(struct timer_heap *h, uint32_t at, struct timer_entry entry)
{
    while (at > 0 && h->entries[(at - 1) / 2].due_us > entry.due_us) {
        put(h, at, h->entries[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->entries[child + 1].due_us < h->entries[child].due_us)
            child++;
        if (h->entries[child].due_us >= entry.due_us)
            break;
        put(h, at, h->entries[child]);
        at = child;
    }
    put(h, at, entry);
}

void timer_heap_set(struct timer_heap *h, uint32_t number, int64_t due_us)
{
    assert(number < h->count_max);
    uint32_t at = h->position[number];
    if (at == UINT32_MAX)
        at = h->count++;
    sift(h, at, (struct timer_entry){due_us, number});
}

void timer_heap_drop(struct timer_heap *h, uint32_t number)
{
    assert(number < h->count_max);
    uint32_t at = h->position[number];
    if (at == UINT32_MAX)
        return;
    h->position[number] = UINT32_MAX;
    struct timer_entry last = h->entries[--h->count];
    if (at < h->count)
        sift(h, at, last);
}

int64_t timer_heap_next_us(const struct timer_heap *h)
{
    return h->count ? h->entries[0].due_us : INT64_MAX;
}

bool timer_heap_take(struct timer_heap *h, int64_t now_us, uint32_t *number, int64_t *due_us)
{
    if (h->count == 0 || h->entries[0].due_us > now_us)
        return false;
    *number = h->entries[0].number;
    *due_us = h->entries[0].due_us;
    timer_heap_drop(h, *number);
    return true;
}
