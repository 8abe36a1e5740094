/* See the header. The array has a dead prefix [0, first) that the next growth or merge reclaims. */
#include "queue/departures.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void departures_init(struct departures *d)
{
    *d = (struct departures){0};
}

void departures_release(struct departures *d)
{
    free(d->seqs);
    departures_init(d);
}

void departures_clear(struct departures *d)
{
    d->first = 0;
    d->count = 0;
}

/* Number of the first `count` ascending values that are smaller than `value`. */
static size_t lower_bound(const int64_t *values, size_t count, int64_t value)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t departures_before(const struct departures *d, int64_t seq)
{
    return d->count ? lower_bound(d->seqs + d->first, d->count, seq) : 0;
}

/* Doubles its steps away from *near until the answer lies between two of them. */
size_t departures_before_near(const struct departures *d, int64_t seq, size_t *near)
{
    const int64_t *values = d->seqs + d->first;
    size_t at = *near < d->count ? *near : d->count, low = 0, high = d->count;
    if (d->count == 0)
        return 0;
    if (at < d->count && values[at] < seq) {
        low = at + 1;
        for (size_t step = 1; low + step < d->count; step *= 2) {
            if (values[low + step] >= seq) {
                high = low + step;
                break;
            }
            low += step + 1;
        }
    } else {
        high = at;
        for (size_t step = 1; step <= high; step *= 2) {
            if (values[high - step] < seq) {
                low = high - step + 1;
                break;
            }
            high -= step;
        }
    }
    *near = low + lower_bound(values + low, high - low, seq);
    return *near;
}

void departures_drop_through(struct departures *d, int64_t head)
{
    if (head == INT64_MAX) {
        departures_clear(d);
        return;
    }
    size_t passed = departures_before(d, head + 1);
    d->first += passed;
    d->count -= passed;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int is_member(const struct departures *d, int64_t seq)
{
    size_t at = departures_before(d, seq);
    return at < d->count && d->seqs[d->first + at] == seq;
}

/* Sorts the batch and keeps what is new to the set, once. Returns how many that are. */
static size_t keep_new(const struct departures *d, int64_t *batch, size_t count)
{
    qsort(batch, count, sizeof(batch[0]), by_value);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        int is_repeated = kept > 0 && batch[kept - 1] == batch[i];
        if (!is_repeated && !is_member(d, batch[i]))
            batch[kept++] = batch[i];
    }
    return kept;
}

/* Moves the set to the start of its array and makes room for `more`. */
static enum departures_status reserve(struct departures *d, size_t more)
{
    if (more > DEPARTURES_MAX - d->count)
        return DEPARTURES_FULL;
    if (d->first > 0 && d->count > 0)
        memmove(d->seqs, d->seqs + d->first, d->count * sizeof(d->seqs[0]));
    d->first = 0;
    size_t needed = d->count + more;
    if (needed <= d->capacity)
        return DEPARTURES_OK;
    size_t capacity = needed + needed / 2;
    int64_t *seqs = realloc(d->seqs, capacity * sizeof(seqs[0]));
    if (!seqs)
        return DEPARTURES_NO_MEMORY;
    d->seqs = seqs;
    d->capacity = capacity;
    return DEPARTURES_OK;
}

/* Merges from the back, so that each element moves once. The batch is ascending and disjoint. */
static void merge_sorted(struct departures *d, const int64_t *batch, size_t count)
{
    size_t old = d->count, to = d->count + count;
    d->count = to;
    while (count > 0)
        if (old > 0 && d->seqs[old - 1] > batch[count - 1])
            d->seqs[--to] = d->seqs[--old];
        else
            d->seqs[--to] = batch[--count];
    assert(to == old);
}

enum departures_status departures_merge(struct departures *d, const int64_t *seqs, size_t count)
{
    if (count == 0)
        return DEPARTURES_OK;
    if (count > DEPARTURES_MAX)
        return DEPARTURES_FULL;
    int64_t *batch = malloc(count * sizeof(batch[0]));
    if (!batch)
        return DEPARTURES_NO_MEMORY;
    memcpy(batch, seqs, count * sizeof(batch[0]));
    size_t fresh = keep_new(d, batch, count);
    enum departures_status status = reserve(d, fresh);
    if (status == DEPARTURES_OK)
        merge_sorted(d, batch, fresh);
    free(batch);
    return status;
}
