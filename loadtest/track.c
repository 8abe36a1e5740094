/* See the header. */
#include "loadtest/track.h"

void track_add(struct track *t, const struct track_moment *m)
{
    if (t->each == 0)
        t->each = 1;
    if (++t->skipped < t->each && t->count > 0)
        return;
    if (t->count == STAMPEDE_TRACK_MOMENTS_MAX) {
        for (uint32_t i = 0; i < STAMPEDE_TRACK_MOMENTS_MAX / 2; i++)
            t->moments[i] = t->moments[2 * i];
        t->count = STAMPEDE_TRACK_MOMENTS_MAX / 2;
        t->each *= 2;
    }
    t->moments[t->count++] = *m;
    t->skipped = 0;
}

static uint32_t stride(uint32_t visitors)
{
    return visitors > STAMPEDE_TRACKS_MAX ? visitors / STAMPEDE_TRACKS_MAX : 1;
}

uint32_t track_of(uint32_t visitor, uint32_t visitors)
{
    uint32_t at = visitor / stride(visitors);
    return visitor % stride(visitors) == 0 && at < STAMPEDE_TRACKS_MAX ? at : STAMPEDE_TRACKS_MAX;
}

uint32_t track_visitor(uint32_t track, uint32_t visitors)
{
    uint64_t visitor = (uint64_t)track * stride(visitors);
    return visitor < visitors ? (uint32_t)visitor : UINT32_MAX;
}
