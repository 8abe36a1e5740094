/* The sequences that left the line from behind its head: an ordered set, so that a place is exact.
 *
 * Kept as one ascending array: 8 bytes for each departure. A tick's departures are merged in one
 * pass (O(n + m) after sorting the m new ones), the head drops a prefix (O(log n)), and "how many
 * departed before this sequence" is a binary search. At 1 million departures a merge moves 8 MB,
 * about a millisecond, once per tick; a lookup is 20 steps.
 */
#ifndef STANCHION_QUEUE_DEPARTURES_H
#define STANCHION_QUEUE_DEPARTURES_H

#include <stddef.h>
#include <stdint.h>

/* The upper end of the setting waiting_max; join.lua keeps the set behind it. Reached:
 * DEPARTURES_FULL. */
#define DEPARTURES_MAX 10000000

enum departures_status {
    DEPARTURES_OK = 0,
    DEPARTURES_FULL,      /* DEPARTURES_MAX reached: nothing was merged */
    DEPARTURES_NO_MEMORY, /* nothing was merged */
    DEPARTURES_STATUS_COUNT
};

/* Lifetime: that of its owner. Members are private. */
struct departures {
    int64_t *seqs; /* ascending from seqs[first] on */
    size_t first, count, capacity;
};

void departures_init(struct departures *d);
void departures_release(struct departures *d);
/* Empties the set, keeps the memory. */
void departures_clear(struct departures *d);
/* Adds sequences, in any order; those already in the set count once. `seqs` stays the caller's. */
enum departures_status departures_merge(struct departures *d, const int64_t *seqs, size_t count);
/* Forgets all sequences up to and including `head`. */
void departures_drop_through(struct departures *d, int64_t head);
/* How many sequences in the set are smaller than `seq`. */
size_t departures_before(const struct departures *d, int64_t seq);
/* The same, looked for from *near outwards, where the answer is left: whoever asks about neighbours
 * one after the other pays for the distance, not for the size of the set. Any *near is right. */
size_t departures_before_near(const struct departures *d, int64_t seq, size_t *near);

#endif
