/* See the header. */
#include "server/gateway/visitors/signed_out.h"
#include <assert.h>
#include <stdlib.h>

#define SLOTS_MIN 64

void signed_out_release(struct signed_out *set)
{
    free(set->slots);
    *set = (struct signed_out){0};
}

/* The slot that has the session, or the empty one where it belongs. Session ids are random. */
static struct signed_out_entry *slot_of(struct signed_out_entry *slots, size_t slots_count,
                                        uint64_t session)
{
    size_t at = (size_t)session & (slots_count - 1);
    while (slots[at].ends_ms != 0 && slots[at].session != session)
        at = (at + 1) & (slots_count - 1);
    return &slots[at];
}

static size_t living_count(const struct signed_out *set, int64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < set->slots_count; i++)
        count += set->slots[i].ends_ms > now_ms;
    return count;
}

/* A new table, at most half full with one more, with those that have not ended. */
static bool rebuild(struct signed_out *set, int64_t now_ms)
{
    size_t living = living_count(set, now_ms), slots_count = SLOTS_MIN;
    if (living >= SIGNED_OUT_MAX)
        return false;
    while (slots_count < (living + 1) * 2)
        slots_count *= 2;
    struct signed_out_entry *slots = calloc(slots_count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < set->slots_count; i++)
        if (set->slots[i].ends_ms > now_ms)
            *slot_of(slots, slots_count, set->slots[i].session) = set->slots[i];
    free(set->slots);
    *set = (struct signed_out){slots, slots_count, living};
    return true;
}

bool signed_out_add(struct signed_out *set, uint64_t session, int64_t ends_ms, int64_t now_ms)
{
    assert(ends_ms > 0);
    if (ends_ms <= now_ms || signed_out_has(set, session))
        return true;
    bool has_room = (set->count + 1) * 4 <= set->slots_count * 3 && set->count < SIGNED_OUT_MAX;
    if (!has_room && !rebuild(set, now_ms))
        return false;
    *slot_of(set->slots, set->slots_count, session) = (struct signed_out_entry){session, ends_ms};
    set->count++;
    return true;
}

bool signed_out_has(const struct signed_out *set, uint64_t session)
{
    return set->slots != NULL && slot_of(set->slots, set->slots_count, session)->ends_ms != 0;
}
