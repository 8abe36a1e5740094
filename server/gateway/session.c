#include "server/gateway/session.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/book.h"
#include "server/gateway/seats/told_hold.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

_Static_assert(offsetof(struct session, wsi) <= SESSION_LINE_BYTES,
               "a tick touches one line of a session");

/* An empty slot must not be touched: AddressSanitizer watches it like freed memory. */
static void forbid(const void *memory, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(memory, bytes);
#endif
    (void)memory, (void)bytes;
}

static void permit(const void *memory, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(memory, bytes);
#endif
    (void)memory, (void)bytes;
}

void session_table_init(struct session_table *table, uint32_t sessions_max)
{
    memset(table, 0, sizeof *table);
    table->slots_count = sessions_max;
    table->slots = aligned_alloc(SESSION_LINE_BYTES, sessions_max * sizeof *table->slots);
    table->generations = calloc(sessions_max, sizeof *table->generations);
    table->free_slots = calloc(sessions_max, sizeof *table->free_slots);
    assert(table->slots != NULL && table->generations != NULL && table->free_slots != NULL);
    for (uint32_t i = 0; i < sessions_max; i++)
        table->free_slots[table->free_count++] = sessions_max - 1 - i;
    forbid(table->slots, sessions_max * sizeof *table->slots);
}

void session_table_release(struct session_table *table)
{
    assert(session_count(table) == 0);
    permit(table->slots, table->slots_count * sizeof *table->slots);
    free(table->slots);
    free(table->generations);
    free(table->free_slots);
}

uint32_t session_count(const struct session_table *table)
{
    return table->slots_count - table->free_count;
}

/* Visitor ids are random, so any mixing of their characters spreads them. */
static uint32_t bucket_of(const char *visitor)
{
    uint32_t hash = 2166136261u;
    for (const char *at = visitor; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    return hash % SESSION_BUCKETS;
}

static void chain_by_visitor(struct session_table *table, struct session *session)
{
    struct session **bucket = &table->buckets[bucket_of(session->visitor)];
    session->visitor_prev = NULL;
    session->visitor_next = *bucket;
    if (*bucket != NULL)
        (*bucket)->visitor_prev = session;
    *bucket = session;
}

static void unchain_by_visitor(struct session_table *table, struct session *session)
{
    if (session->visitor_next != NULL)
        session->visitor_next->visitor_prev = session->visitor_prev;
    if (session->visitor_prev != NULL)
        session->visitor_prev->visitor_next = session->visitor_next;
    else
        table->buckets[bucket_of(session->visitor)] = session->visitor_next;
}

static void chain_by_event(struct session *session)
{
    struct event_entry *event = session->event;
    session->event_next = event->sessions;
    if (event->sessions != NULL)
        event->sessions->event_prev = session;
    event->sessions = session;
    event->sessions_count++;
}

static void unchain_by_event(struct session *session)
{
    struct event_entry *event = session->event;
    if (session->event_next != NULL)
        session->event_next->event_prev = session->event_prev;
    if (session->event_prev != NULL)
        session->event_prev->event_next = session->event_next;
    else
        event->sessions = session->event_next;
    event->sessions_count--;
}

/* A slot's generation goes up with each beginning and each end, so it is odd in between. */
static bool is_in_use(const struct session_table *table, uint32_t slot)
{
    return table->generations[slot] % 2 == 1;
}

struct session *session_create(struct session_table *table, struct lws *wsi,
                               struct event_entry *event, const char *visitor)
{
    if (table->free_count == 0)
        return NULL;
    uint32_t slot = table->free_slots[--table->free_count];
    struct session *session = &table->slots[slot];
    permit(session, sizeof *session);
    memset(session, 0, sizeof *session);
    session->id = (uint64_t)++table->generations[slot] << 32 | slot;
    session->wsi = wsi;
    session->event = event;
    session->told.ahead = -1;
    memcpy(session->visitor, visitor, VISITOR_ID_BYTES);
    chain_by_visitor(table, session);
    chain_by_event(session);
    return session;
}

void session_destroy(struct session_table *table, struct session *session)
{
    uint32_t slot = (uint32_t)session->id;
    assert(session_by_id(table, session->id) == session);
    unchain_by_visitor(table, session);
    unchain_by_event(session);
    table->free_slots[table->free_count++] = slot;
    for (struct out_frame *frame = session->out_first; frame != NULL;) {
        struct out_frame *next = frame->next;
        free(frame);
        frame = next;
    }
    free(session->assembly);
    told_hold_forget(session);
    free(session->confirm);
    session->confirm = NULL;
    table->generations[slot]++;
    forbid(session, sizeof *session);
}

struct session *session_at(const struct session_table *table, uint32_t slot)
{
    return is_in_use(table, slot) ? &table->slots[slot] : NULL;
}

struct session *session_by_id(const struct session_table *table, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    bool is_alive =
        slot < table->slots_count && table->generations[slot] == id >> 32 && is_in_use(table, slot);
    return is_alive ? &table->slots[slot] : NULL;
}

static struct session *first_match(struct session *session, const struct event_entry *event,
                                   const char *visitor)
{
    while (session != NULL && (session->event != event || strcmp(session->visitor, visitor) != 0))
        session = session->visitor_next;
    return session;
}

struct session *session_of_visitor(const struct session_table *table,
                                   const struct event_entry *event, const char *visitor)
{
    return first_match(table->buckets[bucket_of(visitor)], event, visitor);
}

struct session *session_next_of_visitor(const struct session *session)
{
    return first_match(session->visitor_next, session->event, session->visitor);
}

static struct session *first_of_account(struct session *session, uint64_t account)
{
    while (session != NULL && session->account != account)
        session = session->visitor_next;
    return session;
}

struct session *session_of_account(const struct session_table *table, const char *visitor,
                                   uint64_t account)
{
    return first_of_account(table->buckets[bucket_of(visitor)], account);
}

struct session *session_next_of_account(const struct session *session)
{
    return first_of_account(session->visitor_next, session->account);
}

bool session_is_of_epoch(const struct session *session)
{
    return session->place_epoch == session->event->gateway->epoch;
}

void session_set_visitor(struct session_table *table, struct session *session, const char *visitor)
{
    unchain_by_visitor(table, session);
    memcpy(session->visitor, visitor, VISITOR_ID_BYTES);
    chain_by_visitor(table, session);
}
