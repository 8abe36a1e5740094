/* At most one timer per visitor: a binary heap of (due time, visitor number) with back pointers, so
 * that setting, moving and dropping a timer all cost O(log n). */
#ifndef STAMPEDE_TIMER_HEAP_H
#define STAMPEDE_TIMER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct timer_heap {
    uint32_t count, count_max;
    struct timer_entry *entries;
    uint32_t *position; /* of each number in `entries`, UINT32_MAX when it has no timer */
};

/* For numbers 0 to count_max - 1. Returns false when memory runs out. */
bool timer_heap_init(struct timer_heap *h, uint32_t count_max);
void timer_heap_release(struct timer_heap *h);
/* Sets or moves the timer of `number`. */
void timer_heap_set(struct timer_heap *h, uint32_t number, int64_t due_us);
/* Drops it; nothing happens when there is none. */
void timer_heap_drop(struct timer_heap *h, uint32_t number);
/* Time of the earliest timer, INT64_MAX when there is none. */
int64_t timer_heap_next_us(const struct timer_heap *h);
/* Takes the earliest timer out when it is due at now_us. False when none is. */
bool timer_heap_take(struct timer_heap *h, int64_t now_us, uint32_t *number, int64_t *due_us);

#endif
