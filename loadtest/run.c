/* Shared mappings and the two small tables that all processes write to: errors by code, and who
 * owns a seat. */
#include "loadtest/run.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "loadtest/clocks.h"

const char *const run_error_names[] = {
    "bad_json", "bad_message", "unknown_message", "not_found", "not_open", "full", "busy",
    "receipt_invalid", "receipt_other_event", "receipt_other_visitor", "receipt_gone",
    "pass_invalid", "pass_expired", "pass_other_event", "pass_other_visitor", "already_served",
    "no_place", "not_admitted", "no_such_seat", "too_many_seats", "seat_taken", "area_full",
    "no_hold", "payment_running", "no_such_order", "payments_down", "ledger_down", "too_fast",
    "none_free", "sign_in",
    /* noticed here */
    "connect_failed", "handshake_refused", "closed", "bad_frame", "answer_timeout", "bad_answer",
    "send_failed", "not_recorded", "other"};
const uint32_t run_error_count = sizeof run_error_names / sizeof *run_error_names;
static_assert(sizeof run_error_names / sizeof *run_error_names <= RUN_ERRORS_MAX,
              "errors must fit");

uint32_t run_error_index(const char *code)
{
    for (uint32_t i = 0; i + 1 < run_error_count; i++)
        if (strcmp(code, run_error_names[i]) == 0)
            return i;
    return run_error_count - 1;
}

/* Zeroed pages that become real when first written. */
static void *map(size_t count, size_t item_bytes)
{
    void *p = mmap(NULL, count * item_bytes + 1, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t count, size_t item_bytes)
{
    if (p)
        munmap(p, count * item_bytes + 1);
}

bool run_map(struct run *r)
{
    size_t n = r->options->visitors;
    r->shared = map(1, sizeof *r->shared);
    r->stats = map(r->processes, sizeof *r->stats);
    r->visitors = map(n, sizeof *r->visitors);
    r->orders = map(n * STAMPEDE_ORDERS_PER_VISITOR, sizeof *r->orders);
    r->holds = map(n * STAMPEDE_HOLDS_PER_VISITOR, sizeof *r->holds);
    r->seat_owners = map(r->seats_count, sizeof *r->seat_owners);
    r->tracks = map(STAMPEDE_TRACKS_MAX, sizeof *r->tracks);
    if (!r->shared || !r->stats || !r->visitors || !r->orders || !r->holds || !r->seat_owners ||
        !r->tracks) {
        run_unmap(r);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        r->visitors[i] = (struct history_visitor){.seq = HISTORY_NONE,
                                                  .early_seq = HISTORY_NONE,
                                                  .other_seq = HISTORY_NONE,
                                                  .asked_ms = HISTORY_NONE,
                                                  .told_ms = HISTORY_NONE,
                                                  .claim_until_ms = HISTORY_NONE,
                                                  .entered_ms = HISTORY_NONE,
                                                  .expired_ms = HISTORY_NONE,
                                                  .admission = HISTORY_NONE,
                                                  .other_admission = HISTORY_NONE,
                                                  .admitted_ms = HISTORY_NONE,
                                                  .tick_ms = HISTORY_NONE,
                                                  .again_admission = HISTORY_NONE,
                                                  .again_ms = HISTORY_NONE,
                                                  .waiting_ms = HISTORY_NONE,
                                                  .eta_at_ms = HISTORY_NONE};
    return true;
}

void run_unmap(struct run *r)
{
    size_t n = r->options->visitors;
    unmap(r->shared, 1, sizeof *r->shared);
    unmap(r->stats, r->processes, sizeof *r->stats);
    unmap(r->visitors, n, sizeof *r->visitors);
    unmap(r->orders, n * STAMPEDE_ORDERS_PER_VISITOR, sizeof *r->orders);
    unmap(r->holds, n * STAMPEDE_HOLDS_PER_VISITOR, sizeof *r->holds);
    unmap(r->seat_owners, r->seats_count, sizeof *r->seat_owners);
    unmap(r->tracks, STAMPEDE_TRACKS_MAX, sizeof *r->tracks);
    r->shared = NULL;
    r->stats = NULL;
    r->visitors = NULL;
    r->orders = NULL;
    r->holds = NULL;
    r->seat_owners = NULL;
    r->tracks = NULL;
}

int64_t run_server_ms(const struct run *r)
{
    return clocks_wall_ms() + r->server_ahead_ms;
}

int64_t run_lost_ms(const struct run *r)
{
    return r->network ? atomic_load(&r->network->lost_ms) : 0;
}

/* An owner in one word: visitor + 1 in the low 22 bits, the end of certainty in ms since 2020
 * above. */
#define OWNER_BITS 22
#define OWNER_MASK ((UINT64_C(1) << OWNER_BITS) - 1)
#define OWNER_MS_MAX ((UINT64_C(1) << (64 - OWNER_BITS)) - 1)
#define OWNER_BASE_MS INT64_C(1577836800000)
static_assert(STAMPEDE_VISITORS_MAX < (1 << OWNER_BITS) - 1, "a visitor's number must fit");

static uint64_t owner_word(uint32_t visitor, int64_t until_ms)
{
    int64_t since = until_ms == RUN_SEAT_FOR_EVER ? INT64_MAX : until_ms - OWNER_BASE_MS;
    uint64_t ms = since < 0 ? 0 : (uint64_t)since < OWNER_MS_MAX ? (uint64_t)since : OWNER_MS_MAX;
    return ms << OWNER_BITS | (visitor + 1);
}

void run_seat_take(struct run *r, uint32_t seat, uint32_t visitor, int64_t until_ms)
{
    /* Told so late that the time is over: whoever has the seat by now has it rightly. */
    if (seat >= r->seats_count || until_ms <= run_server_ms(r))
        return;
    uint64_t before = atomic_exchange(&r->seat_owners[seat], owner_word(visitor, until_ms));
    uint64_t owner = before & OWNER_MASK, now = owner_word(0, run_server_ms(r)) >> OWNER_BITS;
    if (owner == 0 || owner == visitor + 1 || before >> OWNER_BITS <= now)
        return;
    uint64_t at = atomic_fetch_add(&r->shared->clashes_count, 1);
    if (at < HISTORY_CLASHES_MAX)
        r->shared->clashes[at] = (struct history_clash){seat, (uint32_t)(owner - 1), visitor};
}

void run_seat_give(struct run *r, uint32_t seat, uint32_t visitor)
{
    if (seat >= r->seats_count)
        return;
    uint64_t word = atomic_load(&r->seat_owners[seat]);
    if ((word & OWNER_MASK) == visitor + 1)
        atomic_compare_exchange_strong(&r->seat_owners[seat], &word, 0);
}

void run_seats_forget(struct run *r)
{
    for (uint32_t i = 0; i < r->seats_count; i++) {
        uint64_t owner = atomic_load(&r->seat_owners[i]);
        if (owner >> OWNER_BITS != OWNER_MS_MAX)
            atomic_compare_exchange_strong(&r->seat_owners[i], &owner, 0);
    }
}
