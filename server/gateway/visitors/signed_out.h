/* The sessions that were signed out before they ended: a signed cookie is good by itself, so what
 * is no longer good must be remembered, until it would have ended anyway.
 *
 * A hash table with open addressing, 16 bytes an entry. Entries that have ended are dropped when it
 * would have to grow. Bounded by SIGNED_OUT_MAX.
 */
#ifndef STANCHION_SIGNED_OUT_H
#define STANCHION_SIGNED_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 32 MiB; beyond: signing out is refused (503), never forgotten. */
#define SIGNED_OUT_MAX (1u << 20)

struct signed_out_entry {
    uint64_t session;
    int64_t ends_ms; /* 0 = the slot is empty */
};

struct signed_out {
    struct signed_out_entry *slots; /* NULL as long as there is none */
    size_t slots_count, count;
};

/* An empty one is all zeroes. */
void signed_out_release(struct signed_out *set);
/* False when the set is full. A session that has ended at now_ms is passed over; repeating changes
 * nothing. ends_ms > 0. */
bool signed_out_add(struct signed_out *set, uint64_t session, int64_t ends_ms, int64_t now_ms);
bool signed_out_has(const struct signed_out *set, uint64_t session);

#endif
