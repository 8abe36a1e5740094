/* Sessions: one per open WebSocket or poll, and the two ways to find them.
 *
 * Lifetime: a session lives from the accepted handshake to the closed connection, that of a poll
 * (poll_desk.h) as long as its HTTP request. Whatever may outlive it (a question to Redis, a
 * payment) carries its id, never a pointer: a slot number with a generation, so that an answer for
 * a browser that has gone finds nobody. A visitor may have several sessions (tabs, devices); they
 * are chained by event and visitor, and all of one event are in one list for broadcasts.
 */
#ifndef STANCHION_SESSION_H
#define STANCHION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/push_rule.h"
#include "server/base/limits.h"

#define SESSION_LINE_BYTES 64

struct lws;
struct poll;
struct confirm;
struct event_entry;

enum session_stage { STAGE_NEW, STAGE_WAITING, STAGE_ADMITTED, STAGE_ENTERED, STAGE_COUNT };

/* A frame that waits for a slow reader. */
struct out_frame {
    struct out_frame *next;
    size_t bytes;
    unsigned char data[]; /* LWS_PRE bytes of room first */
};

/* The first estimate told for a place (foretold.h). */
struct foretold {
    int64_t seq;   /* of which place; 0 = none */
    int64_t at_ms; /* line_view.moving_ms then */
    int32_t low_ms, high_ms;
};

/* Members that the walk over all who wait looks at come first: they fill one cache line, which is
 * all of a session that a tick touches when its visitor is told nothing. */
struct session {
    _Alignas(SESSION_LINE_BYTES) struct session *event_next;
    struct event_entry *event;
    int64_t place_epoch; /* of the Redis data that told the place last */
    int64_t seq;
    struct push_told told;
    uint8_t stage;         /* enum session_stage */
    bool is_place_stale;   /* could not be told: gets the place of then when it can take it */
    bool is_check_pending; /* Redis is being asked where this visitor stands */
    bool is_closing;
    bool is_map_open;  /* wants seat changes */
    bool is_map_stale; /* missed some: gets a whole map when it can take it */
    bool is_away;      /* the page is hidden or asleep */
    uint8_t requests_pending;

    struct lws *wsi;   /* NULL: not a socket, but a poll */
    struct poll *poll; /* NULL: not a poll, but a socket */
    uint64_t id;
    char visitor[VISITOR_ID_BYTES + 1];
    bool is_fresh_visitor;   /* the client brought no cookie: a receipt may still say who it is */
    bool is_place_drawn;     /* the sequence was given after a draw */
    bool is_basket_due;      /* what the visitor holds is to be looked at (basket_desk.h) */
    bool is_deadline_wanted; /* the answer to a check brings a deadline that is to be pushed
                                (frozen.h) */
    uint64_t account;        /* the session of the account that is signed in; 0 = anonymous */
    int64_t account_ends_ms; /* wall clock */
    int64_t admission, deadline_ms;
    struct told_hold *told_hold; /* told_hold.h; NULL = nothing is known */
    struct confirm *confirm;     /* confirm_desk.h; owned, NULL = waits for no order */
    uint64_t basket_told;        /* digest of what the visitor holds, as told last; 0 = nothing */
    int64_t asked_ms;            /* monotonic; the last question to a store on its behalf */
    struct foretold foretold;
    int64_t allowance_ms; /* monotonic; the message bucket is empty when it lies too far ahead */
    uint32_t refused_in_row;
    uint16_t close_code;
    uint32_t paying; /* digest of the order whose payment runs: its outcome is what ends the turn;
                        0 = none runs */
    uint32_t out_bytes;
    struct out_frame *out_first, *out_last;
    char *assembly; /* a half-received frame, or NULL */
    uint32_t assembly_bytes, assembly_bytes_max;
    struct session *event_prev;                  /* and event_next: all of the event */
    struct session *visitor_prev, *visitor_next; /* hash chain */
};

#define SESSION_BUCKETS 32768

/* The sessions lie side by side in the order of their slots, low ones first: whoever walks over
 * them reads memory from end to end. Slots that were never used take no memory. */
struct session_table {
    struct session *slots;
    uint32_t *generations;
    uint32_t *free_slots;
    uint32_t slots_count, free_count;
    struct session *buckets[SESSION_BUCKETS];
};

void session_table_init(struct session_table *table, uint32_t sessions_max);
void session_table_release(struct session_table *table);
uint32_t session_count(const struct session_table *table);

/* NULL when the table is full; wsi NULL for a poll. The session belongs to the table until
 * session_destroy. */
struct session *session_create(struct session_table *table, struct lws *wsi,
                               struct event_entry *event, const char *visitor);
void session_destroy(struct session_table *table, struct session *session);
/* The session in a slot below slots_count; NULL when none is there. */
struct session *session_at(const struct session_table *table, uint32_t slot);
/* NULL when that session has ended. */
struct session *session_by_id(const struct session_table *table, uint64_t id);
/* First session of a visitor at an event; then session_next_of_visitor. NULL at the end. */
struct session *session_of_visitor(const struct session_table *table,
                                   const struct event_entry *event, const char *visitor);
struct session *session_next_of_visitor(const struct session *session);
/* First open session of a visitor, at any event, under this session of an account; then
 * session_next_of_account. NULL at the end. */
struct session *session_of_account(const struct session_table *table, const char *visitor,
                                   uint64_t account);
struct session *session_next_of_account(const struct session *session);
/* Whether what is known of the session's place was told by the present data of Redis. */
bool session_is_of_epoch(const struct session *session);
/* Makes the session another visitor's (a receipt shown by a client without a cookie). */
void session_set_visitor(struct session_table *table, struct session *session, const char *visitor);

#endif
